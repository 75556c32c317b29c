//! Quantiles of type 7 (R and Excel's default), at equal steps.

/// Above this number of cuts, sorting once is cheaper than selecting each.
const SELECT_MAX: usize = 16;

/// Returns the n - 1 cut points at k/n, or nothing for no values. Reorders the values.
///
/// The place of each cut is computed in integers, so that a cut which falls on
/// a value is that value to the last digit: scores compare with `>`.
pub(crate) fn cut_points(values: &mut [f64], n: usize) -> Option<Vec<f64>> {
    if values.is_empty() {
        return None;
    }
    if let Some(histogram) = Histogram::of(values) {
        return Some(histogram.cut_points(n));
    }
    if n > SELECT_MAX {
        values.sort_unstable_by(f64::total_cmp);
    }
    let mut cuts = Vec::with_capacity(n - 1);
    // Values before this place are known to be no larger than all others.
    let mut settled = 0;
    for k in 1..n {
        let place = (values.len() - 1) as u128 * k as u128;
        let (at, rest) = ((place / n as u128) as usize, (place % n as u128) as f64);
        let (low, high) = if n > SELECT_MAX {
            (values[at], values.get(at + 1).copied())
        } else {
            let (_, low, above) =
                values[settled..].select_nth_unstable_by(at - settled, f64::total_cmp);
            (*low, above.iter().copied().min_by(f64::total_cmp))
        };
        settled = at;
        cuts.push(match high {
            Some(high) if rest > 0.0 => between(low, high, rest, n as f64),
            _ => low,
        });
    }
    Some(cuts)
}

/// Most values between the smallest and the largest that are worth a counter each.
const HISTOGRAM_MAX: i64 = 1 << 16;

/// Counts of whole numbers that lie close together, as days and orders do: places
/// in their order are found without moving a value.
struct Histogram {
    least: i64,
    counts: Vec<u64>,
    n: usize,
}

impl Histogram {
    /// Counts the values, or returns nothing where they are fractions or far apart.
    fn of(values: &[f64]) -> Option<Self> {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for x in values {
            let whole = *x as i32;
            // Negative zero is not a whole number here: it would come back as zero.
            if f64::from(whole).to_bits() != x.to_bits() {
                return None;
            }
            least = least.min(whole.into());
            most = most.max(whole.into());
        }
        // A list shorter than its counters is selected from faster.
        let range = most - least + 1;
        if range > HISTOGRAM_MAX.min(values.len() as i64) {
            return None;
        }
        let mut counts = vec![0; range as usize];
        for x in values {
            counts[(*x as i64 - least) as usize] += 1;
        }
        Some(Histogram {
            least,
            counts,
            n: values.len(),
        })
    }

    fn cut_points(&self, n: usize) -> Vec<f64> {
        let mut cuts = Vec::with_capacity(n - 1);
        // The number at `at`, and how many values are below the one after it.
        let (mut at, mut below) = (0, self.counts[0]);
        for k in 1..n {
            let place = (self.n - 1) as u128 * k as u128;
            let (index, rest) = ((place / n as u128) as u64, (place % n as u128) as f64);
            while below <= index {
                at += 1;
                below += self.counts[at];
            }
            let value = |at: usize| (self.least + at as i64) as f64;
            let low = value(at);
            let next = if index + 1 < below {
                Some(at)
            } else {
                (at + 1..self.counts.len()).find(|i| self.counts[*i] > 0)
            };
            cuts.push(match next {
                Some(next) if rest > 0.0 => between(low, value(next), rest, n as f64),
                _ => low,
            });
        }
        cuts
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

/// Whether more than half of the values are the same one. Reorders the values.
pub(crate) fn has_majority(values: &mut [f64]) -> bool {
    if values.is_empty() {
        return false;
    }
    if let Some(histogram) = Histogram::of(values) {
        let most = histogram.counts.iter().max().copied().unwrap_or(0);
        return most * 2 > values.len() as u64;
    }
    // A value that fills more than half of the sorted places fills the middle.
    let (_, middle, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    let middle = *middle;
    values.iter().filter(|v| **v == middle).count() * 2 > values.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let cuts = cut_points(&mut [8.0, 1.0, 4.0, 2.0], 5).unwrap();
        for (got, expected) in cuts.iter().zip([1.6, 2.4, 3.6, 5.6]) {
            assert!((got - expected).abs() < 1e-12, "{cuts:?}");
        }
    }

    #[test]
    fn a_cut_that_falls_on_a_value_is_that_value() {
        let mut values: Vec<f64> = (0..=10).map(|i| f64::from(i) * 0.1).collect();
        let expected: Vec<f64> = [2, 4, 6, 8].iter().map(|i| values[*i]).collect();
        assert_eq!(cut_points(&mut values, 5).unwrap(), expected);
    }

    #[test]
    fn no_values_have_no_cuts_and_no_majority() {
        assert_eq!(cut_points(&mut [], 5), None);
        assert!(!has_majority(&mut []));
    }

    #[test]
    fn half_is_not_more_than_half() {
        assert!(!has_majority(&mut [1.0, 1.0, 2.0, 3.0]));
        assert!(has_majority(&mut [3.0, 1.0, 1.0, 1.0, 2.0]));
    }

    proptest! {
        #[test]
        fn counting_and_sorting_agree(
            whole in prop::collection::vec(-20i32..40, 60..300),
            n in 2usize..30,
        ) {
            let values: Vec<f64> = whole.iter().map(|x| f64::from(*x)).collect();
            let cuts = Histogram::of(&values).unwrap().cut_points(n);
            for (got, expected) in cuts.iter().zip(slowly(&values, n)) {
                prop_assert!((got - expected).abs() < 1e-9, "{cuts:?}");
            }
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let middle = sorted[sorted.len() / 2];
            let n_middle = values.iter().filter(|v| **v == middle).count();
            prop_assert_eq!(has_majority(&mut values.clone()), 2 * n_middle > values.len());
        }

        #[test]
        fn selection_and_sorting_agree(
            values in prop::collection::vec(-1e6..1e6, 1..60),
            n in 2usize..30,
        ) {
            let cuts = cut_points(&mut values.clone(), n).unwrap();
            for (got, expected) in cuts.iter().zip(slowly(&values, n)) {
                prop_assert!((got - expected).abs() < 1e-6, "{cuts:?}");
            }
        }
    }
}
