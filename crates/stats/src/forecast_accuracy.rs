//! How far forecasts were off, on the scales of Hyndman & Koehler (2006).

use crate::error::{Result, StatsError, finite, ratio};

/// Measures of forecast errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastAccuracy {
    /// Number of forecasts compared.
    pub n: usize,
    /// Mean error, actual minus forecast.
    pub me: Option<f64>,
    /// Root of the mean squared error.
    pub rmse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Mean percentage error; `None` when an actual value is 0.
    pub mpe: Option<f64>,
    /// Mean absolute percentage error; `None` when an actual value is 0.
    pub mape: Option<f64>,
    /// MAE over the in-sample MAE of the seasonal naive forecast; `None`
    /// without a history longer than a season, or one that never changes.
    pub mase: Option<f64>,
}

/// Compares forecasts with what came. `history` is the series the forecasts
/// were made from; `period` is 1 without seasons.
pub fn forecast_accuracy(
    actual: &[f64],
    forecast: &[f64],
    history: &[f64],
    period: usize,
) -> Result<ForecastAccuracy> {
    if actual.len() != forecast.len() {
        return Err(StatsError::Length {
            argument: "forecast",
            expected: actual.len(),
            got: forecast.len(),
        });
    }
    if period == 0 {
        return Err(StatsError::argument("period", "must be at least 1"));
    }
    let n = actual.len();
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        let sum: f64 = actual.iter().zip(forecast).map(|(a, f)| of(*a, *f)).sum();
        ratio(sum, n as f64)
    };
    let mae = mean(&|a, f| (a - f).abs());
    let steps = history.len().saturating_sub(period);
    let naive: f64 = history
        .iter()
        .zip(history.iter().skip(period))
        .map(|(a, b)| (b - a).abs())
        .sum();
    let has_zero = actual.contains(&0.0);
    let percentage = |value: Option<f64>| value.filter(|_| !has_zero);
    Ok(ForecastAccuracy {
        n,
        me: mean(&|a, f| a - f),
        rmse: mean(&|a, f| (a - f) * (a - f)).map(f64::sqrt),
        mae,
        mpe: percentage(mean(&|a, f| 100.0 * (a - f) / a)),
        mape: percentage(mean(&|a, f| 100.0 * ((a - f) / a).abs())),
        mase: mae
            .zip(ratio(naive, steps as f64))
            .and_then(|(mae, scale)| finite(mae / scale)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measure_is_its_formula() {
        let result =
            forecast_accuracy(&[10.0, 20.0], &[12.0, 16.0], &[1.0, 3.0, 2.0, 6.0], 2).unwrap();
        assert_eq!(result.me, Some(1.0));
        assert_eq!(result.mae, Some(3.0));
        assert_eq!(result.rmse, Some(10f64.sqrt()));
        assert_eq!(result.mape, Some(20.0));
        assert_eq!(result.mpe, Some(0.0));
        // The seasonal naive errors are 1 and 3.
        assert_eq!(result.mase, Some(1.5));
    }

    #[test]
    fn zeros_and_short_histories_are_null_and_not_infinite() {
        let result = forecast_accuracy(&[0.0, 2.0], &[1.0, 2.0], &[3.0], 1).unwrap();
        assert_eq!((result.mape, result.mpe, result.mase), (None, None, None));
        assert_eq!(result.mae, Some(0.5));
        let constant = forecast_accuracy(&[1.0], &[2.0], &[3.0, 3.0], 1).unwrap();
        assert_eq!(constant.mase, None);
        assert_eq!(forecast_accuracy(&[], &[], &[], 1).unwrap().rmse, None);
        assert!(forecast_accuracy(&[1.0], &[], &[], 1).is_err());
    }
}
