//! Holt and Winters' method: level, trend and season.

use crate::error::{Result, StatsError};
use crate::exp_smoothing::{Season, Shape, Smoothing};
use crate::smoothing_fit::{SmoothingOptions, fit_smoothing};

/// Smooths a series of at least two seasons. `shape` says whether there is a
/// trend, whether it fades, and how the season enters.
pub fn holt_winters(values: &[f64], shape: Shape, options: &SmoothingOptions) -> Result<Smoothing> {
    if shape.season == Season::None {
        return Err(StatsError::Argument {
            argument: "season",
            reason: "must be additive or multiplicative",
        });
    }
    fit_smoothing(values, shape, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exp_smoothing::{Recursion, State};
    use crate::smoothing_fit::Start;

    // Tourist nights in Australia (FPP 7.5).
    const TOURISTS: [f64; 24] = [
        41.727_458, 24.041_85, 32.328_103, 37.328_708, 46.213_153, 29.346_326, 36.482_91,
        42.977_719, 48.901_525, 31.180_221, 37.717_881, 40.420_211, 51.206_863, 31.887_228,
        40.978_263, 43.772_491, 55.558_567, 33.850_915, 42.076_383, 45.642_292, 59.766_78,
        35.191_877, 44.319_737, 47.913_736,
    ];

    const QUARTERLY: Shape = Shape {
        trend: true,
        damped: false,
        season: Season::Additive,
        period: 4,
        recursion: Recursion::ErrorCorrection,
    };

    // R: ets(aust, "AAA", damped = FALSE), parameters and forecasts.
    #[test]
    fn given_parameters_reproduce_r() {
        let seasons = vec![
            9.426_449_184_105,
            -9.467_553_843_813_16,
            -2.027_395_925_812_95,
            2.068_500_585_521_1,
        ];
        let options = SmoothingOptions {
            alpha: Some(0.362_500_481_843_614),
            beta: Some(0.075_434_163_278_664_9),
            gamma: Some(0.637_495_642_030_14),
            start: Start::Given(State {
                level: 31.642_937_625_010_5,
                trend: 1.002_823_562_074_48,
                seasons,
            }),
            estimated: Some(8),
            ..SmoothingOptions::default()
        };
        let smoothing = holt_winters(&TOURISTS, QUARTERLY, &options).unwrap();
        assert!((smoothing.sigma2().unwrap() - 3.751_459_494_707_55).abs() < 1e-9);
        let forecast = smoothing.forecast(5, 0.95).unwrap();
        assert!((forecast[4].mean - 63.423_205_058_545_9).abs() < 1e-8);
        assert!((forecast[4].low.unwrap() - 56.324_699_263_232_5).abs() < 1e-6);
    }

    // R's ets stops at a mean squared error of 2.50097 and statsmodels at 2.426;
    // both are local minima. Nearly constant seasons on a straight line, with
    // weights at their lower bounds, fit better than either.
    #[test]
    fn estimated_parameters_fit_better_than_those_of_ets() {
        let smoothing = holt_winters(&TOURISTS, QUARTERLY, &SmoothingOptions::default()).unwrap();
        assert!(smoothing.converged, "{}", smoothing.reason);
        assert_eq!(smoothing.estimated, 8);
        let mse = smoothing.sse / 24.0;
        assert!(mse < 2.426, "{mse} {:?}", smoothing.weights);
        assert!(smoothing.weights.alpha < 1e-3, "{:?}", smoothing.weights);
    }

    /// R's `HoltWinters` on its own start, written out.
    fn by_loop(values: &[f64], multiplicative: bool, weights: [f64; 3], state: &State) -> f64 {
        let [alpha, beta, gamma] = weights;
        let (mut level, mut trend) = (state.level, state.trend);
        let mut seasons = state.seasons.clone();
        let mut sse = 0.0;
        for (i, value) in values.iter().enumerate().skip(4) {
            let season = seasons[i % 4];
            let before = level + trend;
            let forecast = if multiplicative {
                before * season
            } else {
                before + season
            };
            sse += (value - forecast) * (value - forecast);
            let seasonless = if multiplicative {
                value / season
            } else {
                value - season
            };
            let next = alpha * seasonless + (1.0 - alpha) * before;
            trend = beta * (next - level) + (1.0 - beta) * trend;
            level = next;
            let own = if multiplicative {
                value / level
            } else {
                value - level
            };
            seasons[i % 4] = gamma * own + (1.0 - gamma) * season;
        }
        sse
    }

    #[test]
    fn the_classical_recursion_is_the_textbook_s_loop() {
        for (season, multiplicative) in [(Season::Additive, false), (Season::Multiplicative, true)]
        {
            let shape = Shape {
                season,
                recursion: Recursion::Classical,
                ..QUARTERLY
            };
            let options = SmoothingOptions {
                alpha: Some(0.4),
                beta_star: Some(0.1),
                gamma_star: Some(0.6),
                start: Start::Decompose,
                ..SmoothingOptions::default()
            };
            let smoothing = holt_winters(&TOURISTS, shape, &options).unwrap();
            let expected = by_loop(
                &TOURISTS,
                multiplicative,
                [0.4, 0.1, 0.6],
                &smoothing.initial,
            );
            assert!((smoothing.sse - expected).abs() < 1e-9, "{season:?}");
            assert_eq!(smoothing.fitted[3], None);
            assert!(smoothing.fitted[4].is_some());
        }
    }

    #[test]
    fn multiplicative_seasons_fit_and_their_intervals_contain_the_mean() {
        let shape = Shape {
            season: Season::Multiplicative,
            ..QUARTERLY
        };
        let simple = SmoothingOptions {
            start: Start::Simple,
            ..SmoothingOptions::default()
        };
        let simple = holt_winters(&TOURISTS, shape, &simple).unwrap();
        let optimal = holt_winters(&TOURISTS, shape, &SmoothingOptions::default()).unwrap();
        assert!(optimal.relative_sse < simple.relative_sse);
        let mean: f64 = optimal.initial.seasons.iter().sum::<f64>() / 4.0;
        assert!((mean - 1.0).abs() < 1e-12);
        for forecast in optimal.forecast(12, 0.95).unwrap() {
            assert!(
                forecast.low.unwrap() < forecast.mean && forecast.mean < forecast.high.unwrap()
            );
        }
    }

    #[test]
    fn less_than_two_seasons_are_refused() {
        let error = holt_winters(&TOURISTS[..7], QUARTERLY, &SmoothingOptions::default());
        assert_eq!(
            error.unwrap_err().to_string(),
            "needs at least 8 values (two seasons), got 7"
        );
        let plain = Shape {
            season: Season::None,
            ..QUARTERLY
        };
        assert!(holt_winters(&TOURISTS, plain, &SmoothingOptions::default()).is_err());
    }
}
