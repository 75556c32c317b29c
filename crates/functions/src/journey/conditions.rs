//! Rows of a timestamp and conditions, as events.

use aftersight_stats::journey::Event;
use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use datafusion::common::cast::as_boolean_array;

use crate::events::{self, split_bytes};
use crate::time::ticks;

impl events::Event for Event {
    #[inline]
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.at.to_le_bytes());
        bytes.extend_from_slice(&self.conditions.to_le_bytes());
    }

    #[inline]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            at: i64::from_le_bytes(split_bytes(bytes)?),
            conditions: u32::from_le_bytes(split_bytes(bytes)?),
        })
    }
}

/// Returns for each row the conditions it meets as bits; NULL is not met.
///
/// There are no more columns than bits: `build` has checked that.
fn bits(columns: &[ArrayRef]) -> Result<Vec<u32>> {
    let mut bits = vec![0; columns.first().map_or(0, |c| c.len())];
    for (i, column) in columns.iter().enumerate() {
        let column = as_boolean_array(column)?;
        let met = match column.nulls() {
            Some(known) => column.values() & known.inner(),
            None => column.values().clone(),
        };
        met.set_indices().for_each(|row| bits[row] |= 1 << i);
    }
    Ok(bits)
}

/// Calls `keep` with row and event for each row that has a timestamp and,
/// unless `keep_unmatched`, meets a condition.
pub(super) fn read(
    at: &ArrayRef,
    conditions: &[ArrayRef],
    keep_unmatched: bool,
    mut keep: impl FnMut(usize, Event),
) -> Result<()> {
    let at = ticks(at)?;
    for (row, conditions) in bits(conditions)?.into_iter().enumerate() {
        if (conditions != 0 || keep_unmatched) && at.is_valid(row) {
            let at = at.value(row);
            keep(row, Event { at, conditions });
        }
    }
    Ok(())
}
