//! Confidence intervals as SQL values: `struct(lower, upper)`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};

/// Returns the fields of an interval.
fn fields() -> Fields {
    Fields::from(vec![
        Field::new("lower", DataType::Float64, true),
        Field::new("upper", DataType::Float64, true),
    ])
}

/// Returns the type of an interval.
pub(crate) fn interval_type() -> DataType {
    DataType::Struct(fields())
}

/// Returns a column of intervals; what cannot be computed is NULL as a whole.
pub(crate) fn interval_array(intervals: &[Option<(f64, f64)>]) -> ArrayRef {
    let lower: Float64Array = intervals.iter().map(|i| i.map(|(l, _)| l)).collect();
    let upper: Float64Array = intervals.iter().map(|i| i.map(|(_, u)| u)).collect();
    let valid = NullBuffer::from_iter(intervals.iter().map(Option::is_some));
    Arc::new(StructArray::new(
        fields(),
        vec![Arc::new(lower), Arc::new(upper)],
        Some(valid),
    ))
}
