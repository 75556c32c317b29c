//! Lists as SQL values: one for each group, built from all their items at once.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};

/// Returns the type of a list of items.
pub(crate) fn list_type(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// Returns lists of the given lengths; `known` says which of them are not NULL.
pub(crate) fn list_array(
    items: ArrayRef,
    lengths: Vec<usize>,
    known: Option<NullBuffer>,
) -> ArrayRef {
    let item = Field::new_list_field(items.data_type().clone(), true);
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(Arc::new(item), offsets, items, known))
}
