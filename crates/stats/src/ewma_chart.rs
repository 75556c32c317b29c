//! The exponentially weighted moving average, which sees small lasting shifts.

use crate::control_chart::{Baseline, ChartPoint, check_baseline};
use crate::error::{Result, StatsError, positive};
use crate::xmr_chart::{SigmaFrom, estimate};

/// How the chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EwmaChart<'a> {
    /// Weight of the newest value, above 0 and at most 1.
    pub lambda: f64,
    /// Distance of the limits in standard deviations of the average.
    pub sigmas: f64,
    /// Target; the baseline's mean when not given.
    pub centre: Option<f64>,
    /// Standard deviation of a value; from the baseline's moving range when not
    /// given.
    pub sigma: Option<f64>,
    /// Whether limits are those of a long-running chart from the first point
    /// on.
    pub steady_state: bool,
    /// The points centre and sigma are estimated from.
    pub baseline: Baseline<'a>,
}

impl Default for EwmaChart<'_> {
    fn default() -> Self {
        Self {
            lambda: 0.2,
            sigmas: 3.0,
            centre: None,
            sigma: None,
            steady_state: false,
            baseline: None,
        }
    }
}

/// Averages z_t = λ x_t + (1 − λ) z_(t−1), z_0 = centre, with limits
/// centre ± L σ √(λ/(2−λ) (1 − (1−λ)^2t)).
pub fn ewma_chart(values: &[f64], chart: &EwmaChart<'_>) -> Result<Vec<ChartPoint>> {
    let lambda = chart.lambda;
    if !(lambda > 0.0 && lambda <= 1.0) {
        return Err(StatsError::argument(
            "lambda",
            "must be greater than 0 and at most 1",
        ));
    }
    positive("sigmas", chart.sigmas)?;
    check_baseline(chart.baseline, values.len())?;
    let (mean, spread) = estimate(values, chart.baseline, SigmaFrom::MovingRange);
    let centre = chart.centre.or(mean);
    let sigma = chart.sigma.or(spread);
    let mut average = centre;
    // (1-λ)^2t
    let mut memory = 1.0;
    Ok(values
        .iter()
        .map(|&value| {
            average = average.map(|average| lambda * value + (1.0 - lambda) * average);
            memory *= (1.0 - lambda) * (1.0 - lambda);
            let built_up = if chart.steady_state {
                1.0
            } else {
                1.0 - memory
            };
            let deviation = sigma.map(|sigma| sigma * (lambda / (2.0 - lambda) * built_up).sqrt());
            let limit = |sign: f64| {
                centre
                    .zip(deviation)
                    .map(|(centre, d)| centre + sign * chart.sigmas * d)
            };
            ChartPoint::new(average, centre, limit(-1.0), limit(1.0), deviation)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // NIST/SEMATECH e-Handbook 6.3.2.4.
    #[test]
    fn the_handbook_s_example_comes_out() {
        let values = [
            52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3,
            47.8, 51.2, 52.6, 52.4, 53.6, 52.1,
        ];
        let chart = EwmaChart {
            lambda: 0.3,
            centre: Some(50.0),
            sigma: Some(2.0539),
            steady_state: true,
            ..EwmaChart::default()
        };
        let points = ewma_chart(&values, &chart).unwrap();
        for (i, expected) in [(0, 50.60), (1, 49.52), (2, 50.56), (18, 51.94), (19, 51.99)] {
            assert!((points[i].value.unwrap() - expected).abs() < 0.006);
        }
        assert!((points[0].upper.unwrap() - 52.5884).abs() < 1e-4);
        assert!((points[0].lower.unwrap() - 47.4115).abs() < 2e-4);
        assert!(points.iter().all(|point| point.signal == 0));
        let varying = EwmaChart {
            steady_state: false,
            ..chart
        };
        let first = ewma_chart(&values, &varying).unwrap()[0];
        assert!((first.upper.unwrap() - (50.0 + 3.0 * 2.0539 * 0.3)).abs() < 1e-12);
    }

    #[test]
    fn a_weight_of_one_is_the_chart_of_single_values() {
        let values = [3.0, 5.0, 4.0, 9.0];
        let chart = EwmaChart {
            lambda: 1.0,
            ..EwmaChart::default()
        };
        let points = ewma_chart(&values, &chart).unwrap();
        let single =
            crate::xmr_chart::xmr_chart(&values, None, SigmaFrom::MovingRange, 3.0).unwrap();
        for (a, b) in points.iter().zip(&single.points) {
            assert_eq!(a.value, b.value);
            assert!((a.upper.unwrap() - b.upper.unwrap()).abs() < 1e-12);
        }
        assert!(
            ewma_chart(
                &values,
                &EwmaChart {
                    lambda: 0.0,
                    ..chart
                }
            )
            .is_err()
        );
    }
}
