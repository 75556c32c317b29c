//! Johnson's relative weights (2000): each driver's share of R², with the
//! overlap between drivers divided fairly.

use nalgebra::DMatrix;

use crate::cross_products::Correlations;
use crate::error::{Column, Result, StatsError};

/// One driver's weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeWeight {
    /// Part of R²; the parts sum to it.
    pub raw: f64,
    /// Share of R², 0 to 1; `None` when R² is 0.
    pub share: Option<f64>,
    /// Sign of the coefficient in the multiple regression: -1, 0 or 1.
    pub sign: i8,
    /// Correlation with the outcome.
    pub correlation: f64,
}

/// The weights of all drivers.
#[derive(Clone, Debug, PartialEq)]
pub struct RelativeWeights {
    /// Number of rows.
    pub n: u64,
    /// R² of the regression on all drivers.
    pub r_squared: f64,
    /// One weight per driver, in order.
    pub weights: Vec<RelativeWeight>,
}

/// Relative weights from correlations.
pub fn driver_relative_weights(correlations: &Correlations) -> Result<RelativeWeights> {
    let (coefficients, _) = correlations.regression()?;
    let eigen = correlations.among.clone().symmetric_eigen();
    if eigen.eigenvalues.iter().any(|&value| value <= 0.0) {
        return Err(StatsError::Singular {
            column: Column::Predictor(correlations.among.nrows() - 1),
        });
    }
    // Λ is the symmetric root of the correlations: the loadings of the drivers
    // on the nearest orthogonal variables.
    let root = |power: f64| {
        let diagonal = DMatrix::from_diagonal(&eigen.eigenvalues.map(|value| value.powf(power)));
        &eigen.eigenvectors * diagonal * eigen.eigenvectors.transpose()
    };
    let loadings = root(0.5);
    let beta = root(-0.5) * &correlations.with_outcome;
    let squares = loadings.map(|value| value * value);
    let raw = squares * beta.map(|value| value * value);
    let r_squared = raw.sum();
    let weights = raw
        .iter()
        .zip(coefficients.iter())
        .zip(correlations.with_outcome.iter())
        .map(|((&raw, &coefficient), &correlation)| RelativeWeight {
            raw,
            share: (r_squared > 0.0).then(|| raw / r_squared),
            sign: if coefficient > 0.0 {
                1
            } else if coefficient < 0.0 {
                -1
            } else {
                0
            },
            correlation,
        })
        .collect();
    Ok(RelativeWeights {
        n: correlations.n,
        r_squared,
        weights,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_products::CrossProducts;
    use crate::driver_shapley::driver_shapley;

    // R's sleep-like small set; the second route is the definition for two
    // drivers, where relative weights and Shapley values are equal.
    #[test]
    fn for_two_drivers_weights_are_shapley_values_and_sum_to_r_squared() {
        let mut state = CrossProducts::new(2);
        for (y, x) in [
            (3.0, [1.0, 2.0]),
            (5.0, [2.0, 1.0]),
            (6.0, [3.0, 4.0]),
            (9.0, [4.0, 3.0]),
            (9.5, [5.0, 7.0]),
            (14.0, [6.0, 5.0]),
        ] {
            state.update(y, &x).unwrap();
        }
        let correlations = state.correlations().unwrap();
        let weights = driver_relative_weights(&correlations).unwrap();
        let shapley = driver_shapley(&correlations).unwrap();
        let (_, r_squared) = correlations.regression().unwrap();
        assert!((weights.r_squared - r_squared).abs() < 1e-12);
        for (weight, value) in weights.weights.iter().zip(&shapley.drivers) {
            assert!((weight.raw - value.general).abs() < 1e-12);
        }
        let total: f64 = weights.weights.iter().filter_map(|w| w.share).sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert_eq!(weights.weights[0].sign, 1);
    }
}
