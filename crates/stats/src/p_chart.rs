//! Charts of rates and of counts per unit, plain and after Laney.
//!
//! With thousands of cases a day the plain limits shrink to nothing and every
//! day signals. Laney's charts (2002) widen them by how much the standardised
//! rates really vary from one period to the next.

use crate::control_chart::{Baseline, ChartPoint, D2_OF_TWO, check_baseline, mean_moving_range};
use crate::error::{Result, StatsError, positive, ratio};
use crate::prop_test::Proportion;

/// How limits are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttributeChart<'a> {
    /// The points the centre is estimated from.
    pub baseline: Baseline<'a>,
    /// Distance of the limits in standard deviations.
    pub sigmas: f64,
    /// Whether the limits follow the variation between periods (Laney).
    pub laney: bool,
}

impl Default for AttributeChart<'_> {
    fn default() -> Self {
        Self {
            baseline: None,
            sigmas: 3.0,
            laney: false,
        }
    }
}

/// A finished chart.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeLimits {
    /// Rate of the baseline.
    pub centre: Option<f64>,
    /// Laney's factor; 1 in the plain chart.
    pub sigma_z: Option<f64>,
    /// One point per period, in order.
    pub points: Vec<ChartPoint>,
}

/// Shares of defectives: limits p̄ ± 3 √(p̄(1−p̄)/n), kept within 0..1.
pub fn p_chart(samples: &[Proportion], chart: &AttributeChart<'_>) -> Result<AttributeLimits> {
    let counts: Vec<(f64, f64)> = samples
        .iter()
        .map(|sample| (sample.successes as f64, sample.n as f64))
        .collect();
    limits(&counts, chart, |centre| centre * (1.0 - centre), 1.0)
}

/// Numbers of defectives: the points of [`p_chart`], each times its n.
pub fn np_chart(samples: &[Proportion], chart: &AttributeChart<'_>) -> Result<AttributeLimits> {
    let mut limits = p_chart(samples, chart)?;
    for (point, sample) in limits.points.iter_mut().zip(samples) {
        let n = sample.n as f64;
        // The count itself: rate times n may miss it by a rounding.
        point.value = Some(sample.successes as f64);
        for part in [&mut point.centre, &mut point.lower, &mut point.upper] {
            *part = part.map(|rate| rate * n);
        }
    }
    Ok(limits)
}

/// Defects per unit: limits ū ± 3 √(ū/n), not below 0. `samples` are
/// (defects, units).
pub fn u_chart(samples: &[(f64, f64)], chart: &AttributeChart<'_>) -> Result<AttributeLimits> {
    for (row, &(defects, units)) in samples.iter().enumerate() {
        if !(defects >= 0.0 && units >= 0.0 && defects.is_finite() && units.is_finite()) {
            return Err(StatsError::Row {
                row,
                argument: "defects or units",
                reason: "are negative or not a number",
            });
        }
    }
    limits(samples, chart, |centre| centre, f64::INFINITY)
}

fn limits(
    samples: &[(f64, f64)],
    chart: &AttributeChart<'_>,
    variance_of: impl Fn(f64) -> f64,
    highest: f64,
) -> Result<AttributeLimits> {
    positive("sigmas", chart.sigmas)?;
    check_baseline(chart.baseline, samples.len())?;
    let in_phase_one = |i: usize| chart.baseline.is_none_or(|mask| mask[i]);
    let (mut events, mut units) = (0.0, 0.0);
    for (i, (count, n)) in samples.iter().enumerate() {
        if in_phase_one(i) {
            events += count;
            units += n;
        }
    }
    let centre = ratio(events, units);
    let variance = centre.map(&variance_of);
    let sigma = |n: f64| {
        variance
            .filter(|_| n > 0.0)
            .map(|variance| (variance / n).sqrt())
    };
    let z = |&(count, n): &(f64, f64)| {
        centre
            .zip(sigma(n))
            .and_then(|(centre, sigma)| ratio(count / n - centre, sigma))
    };
    let sigma_z = if chart.laney {
        let standardised = samples.iter().enumerate().filter(|(i, _)| in_phase_one(*i));
        mean_moving_range(standardised.filter_map(|(_, sample)| z(sample)))
            .map(|range| range / D2_OF_TWO)
    } else {
        Some(1.0)
    };
    let points = samples
        .iter()
        .map(|&(count, n)| {
            let spread = sigma(n).zip(sigma_z).map(|(sigma, factor)| sigma * factor);
            let limit = |sign: f64| {
                centre.zip(spread).map(|(centre, spread)| {
                    (centre + sign * chart.sigmas * spread).clamp(0.0, highest)
                })
            };
            ChartPoint::new(ratio(count, n), centre, limit(-1.0), limit(1.0), spread)
        })
        .collect();
    Ok(AttributeLimits {
        centre,
        sigma_z,
        points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    // Montgomery, orange juice cans: 30 samples of 50, as in qcc's vignette.
    const CANS: [u64; 30] = [
        12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9,
        12, 7, 13, 9, 6,
    ];

    fn samples(counts: &[u64], n: u64) -> Vec<Proportion> {
        counts
            .iter()
            .map(|&count| Proportion::new(count, n).unwrap())
            .collect()
    }

    #[test]
    fn orange_juice_has_the_published_limits_and_signals() {
        let cans = samples(&CANS, 50);
        let chart = p_chart(&cans, &AttributeChart::default()).unwrap();
        close(chart.centre, 0.231_333_3, 1e-7);
        close(chart.points[0].lower, 0.052_427_55, 1e-8);
        close(chart.points[0].upper, 0.410_239_1, 1e-7);
        let signals: Vec<usize> = (0..30)
            .filter(|&i| chart.points[i].signal != 0)
            .map(|i| i + 1)
            .collect();
        assert_eq!(signals, [15, 23]);
        let mask: Vec<bool> = (1..=30).map(|i| i != 15 && i != 23).collect();
        let without = AttributeChart {
            baseline: Some(&mask),
            ..AttributeChart::default()
        };
        let chart = p_chart(&cans, &without).unwrap();
        close(chart.centre, 0.215, 1e-12);
        close(chart.points[0].lower, 0.040_702_84, 1e-8);
        close(chart.points[0].upper, 0.389_297_2, 1e-7);
    }

    #[test]
    fn laney_widens_limits_by_the_real_variation() {
        let days: Vec<Proportion> = (0..20u64)
            .map(|i| Proportion::new(4_000 + 300 * (i % 3) + 40 * i, 44_000).unwrap())
            .collect();
        let plain = p_chart(&days, &AttributeChart::default()).unwrap();
        let laney = AttributeChart {
            laney: true,
            ..AttributeChart::default()
        };
        let laney = p_chart(&days, &laney).unwrap();
        let signals = |chart: &AttributeLimits| {
            chart
                .points
                .iter()
                .filter(|point| point.signal != 0)
                .count()
        };
        assert!(signals(&plain) > 10, "{}", signals(&plain));
        assert_eq!(signals(&laney), 0);
        // By hand: the moving ranges of (p - centre) / sigma.
        let p: Vec<f64> = days.iter().map(|d| d.rate().unwrap()).collect();
        let centre = plain.centre.unwrap();
        let sigma = (centre * (1.0 - centre) / 44_000.0).sqrt();
        let ranges: f64 = p.windows(2).map(|w| (w[1] - w[0]).abs() / sigma).sum();
        close(laney.sigma_z, ranges / 19.0 / 1.128, 1e-9);
        let width = laney.points[0].upper.unwrap() - centre;
        close(Some(width), 3.0 * sigma * laney.sigma_z.unwrap(), 1e-12);
    }

    #[test]
    fn periods_without_cases_have_no_limits() {
        let chart = p_chart(&samples(&[0, 0], 0), &AttributeChart::default()).unwrap();
        assert_eq!((chart.centre, chart.points[0].upper), (None, None));
        let some = [Proportion::new(1, 4).unwrap(), Proportion::default()];
        let chart = p_chart(&some, &AttributeChart::default()).unwrap();
        assert_eq!((chart.points[1].value, chart.points[1].lower), (None, None));
        let short = AttributeChart {
            baseline: Some(&[true]),
            ..AttributeChart::default()
        };
        assert!(p_chart(&some, &short).is_err());
    }

    #[test]
    fn defects_per_unit_have_poisson_limits() {
        let chart = u_chart(&[(9.0, 3.0), (3.0, 1.0)], &AttributeChart::default()).unwrap();
        close(chart.points[1].upper, 3.0 + 3.0 * 3f64.sqrt(), 1e-12);
        close(chart.points[1].lower, 0.0, 0.0);
        assert!(u_chart(&[(-1.0, 3.0)], &AttributeChart::default()).is_err());
    }
}
