//! A running sum of doubles that carries what rounding leaves over.
//!
//! The sum is kept as two doubles, the second being what the first cannot hold
//! (Dekker 1971), which makes 106 bits. Amounts, hours and scores of some ten
//! digits add up without any loss that way, so their order does not matter at
//! all; for others the chance that it shows in the 53 bits that are returned is
//! about one in 10^14. `kernel::binned_sum` depends on it for no input, with four
//! times the memory and time: right for the state of a measure, too much for
//! what every query does.

/// A sum of doubles: `high` is the sum rounded, `low` what is left.
///
/// Infinities and NaN behave as in ordinary addition.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct DoubleSum {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

impl DoubleSum {
    /// Adds a number.
    #[inline]
    pub(crate) fn add(&mut self, x: f64) {
        let (sum, error) = two_sum(self.high, x);
        *self = Self::normal(sum, self.low + error);
    }

    /// Adds another sum.
    #[inline]
    pub(crate) fn merge(&mut self, other: &Self) {
        let (high, high_error) = two_sum(self.high, other.high);
        let (low, low_error) = two_sum(self.low, other.low);
        let sum = Self::normal(high, high_error + low);
        *self = Self::normal(sum.high, sum.low + low_error);
    }

    /// Takes another sum away.
    #[inline]
    pub(crate) fn unmerge(&mut self, other: &Self) {
        self.merge(&Self {
            high: -other.high,
            low: -other.low,
        });
    }

    /// Returns the sum divided by a count.
    pub(crate) fn divided_by(&self, n: f64) -> Self {
        let high = self.high / n;
        let rest = (-high).mul_add(n, self.high) + self.low;
        Self::normal(high, rest / n)
    }

    /// Returns the square of the sum.
    pub(crate) fn squared(&self) -> Self {
        let high = self.high * self.high;
        let rest = self.high.mul_add(self.high, -high) + 2.0 * self.high * self.low;
        Self::normal(high, rest)
    }

    /// Moves as much as fits into `high`. Without it a sum of infinity would become NaN,
    /// for infinity less infinity is left over.
    #[inline]
    fn normal(high: f64, low: f64) -> Self {
        let sum = high + low;
        if sum.is_finite() {
            Self {
                high: sum,
                low: low - (sum - high),
            }
        } else {
            Self { high, low: 0.0 }
        }
    }
}

/// Returns the rounded sum and what rounding took off (Knuth).
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let from_b = sum - a;
    let error = (a - (sum - from_b)) + (b - from_b);
    (sum, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::binned_sum::BinnedSum;

    fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
        let mut sum = DoubleSum::default();
        values.into_iter().for_each(|x| sum.add(x));
        sum.high
    }

    /// Numbers between -10^6 and 10^6 with digits to the end.
    fn numbers(n: u64) -> Vec<f64> {
        let mut state = 7_u64;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 11) as f64 / (1_u64 << 53) as f64 * 2e6 - 1e6
            })
            .collect()
    }

    #[test]
    fn small_numbers_survive_large_ones() {
        assert_eq!(sum([1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum([0.1; 10]), 1.0);
    }

    #[test]
    fn any_order_and_any_split_give_the_exact_sum_rounded_once() {
        let mut numbers = numbers(10_000);
        let mut exact = BinnedSum::default();
        numbers.iter().for_each(|x| exact.add(*x));
        let expected = exact.value();
        assert_eq!(sum(numbers.iter().copied()), expected);
        assert_eq!(sum(numbers.iter().rev().copied()), expected);
        numbers.sort_by(f64::total_cmp);
        for size in [1, 7, 5_000] {
            let mut whole = DoubleSum::default();
            for part in numbers.chunks(size) {
                let mut sum = DoubleSum::default();
                part.iter().for_each(|x| sum.add(*x));
                whole.merge(&sum);
            }
            assert_eq!(whole.high, expected);
        }
        let plain: f64 = numbers.iter().sum();
        assert_ne!(plain, expected, "ordinary addition shows nothing");
    }

    #[test]
    fn what_is_taken_away_leaves_no_trace() {
        let mut rest = DoubleSum::default();
        [0.1, 1e15, 0.2].into_iter().for_each(|x| rest.add(x));
        let mut gone = DoubleSum::default();
        gone.add(1e15);
        rest.unmerge(&gone);
        assert_eq!(rest.high, 0.1 + 0.2);
    }

    #[test]
    fn infinities_and_nan_stay_what_they_are() {
        assert_eq!(sum([1.0, f64::INFINITY, 2.0]), f64::INFINITY);
        assert_eq!(sum([f64::MAX, f64::MAX]), f64::INFINITY);
        assert!(sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum([f64::NAN, 1.0]).is_nan());
    }
}
