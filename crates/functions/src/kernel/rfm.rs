//! Scores of recency, frequency and monetary value.
//!
//! Columns are numbers among which NaN stands for "unknown"; scores are
//! numbers from 1 in which 0 stands for the same.

use std::borrow::Cow;

use crate::kernel::places::sort_key;
use crate::kernel::quantile::{Histogram, Number, Ranked, cut_points};

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

/// A column of numbers, borrowed where it can be: it may be long, and memory
/// touched for the first time costs more than what is computed here.
#[derive(Debug)]
pub(crate) enum Values<'a> {
    /// Whole numbers, all of them known.
    Whole(&'a [i64]),
    /// Any numbers, NaN for the unknown.
    Any(Cow<'a, [f64]>),
}

impl Values<'_> {
    fn numbers(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Whole(values) => values.iter().map(|x| *x as f64).collect(),
            Self::Any(values) => Cow::Borrowed(values),
        }
    }
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
    pub(crate) fn scores(
        &self,
        values: &Values<'_>,
        measure: Measure,
    ) -> Result<Vec<u8>, RepeatedEdge> {
        let mut scores = match self.method {
            Method::Ntile => {
                // Reversed before, not after: the larger tiles then hold the best customers
                // of each measure, as NTILE(..) OVER (ORDER BY recency DESC) has it.
                let is_falling = measure == Measure::Recency;
                return Ok(ntile(&values.numbers(), self.bins, is_falling));
            }
            Method::Quantile => self.by_quantile(values, measure),
            Method::RfmR => self.by_r(&values.numbers()),
            Method::Qcut => self.by_qcut(&values.numbers())?,
            Method::Fixed => by_bands(&values.numbers(), &self.bands),
        };
        if measure == Measure::Recency {
            let highest = match self.method {
                Method::Fixed => self.bands.len() + 1,
                _ => self.bins,
            };
            for score in &mut scores {
                *score = reversed(*score, highest);
            }
        }
        Ok(scores)
    }

    /// Scores 1 + the number of cuts below: equal values share a score.
    fn by_quantile(&self, values: &Values<'_>, measure: Measure) -> Vec<u8> {
        if let Values::Whole(values) = values
            && let Some(histogram) = Histogram::of(values, values.len())
        {
            let ranked = Ranked::Counted(histogram);
            return self.by_ranks(&ranked, values, measure);
        }
        let values = values.numbers();
        match Ranked::of(&values) {
            Some(ranked) => self.by_ranks(&ranked, &values, measure),
            None => vec![0; values.len()],
        }
    }

    /// Scores the values that were ranked.
    fn by_ranks<N: Number>(&self, ranked: &Ranked<'_>, values: &[N], measure: Measure) -> Vec<u8> {
        if measure == Measure::Frequency
            && self.bins == FREQUENCY_BANDS.len() + 1
            && ranked.has_majority()
        {
            return score_ranked(ranked, values, &FREQUENCY_BANDS, |x, band| x >= band);
        }
        let cuts = ranked.cut_points(self.bins);
        score_ranked(ranked, values, &cuts, |x, cut| x > cut)
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

/// Scores 1 + the number of cuts that the value is past, 0 for the unknown.
fn score_ranked<N: Number>(
    ranked: &Ranked<'_>,
    values: &[N],
    cuts: &[f64],
    is_past: impl Fn(f64, f64) -> bool,
) -> Vec<u8> {
    match ranked {
        Ranked::Counted(histogram) => histogram.scores(values, |x| {
            let n_past = cuts.iter().filter(|cut| is_past(x, **cut)).count();
            1 + n_past as u8
        }),
        Ranked::Listed(values, _) => score_each(values, cuts, is_past),
    }
}

/// Values that are scored together, each in a lane of its own as wide as the value.
const LANES: usize = 8;

/// Scores 1 + the number of cuts that the value is past, 0 for NaN.
fn score_each(values: &[f64], cuts: &[f64], is_past: impl Fn(f64, f64) -> bool) -> Vec<u8> {
    // At most 100 bins, so a byte is enough in the end. NaN is past no cut.
    let score = |values: &[f64; LANES], scores: &mut [u8; LANES]| {
        let mut lanes = [0_u64; LANES];
        for (lane, x) in lanes.iter_mut().zip(values) {
            *lane = u64::from(!x.is_nan());
        }
        for cut in cuts {
            for (lane, x) in lanes.iter_mut().zip(values) {
                *lane += u64::from(is_past(*x, *cut));
            }
        }
        for (score, lane) in scores.iter_mut().zip(lanes) {
            *score = lane as u8;
        }
    };
    let mut scores = vec![0; values.len()];
    let (stretches, last_values) = values.as_chunks();
    let (scores_of_stretches, last_scores) = scores.as_chunks_mut();
    for (values, scores) in stretches.iter().zip(scores_of_stretches) {
        score(values, scores);
    }
    let (mut values, mut scores_of_last) = ([f64::NAN; LANES], [0; LANES]);
    values[..last_values.len()].copy_from_slice(last_values);
    score(&values, &mut scores_of_last);
    last_scores.copy_from_slice(&scores_of_last[..last_values.len()]);
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

#[inline]
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

    fn any(values: &[f64]) -> Values<'_> {
        Values::Any(Cow::Borrowed(values))
    }

    fn scores(method: Method, bins: usize, values: &[f64]) -> Vec<u8> {
        rule(method, bins)
            .scores(&any(values), Measure::Monetary)
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
        let edge = rule(Method::Qcut, 4).scores(&any(&[1.0, 1.0, 1.0, 2.0]), Measure::Monetary);
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
        let frequency = quantile.scores(&any(&orders), Measure::Frequency).unwrap();
        assert_eq!(frequency, [1, 1, 1, 1, 2, 3, 5]);
        // By quantiles a second order scores 4.
        let monetary = quantile.scores(&any(&orders), Measure::Monetary).unwrap();
        assert_eq!(monetary, [1, 1, 1, 1, 4, 5, 5]);
    }

    #[test]
    fn one_customer_scores_best_on_recency_and_lowest_on_the_rest() {
        let quantile = rule(Method::Quantile, 5);
        assert_eq!(
            quantile.scores(&any(&[7.0]), Measure::Recency).unwrap(),
            [5]
        );
        assert_eq!(
            quantile.scores(&any(&[7.0]), Measure::Monetary).unwrap(),
            [1]
        );
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
            fixed.scores(&any(&days), Measure::Recency).unwrap(),
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
        /// Integers are counted and looked up, or compared where they lie far apart.
        #[test]
        fn integers_score_as_the_same_numbers_do(
            values in prop::collection::vec(-3i64..20, 1..60),
            step in prop::sample::select(vec![1i64, 1 << 40]),
            bins in 2usize..8,
            method in prop::sample::select(METHODS.to_vec()),
        ) {
            let values: Vec<i64> = values.iter().map(|x| x * step).collect();
            let numbers: Vec<f64> = values.iter().map(|x| *x as f64).collect();
            let rule = rule(method.1, bins);
            for measure in [Measure::Recency, Measure::Frequency, Measure::Monetary] {
                let whole = rule.scores(&Values::Whole(&values), measure);
                prop_assert_eq!(&whole, &rule.scores(&any(&numbers), measure));
                if let (Method::Quantile, Ok(scores)) = (method.1, whole) {
                    let slowly = |x: f64| {
                        let cuts = cut_points(&numbers, bins).unwrap();
                        let n_past = match measure {
                            Measure::Frequency if bins == 5 && Ranked::of(&numbers).unwrap().has_majority() =>
                                FREQUENCY_BANDS.iter().filter(|band| x >= **band).count(),
                            _ => cuts.iter().filter(|cut| x > **cut).count(),
                        };
                        let rising = 1 + n_past as u8;
                        if measure == Measure::Recency { bins as u8 + 1 - rising } else { rising }
                    };
                    let expected: Vec<u8> = numbers.iter().map(|x| slowly(*x)).collect();
                    prop_assert_eq!(scores, expected);
                }
            }
        }

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
