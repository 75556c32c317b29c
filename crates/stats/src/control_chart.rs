//! What control charts share: a point with its limits, and the estimates of the
//! ordinary spread behind them.

use libm::lgamma as ln_gamma;

use crate::error::{Result, StatsError, finite, ratio};
use crate::moments::Moments;

/// The mean range of two standard normal values as tabulated and used by qcc
/// and Minitab; 2/√π is 1.12838.
pub const D2_OF_TWO: f64 = 1.128;

/// The upper limit of a moving range over the mean moving range, as tabulated.
pub const D4_OF_TWO: f64 = 3.267;

/// One point of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartPoint {
    /// What is plotted; `None` where it is not defined.
    pub value: Option<f64>,
    /// Centre line.
    pub centre: Option<f64>,
    /// Lower limit.
    pub lower: Option<f64>,
    /// Upper limit.
    pub upper: Option<f64>,
    /// Distance from the centre in standard deviations, for run rules.
    pub z: Option<f64>,
    /// -1 strictly below the lower limit, 1 strictly above the upper, else 0.
    pub signal: i8,
}

impl ChartPoint {
    pub(crate) fn new(
        value: Option<f64>,
        centre: Option<f64>,
        lower: Option<f64>,
        upper: Option<f64>,
        sigma: Option<f64>,
    ) -> Self {
        let [value, centre, lower, upper] =
            [value, centre, lower, upper].map(|number| number.and_then(finite));
        let beyond = |limit: Option<f64>, sign: f64| {
            value
                .zip(limit)
                .is_some_and(|(value, limit)| sign * (value - limit) > 0.0)
        };
        Self {
            value,
            centre,
            lower,
            upper,
            z: value
                .zip(centre)
                .zip(sigma)
                .and_then(|((value, centre), sigma)| ratio(value - centre, sigma)),
            signal: i8::from(beyond(upper, 1.0)) - i8::from(beyond(lower, -1.0)),
        }
    }
}

/// Which points the limits are estimated from: phase I. All of them when `None`.
pub type Baseline<'a> = Option<&'a [bool]>;

pub(crate) fn check_baseline(baseline: Baseline<'_>, points: usize) -> Result<()> {
    match baseline {
        Some(mask) if mask.len() != points => Err(StatsError::Length {
            argument: "baseline",
            expected: points,
            got: mask.len(),
        }),
        _ => Ok(()),
    }
}

/// The values of the baseline, in order.
pub(crate) fn in_baseline<'a>(
    values: &'a [f64],
    baseline: Baseline<'a>,
) -> impl Iterator<Item = f64> + 'a {
    values
        .iter()
        .enumerate()
        .filter(move |(i, _)| baseline.is_none_or(|mask| mask[*i]))
        .map(|(_, value)| *value)
}

/// Mean distance of neighbours; `None` below two values.
#[must_use]
pub fn mean_moving_range(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut previous: Option<f64> = None;
    let mut ranges = Moments::new();
    for value in values {
        if let Some(previous) = previous {
            ranges.update((value - previous).abs());
        }
        previous = Some(value);
    }
    ranges.mean()
}

/// How much a sample standard deviation of `n` normal values is too small on
/// average.
#[must_use]
pub fn c4(n: u64) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let n = n as f64;
    Some((2.0 / (n - 1.0)).sqrt() * (ln_gamma(0.5 * n) - ln_gamma(0.5 * (n - 1.0))).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Montgomery, appendix VI: c4 of 2, 5 and 20.
    #[test]
    fn c4_is_the_tabulated_one() {
        for (n, expected) in [(2, 0.7979), (5, 0.9400), (20, 0.9869)] {
            assert!((c4(n).unwrap() - expected).abs() < 5e-5);
        }
        assert_eq!(c4(1), None);
    }

    #[test]
    fn a_point_on_its_limit_is_no_signal() {
        let at =
            |value| ChartPoint::new(Some(value), Some(5.0), Some(2.0), Some(8.0), Some(1.0)).signal;
        assert_eq!(
            [at(8.0), at(8.1), at(2.0), at(1.9), at(5.0)],
            [0, 1, 0, -1, 0]
        );
        assert_eq!(ChartPoint::new(None, None, None, None, None).signal, 0);
        let nan = Some(f64::NAN);
        assert_eq!(ChartPoint::new(nan, nan, nan, nan, nan).value, None);
    }
}
