//! Columns of a result, made of plain numbers and words.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray};

pub(super) type Columns = Vec<(&'static str, ArrayRef)>;

pub(super) fn text(values: Vec<&str>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

pub(super) fn float(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

pub(super) fn int(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

pub(super) fn money(values: Vec<i128>) -> ArrayRef {
    let array = Decimal128Array::from(values);
    Arc::new(
        array
            .clone()
            .with_precision_and_scale(18, 2)
            .unwrap_or(array),
    )
}

/// Days since 1970; 20,766 is Monday, 9 November 2026.
pub(super) fn days(values: impl IntoIterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

pub(super) const MONDAY: i32 = 20_766;
