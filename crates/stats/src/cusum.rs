//! The tabular cumulative sum: how far values have run away from the target.

use crate::control_chart::{Baseline, check_baseline};
use crate::error::{Result, StatsError, positive};
use crate::xmr_chart::{SigmaFrom, estimate};

/// How the sums are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum<'a> {
    /// Slack in standard deviations; half of the shift to be found.
    pub k: f64,
    /// Decision interval in standard deviations.
    pub h: f64,
    /// Target; the baseline's mean when not given.
    pub target: Option<f64>,
    /// Standard deviation; from the baseline's moving range when not given.
    pub sigma: Option<f64>,
    /// The points target and sigma are estimated from.
    pub baseline: Baseline<'a>,
}

impl Default for Cusum<'_> {
    fn default() -> Self {
        Self {
            k: 0.5,
            h: 5.0,
            target: None,
            sigma: None,
            baseline: None,
        }
    }
}

/// The sums after one value, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CusumPoint {
    /// Sum of what lies above target plus slack.
    pub c_plus: f64,
    /// Sum of what lies below target minus slack.
    pub c_minus: f64,
    /// Decision interval.
    pub limit: f64,
    /// Values since the upper sum was last zero: the shift began then.
    pub n_plus: u64,
    /// Values since the lower sum was last zero.
    pub n_minus: u64,
    /// 1 when the upper sum exceeds the limit, -1 when the lower does, else 0.
    pub signal: i8,
}

/// C⁺ = max(0, x − (target + K) + C⁺), C⁻ = max(0, (target − K) − x + C⁻).
///
/// The points are `None` when target or sigma are neither given nor to be
/// estimated, and where a value is not finite.
pub fn cusum(values: &[f64], chart: &Cusum<'_>) -> Result<Vec<Option<CusumPoint>>> {
    if !(chart.k >= 0.0 && chart.k.is_finite()) {
        return Err(StatsError::argument("k", "must not be negative"));
    }
    positive("h", chart.h)?;
    check_baseline(chart.baseline, values.len())?;
    let (mean, spread) = estimate(values, chart.baseline, SigmaFrom::MovingRange);
    let Some((target, sigma)) = chart.target.or(mean).zip(chart.sigma.or(spread)) else {
        return Ok(vec![None; values.len()]);
    };
    let slack = chart.k * sigma;
    let limit = chart.h * sigma;
    let (mut c_plus, mut c_minus) = (0.0f64, 0.0f64);
    let (mut n_plus, mut n_minus) = (0, 0);
    Ok(values
        .iter()
        .map(|value| {
            if !value.is_finite() {
                // Not a value: the sums wait for the next one.
                return None;
            }
            c_plus = (value - (target + slack) + c_plus).max(0.0);
            c_minus = ((target - slack) - value + c_minus).max(0.0);
            n_plus = if c_plus > 0.0 { n_plus + 1 } else { 0 };
            n_minus = if c_minus > 0.0 { n_minus + 1 } else { 0 };
            Some(CusumPoint {
                c_plus,
                c_minus,
                limit,
                n_plus,
                n_minus,
                signal: if c_plus > limit {
                    1
                } else if c_minus > limit {
                    -1
                } else {
                    0
                },
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Montgomery, table 9.1 and 9.2: target 10, sigma 1.
    #[test]
    fn montgomery_s_example_signals_at_29() {
        let values = [
            9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51,
            9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08,
            10.38, 11.62, 11.31, 10.52,
        ];
        let chart = Cusum {
            target: Some(10.0),
            sigma: Some(1.0),
            ..Cusum::default()
        };
        let points: Vec<CusumPoint> = cusum(&values, &chart)
            .unwrap()
            .into_iter()
            .map(Option::unwrap)
            .collect();
        let first = points.iter().position(|point| point.signal != 0).unwrap();
        assert_eq!(first + 1, 29);
        assert!((points[28].c_plus - 5.28).abs() < 1e-9);
        assert_eq!(points[28].n_plus, 7);
        assert!((points[2].c_minus - 1.77).abs() < 1e-9);
        assert_eq!(points[3].n_minus, 0);
    }

    #[test]
    fn a_value_that_is_none_leaves_the_sums_alone() {
        let chart = Cusum {
            target: Some(0.0),
            sigma: Some(1.0),
            ..Cusum::default()
        };
        let points = cusum(&[2.0, f64::NAN, 2.0], &chart).unwrap();
        assert_eq!(points[1], None);
        assert_eq!(points[2].map(|point| point.c_plus), Some(3.0));
    }

    #[test]
    fn nothing_to_estimate_from_is_null() {
        assert_eq!(cusum(&[1.0], &Cusum::default()), Ok(vec![None]));
        let wrong = Cusum {
            h: 0.0,
            ..Cusum::default()
        };
        assert!(cusum(&[1.0], &wrong).is_err());
    }
}
