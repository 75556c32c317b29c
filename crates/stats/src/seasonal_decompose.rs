//! Classical decomposition into trend, season and rest, as R's `decompose`.

use crate::error::{Result, StatsError, finite};
use crate::moments::Moments;

/// How season and trend combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeasonalKind {
    /// value = trend + season + rest.
    Additive,
    /// value = trend · season · rest.
    Multiplicative,
}

/// A series taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// Centred moving average over one period; `None` for half a period at
    /// both ends.
    pub trend: Vec<Option<f64>>,
    /// The season of every value.
    pub seasonal: Vec<f64>,
    /// What is left.
    pub random: Vec<Option<f64>>,
    /// The season of each phase, from the phase of the first value; sums to 0,
    /// or averages 1 when multiplicative.
    pub figure: Vec<f64>,
}

/// Refuses a period that is none and series shorter than two seasons.
pub(crate) fn check_seasons(values: &[f64], period: usize) -> Result<()> {
    if period < 2 {
        return Err(StatsError::argument("period", "must be at least 2"));
    }
    if values.len() / 2 < period {
        return Err(StatsError::TooFew {
            what: "values (two seasons)",
            needed: 2 * period,
            got: values.len(),
        });
    }
    check_finite(values)
}

/// Refuses missing and infinite values: gaps are filled before, by the caller.
pub(crate) fn check_finite(values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(StatsError::Row {
            row,
            argument: "value",
            reason: "is missing or not finite",
        }),
        None => Ok(()),
    }
}

/// Refuses values that a multiplicative model cannot divide by.
pub(crate) fn check_positive(values: &[f64]) -> Result<()> {
    match values.iter().position(|&value| value <= 0.0) {
        Some(row) => Err(StatsError::Row {
            row,
            argument: "value",
            reason: "is not greater than 0, which a multiplicative season needs",
        }),
        None => Ok(()),
    }
}

/// Decomposes a series of at least two seasons.
pub fn seasonal_decompose(
    values: &[f64],
    period: usize,
    kind: SeasonalKind,
) -> Result<Decomposition> {
    check_seasons(values, period)?;
    if kind == SeasonalKind::Multiplicative {
        check_positive(values)?;
    }
    let remove = |value: f64, part: f64| match kind {
        SeasonalKind::Additive => value - part,
        SeasonalKind::Multiplicative => value / part,
    };
    let trend = centred_average(values, period);
    let mut phases = vec![Moments::new(); period];
    for (i, (value, trend)) in values.iter().zip(&trend).enumerate() {
        if let Some(trend) = trend {
            phases[i % period].update(remove(*value, *trend));
        }
    }
    // Two seasons leave at least one value of every phase inside the average.
    let raw: Vec<f64> = phases
        .iter()
        .map(|phase| phase.mean().unwrap_or(f64::NAN))
        .collect();
    let mean = raw
        .iter()
        .copied()
        .collect::<Moments>()
        .mean()
        .unwrap_or(f64::NAN);
    let figure: Vec<f64> = raw.iter().map(|&season| remove(season, mean)).collect();
    if figure.iter().any(|season| !season.is_finite()) {
        return Err(StatsError::argument("values", "are too large to average"));
    }
    let seasonal: Vec<f64> = (0..values.len()).map(|i| figure[i % period]).collect();
    let random = values
        .iter()
        .zip(&trend)
        .zip(&seasonal)
        .map(|((value, trend), season)| {
            trend.and_then(|trend| finite(remove(remove(*value, trend), *season)))
        })
        .collect();
    Ok(Decomposition {
        trend,
        seasonal,
        random,
        figure,
    })
}

/// The centred moving average over a period; an even one takes half of both
/// ends (2×m).
fn centred_average(values: &[f64], period: usize) -> Vec<Option<f64>> {
    let half = period / 2;
    let even = period.is_multiple_of(2);
    (0..values.len())
        .map(|i| {
            if i < half || i + half >= values.len() {
                return None;
            }
            let window = &values[i - half..=i + half];
            let mut sum: f64 = window.iter().sum();
            if even {
                sum -= 0.5 * (window[0] + window[window.len() - 1]);
            }
            finite(sum / period as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // statsmodels, test_seasonal.py, whose values are R's decompose().
    const QUARTERS: [f64; 32] = [
        -50.0, 175.0, 149.0, 214.0, 247.0, 237.0, 225.0, 329.0, 729.0, 809.0, 530.0, 489.0, 540.0,
        457.0, 195.0, 176.0, 337.0, 239.0, 128.0, 102.0, 232.0, 429.0, 3.0, 98.0, 43.0, -141.0,
        -77.0, -13.0, 125.0, 361.0, -45.0, 184.0,
    ];

    #[test]
    fn thirty_two_quarters_come_apart_as_in_r() {
        let parts = seasonal_decompose(&QUARTERS, 4, SeasonalKind::Additive).unwrap();
        for (season, expected) in parts.figure.iter().zip([62.46, 86.17, -88.38, -60.25]) {
            assert!((season - expected).abs() < 0.01);
        }
        assert_eq!(parts.trend[1], None);
        assert!((parts.trend[2].unwrap() - 159.12).abs() < 0.01);
        assert!((parts.random[2].unwrap() - 78.254).abs() < 0.01);
        assert!((parts.random[29].unwrap() - 143.201).abs() < 0.01);
        assert_eq!(parts.random[30], None);
    }

    #[test]
    fn a_multiplicative_series_is_put_together_again() {
        let season = [0.8, 1.1, 1.1];
        let values: Vec<f64> = (0..12).map(|i| (10.0 + i as f64) * season[i % 3]).collect();
        let parts = seasonal_decompose(&values, 3, SeasonalKind::Multiplicative).unwrap();
        for (i, value) in values.iter().enumerate().skip(1).take(10) {
            let product = parts.trend[i].unwrap() * parts.seasonal[i] * parts.random[i].unwrap();
            assert!((product - value).abs() < 1e-12);
        }
        let mean = parts.figure.iter().sum::<f64>() / 3.0;
        assert!((mean - 1.0).abs() < 1e-15);
    }

    #[test]
    fn too_short_gappy_and_negative_series_are_refused_with_the_reason() {
        let refused = |values: &[f64], period, kind| {
            seasonal_decompose(values, period, kind)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused(&QUARTERS[..7], 4, SeasonalKind::Additive),
            "needs at least 8 values (two seasons), got 7"
        );
        assert_eq!(
            refused(&QUARTERS, 1, SeasonalKind::Additive),
            "period must be at least 2"
        );
        assert_eq!(
            refused(&QUARTERS, 4, SeasonalKind::Multiplicative),
            "row 1: value is not greater than 0, which a multiplicative season needs"
        );
        assert_eq!(
            refused(&[1.0, f64::NAN, 1.0, 1.0], 2, SeasonalKind::Additive),
            "row 2: value is missing or not finite"
        );
    }
}
