//! All rows of a group: for methods that cannot do with sums.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::Numbers;
use crate::folded::{Bytes, Reader, Tally};

/// The numbers of the first columns, row after row.
///
/// Rows whose `needed` first columns are not all known are left out; what is
/// unknown in the others is NaN.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    width: usize,
    needed: usize,
    numbers: Vec<f64>,
}

impl Rows {
    /// No rows yet, of `width` columns that must all be known.
    pub(crate) fn complete(width: usize) -> Self {
        Self::of(width, width)
    }

    /// No rows yet, of `width` columns of which the first `needed` must be known.
    pub(crate) fn of(width: usize, needed: usize) -> Self {
        Self {
            width,
            needed,
            numbers: Vec::new(),
        }
    }

    /// Returns the rows in ascending order, so that results do not depend on how rows came.
    pub(crate) fn sorted(&self) -> Vec<&[f64]> {
        let mut rows: Vec<&[f64]> = self.numbers.chunks_exact(self.width).collect();
        rows.sort_unstable_by(|a, b| {
            let pairs = a.iter().zip(b.iter());
            pairs.fold(std::cmp::Ordering::Equal, |order, (a, b)| {
                order.then_with(|| a.total_cmp(b))
            })
        });
        rows
    }

    /// Returns the columns of the sorted rows.
    pub(crate) fn sorted_columns(&self) -> Vec<Vec<f64>> {
        let rows = self.sorted();
        (0..self.width)
            .map(|i| rows.iter().map(|row| row[i]).collect())
            .collect()
    }
}

impl Tally for Rows {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let casted = columns[..self.width]
            .iter()
            .map(as_numbers)
            .collect::<Result<Vec<_>>>()?;
        let columns = (0..self.width)
            .map(|i| Numbers::of(&casted, i))
            .collect::<Result<Vec<_>>>()?;
        for &row in rows {
            if columns[..self.needed].iter().all(|c| c.get(row).is_some()) {
                self.numbers
                    .extend(columns.iter().map(|c| c.get(row).unwrap_or(f64::NAN)));
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.numbers.extend_from_slice(&other.numbers);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.numbers(&self.numbers);
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let numbers = bytes.numbers()?;
        numbers
            .len()
            .is_multiple_of(self.width)
            .then_some(Self { numbers, ..*self })
    }

    fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<f64>()
    }
}

/// Instants become microseconds since 1970, exact until the year 2255.
fn as_numbers(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Timestamp(..) => cast(&cast(column, &DataType::Int64)?, &DataType::Float64)?,
        _ => std::sync::Arc::clone(column),
    })
}
