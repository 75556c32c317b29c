//! Holt and Winters' method: level, trend and season.

use crate::error::{Result, StatsError};
use crate::exp_smoothing::{Season, Shape, Smoothing};
use crate::smoothing_fit::{SmoothingOptions, fit_smoothing};

/// Smooths a series of at least two seasons. `shape` says whether there is a
/// trend, whether it fades, and how the season enters.
pub fn holt_winters(values: &[f64], shape: Shape, options: &SmoothingOptions) -> Result<Smoothing> {
    if shape.season == Season::None {
        return Err(StatsError::argument(
            "season",
            "must be additive or multiplicative",
        ));
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

    // statsmodels' ETSModel(error="mul", trend="add", seasonal="mul") arrives at
    // a level weight of 0.478019743.
    #[test]
    fn the_multiplicative_likelihood_has_its_maximum_where_statsmodels_has() {
        let shape = Shape {
            season: Season::Multiplicative,
            ..QUARTERLY
        };
        let smoothing = holt_winters(&TOURISTS, shape, &SmoothingOptions::default()).unwrap();
        assert!((smoothing.weights.alpha - 0.478_019_743).abs() < 1e-5);
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

    // R: HoltWinters(AirPassengers, seasonal = "mult"): alpha 0.2755925,
    // beta 0.03269295, gamma 0.8707292, a 469.3232206, b 3.0215391, s1 0.9464611
    // (recalled; the search ends where R's L-BFGS-B does to three digits).
    #[test]
    fn air_passengers_have_the_weights_of_r_s_holt_winters() {
        let passengers = [
            112.0, 118.0, 132.0, 129.0, 121.0, 135.0, 148.0, 148.0, 136.0, 119.0, 104.0, 118.0,
            115.0, 126.0, 141.0, 135.0, 125.0, 149.0, 170.0, 170.0, 158.0, 133.0, 114.0, 140.0,
            145.0, 150.0, 178.0, 163.0, 172.0, 178.0, 199.0, 199.0, 184.0, 162.0, 146.0, 166.0,
            171.0, 180.0, 193.0, 181.0, 183.0, 218.0, 230.0, 242.0, 209.0, 191.0, 172.0, 194.0,
            196.0, 196.0, 236.0, 235.0, 229.0, 243.0, 264.0, 272.0, 237.0, 211.0, 180.0, 201.0,
            204.0, 188.0, 235.0, 227.0, 234.0, 264.0, 302.0, 293.0, 259.0, 229.0, 203.0, 229.0,
            242.0, 233.0, 267.0, 269.0, 270.0, 315.0, 364.0, 347.0, 312.0, 274.0, 237.0, 278.0,
            284.0, 277.0, 317.0, 313.0, 318.0, 374.0, 413.0, 405.0, 355.0, 306.0, 271.0, 306.0,
            315.0, 301.0, 356.0, 348.0, 355.0, 422.0, 465.0, 467.0, 404.0, 347.0, 305.0, 336.0,
            340.0, 318.0, 362.0, 348.0, 363.0, 435.0, 491.0, 505.0, 404.0, 359.0, 310.0, 337.0,
            360.0, 342.0, 406.0, 396.0, 420.0, 472.0, 548.0, 559.0, 463.0, 407.0, 362.0, 405.0,
            417.0, 391.0, 419.0, 461.0, 472.0, 535.0, 622.0, 606.0, 508.0, 461.0, 390.0, 432.0,
        ];
        let shape = Shape {
            season: Season::Multiplicative,
            period: 12,
            recursion: Recursion::Classical,
            ..QUARTERLY
        };
        let options = SmoothingOptions {
            start: Start::Decompose,
            ..SmoothingOptions::default()
        };
        let smoothing = holt_winters(&passengers, shape, &options).unwrap();
        assert!(smoothing.converged, "{}", smoothing.reason);
        let weights = smoothing.weights;
        assert!((weights.alpha - 0.275_592_5).abs() < 1e-3, "{weights:?}");
        assert!(
            (weights.beta_star().unwrap() - 0.032_692_95).abs() < 1e-3,
            "{weights:?}"
        );
        assert!(
            (weights.gamma_star().unwrap() - 0.870_729_2).abs() < 2e-3,
            "{weights:?}"
        );
        assert!(
            (smoothing.last.level - 469.323).abs() < 0.1,
            "{:?}",
            smoothing.last
        );
        assert!(
            (smoothing.last.seasons[0] - 0.946_461_1).abs() < 1e-3,
            "{:?}",
            smoothing.last
        );
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
