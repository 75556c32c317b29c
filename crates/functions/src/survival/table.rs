//! Results with several columns: structs, alone or in lists.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};

/// Columns of a result by name, each a function of one of its rows.
pub(super) type Columns<R> = [(&'static str, fn(&R) -> Option<f64>)];

/// Returns the fields of the columns, all of them Float64.
pub(super) fn fields<R>(columns: &Columns<R>) -> Fields {
    let field = |(name, _): &(&str, _)| Field::new(*name, DataType::Float64, true);
    columns.iter().map(field).collect()
}

/// Returns rows as structs; what is not finite is NULL, and there is one zero only.
pub(super) fn structs<R>(columns: &Columns<R>, rows: &[R]) -> ArrayRef {
    let arrays = columns.iter().map(|(_, get)| {
        let values = rows
            .iter()
            .map(|row| get(row).filter(|x| x.is_finite()).map(|x| x + 0.0));
        Arc::new(values.collect::<Float64Array>()) as ArrayRef
    });
    let fields = fields(columns);
    Arc::new(StructArray::new(fields, arrays.collect(), None))
}
