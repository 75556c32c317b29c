//! Cross-products of an outcome and its drivers.

use arrow::array::ArrayRef;
use datafusion::common::{Result, exec_datafusion_err};

use aftersight_stats::StatsError;
use aftersight_stats::cross_products::CrossProducts;

use super::Numbers;
use crate::folded::{Bytes, Reader, Tally};

/// Sums and products of rows in which all columns are known; the outcome is the first column.
#[derive(Debug, Clone)]
pub(crate) struct Products(pub(crate) CrossProducts);

impl Products {
    pub(crate) fn new(predictors: usize) -> Self {
        Self(CrossProducts::new(predictors))
    }
}

fn mismatch(error: StatsError) -> datafusion::error::DataFusionError {
    exec_datafusion_err!("cross-products: {error}")
}

impl Tally for Products {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let columns = (0..columns.len())
            .map(|i| Numbers::of(columns, i))
            .collect::<Result<Vec<_>>>()?;
        let is_complete = |row: &&usize| columns.iter().all(|c| c.get(**row).is_some());
        let rows: Vec<usize> = rows.iter().filter(is_complete).copied().collect();
        // By columns, since that is several times faster than by rows.
        let numbers: Vec<Vec<f64>> = columns
            .iter()
            .map(|c| rows.iter().filter_map(|row| c.get(*row)).collect())
            .collect();
        let [outcome, predictors @ ..] = numbers.as_slice() else {
            return Ok(());
        };
        let predictors: Vec<&[f64]> = predictors.iter().map(Vec::as_slice).collect();
        self.0
            .update_columns(outcome, &predictors)
            .map_err(mismatch)
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0).map_err(mismatch)
    }

    fn write(&self, bytes: &mut Bytes) {
        let (n, sums) = self.0.to_parts();
        bytes.whole(n);
        bytes.whole(sums.len() as u64);
        sums.iter().for_each(|parts| bytes.numbers(parts));
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let n = bytes.whole()?;
        let count = bytes.count()?;
        let sums: Vec<Vec<f64>> = (0..count).map(|_| bytes.numbers()).collect::<Option<_>>()?;
        CrossProducts::from_parts(self.0.predictors(), n, &sums)
            .ok()
            .map(Self)
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}
