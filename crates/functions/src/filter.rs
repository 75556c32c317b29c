//! `filter (where ...)` of an aggregate, row by row.

use arrow::array::{Array, BooleanArray};

/// Whether a row passes, where NULL is no.
#[inline]
pub(crate) fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|f| f.is_valid(row) && f.value(row))
}
