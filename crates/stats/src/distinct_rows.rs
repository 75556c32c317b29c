//! Rows counted by their values: the mergeable input of fits that need each distinct row once.
//!
//! A million customers have a few thousand histories, so a fit that weighs
//! distinct rows is as much faster.

use std::collections::HashMap;

/// Rows of `N` numbers of 0 or more, and how often each was seen.
#[derive(Clone, Debug)]
pub(crate) struct DistinctRows<const N: usize> {
    // By the bits of the numbers. -0 is normalised, so equal numbers have equal
    // bits, and bits sort as the numbers do.
    counts: HashMap<[u64; N], u64>,
    rows: u64,
}

impl<const N: usize> Default for DistinctRows<N> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            rows: 0,
        }
    }
}

impl<const N: usize> DistinctRows<N> {
    /// Counts a row `weight` times.
    pub(crate) fn add(&mut self, row: [f64; N], weight: u64) {
        self.rows += weight;
        // Adding zero turns -0 into 0.
        let bits = row.map(|value| (value + 0.0).to_bits());
        *self.counts.entry(bits).or_insert(0) += weight;
    }

    /// Counts the rows of another state.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        for (row, weight) in &other.counts {
            *self.counts.entry(*row).or_insert(0) += weight;
        }
    }

    /// Number of rows, copies included.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Memory held, in bytes, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<([u64; N], u64)>()
    }

    /// The distinct rows with their counts, in ascending order.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = ([f64; N], u64)> + use<N> {
        let mut counts: Vec<_> = self.counts.iter().map(|(row, n)| (*row, *n)).collect();
        counts.sort_unstable();
        counts
            .into_iter()
            .map(|(row, n)| (row.map(f64::from_bits), n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_one_whatever_their_order_sign_of_zero_and_partition() {
        let mut one = DistinctRows::default();
        one.add([2.0, 0.5], 1);
        one.add([0.0, 3.0], 2);
        let mut other = DistinctRows::default();
        other.add([-0.0, 3.0], 1);
        other.merge(&one);
        assert_eq!(other.rows(), 4);
        let rows: Vec<_> = other.in_order().collect();
        assert_eq!(rows, [([0.0, 3.0], 3), ([2.0, 0.5], 1)]);
    }
}
