//! Results with several fields: what a function returns, and how it becomes a column.
//!
//! A function names the fields of its result once, as a [`Type`], and returns
//! one [`Value`] a group or row. What is not a finite number becomes NULL here,
//! so that no NaN or infinity leaves by any function that uses it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, internal_err};

/// The type of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    /// Float64.
    Number,
    /// Int64.
    Whole,
    /// Boolean.
    Flag,
    /// Utf8.
    Text,
    /// A list of one type.
    List(&'static Type),
    /// A struct: names and types of its fields.
    Record(&'static [(&'static str, Type)]),
}

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Number(f64),
    Whole(i64),
    Flag(bool),
    Text(String),
    List(Vec<Value>),
    Record(Vec<Value>),
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        if x.is_finite() {
            Self::Number(x)
        } else {
            Self::Null
        }
    }
}

impl From<i64> for Value {
    fn from(x: i64) -> Self {
        Self::Whole(x)
    }
}

impl From<i8> for Value {
    fn from(x: i8) -> Self {
        Self::Whole(i64::from(x))
    }
}

impl From<u64> for Value {
    fn from(x: u64) -> Self {
        i64::try_from(x).map_or(Self::Null, Self::Whole)
    }
}

impl From<usize> for Value {
    fn from(x: usize) -> Self {
        i64::try_from(x).map_or(Self::Null, Self::Whole)
    }
}

impl From<bool> for Value {
    fn from(x: bool) -> Self {
        Self::Flag(x)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(x: Option<T>) -> Self {
        x.map_or(Self::Null, Into::into)
    }
}

impl Type {
    /// Returns the type in arrow's terms.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Number => DataType::Float64,
            Self::Whole => DataType::Int64,
            Self::Flag => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::List(item) => DataType::List(item.list_field()),
            Self::Record(fields) => DataType::Struct(arrow_fields(fields)),
        }
    }

    fn list_field(&self) -> FieldRef {
        Arc::new(Field::new_list_field(self.data_type(), true))
    }

    /// Returns a column of results.
    pub(crate) fn array(&self, values: Vec<Value>) -> Result<ArrayRef> {
        Ok(match self {
            Self::Number => Arc::new(
                column(values, |value| match value {
                    Value::Number(x) => Some(x),
                    _ => None,
                })?
                .into_iter()
                .collect::<Float64Array>(),
            ),
            Self::Whole => Arc::new(
                column(values, |value| match value {
                    Value::Whole(x) => Some(x),
                    _ => None,
                })?
                .into_iter()
                .collect::<Int64Array>(),
            ),
            Self::Flag => Arc::new(
                column(values, |value| match value {
                    Value::Flag(x) => Some(x),
                    _ => None,
                })?
                .into_iter()
                .collect::<BooleanArray>(),
            ),
            Self::Text => Arc::new(
                column(values, |value| match value {
                    Value::Text(x) => Some(x),
                    _ => None,
                })?
                .into_iter()
                .collect::<StringArray>(),
            ),
            Self::List(item) => {
                let lists = column(values, |value| match value {
                    Value::List(items) => Some(items),
                    _ => None,
                })?;
                let valid = NullBuffer::from_iter(lists.iter().map(Option::is_some));
                let lengths = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len));
                let offsets = OffsetBuffer::from_lengths(lengths);
                let items = item.array(lists.into_iter().flatten().flatten().collect())?;
                Arc::new(ListArray::new(
                    item.list_field(),
                    offsets,
                    items,
                    Some(valid),
                ))
            }
            Self::Record(fields) => {
                let records = column(values, |value| match value {
                    Value::Record(values) => Some(values),
                    _ => None,
                })?;
                let valid = NullBuffer::from_iter(records.iter().map(Option::is_some));
                let mut columns = vec![Vec::with_capacity(records.len()); fields.len()];
                for record in records {
                    let record = record.unwrap_or_else(|| vec![Value::Null; fields.len()]);
                    if record.len() != fields.len() {
                        return internal_err!("a result has {} fields", record.len());
                    }
                    for (column, value) in columns.iter_mut().zip(record) {
                        column.push(value);
                    }
                }
                let columns = fields
                    .iter()
                    .zip(columns)
                    .map(|((_, t), values)| t.array(values))
                    .collect::<Result<Vec<_>>>()?;
                let length = valid.len();
                Arc::new(StructArray::try_new_with_length(
                    arrow_fields(fields),
                    columns,
                    Some(valid),
                    length,
                )?)
            }
        })
    }
}

fn arrow_fields(fields: &[(&'static str, Type)]) -> Fields {
    fields
        .iter()
        .map(|(name, t)| Field::new(*name, t.data_type(), true))
        .collect()
}

/// Unwraps values of one type; NULL stays.
fn column<T>(values: Vec<Value>, of: impl Fn(Value) -> Option<T>) -> Result<Vec<Option<T>>> {
    values
        .into_iter()
        .map(|value| match value {
            Value::Null => Ok(None),
            other => match of(other) {
                Some(x) => Ok(Some(x)),
                None => internal_err!("a result has another type than declared"),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Cell, cells};

    const ITEM: Type = Type::Record(&[("a", Type::Whole), ("b", Type::Text)]);
    const RESULT: Type = Type::Record(&[("x", Type::Number), ("items", Type::List(&ITEM))]);

    #[test]
    fn nested_results_become_columns_of_the_declared_type() {
        let item = Value::Record(vec![1_i64.into(), "one".into()]);
        let values = vec![
            Value::Record(vec![0.5.into(), Value::List(vec![item, Value::Null])]),
            Value::Null,
            Value::Record(vec![f64::NAN.into(), Value::List(vec![])]),
        ];
        let array = RESULT.array(values).unwrap();
        assert_eq!(array.data_type(), &RESULT.data_type());
        let expected = [
            Cell::Number(0.5),
            Cell::Number(1.0),
            Cell::Text("one".to_string()),
            Cell::Null,
            Cell::Null,
        ];
        assert_eq!(cells(&array, 0), expected);
        assert_eq!(cells(&array, 1), [Cell::Null, Cell::Null]);
        assert_eq!(cells(&array, 2), [Cell::Null]);
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        assert!(Type::Number.array(vec![Value::Flag(true)]).is_err());
        assert!(RESULT.array(vec![Value::Record(vec![])]).is_err());
    }
}
