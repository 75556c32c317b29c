//! The chart of single values and their moving ranges.

use crate::control_chart::{
    Baseline, ChartPoint, D2_OF_TWO, D4_OF_TWO, c4, check_baseline, in_baseline, mean_moving_range,
};
use crate::error::{Result, positive};
use crate::moments::Moments;

/// What the ordinary spread is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SigmaFrom {
    /// Mean moving range over 1.128: a drift does not widen the limits.
    #[default]
    MovingRange,
    /// Sample standard deviation over c4.
    StandardDeviation,
}

/// A finished chart.
#[derive(Clone, Debug, PartialEq)]
pub struct XmrChart {
    /// Mean of the baseline.
    pub centre: Option<f64>,
    /// Estimated standard deviation.
    pub sigma: Option<f64>,
    /// Mean moving range of the baseline.
    pub mean_range: Option<f64>,
    /// The values with their limits, in order.
    pub points: Vec<ChartPoint>,
    /// The moving ranges with theirs; the first is not defined.
    pub ranges: Vec<ChartPoint>,
}

/// Centre and standard deviation of the baseline.
pub(crate) fn estimate(
    values: &[f64],
    baseline: Baseline<'_>,
    sigma_from: SigmaFrom,
) -> (Option<f64>, Option<f64>) {
    let moments: Moments = in_baseline(values, baseline).collect();
    let sigma = match sigma_from {
        SigmaFrom::MovingRange => {
            mean_moving_range(in_baseline(values, baseline)).map(|range| range / D2_OF_TWO)
        }
        SigmaFrom::StandardDeviation => moments
            .standard_deviation()
            .zip(c4(moments.n()))
            .map(|(deviation, c4)| deviation / c4),
    };
    (moments.mean(), sigma)
}

/// Draws the chart of `values` with limits from the baseline.
pub fn xmr_chart(
    values: &[f64],
    baseline: Baseline<'_>,
    sigma_from: SigmaFrom,
    sigmas: f64,
) -> Result<XmrChart> {
    positive("sigmas", sigmas)?;
    check_baseline(baseline, values.len())?;
    let (centre, sigma) = estimate(values, baseline, sigma_from);
    let mean_range = mean_moving_range(in_baseline(values, baseline));
    let limit = |sign: f64| {
        centre
            .zip(sigma)
            .map(|(centre, sigma)| centre + sign * sigmas * sigma)
    };
    let points = values
        .iter()
        .map(|&value| ChartPoint::new(Some(value), centre, limit(-1.0), limit(1.0), sigma))
        .collect();
    let highest = mean_range.map(|range| D4_OF_TWO * range);
    let range_point = |value: Option<f64>| {
        let lowest = highest.map(|_| 0.0);
        ChartPoint::new(value, mean_range, lowest, highest, None)
    };
    let mut ranges = Vec::with_capacity(values.len());
    if !values.is_empty() {
        ranges.push(range_point(None));
    }
    ranges.extend(
        values
            .windows(2)
            .map(|pair| range_point(Some((pair[1] - pair[0]).abs()))),
    );
    Ok(XmrChart {
        centre,
        sigma,
        mean_range,
        points,
        ranges,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Montgomery, viscosity of 20 batches, as in qcc's vignette.
    const VISCOSITY: [f64; 20] = [
        34.05, 34.40, 33.59, 35.96, 34.70, 33.51, 33.79, 34.04, 34.52, 33.75, 33.27, 33.71, 34.03,
        34.58, 34.02, 33.97, 34.05, 34.04, 33.73, 34.05,
    ];

    #[test]
    fn viscosity_has_the_published_limits() {
        let chart = xmr_chart(&VISCOSITY, None, SigmaFrom::MovingRange, 3.0).unwrap();
        assert!((chart.centre.unwrap() - 34.088).abs() < 1e-9);
        assert!((chart.sigma.unwrap() - 0.507_652_1).abs() < 1e-7);
        assert!((chart.points[0].lower.unwrap() - 32.565_04).abs() < 1e-5);
        assert!((chart.points[0].upper.unwrap() - 35.610_96).abs() < 1e-5);
        assert_eq!(chart.points[3].signal, 1);
        let chart = xmr_chart(&VISCOSITY, None, SigmaFrom::StandardDeviation, 3.0).unwrap();
        assert!((chart.sigma.unwrap() - 0.576_985_4).abs() < 1e-7);
    }

    #[test]
    fn limits_are_three_mean_ranges_over_d2_from_the_mean() {
        let chart = xmr_chart(&VISCOSITY, None, SigmaFrom::MovingRange, 3.0).unwrap();
        let n = VISCOSITY.len() as f64;
        let mean = VISCOSITY.iter().sum::<f64>() / n;
        let range = VISCOSITY
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .sum::<f64>()
            / (n - 1.0);
        assert!((chart.centre.unwrap() - mean).abs() < 1e-12);
        assert!((chart.sigma.unwrap() - range / 1.128).abs() < 1e-12);
        let point = chart.points[0];
        assert!((point.upper.unwrap() - (mean + 3.0 * range / 1.128)).abs() < 1e-12);
        assert_eq!(chart.ranges[0].value, None);
        assert!((chart.ranges[1].upper.unwrap() - 3.267 * range).abs() < 1e-12);
    }

    #[test]
    fn the_baseline_freezes_the_limits() {
        let mut values = VISCOSITY.to_vec();
        values.push(40.0);
        let mask: Vec<bool> = (0..21).map(|i| i < 20).collect();
        let frozen = xmr_chart(&values, Some(&mask), SigmaFrom::MovingRange, 3.0).unwrap();
        let before = xmr_chart(&VISCOSITY, None, SigmaFrom::MovingRange, 3.0).unwrap();
        assert_eq!(frozen.centre, before.centre);
        assert_eq!(frozen.points[20].signal, 1);
        assert_eq!(frozen.ranges[20].signal, 1);
    }

    #[test]
    fn one_value_has_a_centre_and_no_limits() {
        let chart = xmr_chart(&[3.0], None, SigmaFrom::MovingRange, 3.0).unwrap();
        assert_eq!(
            (chart.centre, chart.sigma, chart.points[0].upper),
            (Some(3.0), None, None)
        );
        let empty = xmr_chart(&[], None, SigmaFrom::StandardDeviation, 3.0).unwrap();
        assert!(empty.points.is_empty() && empty.ranges.is_empty());
    }
}
