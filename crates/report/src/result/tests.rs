//! Columns of every type, read as figures need them.

use std::sync::Arc;

use arrow::array::{Decimal128Array, DictionaryArray, Float64Array, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Int32Type, Schema};

use super::*;

/// A frame of columns, as the query `q` would give them.
pub(crate) fn frame(columns: Vec<(&str, ArrayRef)>) -> Frame {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let result = QueryResult {
        name: "q".to_owned(),
        sql: String::new(),
        schema,
        batches: vec![batch],
    };
    Frame::new(&result).unwrap()
}

fn anywhere() -> Place {
    Place {
        path: "report.md".to_owned(),
        line: 1,
        column: 1,
    }
}

#[test]
fn numbers_come_from_decimals_and_floats_and_never_are_nan() {
    let decimal = Decimal128Array::from(vec![Some(1250), None])
        .with_precision_and_scale(18, 2)
        .unwrap();
    let float = Float64Array::from(vec![f64::NAN, f64::INFINITY]);
    let frame = frame(vec![("d", Arc::new(decimal)), ("f", Arc::new(float))]);
    assert_eq!(frame.numbers(0, &anywhere()).unwrap(), [Some(12.5), None]);
    assert_eq!(frame.numbers(1, &anywhere()).unwrap(), [None, None]);
}

#[test]
fn a_dictionary_is_text_and_a_zoned_instant_is_local() {
    let reasons: DictionaryArray<Int32Type> = ["size", "late"].into_iter().collect();
    let midnight = 1_762_617_600_000_000; // 2025-11-08 16:00 UTC
    let instants =
        TimestampMicrosecondArray::from(vec![midnight; 2]).with_timezone("Asia/Shanghai");
    let frame = frame(vec![("r", Arc::new(reasons)), ("t", Arc::new(instants))]);
    assert!(frame.is_text(0));
    assert_eq!(
        frame.days(1).unwrap()[0],
        NaiveDate::from_ymd_opt(2025, 11, 9)
    );
}

#[test]
fn a_missing_column_names_the_nearest_one() {
    let frame = frame(vec![(
        "return_rate",
        Arc::new(Float64Array::from(vec![0.1])),
    )]);
    let column = ColumnName {
        name: "return_rat".to_owned(),
        place: anywhere(),
    };
    let error = frame.named(&column).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `return_rate`?"),
        "{error}"
    );
}

#[test]
fn the_name_of_a_column_tells_how_to_write_it() {
    let number: ArrayRef = Arc::new(Float64Array::from(vec![0.1]));
    for (name, format) in [
        ("return_rate", Format::Pct1),
        ("return_rate_low", Format::Pct1),
        ("refund_amount", Format::Money),
        ("answer_hours", Format::Hours),
        ("nps", Format::Points),
        ("nps_high", Format::Points),
        ("csat", Format::Number),
    ] {
        assert_eq!(
            frame(vec![(name, ArrayRef::clone(&number))]).format_of(0),
            format,
            "{name}"
        );
    }
}
