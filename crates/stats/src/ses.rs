//! Simple exponential smoothing: a level without trend or season.

use crate::error::Result;
use crate::exp_smoothing::{Shape, Smoothing};
use crate::smoothing_fit::{SmoothingOptions, fit_smoothing};

/// Smooths a series without trend or season.
pub fn ses(values: &[f64], options: &SmoothingOptions) -> Result<Smoothing> {
    let shape = Shape {
        period: 1,
        ..Shape::default()
    };
    fit_smoothing(values, shape, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing_fit::Start;

    // Oil production in Saudi Arabia (FPP 7.1).
    const OIL: [f64; 12] = [
        446.656_522_9,
        454.473_306_5,
        455.662_974,
        423.632_238_8,
        456.271_327_9,
        440.588_050_1,
        425.332_520_1,
        485.149_447_9,
        506.048_162_1,
        526.791_983_3,
        514.268_889,
        494.211_019_3,
    ];

    // R: ses(oil, alpha = .2, initial = "simple").
    #[test]
    fn a_given_weight_reproduces_r() {
        let options = SmoothingOptions {
            alpha: Some(0.2),
            start: Start::Simple,
            ..SmoothingOptions::default()
        };
        let smoothing = ses(&OIL, &options).unwrap();
        assert!((smoothing.sse - 12_391.747_175_229_9).abs() < 1e-6);
        assert!((smoothing.fitted[11].unwrap() - 482.450_330_136_218).abs() < 1e-9);
        let forecast = smoothing.forecast(2, 0.95).unwrap();
        assert!((forecast[1].mean - 484.802_467_968_974).abs() < 1e-9);
        assert!((forecast[0].low.unwrap() - 421.819_410_399_168).abs() < 1e-6);
        assert!((forecast[1].high.unwrap() - 549.032_835_883_81).abs() < 1e-6);
    }

    // R: ses(oil) = ets(ANN): alpha 0.8922, l0 447.4820 (FPP, table 7.1 prints
    // 0.89 and 447.5).
    #[test]
    fn the_estimated_weight_is_that_of_ets() {
        let smoothing = ses(&OIL, &SmoothingOptions::default()).unwrap();
        assert!(smoothing.converged, "{}", smoothing.reason);
        assert!(
            (smoothing.weights.alpha - 0.89).abs() < 0.005,
            "{:?}",
            smoothing.weights
        );
        assert!(
            (smoothing.initial.level - 447.5).abs() < 0.1,
            "{:?}",
            smoothing.initial
        );
        assert_eq!(smoothing.estimated, 2);
        // A grid finds no better weight.
        for i in 1..100 {
            let options = SmoothingOptions {
                alpha: Some(f64::from(i) / 100.0),
                ..SmoothingOptions::default()
            };
            assert!(ses(&OIL, &options).unwrap().sse >= smoothing.sse * (1.0 - 1e-12));
        }
    }

    #[test]
    fn wrong_inputs_say_what_is_wrong() {
        let alpha = SmoothingOptions {
            alpha: Some(1.5),
            ..SmoothingOptions::default()
        };
        assert_eq!(
            ses(&OIL, &alpha).unwrap_err().to_string(),
            "alpha must be from 0 to 1"
        );
        assert!(ses(&[1.0], &SmoothingOptions::default()).is_err());
        assert!(ses(&[1.0, f64::NAN, 2.0], &SmoothingOptions::default()).is_err());
    }
}
