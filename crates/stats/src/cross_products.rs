//! Everything driver analysis needs of the rows, in one pass: the exact sums of
//! products of all pairs of columns.

use nalgebra::{DMatrix, DVector};

use crate::error::{Column, Result, StatsError};
use crate::exact_sum::ExactSum;

/// Sums and products of an outcome and its predictors, mergeable.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossProducts {
    predictors: usize,
    n: u64,
    // The outcome comes last.
    sums: Vec<ExactSum>,
    // Upper triangle by rows: (0,0), (0,1), ...
    products: Vec<ExactSum>,
}

/// Correlations of the predictors with each other and with the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    /// Number of rows.
    pub n: u64,
    pub(crate) among: DMatrix<f64>,
    pub(crate) with_outcome: DVector<f64>,
}

impl CrossProducts {
    /// No rows yet, for this many predictors.
    #[must_use]
    pub fn new(predictors: usize) -> Self {
        let columns = predictors + 1;
        Self {
            predictors,
            n: 0,
            sums: vec![ExactSum::new(); columns],
            products: vec![ExactSum::new(); columns * (columns + 1) / 2],
        }
    }

    /// Number of predictors.
    #[must_use]
    pub fn predictors(&self) -> usize {
        self.predictors
    }

    /// Number of rows.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Counts one complete row; rows with a missing value are left to the
    /// caller to drop.
    pub fn update(&mut self, outcome: f64, predictors: &[f64]) -> Result<()> {
        if predictors.len() != self.predictors {
            return Err(StatsError::Length {
                argument: "predictors",
                expected: self.predictors,
                got: predictors.len(),
            });
        }
        self.n += 1;
        let value = |column: usize| predictors.get(column).copied().unwrap_or(outcome);
        let mut products = self.products.iter_mut();
        for (i, sum) in self.sums.iter_mut().enumerate() {
            sum.add(value(i));
            for (j, product) in (i..=self.predictors).zip(products.by_ref()) {
                product.add_product(value(i), value(j));
            }
        }
        Ok(())
    }

    /// Counts a block of complete rows given by columns: the same sums as row
    /// by row, several times faster, because one sum at a time stays in cache.
    pub fn update_columns(&mut self, outcome: &[f64], predictors: &[&[f64]]) -> Result<()> {
        if predictors.len() != self.predictors {
            return Err(StatsError::Length {
                argument: "predictors",
                expected: self.predictors,
                got: predictors.len(),
            });
        }
        if let Some(column) = predictors
            .iter()
            .find(|column| column.len() != outcome.len())
        {
            return Err(StatsError::Length {
                argument: "predictor",
                expected: outcome.len(),
                got: column.len(),
            });
        }
        self.n += outcome.len() as u64;
        let column = |index: usize| predictors.get(index).copied().unwrap_or(outcome);
        let mut products = self.products.iter_mut();
        for (i, sum) in self.sums.iter_mut().enumerate() {
            for &value in column(i) {
                sum.add(value);
            }
            for (j, product) in (i..=self.predictors).zip(products.by_ref()) {
                for (&a, &b) in column(i).iter().zip(column(j)) {
                    product.add_product(a, b);
                }
            }
        }
        Ok(())
    }

    /// Counts the rows of another state with the same number of predictors.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.predictors != self.predictors {
            return Err(StatsError::Length {
                argument: "predictors",
                expected: self.predictors,
                got: other.predictors,
            });
        }
        self.n += other.n;
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            sum.merge(other);
        }
        for (product, other) in self.products.iter_mut().zip(&other.products) {
            product.merge(other);
        }
        Ok(())
    }

    /// Memory held on the heap, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let sums = self.sums.iter().chain(&self.products);
        sums.map(|sum| size_of::<ExactSum>() + sum.heap_bytes())
            .sum()
    }

    /// The state for shipping: the count, then the parts of every sum.
    #[must_use]
    pub fn to_parts(&self) -> (u64, Vec<Vec<f64>>) {
        let parts = self
            .sums
            .iter()
            .chain(&self.products)
            .map(ExactSum::to_parts);
        (self.n, parts.collect())
    }

    /// Rebuilds a state from [`to_parts`](Self::to_parts).
    pub fn from_parts(predictors: usize, n: u64, parts: &[Vec<f64>]) -> Result<Self> {
        let mut state = Self::new(predictors);
        let expected = state.sums.len() + state.products.len();
        if parts.len() != expected {
            return Err(StatsError::Length {
                argument: "parts",
                expected,
                got: parts.len(),
            });
        }
        state.n = n;
        let sums = state.sums.iter_mut().chain(&mut state.products);
        for (sum, parts) in sums.zip(parts) {
            *sum = ExactSum::from_parts(parts);
        }
        Ok(state)
    }

    /// All correlations, or the column that stands in the way.
    pub fn correlations(&self) -> Result<Correlations> {
        let p = self.predictors;
        if p == 0 {
            return Err(StatsError::TooFew {
                what: "predictors",
                needed: 1,
                got: 0,
            });
        }
        if self.n < p as u64 + 2 {
            return Err(StatsError::TooFew {
                what: "complete rows",
                needed: p + 2,
                got: usize::try_from(self.n).unwrap_or(usize::MAX),
            });
        }
        let column = |index: usize| {
            if index == p {
                Column::Outcome
            } else {
                Column::Predictor(index)
            }
        };
        let n = self.n as f64;
        let mut spread = DMatrix::zeros(p + 1, p + 1);
        let mut products = self.products.iter();
        for i in 0..=p {
            for (j, product) in (i..=p).zip(products.by_ref()) {
                let Some(value) = product
                    .scaled(n)
                    .minus(&self.sums[i].times(&self.sums[j]))
                    .value()
                else {
                    // One of the two holds a value that is not finite.
                    let undefined = if self.sums[j].value().is_none() { j } else { i };
                    return Err(StatsError::NotFinite {
                        column: column(undefined),
                        row: 0,
                    });
                };
                spread[(i, j)] = value;
                spread[(j, i)] = value;
            }
        }
        for i in 0..=p {
            if spread[(i, i)] <= 0.0 {
                return Err(StatsError::ZeroVariance { column: column(i) });
            }
        }
        let deviation = DVector::from_fn(p + 1, |i, _| spread[(i, i)].sqrt());
        let correlation = DMatrix::from_fn(p + 1, p + 1, |i, j| {
            if i == j {
                1.0
            } else {
                (spread[(i, j)] / deviation[i] / deviation[j]).clamp(-1.0, 1.0)
            }
        });
        let correlations = Correlations {
            n: self.n,
            among: correlation.view((0, 0), (p, p)).into_owned(),
            with_outcome: correlation.view((0, p), (p, 1)).column(0).into_owned(),
        };
        correlations.check_regular()?;
        Ok(correlations)
    }
}

/// The part of a predictor's variance not shared with those before it, below
/// which it counts as their combination.
const SINGULAR: f64 = 1e-12;

impl Correlations {
    /// Correlation of a predictor with the outcome.
    #[must_use]
    pub fn with_outcome(&self, predictor: usize) -> Option<f64> {
        self.with_outcome.get(predictor).copied()
    }

    /// Refuses predictors that are combinations of others, by the pivots of
    /// Cholesky's decomposition.
    fn check_regular(&self) -> Result<()> {
        let p = self.among.nrows();
        let mut factor = DMatrix::<f64>::zeros(p, p);
        for j in 0..p {
            let mut pivot = self.among[(j, j)];
            for k in 0..j {
                let mut value = self.among[(j, k)];
                for l in 0..k {
                    value -= factor[(j, l)] * factor[(k, l)];
                }
                factor[(j, k)] = value / factor[(k, k)];
                pivot -= factor[(j, k)] * factor[(j, k)];
            }
            if pivot < SINGULAR {
                return Err(StatsError::Singular {
                    column: Column::Predictor(j),
                });
            }
            factor[(j, j)] = pivot.sqrt();
        }
        Ok(())
    }

    /// Standardised regression coefficients and R².
    pub(crate) fn regression(&self) -> Result<(DVector<f64>, f64)> {
        let Some(factor) = self.among.clone().cholesky() else {
            return Err(StatsError::Singular {
                column: Column::Predictor(self.among.nrows() - 1),
            });
        };
        let beta = factor.solve(&self.with_outcome);
        let r_squared = beta.dot(&self.with_outcome).clamp(0.0, 1.0);
        Ok((beta, r_squared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(rows: &[(f64, [f64; 2])]) -> CrossProducts {
        let mut state = CrossProducts::new(2);
        for (y, x) in rows {
            state.update(*y, x).unwrap();
        }
        state
    }

    const ROWS: [(f64, [f64; 2]); 5] = [
        (1.0, [2.0, 1e9]),
        (2.5, [1.0, 1e9 + 1.0]),
        (0.5, [4.0, 1e9 + 3.0]),
        (3.0, [0.5, 1e9 + 2.0]),
        (2.0, [2.5, 1e9 - 7.0]),
    ];

    #[test]
    fn correlations_equal_those_of_pairs_even_far_from_zero() {
        let correlations = state(&ROWS).correlations().unwrap();
        let pairs: crate::moments::CoMoments = ROWS.iter().map(|(y, x)| (x[1] - 1e9, *y)).collect();
        let direct = pairs.correlation().unwrap();
        assert!((correlations.with_outcome(1).unwrap() - direct).abs() < 1e-15);
    }

    #[test]
    fn columns_count_as_rows_do() {
        let y: Vec<f64> = ROWS.iter().map(|row| row.0).collect();
        let x = [0, 1].map(|i| ROWS.iter().map(|row| row.1[i]).collect::<Vec<f64>>());
        let mut columns = CrossProducts::new(2);
        columns.update_columns(&y, &[&x[0], &x[1]]).unwrap();
        assert_eq!(columns, state(&ROWS));
        assert!(columns.update_columns(&y, &[&x[0], &x[1][1..]]).is_err());
        assert!(columns.update_columns(&y, &[&x[0]]).is_err());
    }

    #[test]
    fn shipped_halves_equal_the_whole() {
        let (n, parts) = state(&ROWS[..2]).to_parts();
        let mut merged = state(&ROWS[2..]);
        merged
            .merge(&CrossProducts::from_parts(2, n, &parts).unwrap())
            .unwrap();
        assert_eq!(
            merged.correlations().unwrap(),
            state(&ROWS).correlations().unwrap()
        );
        assert!(merged.merge(&CrossProducts::new(3)).is_err());
    }

    #[test]
    fn constant_and_dependent_columns_are_named() {
        let rows: Vec<_> = ROWS.iter().map(|(y, x)| (*y, [x[0], 7.0])).collect();
        assert_eq!(
            state(&rows).correlations(),
            Err(StatsError::ZeroVariance {
                column: Column::Predictor(1)
            })
        );
        let rows: Vec<_> = ROWS
            .iter()
            .map(|(y, x)| (*y, [x[0], 3.0 - 0.1 * x[0]]))
            .collect();
        assert_eq!(
            state(&rows).correlations(),
            Err(StatsError::Singular {
                column: Column::Predictor(1)
            })
        );
        let rows: Vec<_> = ROWS.iter().map(|(_, x)| (1.0, *x)).collect();
        assert_eq!(
            state(&rows).correlations(),
            Err(StatsError::ZeroVariance {
                column: Column::Outcome
            })
        );
        assert!(state(&ROWS[..3]).correlations().is_err());
    }
}
