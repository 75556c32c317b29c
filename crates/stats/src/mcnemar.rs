//! McNemar's test: did the same customers change in one direction?

use crate::distribution::{binomial_half_two_sided, chi_square_tail};
use crate::error::{finite, ratio};

/// Pairs of a yes/no answer, before and after; mergeable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct McNemar {
    /// Yes before and after.
    pub both: u64,
    /// Yes before, no after.
    pub only_before: u64,
    /// No before, yes after.
    pub only_after: u64,
    /// No before and after.
    pub neither: u64,
}

/// The test's results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemarTest {
    /// Chi-square without continuity correction.
    pub chisq: Option<f64>,
    /// Its p-value.
    pub p: Option<f64>,
    /// Chi-square with Edwards' continuity correction, as R prints it.
    pub chisq_corrected: Option<f64>,
    /// Its p-value.
    pub p_corrected: Option<f64>,
    /// Exact two-sided p-value of the sign test on the changes.
    pub p_exact: Option<f64>,
    /// After minus before, in standard errors: positive when yes has grown.
    pub z: Option<f64>,
    /// Share of yes after minus share before.
    pub difference: Option<f64>,
}

impl McNemar {
    /// Counts one customer.
    pub fn update(&mut self, before: bool, after: bool) {
        match (before, after) {
            (true, true) => self.both += 1,
            (true, false) => self.only_before += 1,
            (false, true) => self.only_after += 1,
            (false, false) => self.neither += 1,
        }
    }

    /// Counts the customers of another state.
    pub fn merge(&mut self, other: &Self) {
        self.both += other.both;
        self.only_before += other.only_before;
        self.only_after += other.only_after;
        self.neither += other.neither;
    }

    /// Number of customers.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.both + self.only_before + self.only_after + self.neither
    }

    /// The test; without any change every statistic is `None`.
    #[must_use]
    pub fn test(&self) -> McNemarTest {
        let changes = (self.only_before + self.only_after) as f64;
        let net = self.only_after as f64 - self.only_before as f64;
        let z = ratio(net, changes.sqrt());
        let chisq = z.map(|z| z * z);
        let corrected = (net.abs() - 1.0).max(0.0);
        let chisq_corrected = ratio(corrected * corrected, changes);
        let tail = |value: f64| chi_square_tail(value, 1.0);
        let fewer = self.only_before.min(self.only_after);
        McNemarTest {
            chisq,
            p: chisq.and_then(tail),
            chisq_corrected,
            p_corrected: chisq_corrected.and_then(tail),
            p_exact: (changes > 0.0)
                .then(|| binomial_half_two_sided(fewer, self.only_before + self.only_after))
                .flatten(),
            z,
            difference: finite(net / self.n() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Agresti, Categorical Data Analysis: approval 794/150/86/570.
    #[test]
    fn approval_ratings_are_the_published_test() {
        let approval = McNemar {
            both: 794,
            only_before: 150,
            only_after: 86,
            neither: 570,
        };
        let test = approval.test();
        assert!((test.z.unwrap() + 4.166_045_151_386_364).abs() < 1e-12);
        assert!((test.chisq.unwrap() - 17.355_932_203_389_83).abs() < 1e-12);
        assert!((test.chisq_corrected.unwrap() - 16.817_796_610_169_49).abs() < 1e-12);
        assert!((test.p_corrected.unwrap() - 4.114_562_281_345_944e-5).abs() < 1e-15);
        assert!((test.difference.unwrap() + 64.0 / 1600.0).abs() < 1e-15);
    }

    #[test]
    fn few_changes_are_counted_exactly() {
        let mut table = McNemar::default();
        table.update(true, true);
        assert_eq!(table.test().p_exact, None);
        assert_eq!(table.test().chisq, None);
        for _ in 0..6 {
            table.update(false, true);
        }
        let mut other = McNemar::default();
        other.update(true, false);
        table.merge(&other);
        // 2 (1 + 7) / 2^7
        assert!((table.test().p_exact.unwrap() - 0.125).abs() < 1e-14);
        assert_eq!(table.n(), 8);
    }
}
