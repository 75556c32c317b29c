//! Quantiles of type 7 (R and Excel's default), at equal steps.
//!
//! NaN stands for "unknown" and is passed over. Nothing is sorted: whole numbers
//! that lie close together are counted, others are found by their places.

use crate::kernel::places::at_places;

/// Returns the n - 1 cut points at k/n, or nothing for no values.
pub(crate) fn cut_points(values: &[f64], n: usize) -> Option<Vec<f64>> {
    Some(Ranked::of(values)?.cut_points(n))
}

/// A list of numbers of which places in their order can be asked.
#[derive(Debug)]
pub(crate) enum Ranked<'a> {
    Counted(Histogram),
    /// The values, and how many of them are known.
    Listed(&'a [f64], usize),
}

impl<'a> Ranked<'a> {
    /// Returns nothing where no value is known.
    pub(crate) fn of(values: &'a [f64]) -> Option<Self> {
        let n = values.iter().filter(|x| !x.is_nan()).count();
        if n == 0 {
            return None;
        }
        Some(match Histogram::of(values, n) {
            Some(histogram) => Self::Counted(histogram),
            None => Self::Listed(values, n),
        })
    }

    /// Returns the n - 1 cut points at k/n.
    ///
    /// The place of each cut is computed in integers, so that a cut which falls on
    /// a value is that value to the last digit: scores compare with `>`.
    pub(crate) fn cut_points(&self, n: usize) -> Vec<f64> {
        let n_values = match self {
            Self::Counted(histogram) => histogram.n,
            Self::Listed(_, n_values) => *n_values,
        };
        let cuts = (1..n).map(|k| {
            let place = (n_values - 1) as u128 * k as u128;
            ((place / n as u128) as usize, (place % n as u128) as f64)
        });
        // The value at each cut and the one after it; the last has none after it.
        let after = |at: usize| (at + 1).min(n_values - 1);
        let pairs = self.at_places(cuts.clone().flat_map(|(at, _)| [at, after(at)]).collect());
        cuts.zip(pairs.chunks(2))
            .map(|((_, rest), pair)| match pair {
                [low, high] if rest > 0.0 => between(*low, *high, rest, n as f64),
                _ => pair[0],
            })
            .collect()
    }

    /// Whether more than half of the values are the same one.
    pub(crate) fn has_majority(&self) -> bool {
        match self {
            Self::Counted(histogram) => {
                let most = histogram.counts.iter().max().copied().unwrap_or(0);
                most * 2 > histogram.n
            }
            Self::Listed(values, n) => {
                // A value that fills more than half of the sorted places fills the middle.
                let middle = self.at_places(vec![n / 2]);
                values.iter().filter(|x| **x == middle[0]).count() * 2 > *n
            }
        }
    }

    /// Returns the values at places below the number of values.
    fn at_places(&self, places: Vec<usize>) -> Vec<f64> {
        match self {
            Self::Counted(histogram) => histogram.at_places(&places),
            Self::Listed(values, n) if *n == values.len() => {
                at_places(values.iter().copied(), &places)
            }
            Self::Listed(values, _) => {
                let known: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
                at_places(known.iter().copied(), &places)
            }
        }
    }
}

/// Most values between the smallest and the largest that are worth a counter each.
const HISTOGRAM_MAX: i64 = 1 << 16;

/// A number as a column holds it.
pub(crate) trait Number: Copy {
    /// Whether it stands for a value.
    fn is_known(self) -> bool;
    /// Returns it as an integer where it is a whole number that a histogram may count.
    fn whole(self) -> Option<i64>;
}

impl Number for f64 {
    #[inline]
    fn is_known(self) -> bool {
        !self.is_nan()
    }

    #[inline]
    fn whole(self) -> Option<i64> {
        let whole = self as i32;
        // Negative zero is not a whole number here: it would come back as zero.
        (f64::from(whole).to_bits() == self.to_bits()).then_some(whole.into())
    }
}

impl Number for i64 {
    #[inline]
    fn is_known(self) -> bool {
        true
    }

    #[inline]
    fn whole(self) -> Option<i64> {
        Some(self)
    }
}

/// Counts of whole numbers that lie close together, as days and orders do: places
/// in their order are found without moving a value.
#[derive(Debug)]
pub(crate) struct Histogram {
    least: i64,
    counts: Vec<usize>,
    /// Values counted.
    n: usize,
}

impl Histogram {
    /// Counts `n` known values, or returns nothing where they are fractions or far apart.
    pub(crate) fn of<N: Number>(values: &[N], n: usize) -> Option<Self> {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for x in values {
            match x.whole() {
                Some(whole) => {
                    least = least.min(whole);
                    most = most.max(whole);
                }
                None if x.is_known() => return None,
                None => {}
            }
        }
        // A list shorter than its counters is selected from faster.
        let range = most.checked_sub(least)?.checked_add(1)?;
        if !(1..=HISTOGRAM_MAX.min(n as i64)).contains(&range) {
            return None;
        }
        let mut counts = vec![0; range as usize];
        for whole in values.iter().filter_map(|x| x.whole()) {
            counts[(whole - least) as usize] += 1;
        }
        Some(Histogram { least, counts, n })
    }

    /// Returns the number of a counter.
    fn number(&self, counter: usize) -> f64 {
        (self.least + counter as i64) as f64
    }

    /// Returns what `score` makes of each of the values that were counted, 0 for
    /// the unknown: it is asked once for each number there may be.
    pub(crate) fn scores<N: Number>(&self, values: &[N], score: impl Fn(f64) -> u8) -> Vec<u8> {
        let numbers = (0..self.counts.len()).map(|counter| self.number(counter));
        let scores: Vec<u8> = numbers.map(score).collect();
        let of = |whole: i64| scores.get(whole.wrapping_sub(self.least) as usize).copied();
        let known = values.iter().map(|x| x.whole().and_then(of));
        known.map(Option::unwrap_or_default).collect()
    }

    /// Returns the values at places below `n`; the places hardly ever fall.
    fn at_places(&self, places: &[usize]) -> Vec<f64> {
        // The number at `at`, and how many values are below the one after it.
        let (mut at, mut below) = (0, self.counts[0]);
        let values = places.iter().map(|place| {
            if *place < below - self.counts[at] {
                (at, below) = (0, self.counts[0]);
            }
            while below <= *place {
                at += 1;
                below += self.counts[at];
            }
            self.number(at)
        });
        values.collect()
    }
}

/// Returns the point `rest/n` of the way from `low` to `high`.
fn between(low: f64, high: f64, rest: f64, n: f64) -> f64 {
    let step = rest * (high - low) / n;
    if step.is_finite() {
        return low + step;
    }
    // The distance itself exceeds the range.
    low * (1.0 - rest / n) + high * (rest / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has_majority(values: &[f64]) -> bool {
        Ranked::of(values).unwrap().has_majority()
    }

    #[test]
    fn unknown_values_have_no_place() {
        for known in [[1.0, 2.0, 2.0, 5.0], [1.5, 2.0, 2.0, 1e9]] {
            let mut with_gaps = vec![f64::NAN];
            with_gaps.extend(known.iter().flat_map(|x| [*x, f64::NAN]));
            assert_eq!(cut_points(&with_gaps, 3), cut_points(&known, 3));
            assert_eq!(has_majority(&with_gaps), has_majority(&known));
        }
    }

    /// The definition, by sorting.
    fn slowly(values: &[f64], n: usize) -> Vec<f64> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        (1..n)
            .map(|k| {
                let place = (sorted.len() - 1) as f64 * k as f64 / n as f64;
                let at = place.floor() as usize;
                let high = sorted[(at + 1).min(sorted.len() - 1)];
                sorted[at] + (place - at as f64) * (high - sorted[at])
            })
            .collect()
    }

    #[test]
    fn cuts_interpolate_between_neighbours() {
        // R: quantile(c(1, 2, 4, 8), c(.2, .4, .6, .8)) is 1.6, 2.4, 3.6, 5.6.
        let cuts = cut_points(&[8.0, 1.0, 4.0, 2.0], 5).unwrap();
        for (got, expected) in cuts.iter().zip([1.6, 2.4, 3.6, 5.6]) {
            assert!((got - expected).abs() < 1e-12, "{cuts:?}");
        }
    }

    #[test]
    fn a_cut_that_falls_on_a_value_is_that_value() {
        let values: Vec<f64> = (0..=10).map(|i| f64::from(i) * 0.1).collect();
        let expected: Vec<f64> = [2, 4, 6, 8].iter().map(|i| values[*i]).collect();
        assert_eq!(cut_points(&values, 5).unwrap(), expected);
    }

    #[test]
    fn no_values_have_no_order() {
        assert!(Ranked::of(&[]).is_none());
        assert!(Ranked::of(&[f64::NAN]).is_none());
    }

    #[test]
    fn half_is_not_more_than_half() {
        assert!(!has_majority(&[1.0, 1.0, 2.0, 3.0]));
        assert!(has_majority(&[3.0, 1.0, 1.0, 1.0, 2.0]));
    }

    proptest! {
        #[test]
        fn counting_and_sorting_agree(
            whole in prop::collection::vec(-20i32..40, 60..300),
            n in 2usize..30,
        ) {
            let values: Vec<f64> = whole.iter().map(|x| f64::from(*x)).collect();
            let cuts = Ranked::Counted(Histogram::of(&values, values.len()).unwrap()).cut_points(n);
            for (got, expected) in cuts.iter().zip(slowly(&values, n)) {
                prop_assert!((got - expected).abs() < 1e-9, "{cuts:?}");
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let middle = sorted[sorted.len() / 2];
            let n_middle = values.iter().filter(|v| **v == middle).count();
            prop_assert_eq!(has_majority(&values), 2 * n_middle > values.len());
        }

        #[test]
        fn selection_and_sorting_agree(
            values in prop::collection::vec(-1e6..1e6, 1..60),
            n in 2usize..30,
        ) {
            let cuts = cut_points(&values, n).unwrap();
            for (got, expected) in cuts.iter().zip(slowly(&values, n)) {
                prop_assert!((got - expected).abs() < 1e-6, "{cuts:?}");
            }
        }
    }
}
