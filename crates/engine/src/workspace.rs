//! The workspace file: `aftersight.toml` read into types, every complaint located.
//!
//! Only the shape is checked here. Whether files, columns and expressions
//! exist is found out when sources and tables are opened.

use chrono_tz::Tz;
use indexmap::IndexMap;

use crate::error::{Location, Result};
use crate::settings::Settings;

pub(crate) mod reader;

/// A workspace file, parsed.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// The file as the user named it; empty without a file.
    pub file: String,
    /// Name people know the workspace by.
    pub name: String,
    /// Files as they are.
    pub sources: IndexMap<String, SourceSpec>,
    /// Canonical tables and how they come from the sources.
    pub tables: IndexMap<String, TableSpec>,
    /// Rule tables the workspace brings instead of the built-in ones.
    pub rules: IndexMap<String, RuleSpec>,
    /// Settings, with the workspace's values and parameters.
    pub settings: Settings,
    /// Where the values under `[settings]` stand, for complaints about several at once.
    pub setting_places: IndexMap<String, Location>,
}

/// A value with the place it was written at.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Location,
}

/// `[sources.NAME]`.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// Where the section starts.
    pub at: Location,
    /// File, glob, folder or URL; several are read as one.
    pub locations: Vec<At<String>>,
    /// Format, where the extension does not tell.
    pub format: Option<Format>,
    /// Hive partition columns and their types.
    pub partitions: IndexMap<String, At<ColumnType>>,
    /// Types of columns of CSV and JSON files, where guessing is not enough.
    pub columns: IndexMap<String, At<ColumnType>>,
    /// Zone of timestamps that carry none.
    pub time_zone: Tz,
    /// Field separator of CSV files.
    pub delimiter: u8,
    /// Whether CSV files start with a header line.
    pub has_header: bool,
}

impl SourceSpec {
    /// Returns the specification of a location that a query names.
    pub fn of_location(location: &str) -> Self {
        let at = Location {
            file: "the query".into(),
            line: 1,
            column: 1,
        };
        SourceSpec {
            at: at.clone(),
            locations: vec![At {
                value: location.to_owned(),
                at,
            }],
            format: None,
            partitions: IndexMap::new(),
            columns: IndexMap::new(),
            time_zone: Tz::UTC,
            delimiter: b',',
            has_header: true,
        }
    }
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma- or otherwise separated text.
    Csv,
    /// JSON: one object a line, or one array.
    Json,
}

/// The type of a source's column, as the workspace file names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// 64-bit integer.
    Integer,
    /// 64-bit float.
    Float,
    /// Boolean.
    Boolean,
    /// Day.
    Date,
    /// Instant, in the source's zone when the text carries none.
    Timestamp,
    /// decimal(precision, scale).
    Decimal(u8, i8),
}

/// `[tables.NAME]`.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Where the section starts.
    pub at: Location,
    /// How its rows come about.
    pub rows: TableRows,
    /// Codes of the source and the codes they stand for, by canonical column.
    pub codes: IndexMap<String, IndexMap<String, At<String>>>,
    /// The source of the accounts in `customer_id`, as `id_map` calls it: an expression over
    /// the table's columns.
    pub identity: Option<At<String>>,
    /// Whether only one row of a key counts: the one recorded last.
    pub dedupe: bool,
    /// Whether its rows are computed once a session and kept in memory.
    pub materialize: bool,
}

/// How a canonical table comes from the sources.
#[derive(Debug, Clone)]
pub enum TableRows {
    /// By expressions over one source.
    Mapped {
        /// Source.
        from: At<String>,
        /// Condition a row must meet.
        filter: Option<At<String>>,
        /// Expression per canonical column; `None` takes columns of the same name.
        columns: Option<IndexMap<String, At<String>>>,
        /// Expressions that make a row, for sources of a finer grain.
        group_by: Vec<At<String>>,
        /// Columns of a wide source that become rows.
        unpivot: Option<Box<Unpivot>>,
    },
    /// By a whole query.
    Query {
        /// File, relative to the workspace file, or the query itself.
        file: At<String>,
    },
}

/// `unpivot`: a row of the source becomes one for each of these expressions.
#[derive(Debug, Clone)]
pub struct Unpivot {
    /// Where it is written.
    pub at: Location,
    /// Canonical column that says which expression a row is of.
    pub name: At<String>,
    /// Canonical column that has its value.
    pub value: At<String>,
    /// Expressions by what `name` is in their rows.
    pub columns: IndexMap<String, At<String>>,
    /// Whether rows without a value stay.
    pub keeps_empty: bool,
}

/// An entry of `[rules]`: a file whose rows stand in for a built-in rule table.
#[derive(Debug, Clone)]
pub struct RuleSpec {
    /// Where the entry starts.
    pub at: Location,
    /// CSV or TOML file, relative to the workspace file.
    pub file: At<String>,
}

impl RuleSpec {
    /// Makes the entry of a file that no workspace file names.
    pub(crate) fn of_file(file: &str) -> Self {
        let at = Location {
            file: file.to_owned(),
            line: 1,
            column: 1,
        };
        RuleSpec {
            file: At {
                value: file.to_owned(),
                at: at.clone(),
            },
            at,
        }
    }
}

/// Finds canonical tables, so that parsing needs no knowledge of them.
pub trait CanonicalNames {
    /// Every table name.
    fn tables(&self) -> Vec<&str>;
    /// Every column of a table.
    fn columns(&self, table: &str) -> Vec<&str>;
}

impl Workspace {
    /// Parses a workspace file. `file` is its name in messages.
    pub fn parse(file: &str, text: &str, canonical: &dyn CanonicalNames) -> Result<Self> {
        reader::Reader { file, text }.workspace(canonical)
    }
}

const COLUMN_TYPES: &[&str] = &[
    "text",
    "integer",
    "float",
    "boolean",
    "date",
    "timestamp",
    "decimal(18,2)",
];

impl ColumnType {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "text" | "string" | "varchar" => ColumnType::Text,
            "integer" | "int" | "bigint" => ColumnType::Integer,
            "float" | "double" => ColumnType::Float,
            "boolean" | "bool" => ColumnType::Boolean,
            "date" => ColumnType::Date,
            "timestamp" => ColumnType::Timestamp,
            _ => {
                let inner = text.strip_prefix("decimal(")?.strip_suffix(')')?;
                let (precision, scale) = inner.split_once(',')?;
                let (precision, scale) =
                    (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
                let fits = (1..=38).contains(&precision)
                    && (0..=i16::from(precision)).contains(&i16::from(scale));
                return fits.then_some(ColumnType::Decimal(precision, scale));
            }
        })
    }
}

#[cfg(test)]
mod tests;
