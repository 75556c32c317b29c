//! The workspace file: `aftersight.toml` read into types, every complaint located.
//!
//! Only the shape is checked here. Whether files, columns and expressions
//! exist is found out when sources and tables are opened.

use chrono_tz::Tz;
use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::error::{Error, Location, Result};
use crate::settings::{Declared, Setting, SettingType, Settings};
use crate::suggest::did_you_mean;

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
    /// Settings, with the workspace's values and parameters.
    pub settings: Settings,
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
    },
    /// By a whole query, read from a file beside the workspace file.
    Query {
        /// File, relative to the workspace file.
        file: At<String>,
    },
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
        Reader { file, text }.workspace(canonical)
    }
}

/// One file being read.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
}

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    fn at(&self, offset: usize) -> Location {
        Location::of_offset(self.file, self.text, offset)
    }

    fn error(&self, offset: usize, message: String, hint: Option<String>) -> Error {
        Error::Workspace {
            at: Some(self.at(offset)),
            message,
            hint,
        }
    }

    fn wrong_type(&self, path: &str, expected: &str, found: &Value<'_>) -> Error {
        let what = match found.get_ref() {
            DeValue::String(s) => format!("the text '{s}'"),
            DeValue::Integer(i) => format!("the number {i}"),
            DeValue::Float(x) => format!("the number {x}"),
            DeValue::Boolean(b) => format!("{b}"),
            DeValue::Datetime(d) => format!("the date {d}"),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a section".to_owned(),
        };
        let message = format!("`{path}` takes {expected}, not {what}");
        self.error(found.span().start, message, None)
    }

    fn unknown(&self, what: &str, key: &Key<'_>, known: &[&str]) -> Error {
        let name = key.get_ref();
        self.error(
            key.span().start,
            format!("unknown {what} `{name}`"),
            did_you_mean(name, known.iter().copied()),
        )
    }

    fn table<'v, 'i>(&self, path: &str, value: &'v Value<'i>) -> Result<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong_type(path, "a section", value)),
        }
    }

    fn string(&self, path: &str, value: &Value<'_>) -> Result<At<String>> {
        match value.get_ref() {
            DeValue::String(text) => Ok(At {
                value: text.to_string(),
                at: self.at(value.span().start),
            }),
            _ => Err(self.wrong_type(path, "a text", value)),
        }
    }

    fn strings(&self, path: &str, value: &Value<'_>) -> Result<Vec<At<String>>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.string(path, item)).collect(),
            _ => Ok(vec![self.string(path, value)?]),
        }
    }

    fn workspace(&self, canonical: &dyn CanonicalNames) -> Result<Workspace> {
        let root = DeTable::parse(self.text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            self.error(offset, format!("not valid TOML: {}", e.message()), None)
        })?;
        let mut workspace = Workspace {
            file: self.file.to_owned(),
            ..Workspace::default()
        };
        let mut settings_section = None;
        let sections = [
            "version",
            "workspace",
            "sources",
            "tables",
            "settings",
            "params",
        ];
        for (key, value) in root.get_ref() {
            match key.get_ref().as_ref() {
                "version" => match value.get_ref() {
                    DeValue::Integer(i) if i.to_string() == "1" => {}
                    _ => return Err(self.wrong_type("version", "the number 1", value)),
                },
                "workspace" => self.workspace_section(value, &mut workspace)?,
                "sources" => {
                    for (name, value) in self.table("sources", value)? {
                        let source = self.source(name, value)?;
                        workspace.sources.insert(name.get_ref().to_string(), source);
                    }
                }
                "tables" => {
                    for (name, value) in self.table("tables", value)? {
                        if !canonical.tables().contains(&name.get_ref().as_ref()) {
                            return Err(self.unknown("canonical table", name, &canonical.tables()));
                        }
                        let columns = canonical.columns(name.get_ref());
                        let table = self.mapping(name, value, &columns)?;
                        workspace.tables.insert(name.get_ref().to_string(), table);
                    }
                }
                // After [params], whatever their order in the file.
                "settings" => settings_section = Some(value),
                "params" => {
                    for (name, value) in self.table("params", value)? {
                        let param = self.param(name, value)?;
                        let declared = workspace.settings.declare(param);
                        declared.map_err(|e| self.relocate(name.span().start, &e))?;
                    }
                }
                _ => return Err(self.unknown("section", key, &sections)),
            }
        }
        for table in workspace.tables.values() {
            if let TableRows::Mapped { from, .. } = &table.rows
                && !workspace.sources.contains_key(&from.value)
            {
                return Err(Error::Workspace {
                    at: Some(from.at.clone()),
                    message: format!("there is no source `{}`", from.value),
                    hint: did_you_mean(&from.value, workspace.sources.keys().map(String::as_str)),
                });
            }
        }
        if let Some(value) = settings_section {
            for (name, value) in self.table("settings", value)? {
                let text = self.setting_text(name.get_ref(), value)?;
                let set = workspace.settings.set(name.get_ref(), &text);
                set.map_err(|e| self.relocate(name.span().start, &e))?;
            }
        }
        Ok(workspace)
    }

    /// Gives an error of the settings registry the place in this file.
    fn relocate(&self, offset: usize, error: &Error) -> Error {
        self.error(offset, error.to_string(), error.hint().map(str::to_owned))
    }

    fn setting_text(&self, name: &str, value: &Value<'_>) -> Result<String> {
        Ok(match value.get_ref() {
            DeValue::String(s) => s.to_string(),
            DeValue::Integer(i) => i.to_string(),
            DeValue::Float(x) => x.to_string(),
            DeValue::Boolean(b) => b.to_string(),
            DeValue::Datetime(d) => d.to_string(),
            DeValue::Array(_) | DeValue::Table(_) => {
                return Err(self.wrong_type(&format!("settings.{name}"), "one value", value));
            }
        })
    }

    fn workspace_section(&self, value: &Value<'_>, workspace: &mut Workspace) -> Result<()> {
        for (key, value) in self.table("workspace", value)? {
            match key.get_ref().as_ref() {
                "name" => workspace.name = self.string("workspace.name", value)?.value,
                name @ ("time_zone" | "currency") => {
                    let text = self.string(&format!("workspace.{name}"), value)?;
                    if name == "currency" && !is_currency(&text.value) {
                        return Err(self.error(
                            value.span().start,
                            format!("'{}' is not a currency code", text.value),
                            Some("three capital letters, like EUR or CNY".into()),
                        ));
                    }
                    let fixed = workspace.settings.fix(name, &text.value);
                    fixed.map_err(|e| self.relocate(value.span().start, &e))?;
                }
                _ => {
                    let known = ["name", "time_zone", "currency"];
                    return Err(self.unknown("key in [workspace]", key, &known));
                }
            }
        }
        Ok(())
    }

    fn source(&self, name: &Key<'_>, value: &Value<'_>) -> Result<SourceSpec> {
        let path = format!("sources.{}", name.get_ref());
        let mut source = SourceSpec::of_location("");
        source.at = self.at(name.span().start);
        source.locations.clear();
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "location" => source.locations = self.strings(&path, value)?,
                "format" => {
                    let text = self.string(&path, value)?.value;
                    source.format = Some(match text.as_str() {
                        "parquet" => Format::Parquet,
                        "csv" | "tsv" => Format::Csv,
                        "json" | "ndjson" => Format::Json,
                        _ => {
                            return Err(self.error(
                                value.span().start,
                                format!("there is no format '{text}'"),
                                did_you_mean(&text, ["parquet", "csv", "tsv", "json", "ndjson"]),
                            ));
                        }
                    });
                    if text == "tsv" {
                        source.delimiter = b'\t';
                    }
                }
                "partitions" => source.partitions = self.column_types(&path, value)?,
                "columns" => source.columns = self.column_types(&path, value)?,
                "time_zone" => {
                    let zone = self.string(&path, value)?.value;
                    source.time_zone = zone.parse().map_err(|_| {
                        self.error(
                            value.span().start,
                            format!("there is no time zone '{zone}'"),
                            did_you_mean(&zone, chrono_tz::TZ_VARIANTS.iter().map(|z| z.name())),
                        )
                    })?;
                }
                "delimiter" => {
                    let text = self.string(&path, value)?.value;
                    let &[delimiter] = text.as_bytes() else {
                        return Err(self.wrong_type(&path, "one ASCII character", value));
                    };
                    source.delimiter = delimiter;
                }
                "has_header" => match value.get_ref() {
                    DeValue::Boolean(yes) => source.has_header = *yes,
                    _ => return Err(self.wrong_type(&path, "true or false", value)),
                },
                _ => {
                    let known = [
                        "location",
                        "format",
                        "partitions",
                        "columns",
                        "time_zone",
                        "delimiter",
                        "has_header",
                    ];
                    return Err(self.unknown(
                        &format!("key in [sources.{}]", name.get_ref()),
                        key,
                        &known,
                    ));
                }
            }
        }
        if source.locations.is_empty() {
            return Err(self.error(
                name.span().start,
                format!("source `{}` has no location", name.get_ref()),
                Some("location = \"folder/\", a file, a glob or a URL".into()),
            ));
        }
        Ok(source)
    }

    fn column_types(
        &self,
        path: &str,
        value: &Value<'_>,
    ) -> Result<IndexMap<String, At<ColumnType>>> {
        let mut types = IndexMap::new();
        for (key, value) in self.table(path, value)? {
            let name = key.get_ref();
            let text = self.string(&format!("{path}.{name}"), value)?;
            let Some(ty) = ColumnType::parse(&text.value) else {
                return Err(self.error(
                    value.span().start,
                    format!("there is no column type '{}'", text.value),
                    did_you_mean(&text.value, COLUMN_TYPES.iter().copied()),
                ));
            };
            types.insert(
                name.to_string(),
                At {
                    value: ty,
                    at: text.at,
                },
            );
        }
        Ok(types)
    }

    fn mapping(&self, name: &Key<'_>, value: &Value<'_>, columns: &[&str]) -> Result<TableSpec> {
        let path = format!("tables.{}", name.get_ref());
        let (mut from, mut filter, mut mapped, mut group_by) = (None, None, None, Vec::new());
        let mut query = None;
        let (mut dedupe, mut materialize) = (false, false);
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "from" => from = Some(self.string(&path, value)?),
                "where" => filter = Some(self.string(&path, value)?),
                "group_by" => group_by = self.strings(&path, value)?,
                "sql" => query = Some((key.span().start, self.string(&path, value)?)),
                "dedupe" => match value.get_ref() {
                    DeValue::Boolean(yes) => dedupe = *yes,
                    _ => return Err(self.wrong_type(&path, "true or false", value)),
                },
                "materialize" => match value.get_ref() {
                    DeValue::Boolean(yes) => materialize = *yes,
                    _ => return Err(self.wrong_type(&path, "true or false", value)),
                },
                "columns" => {
                    let mut expressions = IndexMap::new();
                    for (column, value) in self.table(&path, value)? {
                        if !columns.contains(&column.get_ref().as_ref()) {
                            let what = format!("column of {}", name.get_ref());
                            return Err(self.unknown(&what, column, columns));
                        }
                        let path = format!("{path}.{}", column.get_ref());
                        let text = self.string(&path, value)?;
                        expressions.insert(column.get_ref().to_string(), text);
                    }
                    mapped = Some(expressions);
                }
                _ => {
                    let known = [
                        "from",
                        "where",
                        "columns",
                        "group_by",
                        "sql",
                        "dedupe",
                        "materialize",
                    ];
                    return Err(self.unknown(
                        &format!("key in [tables.{}]", name.get_ref()),
                        key,
                        &known,
                    ));
                }
            }
        }
        let rows = match (from, query) {
            (Some(from), None) => TableRows::Mapped {
                from,
                filter,
                columns: mapped,
                group_by,
            },
            (None, Some((_, file)))
                if filter.is_none() && mapped.is_none() && group_by.is_empty() =>
            {
                TableRows::Query { file }
            }
            (None, None) => {
                return Err(self.error(
                    name.span().start,
                    format!(
                        "table `{}` says neither where it comes from nor how",
                        name.get_ref()
                    ),
                    Some("from = \"source\" or sql = \"file.sql\"".into()),
                ));
            }
            (_, Some((offset, _))) => {
                return Err(self.error(
                    offset,
                    format!("table `{}` has `sql` beside other keys", name.get_ref()),
                    Some("a query replaces from, where, columns and group_by".into()),
                ));
            }
        };
        Ok(TableSpec {
            at: self.at(name.span().start),
            rows,
            dedupe,
            materialize,
        })
    }

    fn param(&self, name: &Key<'_>, value: &Value<'_>) -> Result<Setting> {
        let path = format!("params.{}", name.get_ref());
        let (mut ty, mut default, mut doc) = (None, None, String::new());
        for (key, value) in self.table(&path, value)? {
            let path = format!("{path}.{}", key.get_ref());
            match key.get_ref().as_ref() {
                "type" => {
                    let text = self.string(&path, value)?.value;
                    let parsed = SettingType::parse(&text).ok_or_else(|| {
                        self.error(
                            value.span().start,
                            format!("there is no parameter type '{text}'"),
                            did_you_mean(&text, ["date", "integer", "float", "boolean", "text"]),
                        )
                    })?;
                    ty = Some(parsed);
                }
                "default" => default = Some(self.setting_text(&path, value)?),
                "help" => doc = self.string(&path, value)?.value,
                _ => {
                    let known = ["type", "default", "help"];
                    return Err(self.unknown(&format!("key in [{path}]"), key, &known));
                }
            }
        }
        let Some(ty) = ty else {
            return Err(self.error(
                name.span().start,
                format!("parameter `{}` has no type", name.get_ref()),
                Some("type = \"date\", \"integer\", \"float\", \"boolean\" or \"text\"".into()),
            ));
        };
        Ok(Setting {
            name: name.get_ref().to_string(),
            ty,
            default,
            doc,
            is_fixed: false,
            declared: Declared::Workspace,
        })
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
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
mod tests {
    use super::*;

    struct Names;

    impl CanonicalNames for Names {
        fn tables(&self) -> Vec<&str> {
            vec!["orders", "returns"]
        }

        fn columns(&self, _: &str) -> Vec<&str> {
            vec!["order_id", "ordered_at"]
        }
    }

    fn parse(text: &str) -> Result<Workspace> {
        Workspace::parse("a.toml", text, &Names)
    }

    fn check_error(text: &str, expected: &str, expected_hint: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.hint().unwrap_or_default(), expected_hint);
    }

    #[test]
    fn a_whole_file_is_read() {
        let workspace = parse(
            r#"
            version = 1
            [workspace]
            name = "Shop"
            time_zone = "Asia/Shanghai"
            currency = "CNY"
            [settings]
            as_of = 2026-11-16
            region = "east"
            [params.region]
            type = "text"
            [sources.lines]
            location = ["a/", "b/*.parquet"]
            partitions = { month = "date" }
            time_zone = "Europe/Berlin"
            [tables.orders]
            from = "lines"
            where = "quantity > 0"
            columns = { order_id = "invoice", ordered_at = "min(at)" }
            group_by = "invoice"
            [tables.returns]
            sql = "returns.sql"
            "#,
        )
        .unwrap();
        assert_eq!(workspace.settings.get("as_of").unwrap(), Some("2026-11-16"));
        assert_eq!(workspace.settings.get("region").unwrap(), Some("east"));
        assert_eq!(workspace.sources["lines"].locations.len(), 2);
        assert_eq!(
            workspace.sources["lines"].partitions["month"].value,
            ColumnType::Date
        );
        let TableRows::Mapped {
            columns: Some(columns),
            group_by,
            ..
        } = &workspace.tables["orders"].rows
        else {
            panic!("mapped")
        };
        assert_eq!(columns["ordered_at"].value, "min(at)");
        assert_eq!(group_by[0].value, "invoice");
    }

    #[test]
    fn every_mistake_is_located_and_answered() {
        check_error(
            "[sorces]\n",
            "a.toml:1:2: unknown section `sorces`",
            "did you mean `sources`?",
        );
        check_error(
            "[sources.x]\nlocaton = 'a'",
            "a.toml:2:1: unknown key in [sources.x] `localton`"
                .replace("localton", "locaton")
                .as_str(),
            "did you mean `location`?",
        );
        check_error(
            "[sources.x]\nlocation = 3",
            "a.toml:2:12: `sources.x.location` takes a text, not the number 3",
            "",
        );
        check_error(
            "[sources.x]\nlocation = 'a'\n[tables.order]\nfrom = 'x'",
            "a.toml:3:9: unknown canonical table `order`",
            "did you mean `orders`?",
        );
        check_error(
            "[sources.x]\nlocation = 'a'\n[tables.orders]\nfrom = 'x'\ncolumns = { oder_id = 'a' }",
            "a.toml:5:13: unknown column of orders `oder_id`",
            "did you mean `order_id`?",
        );
        check_error(
            "[sources.lines]\nlocation = 'a'\n[tables.orders]\nfrom = 'line'",
            "a.toml:4:8: there is no source `line`",
            "did you mean `lines`?",
        );
        check_error(
            "[settings]\nasof = 2026-11-16",
            "a.toml:2:1: there is no setting `asof`",
            "did you mean `as_of`?",
        );
        check_error(
            "[workspace]\ntime_zone = 'Asia/Shangai'",
            "a.toml:2:13: there is no time zone 'Asia/Shangai'",
            "did you mean `Asia/Shanghai`?",
        );
        check_error(
            "[workspace]\ncurrency = 'yuan'",
            "a.toml:2:12: 'yuan' is not a currency code",
            "three capital letters, like EUR or CNY",
        );
        let error = parse("[sources\n").unwrap_err();
        assert!(
            error.to_string().starts_with("a.toml:1:9: not valid TOML"),
            "{error}"
        );
    }
}
