//! `retention`: which conditions a customer met, given that the first one was met.
//!
//! The order of time plays no role, as in ClickHouse: a condition usually names
//! a day or a period itself.

use super::MAX_CONDITIONS;
use crate::error::{Result, StatsError};

/// The conditions met by any row of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    met: u32,
}

impl Retention {
    /// Adds one row, bit `i` for condition `i + 1`.
    pub fn push(&mut self, conditions: u32) {
        self.met |= conditions;
    }

    /// Adds the rows of another state.
    pub fn merge(&mut self, other: Self) {
        self.met |= other.met;
    }

    /// Returns the state as the one number it is.
    pub fn bits(self) -> u32 {
        self.met
    }

    /// Reads what [`Retention::bits`] gave.
    pub fn from_bits(met: u32) -> Self {
        Self { met }
    }

    /// Returns for each condition whether it and the first one were met.
    pub fn finish(self, n_conditions: usize) -> Result<Vec<bool>> {
        if !(1..=MAX_CONDITIONS).contains(&n_conditions) {
            let reason = format!("must be 1 to {MAX_CONDITIONS}, got {n_conditions}");
            return Err(StatsError::argument("conditions", reason));
        }
        let base = self.met & 1 == 1;
        Ok((0..n_conditions)
            .map(|step| base && self.met >> step & 1 == 1)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[u32], n_conditions: usize, expected: &[bool]) {
        let mut state = Retention::default();
        for row in rows {
            let mut part = Retention::default();
            part.push(*row);
            state.merge(Retention::from_bits(part.bits()));
        }
        assert_eq!(state.finish(n_conditions).unwrap(), expected);
    }

    // duckdb-behavioral's test of its `retention` (MIT): users 1, 2 and 3.
    #[test]
    fn each_condition_is_paired_with_the_first() {
        check(&[0b001, 0b010, 0b100], 3, &[true, true, true]);
        check(&[0b001, 0b100], 3, &[true, false, true]);
        check(&[0b001], 3, &[true, false, false]);
    }

    #[test]
    fn nothing_counts_without_the_first_condition() {
        check(&[0b10, 0b10], 2, &[false, false]);
        check(&[], 2, &[false, false]);
    }

    #[test]
    fn the_number_of_conditions_has_bounds() {
        let error = Retention::default().finish(33).unwrap_err();
        assert_eq!(error.to_string(), "conditions must be 1 to 32, got 33");
        assert!(Retention::default().finish(0).is_err());
        assert_eq!(
            Retention::from_bits(u32::MAX).finish(32).unwrap(),
            [true; 32]
        );
    }
}
