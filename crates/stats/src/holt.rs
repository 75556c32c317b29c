//! Holt's method: a level with a trend, which may fade.

use crate::error::Result;
use crate::exp_smoothing::{Shape, Smoothing};
use crate::smoothing_fit::{SmoothingOptions, fit_smoothing};

/// Smooths a series with a trend; a damped one flattens out.
pub fn holt(values: &[f64], damped: bool, options: &SmoothingOptions) -> Result<Smoothing> {
    let shape = Shape {
        trend: true,
        damped,
        period: 1,
        ..Shape::default()
    };
    fit_smoothing(values, shape, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exp_smoothing::State;
    use crate::smoothing_fit::Start;

    // Air passengers in Australia (FPP 7.2).
    const AIR: [f64; 15] = [
        17.5534, 21.8601, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535, 30.1857, 31.5797,
        32.577_569, 33.477_398, 39.021_581, 41.386_432, 41.596_552,
    ];

    // R: holt(air, alpha = .8, beta = .2, initial = "simple").
    #[test]
    fn given_weights_reproduce_r() {
        let options = SmoothingOptions {
            alpha: Some(0.8),
            beta_star: Some(0.2),
            start: Start::Simple,
            ..SmoothingOptions::default()
        };
        let smoothing = holt(&AIR, false, &options).unwrap();
        assert!((smoothing.sse - 72.789_455_137_475_7).abs() < 1e-9);
        assert!((smoothing.trends[14].unwrap() - 1.836_554_818_326_38).abs() < 1e-9);
        let forecast = smoothing.forecast(14, 0.95).unwrap();
        assert!((forecast[13].mean - 67.632_181_128_924).abs() < 1e-9);
        // var = sse/n (1 + Σ (α + jβ)²) with β = αβ* = .16.
        let spread: f64 = (1..14).map(|j| (0.8 + 0.16 * f64::from(j)).powi(2)).sum();
        let half = 1.959_963_984_540_054 * (smoothing.sse / 15.0 * (1.0 + spread)).sqrt();
        assert!((forecast[13].mean - forecast[13].low.unwrap() - half).abs() < 1e-9);
        // R prints wider limits, with β* in place of β.
        let as_r = SmoothingOptions {
            limits_as_r_holt: true,
            ..options
        };
        let forecast = holt(&AIR, false, &as_r)
            .unwrap()
            .forecast(14, 0.95)
            .unwrap();
        assert!((forecast[13].low.unwrap() - 31.200_711_355_493_3).abs() < 1e-6);
    }

    // statsmodels 0.15, ETSModel(error="add", trend="add", damped_trend=True)
    // at these parameters.
    #[test]
    fn damped_limits_are_those_of_statsmodels() {
        let options = SmoothingOptions {
            alpha: Some(0.6),
            beta: Some(0.2),
            phi: Some(0.9),
            start: Start::Given(State {
                level: 16.0,
                trend: 3.0,
                seasons: Vec::new(),
            }),
            ..SmoothingOptions::default()
        };
        let smoothing = holt(&AIR, true, &options).unwrap();
        assert!((smoothing.sse - 48.628_185_050_518_184).abs() < 1e-9);
        let forecast = smoothing.forecast(6, 0.95).unwrap();
        assert!((forecast[0].low.unwrap() - 39.836_987).abs() < 1e-6);
        assert!((forecast[5].low.unwrap() - 39.907_736).abs() < 1e-6);
        assert!((forecast[5].high.unwrap() - 58.518_388).abs() < 1e-6);
    }

    #[test]
    fn a_damped_trend_flattens_and_phi_of_one_is_no_damping() {
        let with = |damped, phi| {
            let options = SmoothingOptions {
                alpha: Some(0.8),
                beta_star: Some(0.2),
                phi,
                start: Start::Simple,
                ..SmoothingOptions::default()
            };
            holt(&AIR, damped, &options)
                .unwrap()
                .forecast(40, 0.95)
                .unwrap()
        };
        assert_eq!(with(true, Some(1.0)), with(false, None));
        let damped = with(true, Some(0.85));
        let steps: Vec<f64> = damped.windows(2).map(|w| w[1].mean - w[0].mean).collect();
        assert!(steps.windows(2).all(|w| (w[1] / w[0] - 0.85).abs() < 1e-9));
    }

    #[test]
    fn estimated_weights_are_no_worse_than_any_neighbour() {
        let smoothing = holt(&AIR, true, &SmoothingOptions::default()).unwrap();
        assert!(smoothing.converged, "{}", smoothing.reason);
        let weights = smoothing.weights;
        assert_eq!(smoothing.estimated, 5);
        for (da, db, dp) in [
            (1e-3, 0.0, 0.0),
            (-1e-3, 0.0, 0.0),
            (0.0, 1e-3, 0.0),
            (0.0, 0.0, -1e-3),
        ] {
            let options = SmoothingOptions {
                alpha: Some((weights.alpha + da).min(0.9999)),
                beta_star: Some((weights.beta_star().unwrap() + db).clamp(1e-4, 0.9999)),
                phi: Some(weights.phi + dp),
                ..SmoothingOptions::default()
            };
            assert!(holt(&AIR, true, &options).unwrap().sse >= smoothing.sse * (1.0 - 1e-9));
        }
    }
}
