//! The tables have the names, columns and types of the canonical table file.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;

use aftersight_datagen::{Ids, Tables};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, TimeUnit};

use crate::CLEAN;

/// A table of the contract: its columns with their declared types.
pub(crate) struct Contract {
    pub(crate) table: String,
    pub(crate) keys: Vec<String>,
    pub(crate) columns: Vec<(String, String)>,
}

/// Reads the canonical table file. It is a plain list of sections, keys and
/// columns, so lines are enough and no TOML parser is needed here.
pub(crate) fn contract() -> Vec<Contract> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/table/canonical.toml");
    let text = fs::read_to_string(&path).unwrap();
    let mut tables: Vec<Contract> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[') {
            let table = section.trim_end_matches(']');
            if !table.ends_with(".columns") {
                tables.push(Contract {
                    table: table.to_owned(),
                    keys: Vec::new(),
                    columns: Vec::new(),
                });
            }
        } else if let Some((name, value)) = line.split_once(" = ") {
            let table = tables.last_mut().unwrap();
            match name {
                "doc" => {}
                "key" => {
                    let names = value.trim_matches(['[', ']']).split(", ");
                    table.keys = names
                        .map(|name| name.trim_matches('"').to_owned())
                        .collect();
                }
                _ => {
                    let (declared, _) = value.trim_start_matches('"').split_once(" - ").unwrap();
                    table.columns.push((name.to_owned(), declared.to_owned()));
                }
            }
        }
    }
    tables
}

fn whole_tables(tables: &Tables, ids: Ids) -> HashMap<&'static str, RecordBatch> {
    let mut batches = HashMap::new();
    let each = |table, batch| {
        batches.insert(table, batch);
        Ok::<(), Infallible>(())
    };
    tables.for_each_batch(ids, usize::MAX, each).unwrap();
    batches
}

/// Whether a type may stand where the contract declares another.
fn fits(declared: &str, found: &DataType, domains: &HashMap<String, DataType>) -> bool {
    if let Some(domain) = declared.strip_prefix("id:") {
        return domains[domain] == *found;
    }
    match declared {
        "text" => *found == DataType::Utf8,
        "integer" => *found == DataType::Int64,
        "float" => *found == DataType::Float64,
        "boolean" => *found == DataType::Boolean,
        "date" => *found == DataType::Date32,
        "money" => *found == DataType::Decimal128(18, 2),
        "instant" => *found == DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => panic!("the contract has an unknown type {declared}"),
    }
}

/// Returns the type of each id domain, that of the table it is the key of.
fn domains(
    contract: &[Contract],
    schema: impl Fn(&str) -> Option<Schema>,
) -> HashMap<String, DataType> {
    let mut domains = HashMap::new();
    for table in contract {
        let [key] = &table.keys[..] else {
            continue;
        };
        let declared = table.columns.iter().find(|(name, _)| name == key).unwrap();
        if let (Some(domain), Some(schema)) = (
            declared.1.trim_end_matches('!').strip_prefix("id:"),
            schema(&table.table),
        ) {
            let found = schema.field_with_name(key).unwrap().data_type().clone();
            domains.insert(domain.to_owned(), found);
        }
    }
    // A questionnaire has no table of its own: its answers' key is two columns.
    if let Some(schema) = schema("surveys") {
        let found = schema.field_with_name("response_id").unwrap();
        domains.insert("response".to_owned(), found.data_type().clone());
    }
    domains
}

#[test]
fn tables_columns_and_types_are_those_of_the_contract() {
    let contract = contract();
    assert!(contract.len() > 20);
    for ids in [Ids::Integer, Ids::Text] {
        let tables = whole_tables(CLEAN.tables(), ids);
        let mut expected: Vec<&str> = contract.iter().map(|c| c.table.as_str()).collect();
        let mut found: Vec<&str> = tables.keys().copied().collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
        let domains = domains(&contract, |table| {
            Some(tables.get(table)?.schema().as_ref().clone())
        });
        for table in &contract {
            let batch = &tables[table.table.as_str()];
            let schema = batch.schema();
            let found: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
            let expected: Vec<&String> = table.columns.iter().map(|(name, _)| name).collect();
            assert_eq!(found, expected, "{}", table.table);
            for (field, (name, declared)) in schema.fields().iter().zip(&table.columns) {
                let name = format!("{}.{name}", table.table);
                let is_required = declared.ends_with('!');
                let declared = declared.trim_end_matches('!');
                assert!(
                    fits(declared, field.data_type(), &domains),
                    "{name}: {field:?}"
                );
                assert!(!(is_required && field.is_nullable()), "{name} is required");
            }
        }
    }
}

#[test]
fn keys_are_unique_in_the_clean_shop() {
    use arrow::util::display::array_value_to_string;
    let tables = whole_tables(CLEAN.tables(), Ids::Integer);
    for table in contract() {
        let batch = &tables[table.table.as_str()];
        assert!(batch.num_rows() > 0, "{} has no rows", table.table);
        let mut seen = std::collections::HashSet::new();
        for row in 0..batch.num_rows() {
            let key: Vec<String> = table
                .keys
                .iter()
                .map(|name| {
                    let column = batch.column_by_name(name).unwrap();
                    assert!(column.is_valid(row), "{}.{name} is NULL", table.table);
                    array_value_to_string(column, row).unwrap()
                })
                .collect();
            assert!(seen.insert(key.clone()), "{}: {key:?} twice", table.table);
        }
    }
}

#[test]
fn nothing_is_known_of_the_end_or_later() {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::TimestampMicrosecondType;
    let config = CLEAN.config();
    let days = config
        .end
        .signed_duration_since(chrono::NaiveDate::default())
        .num_days();
    let end = (days * 86_400 - i64::from(config.utc_offset_minutes) * 60) * 1_000_000;
    let mut n_instants = 0;
    for shop in [&*CLEAN, &*crate::DEMO] {
        for (table, batch) in whole_tables(shop.tables(), Ids::Integer) {
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                let is_instant = matches!(field.data_type(), DataType::Timestamp(..));
                // A promise is about the future and known before.
                if !is_instant || field.name() == "promised_at" {
                    continue;
                }
                let column = column.as_primitive::<TimestampMicrosecondType>();
                let last = column.iter().flatten().max();
                assert!(
                    last.is_none_or(|last| last < end),
                    "{table}.{}",
                    field.name()
                );
                n_instants += column.len() - column.null_count();
            }
        }
    }
    assert!(n_instants > 100_000);
}
