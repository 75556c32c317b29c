//! The nine sample quantiles of Hyndman & Fan (1996).
//!
//! SQL's `percentile_cont` is type 7, `percentile_disc` type 1, NIST's handbook
//! and Minitab use type 6.

use crate::error::finite;

/// A definition of the sample quantile; the number is Hyndman and Fan's, and
/// R's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantileType {
    /// 1: inverse of the empirical distribution function.
    InvertedCdf,
    /// 2: the same with averages at its steps.
    AveragedInvertedCdf,
    /// 3: nearest observation, the even one in a tie (SAS).
    ClosestObservation,
    /// 4: interpolation of the empirical distribution function.
    InterpolatedInvertedCdf,
    /// 5: Hazen's, midway through the steps.
    Hazen,
    /// 6: Weibull's, p(n+1).
    Weibull,
    /// 7: p(n−1)+1, the default of R, Excel and SQL.
    Linear,
    /// 8: approximately median-unbiased.
    MedianUnbiased,
    /// 9: approximately unbiased for normal data.
    NormalUnbiased,
}

impl QuantileType {
    /// The definition with Hyndman and Fan's number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::InvertedCdf,
            2 => Self::AveragedInvertedCdf,
            3 => Self::ClosestObservation,
            4 => Self::InterpolatedInvertedCdf,
            5 => Self::Hazen,
            6 => Self::Weibull,
            7 => Self::Linear,
            8 => Self::MedianUnbiased,
            9 => Self::NormalUnbiased,
            _ => return None,
        })
    }

    /// Where the quantile lies among n sorted values: the rank below it, from 1,
    /// and the weight of the next value.
    fn position(self, p: f64, n: f64) -> (f64, f64) {
        // R's fuzz: a rank that misses an integer by rounding is the integer.
        let fuzz = 4.0 * f64::EPSILON;
        let (m, step) = match self {
            Self::InvertedCdf => (0.0, Some(0.0)),
            Self::AveragedInvertedCdf => (0.0, Some(0.5)),
            Self::ClosestObservation => (-0.5, None),
            Self::InterpolatedInvertedCdf => (0.0, Some(f64::NAN)),
            Self::Hazen => (0.5, Some(f64::NAN)),
            Self::Weibull => (p, Some(f64::NAN)),
            Self::Linear => (1.0 - p, Some(f64::NAN)),
            Self::MedianUnbiased => ((p + 1.0) / 3.0, Some(f64::NAN)),
            Self::NormalUnbiased => (p / 4.0 + 0.375, Some(f64::NAN)),
        };
        let rank = n * p + m;
        let below = (rank + fuzz * rank.abs().max(1.0)).floor();
        let rest = rank - below;
        let on_step = rest.abs() <= fuzz * rank.abs().max(1.0);
        let weight = match step {
            // Type 3: on a step between two values the even rank wins.
            None => f64::from(u8::from(!(on_step && below.rem_euclid(2.0) == 0.0))),
            Some(at_step) if !at_step.is_nan() => {
                if on_step {
                    at_step
                } else {
                    1.0
                }
            }
            Some(_) => {
                if on_step {
                    0.0
                } else {
                    rest
                }
            }
        };
        (below, weight)
    }
}

/// The quantile of sorted values; `None` without values or unless 0 ≤ p ≤ 1.
#[must_use]
pub fn quantile_sorted(sorted: &[f64], p: f64, definition: QuantileType) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let n = sorted.len();
    let (below, weight) = definition.position(p, n as f64);
    // Ranks before the first and after the last value are those values.
    let value = |rank: f64| sorted[(rank.clamp(1.0, n as f64) - 1.0) as usize];
    let (low, high) = (value(below), value(below + 1.0));
    finite(if weight == 0.0 || low == high {
        low
    } else if weight == 1.0 {
        high
    } else {
        (1.0 - weight) * low + weight * high
    })
}

/// The quantile of values in any order.
#[must_use]
pub fn quantile(values: &[f64], p: f64, definition: QuantileType) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_sorted(&sorted, p, definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(values: &[f64], p: f64) -> Vec<f64> {
        (1..=9)
            .map(|i| quantile(values, p, QuantileType::from_number(i).unwrap()).unwrap())
            .collect()
    }

    #[track_caller]
    fn check(actual: &[f64], expected: &[f64]) {
        for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
            assert!((a - e).abs() < 1e-9, "type {}: {a} is not {e}", i + 1);
        }
    }

    // NIST e-Handbook 7.2.6.2 (type 6) and numpy for the others.
    #[test]
    fn the_gauge_data_have_the_published_percentile() {
        let values = [
            95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065,
            95.0925, 95.1990, 95.1682,
        ];
        check(
            &all(&values, 0.9),
            &[
                95.1959,
                95.1959,
                95.1959,
                95.19546,
                95.19683,
                95.19807,
                95.19568,
                95.197_243_333_333_33,
                95.19714,
            ],
        );
    }

    // R: sapply(1:9, function(t) quantile(1:4, .5, type = t)) and at .25, .3.
    #[test]
    fn small_samples_equal_r() {
        let four = [1.0, 2.0, 3.0, 4.0];
        check(
            &all(&four, 0.5),
            &[2.0, 2.5, 2.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5],
        );
        check(
            &all(&four, 0.25),
            &[1.0, 1.5, 1.0, 1.0, 1.5, 1.25, 1.75, 17.0 / 12.0, 1.4375],
        );
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        // 10 * 0.3 is not quite 3 in binary; type 1 must not jump to 4.
        check(
            &all(&ten, 0.3),
            &[
                3.0,
                3.5,
                3.0,
                3.0,
                3.5,
                3.3,
                3.7,
                3.433_333_333_333_333,
                3.45,
            ],
        );
    }

    #[test]
    fn ends_and_empty_inputs_are_safe() {
        for i in 1..=9 {
            let definition = QuantileType::from_number(i).unwrap();
            assert_eq!(quantile(&[7.0], 0.3, definition), Some(7.0));
            assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.0, definition), Some(1.0));
            assert_eq!(quantile(&[3.0, 1.0, 2.0], 1.0, definition), Some(3.0));
            assert_eq!(quantile(&[], 0.5, definition), None);
            assert_eq!(quantile(&[1.0], 1.5, definition), None);
        }
        assert_eq!(QuantileType::from_number(10), None);
    }
}
