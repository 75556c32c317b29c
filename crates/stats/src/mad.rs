//! The median absolute deviation and the outlier score built on it.

use crate::error::ratio;
use crate::quantile::{QuantileType, quantile};

/// 1 / Φ⁻¹(3/4): scales the deviation to a normal standard deviation, as in R.
pub const MAD_SCALE: f64 = 1.4826;

/// Median of |x − median|, unscaled; `None` without values.
#[must_use]
pub fn mad(values: &[f64]) -> Option<f64> {
    let median = quantile(values, 0.5, QuantileType::Linear)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    quantile(&distances, 0.5, QuantileType::Linear)
}

/// 0.6745 (x − median) / MAD of Iglewicz & Hoaglin (1993); beyond 3.5 in size is
/// an outlier.
///
/// When more than half of the values are equal the MAD is 0 and scores are
/// `None`, unless `fallback` allows their alternative,
/// (x − median) / (1.253314 · mean absolute deviation). That is 0 too only when
/// nothing varies.
#[must_use]
pub fn modified_zscore(values: &[f64], fallback: bool) -> Vec<Option<f64>> {
    let Some((median, mad)) = quantile(values, 0.5, QuantileType::Linear).zip(mad(values)) else {
        return vec![None; values.len()];
    };
    let spread = if mad > 0.0 {
        mad / 0.6745
    } else if fallback {
        let total: f64 = values.iter().map(|value| (value - median).abs()).sum();
        1.253_314 * total / values.len() as f64
    } else {
        0.0
    };
    values
        .iter()
        .map(|value| ratio(value - median, spread))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // codingace.net's table; R: mad(1:9) = 2.9652.
    #[test]
    fn scores_are_the_published_ones() {
        let values = [10.0, 12.0, 12.0, 13.0, 12.0, 11.0, 14.0, 300.0];
        assert_eq!(mad(&values), Some(1.0));
        let scores: Vec<f64> = modified_zscore(&values, false)
            .into_iter()
            .map(Option::unwrap)
            .collect();
        let expected = [-1.349, 0.0, 0.0, 0.6745, 0.0, -0.6745, 1.349, 194.256];
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1e-9);
        }
        let nine: Vec<f64> = (1..=9).map(f64::from).collect();
        assert!((MAD_SCALE * mad(&nine).unwrap() - 2.9652).abs() < 1e-12);
    }

    #[test]
    fn a_deviation_of_zero_is_null_or_falls_back() {
        let values = [5.0, 5.0, 5.0, 5.0, 9.0];
        assert_eq!(mad(&values), Some(0.0));
        assert_eq!(modified_zscore(&values, false), vec![None; 5]);
        let scores = modified_zscore(&values, true);
        assert!((scores[4].unwrap() - 4.0 / (1.253_314 * 0.8)).abs() < 1e-12);
        assert_eq!(modified_zscore(&[2.0, 2.0], true), vec![None; 2]);
        assert!(modified_zscore(&[], true).is_empty());
    }
}
