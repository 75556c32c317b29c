//! The canonical tables as `canonical.toml` declares them.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use crate::workspace::CanonicalNames;

/// The type of a canonical column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Integer or text, as the owning table of the domain has it.
    Id(String),
    /// Text.
    Text,
    /// 64-bit integer.
    Integer,
    /// 64-bit float.
    Float,
    /// Boolean.
    Boolean,
    /// Day in the workspace's time zone.
    Date,
    /// Decimal at the source's scale.
    Money,
    /// Microseconds, in the workspace's time zone.
    Instant,
}

impl Type {
    /// Returns the name people read.
    pub fn name(&self) -> &'static str {
        match self {
            Type::Id(_) => "id",
            Type::Text => "text",
            Type::Integer => "integer",
            Type::Float => "float",
            Type::Boolean => "boolean",
            Type::Date => "date",
            Type::Money => "money",
            Type::Instant => "instant",
        }
    }

    /// Returns the Arrow type of a column that no source fills.
    pub fn default_type(&self, time_zone: &str) -> DataType {
        match self {
            Type::Id(_) | Type::Text => DataType::Utf8View,
            Type::Integer => DataType::Int64,
            Type::Float => DataType::Float64,
            Type::Boolean => DataType::Boolean,
            Type::Date => DataType::Date32,
            Type::Money => DataType::Decimal128(18, 2),
            Type::Instant => instant_type(time_zone),
        }
    }
}

/// Returns the type of every instant of a workspace.
pub(crate) fn instant_type(time_zone: &str) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(time_zone.into()))
}

/// A column of a canonical table.
#[derive(Debug, Clone)]
pub struct CanonicalColumn {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: Type,
    /// Whether a mapping must give it.
    pub is_required: bool,
    /// What it means.
    pub doc: String,
}

/// A canonical table.
#[derive(Debug, Clone)]
pub struct CanonicalTable {
    /// Name.
    pub name: String,
    /// What one row is.
    pub doc: String,
    /// Columns that identify a row.
    pub key: Vec<String>,
    /// Columns, in their order.
    pub columns: Vec<CanonicalColumn>,
}

impl CanonicalTable {
    /// Returns the schema of the table when nothing fills it.
    pub fn empty_schema(&self, time_zone: &str, id_type: impl Fn(&str) -> DataType) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| {
                let data_type = match &column.ty {
                    Type::Id(domain) => id_type(domain),
                    other => other.default_type(time_zone),
                };
                Field::new(&column.name, data_type, true)
            })
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// Returns the domain this table owns: that of its key, when it is one id.
    pub fn owned_domain(&self) -> Option<&str> {
        let [key] = self.key.as_slice() else {
            return None;
        };
        let column = self.columns.iter().find(|column| column.name == *key)?;
        match &column.ty {
            Type::Id(domain) => Some(domain),
            _ => None,
        }
    }
}

/// All canonical tables, in their order.
#[derive(Debug)]
pub struct CanonicalTables(IndexMap<String, CanonicalTable>);

static TABLES: LazyLock<CanonicalTables> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the file is compiled in and a test reads it"
    )]
    parse(include_str!("canonical.toml")).expect("canonical.toml is well formed")
});

impl CanonicalTables {
    /// Returns the tables every workspace maps onto.
    pub fn get() -> &'static Self {
        &TABLES
    }

    /// Walks the tables in their order.
    pub fn iter(&self) -> impl Iterator<Item = &CanonicalTable> {
        self.0.values()
    }

    /// Finds a table.
    pub fn table(&self, name: &str) -> Option<&CanonicalTable> {
        self.0.get(name)
    }
}

impl CanonicalNames for CanonicalTables {
    fn tables(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn columns(&self, table: &str) -> Vec<&str> {
        self.0.get(table).map_or_else(Vec::new, |table| {
            table.columns.iter().map(|c| c.name.as_str()).collect()
        })
    }
}

fn parse(text: &str) -> Result<CanonicalTables, String> {
    let root = DeTable::parse(text).map_err(|e| e.to_string())?;
    let string = |value: &DeValue<'_>| match value {
        DeValue::String(s) => Ok(s.to_string()),
        _ => Err("expected a text".to_owned()),
    };
    let mut tables = IndexMap::new();
    for (name, table) in root.get_ref() {
        let name = name.get_ref().to_string();
        let get = |key: &str| {
            let table = match table.get_ref() {
                DeValue::Table(table) => table.get(key),
                _ => None,
            };
            table
                .map(|value| value.get_ref())
                .ok_or_else(|| format!("{name} lacks {key}"))
        };
        let DeValue::Array(key) = get("key")? else {
            return Err(format!("{name}.key is no list"));
        };
        let DeValue::Table(declared) = get("columns")? else {
            return Err(format!("{name}.columns is no section"));
        };
        let mut columns = Vec::new();
        for (column, value) in declared {
            columns.push(parse_column(column.get_ref(), &string(value.get_ref())?)?);
        }
        let table = CanonicalTable {
            name: name.clone(),
            doc: string(get("doc")?)?,
            key: key
                .iter()
                .map(|k| string(k.get_ref()))
                .collect::<Result<_, _>>()?,
            columns,
        };
        tables.insert(name, table);
    }
    Ok(CanonicalTables(tables))
}

fn parse_column(name: &str, text: &str) -> Result<CanonicalColumn, String> {
    let (ty, doc) = text
        .split_once(" - ")
        .ok_or_else(|| format!("{name}: no meaning"))?;
    let (ty, is_required) = match ty.strip_suffix('!') {
        Some(ty) => (ty, true),
        None => (ty, false),
    };
    let ty = match ty {
        "text" => Type::Text,
        "integer" => Type::Integer,
        "float" => Type::Float,
        "boolean" => Type::Boolean,
        "date" => Type::Date,
        "money" => Type::Money,
        "instant" => Type::Instant,
        _ => match ty.strip_prefix("id:") {
            Some(domain) => Type::Id(domain.to_owned()),
            None => return Err(format!("{name}: no type {ty}")),
        },
    };
    Ok(CanonicalColumn {
        name: name.to_owned(),
        ty,
        is_required,
        doc: doc.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_columns_and_required() {
        for table in CanonicalTables::get().iter() {
            for key in &table.key {
                let column = table.columns.iter().find(|c| c.name == *key);
                let column = column.unwrap_or_else(|| panic!("{}.{key} is no column", table.name));
                assert!(
                    column.is_required,
                    "{}.{key} is a key and not required",
                    table.name
                );
            }
        }
    }

    #[test]
    fn every_domain_has_one_owner() {
        let tables = CanonicalTables::get();
        for table in tables.iter() {
            for column in &table.columns {
                if let Type::Id(domain) = &column.ty {
                    let owners = tables
                        .iter()
                        .filter(|t| t.owned_domain() == Some(domain))
                        .count();
                    // Surveys are keyed by response and kind, so nobody owns responses.
                    let expected = usize::from(domain != "response");
                    assert_eq!(owners, expected, "{}.{}", table.name, column.name);
                }
            }
        }
    }
}
