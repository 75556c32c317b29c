//! Counts of pairs of labels: a table of any size.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::ArrayRef;
use datafusion::common::Result;

use super::Labels;
use crate::folded::{Bytes, Reader, Tally};

/// Counts by the first and by the second label, of rows with both.
#[derive(Debug, Clone, Default)]
pub(crate) struct PairCounts {
    rows: BTreeMap<String, BTreeMap<String, u64>>,
    /// Asked for after every batch, so it is not counted anew.
    heap_bytes: usize,
}

impl PairCounts {
    /// Counts a pair a number of times.
    pub(crate) fn add(&mut self, a: &str, b: &str, n: u64) {
        // Looks before it copies: labels repeat.
        if let Some(count) = self.rows.get_mut(a).and_then(|row| row.get_mut(b)) {
            *count += n;
            return;
        }
        let row = self.rows.entry(a.to_string()).or_insert_with(|| {
            self.heap_bytes += size_of::<(String, BTreeMap<String, u64>)>() + a.len();
            BTreeMap::new()
        });
        // The pair is new, or its row is.
        row.insert(b.to_string(), n);
        self.heap_bytes += size_of::<(String, u64)>() + b.len();
    }

    /// Returns the number of pairs.
    pub(crate) fn n(&self) -> u64 {
        self.rows.values().flat_map(BTreeMap::values).sum()
    }

    /// Returns how many first and how many second labels there are.
    pub(crate) fn n_labels(&self) -> (usize, usize) {
        let second: BTreeSet<&String> = self.rows.values().flat_map(BTreeMap::keys).collect();
        (self.rows.len(), second.len())
    }

    /// Returns all pairs in order, each with its count.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.rows
            .iter()
            .flat_map(|(a, row)| row.iter().map(move |(b, n)| (a.as_str(), b.as_str(), *n)))
    }

    /// Returns the counts as a table, both labels in order; at least two by two, with zeros.
    pub(crate) fn table(&self) -> Vec<Vec<f64>> {
        let columns: BTreeSet<&String> = self.rows.values().flat_map(BTreeMap::keys).collect();
        let count = |row: &BTreeMap<String, u64>, b: &String| row.get(b).map_or(0.0, |n| *n as f64);
        let mut table: Vec<Vec<f64>> = self
            .rows
            .values()
            .map(|row| columns.iter().map(|b| count(row, b)).collect())
            .collect();
        // A single row or column is not independent of anything, which is no error.
        let width = columns.len().max(2);
        table.iter_mut().for_each(|row| row.resize(width, 0.0));
        let height = table.len().max(2);
        table.resize_with(height, || vec![0.0; width]);
        table
    }
}

impl Tally for PairCounts {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (a, b) = (Labels::of(columns, 0)?, Labels::of(columns, 1)?);
        for &row in rows {
            if let (Some(a), Some(b)) = (a.get(row), b.get(row)) {
                self.add(a, b, 1);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        other.iter().for_each(|(a, b, n)| self.add(a, b, n));
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.whole(self.iter().count() as u64);
        for (a, b, n) in self.iter() {
            bytes.text(a);
            bytes.text(b);
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut counts = Self::default();
        for _ in 0..bytes.count()? {
            let (a, b) = (bytes.text()?, bytes.text()?);
            counts.add(&a, &b, bytes.whole()?);
        }
        Some(counts)
    }

    fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }
}
