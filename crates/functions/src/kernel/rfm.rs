//! Scores of recency, frequency and monetary value.
//!
//! Columns are slices of numbers in which NaN stands for "unknown"; scores are
//! numbers from 1 in which 0 stands for the same.

use crate::kernel::places::sort_key;
use crate::kernel::quantile::{Ranked, cut_points};

/// Lower ends of the bands of orders that stand in for quantiles of frequency: 1, 2, 3-4, 5-9, 10+.
const FREQUENCY_BANDS: [f64; 4] = [2.0, 3.0, 5.0, 10.0];

/// How values become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Quantile,
    Ntile,
    RfmR,
    Qcut,
    Fixed,
}

/// The names of the methods in SQL, the default first.
pub(crate) const METHODS: [(&str, Method); 5] = [
    ("quantile", Method::Quantile),
    ("ntile", Method::Ntile),
    ("rfm_r", Method::RfmR),
    ("qcut", Method::Qcut),
    ("fixed", Method::Fixed),
];

/// The measures, in the order of the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Recency,
    Frequency,
    Monetary,
}

/// The rule for one measure.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) method: Method,
    pub(crate) bins: usize,
    /// For [`Method::Fixed`]: the lower ends of all bands but the first.
    pub(crate) bands: Vec<f64>,
}

/// Two bin edges coincide, which `qcut` does not allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RepeatedEdge(pub(crate) f64);

impl Rule {
    /// Returns the scores of a column. High frequency and value score high, long-ago orders low.
    pub(crate) fn scores(&self, values: &[f64], measure: Measure) -> Result<Vec<u8>, RepeatedEdge> {
        let rising = match self.method {
            Method::Ntile => {
                // Reversed before, not after: the larger tiles then hold the best customers
                // of each measure, as NTILE(..) OVER (ORDER BY recency DESC) has it.
                return Ok(ntile(values, self.bins, measure == Measure::Recency));
            }
            Method::Quantile => self.by_quantile(values, measure),
            Method::RfmR => self.by_r(values),
            Method::Qcut => self.by_qcut(values)?,
            Method::Fixed => by_bands(values, &self.bands),
        };
        let highest = match self.method {
            Method::Fixed => self.bands.len() + 1,
            _ => self.bins,
        };
        Ok(match measure {
            Measure::Recency => rising.into_iter().map(|s| reversed(s, highest)).collect(),
            _ => rising,
        })
    }

    /// Scores 1 + the number of cuts below: equal values share a score.
    fn by_quantile(&self, values: &[f64], measure: Measure) -> Vec<u8> {
        let Some(ranked) = Ranked::of(values) else {
            return vec![0; values.len()];
        };
        if measure == Measure::Frequency
            && self.bins == FREQUENCY_BANDS.len() + 1
            && ranked.has_majority()
        {
            return by_bands(values, &FREQUENCY_BANDS);
        }
        score_each(values, &ranked.cut_points(self.bins), |x, cut| x > cut)
    }

    /// R package rfm 0.3.0: cuts moved up by one, intervals closed below.
    fn by_r(&self, values: &[f64]) -> Vec<u8> {
        let cuts: Vec<f64> = cut_points(values, self.bins)
            .unwrap_or_default()
            .iter()
            .map(|q| q + 1.0)
            .collect();
        by_bands(values, &cuts)
    }

    /// pandas.qcut: the same cuts as by quantile, and an error where edges repeat.
    fn by_qcut(&self, values: &[f64]) -> Result<Vec<u8>, RepeatedEdge> {
        let Some(mut edges) = cut_points(values, self.bins) else {
            return Ok(vec![0; values.len()]);
        };
        let known = || values.iter().copied().filter(|x| !x.is_nan());
        edges.extend(known().min_by(f64::total_cmp));
        edges.extend(known().max_by(f64::total_cmp));
        edges.sort_by(f64::total_cmp);
        if let Some(pair) = edges.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(RepeatedEdge(pair[0]));
        }
        let cuts = &edges[1..edges.len() - 1];
        Ok(score_each(values, cuts, |x, cut| x > cut))
    }
}

/// Values that are scored together: what they and their scores take stays in the
/// nearest cache while one cut after the other is compared with all of them.
const STRETCH: usize = 2048;

/// Scores 1 + the number of cuts that the value is past, 0 for NaN.
fn score_each(values: &[f64], cuts: &[f64], is_past: impl Fn(f64, f64) -> bool) -> Vec<u8> {
    // At most 100 bins, so a byte is enough. NaN is past no cut.
    let mut scores: Vec<u8> = values.iter().map(|x| u8::from(!x.is_nan())).collect();
    for (scores, values) in scores.chunks_mut(STRETCH).zip(values.chunks(STRETCH)) {
        for cut in cuts {
            for (score, x) in scores.iter_mut().zip(values) {
                *score += u8::from(is_past(*x, *cut));
            }
        }
    }
    scores
}

/// Returns 1 + the number of cuts below `x`.
pub(crate) fn bucket(x: f64, cuts: &[f64]) -> usize {
    1 + cuts.iter().filter(|cut| x > **cut).count()
}

/// Scores 1 + the number of bands that begin at or below.
fn by_bands(values: &[f64], bands: &[f64]) -> Vec<u8> {
    score_each(values, bands, |x, band| x >= band)
}

fn reversed(score: u8, highest: usize) -> u8 {
    match score {
        0 => 0,
        s => highest as u8 + 1 - s,
    }
}

/// SQL's NTILE over the known values; ties are cut in the order of the rows.
fn ntile(values: &[f64], bins: usize, falling: bool) -> Vec<u8> {
    let mut order: Vec<(u64, u32)> = values
        .iter()
        .enumerate()
        .filter(|(_, x)| !x.is_nan())
        .map(|(row, x)| {
            (
                if falling { !sort_key(*x) } else { sort_key(*x) },
                row as u32,
            )
        })
        .collect();
    // Integers with the row behind them sort three times faster than floats by total_cmp.
    order.sort_unstable();
    let (size, rest) = (order.len() / bins, order.len() % bins);
    // The first `rest` tiles have one row more.
    let in_larger = rest * (size + 1);
    let mut scores = vec![0; values.len()];
    for (place, (_, row)) in order.into_iter().enumerate() {
        let tile = if place < in_larger {
            place / (size + 1)
        } else {
            rest + (place - in_larger) / size
        };
        scores[row as usize] = tile as u8 + 1;
    }
    scores
}

/// Writes the scores of a customer as one code: 543, or 10-3-7 where a score may have two digits.
pub(crate) fn code(scores: [u8; 3], highest: usize) -> Option<String> {
    let [r, f, m] = scores;
    if scores.contains(&0) {
        return None;
    }
    Some(if highest < 10 {
        format!("{r}{f}{m}")
    } else {
        format!("{r}-{f}-{m}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(method: Method, bins: usize) -> Rule {
        Rule {
            method,
            bins,
            bands: vec![],
        }
    }

    fn scores(method: Method, bins: usize, values: &[f64]) -> Vec<u8> {
        rule(method, bins)
            .scores(values, Measure::Monetary)
            .unwrap()
    }

    /// dplyr's reference page of ranking functions: ntile(c(5, 1, 3, 2, 2, NA), 2), ntile(1:8, 3).
    #[test]
    fn ntile_prints_what_dplyr_prints() {
        let x = [5.0, 1.0, 3.0, 2.0, 2.0, f64::NAN];
        assert_eq!(scores(Method::Ntile, 2, &x), [2, 1, 2, 1, 1, 0]);
        let eight: Vec<f64> = (1..=8).map(f64::from).collect();
        assert_eq!(scores(Method::Ntile, 3, &eight), [1, 1, 1, 2, 2, 2, 3, 3]);
    }

    /// The docstring of pandas.qcut: range(5) in 4 and in 3, counted from 0 there.
    #[test]
    fn qcut_prints_what_pandas_prints() {
        let five: Vec<f64> = (0..5).map(f64::from).collect();
        assert_eq!(scores(Method::Qcut, 4, &five), [1, 1, 2, 3, 4]);
        assert_eq!(scores(Method::Qcut, 3, &five), [1, 1, 2, 3, 3]);
    }

    #[test]
    fn qcut_refuses_edges_that_repeat() {
        let edge = rule(Method::Qcut, 4).scores(&[1.0, 1.0, 1.0, 2.0], Measure::Monetary);
        assert_eq!(edge, Err(RepeatedEdge(1.0)));
    }

    #[test]
    fn equal_values_share_a_score_by_quantile_only() {
        let values = [1.0, 1.0, 1.0, 1.0, 9.0];
        assert_eq!(scores(Method::Quantile, 5, &values), [1, 1, 1, 1, 5]);
        assert_eq!(scores(Method::Ntile, 5, &values), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn frequency_with_a_majority_falls_back_to_bands() {
        let orders = [1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 12.0];
        let quantile = rule(Method::Quantile, 5);
        let frequency = quantile.scores(&orders, Measure::Frequency).unwrap();
        assert_eq!(frequency, [1, 1, 1, 1, 2, 3, 5]);
        // By quantiles a second order scores 4.
        let monetary = quantile.scores(&orders, Measure::Monetary).unwrap();
        assert_eq!(monetary, [1, 1, 1, 1, 4, 5, 5]);
    }

    #[test]
    fn one_customer_scores_best_on_recency_and_lowest_on_the_rest() {
        let quantile = rule(Method::Quantile, 5);
        assert_eq!(quantile.scores(&[7.0], Measure::Recency).unwrap(), [5]);
        assert_eq!(quantile.scores(&[7.0], Measure::Monetary).unwrap(), [1]);
    }

    #[test]
    fn fixed_bands_are_closed_below() {
        let fixed = Rule {
            method: Method::Fixed,
            bins: 5,
            bands: vec![30.0, 90.0],
        };
        let days = [0.0, 29.0, 30.0, 90.0, f64::NAN];
        assert_eq!(
            fixed.scores(&days, Measure::Recency).unwrap(),
            [3, 3, 2, 1, 0]
        );
    }

    #[test]
    fn codes_of_many_bins_are_kept_apart() {
        assert_eq!(code([5, 4, 3], 5).unwrap(), "543");
        assert_eq!(code([10, 4, 3], 10).unwrap(), "10-4-3");
        assert_eq!(code([5, 0, 3], 5), None);
    }

    proptest! {
        /// The first value to rank is the first of a stable sort.
        #[test]
        fn ntile_equals_cutting_a_stable_sort(
            values in prop::collection::vec((-3..4).prop_map(f64::from), 1..30),
            bins in 2usize..8,
            falling: bool,
        ) {
            let mut order: Vec<usize> = (0..values.len()).collect();
            let sign = if falling { -1.0 } else { 1.0 };
            order.sort_by(|a, b| (sign * values[*a]).total_cmp(&(sign * values[*b])));
            let mut expected = vec![0; values.len()];
            let mut rest = order.as_slice();
            for tile in 0..bins {
                let size = rest.len().div_ceil(bins - tile);
                rest[..size].iter().for_each(|row| expected[*row] = tile as u8 + 1);
                rest = &rest[size..];
            }
            prop_assert_eq!(ntile(&values, bins, falling), expected);
        }
    }
}
