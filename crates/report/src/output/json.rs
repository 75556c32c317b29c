//! `report.json`: the results of a run for programs.
//!
//! Version 1: `version`, `report`, `as_of`, `spec`, `settings`, and `queries`
//! with `name`, `schema` (name, type, nullable) and `rows` as objects. A NULL is
//! `null` and never left out; integers beyond 2^53 and decimals are strings,
//! because most readers would round them.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value, json as value};

use super::RunFacts;
use crate::error::OutputError;
use crate::result::QueryResult;

/// The largest integer that a double holds exactly.
const EXACT_MAX: i128 = 1 << 53;

/// Writes results with their schemas.
pub fn json(facts: &RunFacts, results: &[&QueryResult]) -> Result<Vec<u8>, OutputError> {
    let mut queries = Vec::new();
    for result in results {
        let schema: Vec<Value> = result
            .schema
            .fields()
            .iter()
            .map(|field| {
                value!({
                    "name": field.name(),
                    "type": field.data_type().to_string(),
                    "nullable": field.is_nullable(),
                })
            })
            .collect();
        let mut rows = Vec::new();
        for batch in &result.batches {
            for row in 0..batch.num_rows() {
                let mut object = Map::new();
                for (field, column) in result.schema.fields().iter().zip(batch.columns()) {
                    let cell = cell(column, row).map_err(|source| OutputError::Arrow {
                        query: result.name.clone(),
                        format: "JSON",
                        source,
                    })?;
                    object.insert(field.name().clone(), cell);
                }
                rows.push(Value::Object(object));
            }
        }
        queries.push(value!({ "name": result.name, "schema": schema, "rows": rows }));
    }
    let settings: Map<String, Value> = facts
        .settings
        .iter()
        .map(|(name, text)| (name.clone(), value!(text)))
        .collect();
    let document = value!({
        "version": 1,
        "report": facts.report,
        "as_of": facts.as_of.to_string(),
        "spec": facts.spec_hash,
        "settings": settings,
        "queries": queries,
    });
    let mut text = document.to_string();
    text.push('\n');
    Ok(text.into_bytes())
}

fn cell(array: &ArrayRef, row: usize) -> Result<Value, arrow::error::ArrowError> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    if let DataType::Dictionary(_, values) = array.data_type() {
        let values = arrow::compute::cast(array, values)?;
        return cell(&values, row);
    }
    if let Some(flags) = array.as_boolean_opt() {
        return Ok(Value::Bool(flags.value(row)));
    }
    let items = match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Some(array.as_list::<i64>().value(row)),
        _ => None,
    };
    if let Some(items) = items {
        return (0..items.len()).map(|item| cell(&items, item)).collect();
    }
    if let DataType::Struct(fields) = array.data_type() {
        let mut object = Map::new();
        for (field, column) in fields.iter().zip(array.as_struct().columns()) {
            object.insert(field.name().clone(), cell(column, row)?);
        }
        return Ok(Value::Object(object));
    }
    let data_type = array.data_type();
    if data_type.is_floating() {
        let numbers = arrow::compute::cast(&array.slice(row, 1), &DataType::Float64)?;
        let numbers = numbers.as_primitive::<arrow::datatypes::Float64Type>();
        // JSON has no NaN and no infinity.
        return Ok(
            serde_json::Number::from_f64(numbers.value(0)).map_or(Value::Null, Value::Number)
        );
    }
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array.as_ref(), &options)?
        .value(row)
        .try_to_string()?;
    if data_type.is_integer()
        && let Ok(number) = text.parse::<i128>()
        && number.abs() <= EXACT_MAX
    {
        return Ok(value!(number as i64));
    }
    Ok(Value::String(text))
}

#[cfg(test)]
mod tests {
    use super::super::parquet::tests::{facts, sample};
    use super::*;

    #[test]
    fn rows_keep_null_numbers_and_exact_decimals() {
        let bytes = json(&facts(), &[&sample()]).unwrap();
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(document["version"], 1);
        assert_eq!(document["as_of"], "2026-11-16");
        let query = &document["queries"][0];
        assert_eq!(query["schema"][2]["type"], "Decimal128(18, 2)");
        assert_eq!(
            query["rows"][0],
            value!({ "reason": "a \"b\", c", "n": 1, "amount": "12.50", "day": "2026-11-09" })
        );
        assert_eq!(query["rows"][1]["n"], Value::Null);
    }

    #[test]
    fn an_integer_too_large_for_a_double_is_a_string() {
        let array: ArrayRef =
            std::sync::Arc::new(arrow::array::Int64Array::from(vec![i64::MAX, 1 << 53]));
        assert_eq!(cell(&array, 0).unwrap(), value!("9223372036854775807"));
        assert_eq!(cell(&array, 1).unwrap(), value!(9_007_199_254_740_992_i64));
    }
}
