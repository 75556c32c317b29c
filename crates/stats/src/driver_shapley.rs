//! Shapley values of R² (LMG, general dominance): what a driver adds to R²,
//! averaged over all orders in which drivers can enter.
//!
//! All 2^p sub-models are fitted, each from its parent by one more row of
//! Cholesky's decomposition; beyond 15 drivers relative weights are the cheap
//! neighbour.

use crate::cross_products::Correlations;
use crate::error::{Result, StatsError};

/// Most drivers allowed: 32,768 sub-models.
pub const MAX_DRIVERS: usize = 15;

/// One driver's contribution.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapleyDriver {
    /// Average gain of R²; the gains sum to R².
    pub general: f64,
    /// Share of R², 0 to 1; `None` when R² is 0.
    pub share: Option<f64>,
    /// Average gain when k other drivers are in, for k = 0, 1, ...
    pub conditional: Vec<f64>,
}

/// The contributions of all drivers.
#[derive(Clone, Debug, PartialEq)]
pub struct Shapley {
    /// Number of rows.
    pub n: u64,
    /// R² with all drivers.
    pub r_squared: f64,
    /// One contribution per driver, in order.
    pub drivers: Vec<ShapleyDriver>,
    /// R² of every sub-model; bit i of the index says driver i is in.
    pub submodels: Vec<f64>,
}

/// Shapley values from correlations.
pub fn driver_shapley(correlations: &Correlations) -> Result<Shapley> {
    let p = correlations.among.nrows();
    if p > MAX_DRIVERS {
        return Err(StatsError::TooMany {
            what: "drivers",
            limit: MAX_DRIVERS,
            got: p,
        });
    }
    let mut submodels = vec![0.0; 1 << p];
    let mut rows = Vec::with_capacity(p);
    extend(correlations, 0, 0, &mut rows, &mut submodels);
    let r_squared = submodels[(1 << p) - 1];
    let drivers = (0..p)
        .map(|driver| {
            let bit = 1usize << driver;
            let mut gains = vec![0.0; p];
            let mut counts = vec![0u32; p];
            for (set, &before) in submodels.iter().enumerate() {
                if set & bit == 0 {
                    let size = set.count_ones() as usize;
                    gains[size] += submodels[set | bit] - before;
                    counts[size] += 1;
                }
            }
            let conditional: Vec<f64> = gains
                .iter()
                .zip(&counts)
                .map(|(gain, &count)| gain / f64::from(count))
                .collect();
            let general = conditional.iter().sum::<f64>() / p as f64;
            ShapleyDriver {
                general,
                share: (r_squared > 0.0).then(|| general / r_squared),
                conditional,
            }
        })
        .collect();
    Ok(Shapley {
        n: correlations.n,
        r_squared,
        drivers,
        submodels,
    })
}

/// One row of the decomposition: the driver, its row of the factor, its
/// component of the solution.
struct Row {
    driver: usize,
    factor: Vec<f64>,
    solution: f64,
}

/// Visits every set that continues `set` with drivers from `next` on.
fn extend(
    correlations: &Correlations,
    set: usize,
    next: usize,
    rows: &mut Vec<Row>,
    submodels: &mut [f64],
) {
    for driver in next..correlations.among.nrows() {
        let mut factor: Vec<f64> = Vec::with_capacity(rows.len() + 1);
        let mut rest = 1.0;
        let mut solution = correlations.with_outcome[driver];
        for row in rows.iter() {
            let mut value = correlations.among[(driver, row.driver)];
            for (a, b) in factor.iter().zip(&row.factor) {
                value -= a * b;
            }
            value /= row.factor[factor.len()];
            rest -= value * value;
            solution -= value * row.solution;
            factor.push(value);
        }
        // The correlations are regular, so something is left of every driver.
        let pivot = rest.sqrt();
        factor.push(pivot);
        solution /= pivot;
        let with = set | 1 << driver;
        submodels[with] = (submodels[set] + solution * solution).min(1.0);
        rows.push(Row {
            driver,
            factor,
            solution,
        });
        extend(correlations, with, driver + 1, rows, submodels);
        rows.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cross_products::CrossProducts;
    use crate::linear_regression::linear_regression;

    #[test]
    fn every_submodel_equals_its_own_regression() {
        let columns = [
            vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
            vec![2.0, 1.0, 4.0, 3.0, 7.0, 5.0, 5.5],
            vec![0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        ];
        let y = [3.0, 5.0, 6.0, 9.0, 9.5, 14.0, 11.0];
        let mut state = CrossProducts::new(3);
        for i in 0..7 {
            state
                .update(y[i], &[columns[0][i], columns[1][i], columns[2][i]])
                .unwrap();
        }
        let shapley = driver_shapley(&state.correlations().unwrap()).unwrap();
        for set in 1..8usize {
            let chosen: Vec<&[f64]> = (0..3)
                .filter(|i| set >> i & 1 == 1)
                .map(|i| columns[i].as_slice())
                .collect();
            let direct = linear_regression(&y, &chosen, true, 0.95)
                .unwrap()
                .r_squared
                .unwrap();
            assert!((shapley.submodels[set] - direct).abs() < 1e-12, "{set:b}");
        }
        let total: f64 = shapley.drivers.iter().map(|d| d.general).sum();
        assert!((total - shapley.r_squared).abs() < 1e-12);
    }
}
