//! Made-up tables: the same rows on every run, dealt to partitions in batches.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use datafusion::datasource::MemTable;

/// Partitions of every table, and tasks of every query.
pub(crate) const N_PARTS: usize = 2;
const BATCH_ROWS: usize = 8192;

/// A column: name and values of rows.
pub(crate) struct Column {
    name: &'static str,
    values: Box<dyn Fn(std::ops::Range<usize>) -> ArrayRef>,
}

pub(crate) fn integers(name: &'static str, value: impl Fn(usize) -> i64 + 'static) -> Column {
    Column {
        name,
        values: Box::new(move |rows: std::ops::Range<usize>| {
            Arc::new(Int64Array::from_iter_values(rows.map(&value)))
        }),
    }
}

pub(crate) fn floats(name: &'static str, value: impl Fn(usize) -> f64 + 'static) -> Column {
    Column {
        name,
        values: Box::new(move |rows: std::ops::Range<usize>| {
            Arc::new(Float64Array::from_iter_values(rows.map(&value)))
        }),
    }
}

pub(crate) fn texts(name: &'static str, value: impl Fn(usize) -> String + 'static) -> Column {
    Column {
        name,
        values: Box::new(move |rows: std::ops::Range<usize>| {
            Arc::new(StringViewArray::from_iter_values(rows.map(&value)))
        }),
    }
}

/// Microseconds since 1970.
pub(crate) fn instants(name: &'static str, value: impl Fn(usize) -> i64 + 'static) -> Column {
    Column {
        name,
        values: Box::new(move |rows: std::ops::Range<usize>| {
            Arc::new(TimestampMicrosecondArray::from_iter_values(
                rows.map(&value),
            ))
        }),
    }
}

/// An id of one kind or the other; text as shops write them.
pub(crate) fn ids(
    name: &'static str,
    is_text: bool,
    value: impl Fn(usize) -> i64 + 'static,
) -> Column {
    if is_text {
        texts(name, move |row| format!("customer-{:09}", value(row)))
    } else {
        integers(name, value)
    }
}

/// Spreads row numbers without order: a fixed mixing of bits (splitmix64).
pub(crate) fn mixed(row: usize) -> u64 {
    let mut x = (row as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number below `n`, without order.
pub(crate) fn below(n: usize, row: usize) -> i64 {
    (mixed(row) % n as u64) as i64
}

/// Deals rows to partitions, batch by batch.
pub(crate) fn table(n_rows: usize, columns: &[Column]) -> MemTable {
    let batch = |start: usize| {
        let rows = start..(start + BATCH_ROWS).min(n_rows);
        let arrays = columns.iter().map(|c| (c.name, (c.values)(rows.clone())));
        RecordBatch::try_from_iter(arrays).expect("columns are of one length")
    };
    let mut parts = vec![vec![]; N_PARTS];
    for (i, start) in (0..n_rows).step_by(BATCH_ROWS).enumerate() {
        parts[i % N_PARTS].push(batch(start));
    }
    let schema = parts[0][0].schema();
    MemTable::try_new(schema, parts).expect("parts fit their schema")
}
