//! Least squares by Householder's QR decomposition, never by the normal
//! equations.
//!
//! Columns are centred on their exactly rounded means and scaled before the
//! decomposition, which is what lets NIST's Longley data keep eleven digits.
//! Where predictors are close to dependent (polynomials), the solution is then
//! refined on residuals of twice the precision, of the columns as they came
//! so that what is lost is what the columns themselves have lost.

use nalgebra::{DMatrix, DVector, Dyn, QR};

use crate::distribution::{f_tail, t_quantile, t_two_sided};
use crate::error::{Column, Result, StatsError, finite, open_unit, ratio};
use crate::exact_sum::ExactSum;
use crate::refinement::{Design, Solution, refine};

/// One estimated coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error; `None` without residual degrees of freedom.
    pub standard_error: Option<f64>,
    /// Estimate over standard error.
    pub t: Option<f64>,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// Lower confidence limit.
    pub low: Option<f64>,
    /// Upper confidence limit.
    pub high: Option<f64>,
    /// Variance inflation through the other predictors; `None` for the
    /// intercept.
    pub vif: Option<f64>,
}

/// A fitted regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Number of rows.
    pub n: usize,
    /// Rows minus coefficients.
    pub df_residual: usize,
    /// Share of the outcome's variance explained; of its square when there is
    /// no intercept.
    pub r_squared: Option<f64>,
    /// The same, corrected for the number of predictors.
    pub adjusted_r_squared: Option<f64>,
    /// Standard deviation of the residuals.
    pub sigma: Option<f64>,
    /// F statistic of all predictors together.
    pub f: Option<f64>,
    /// Its p-value.
    pub f_p: Option<f64>,
    /// The intercept, when there is one.
    pub intercept: Option<Coefficient>,
    /// One coefficient per predictor, in order.
    pub coefficients: Vec<Coefficient>,
    /// Residuals, in the order of the rows.
    pub residuals: Vec<f64>,
}

/// A column whose part orthogonal to those before it is smaller than this share
/// of its length is their combination. Rounding leaves about 1e-15; NIST's
/// Filip, a polynomial of degree ten, about 1e-9.
const SINGULAR: f64 = 1e-11;

/// Predictors whose R⁻¹, of columns of length one, is larger than this lose
/// digits worth a refinement: independent ones have the root of their number.
const ILL_CONDITIONED: f64 = 100.0;

/// Regresses `y` on `columns`.
pub fn linear_regression(
    y: &[f64],
    columns: &[&[f64]],
    intercept: bool,
    confidence: f64,
) -> Result<Regression> {
    open_unit("confidence", confidence)?;
    let (n, p) = (y.len(), columns.len());
    let coefficients = p + usize::from(intercept);
    check_shape(y, columns, coefficients)?;

    let mean = |values: &[f64]| {
        if intercept {
            let sum: ExactSum = values.iter().copied().collect();
            sum.value().map_or(f64::NAN, |sum| sum / n as f64)
        } else {
            0.0
        }
    };
    let y_mean = mean(y);
    let y_centred = DVector::from_iterator(n, y.iter().map(|value| value - y_mean));
    let means: Vec<f64> = columns.iter().map(|column| mean(column)).collect();
    let mut design = DMatrix::from_fn(n, p, |i, j| columns[j][i] - means[j]);
    let scales: Vec<f64> = (0..p).map(|j| design.column(j).norm()).collect();
    for (j, &scale) in scales.iter().enumerate() {
        // A constant column leaves rounding errors of its mean at most.
        let largest = columns[j].iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if scale <= 1e-14 * largest * (n as f64).sqrt() {
            return Err(StatsError::ZeroVariance {
                column: Column::Predictor(j),
            });
        }
        design.column_mut(j).scale_mut(1.0 / scale);
    }
    let total = y_centred.norm_squared();
    let y_largest = y.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if total.sqrt() <= 1e-14 * y_largest * (n as f64).sqrt() {
        return Err(StatsError::ZeroVariance {
            column: Column::Outcome,
        });
    }

    let (slopes, inverse, qr, r) = solve(&design, &y_centred)?;
    let estimates: Vec<f64> = (0..p).map(|j| slopes[j] / scales[j]).collect();
    let level: ExactSum = std::iter::once(y_mean)
        .chain(estimates.iter().zip(&means).map(|(b, m)| -b * m))
        .collect();
    let mut solution = Solution {
        intercept: level.value().unwrap_or(f64::NAN),
        slopes: estimates,
        residuals: (&y_centred - &design * &slopes).data.into(),
    };
    if inverse.norm() > ILL_CONDITIONED {
        let design = Design {
            y,
            columns,
            intercept,
            means: &means,
            scales: &scales,
            scaled: &design,
            qr: &qr,
            r: &r,
        };
        solution = refine(&design, solution);
    }
    let Solution {
        intercept: level,
        slopes: estimates,
        residuals,
    } = solution;
    let residuals = DVector::from_vec(residuals);
    let df_residual = n - coefficients;
    let residual_sum = residuals.norm_squared();
    let variance = ratio(residual_sum, df_residual as f64);
    let quantile = t_quantile(0.5 + 0.5 * confidence, df_residual as f64);

    // The rows of R⁻¹ give the variances: (X'X)⁻¹ = R⁻¹ R⁻ᵀ.
    let finish = |estimate: f64, unscaled: f64, vif: Option<f64>| {
        let standard_error = variance.and_then(|v| finite((v * unscaled).sqrt()));
        let t = standard_error.and_then(|se| ratio(estimate, se));
        let half = standard_error.zip(quantile).map(|(se, q)| se * q);
        Coefficient {
            estimate,
            standard_error,
            t,
            p: t.and_then(|t| t_two_sided(t, df_residual as f64)),
            low: half.and_then(|half| finite(estimate - half)),
            high: half.and_then(|half| finite(estimate + half)),
            vif,
        }
    };
    let fitted: Vec<Coefficient> = (0..p)
        .map(|j| {
            let unscaled = inverse.row(j).norm_squared();
            finish(
                estimates[j],
                unscaled / (scales[j] * scales[j]),
                finite(unscaled),
            )
        })
        .collect();
    let constant = intercept.then(|| {
        let weights = DVector::from_fn(p, |j, _| means[j] / scales[j]);
        let unscaled = 1.0 / n as f64 + (inverse.transpose() * weights).norm_squared();
        finish(level, unscaled, None)
    });

    let r_squared = ratio(residual_sum, total).map(|share| (1.0 - share).clamp(0.0, 1.0));
    let adjusted = r_squared.and_then(|r| {
        finite(1.0 - (1.0 - r) * (n - usize::from(intercept)) as f64 / df_residual as f64)
    });
    let f = variance.and_then(|v| ratio((total - residual_sum) / p as f64, v));
    Ok(Regression {
        n,
        df_residual,
        r_squared,
        adjusted_r_squared: adjusted,
        sigma: variance.map(f64::sqrt),
        f,
        f_p: f.and_then(|f| f_tail(f, p as f64, df_residual as f64)),
        intercept: constant,
        coefficients: fitted,
        residuals: residuals.iter().copied().collect(),
    })
}

fn check_shape(y: &[f64], columns: &[&[f64]], coefficients: usize) -> Result<()> {
    let n = y.len();
    if columns.is_empty() {
        return Err(StatsError::TooFew {
            what: "predictors",
            needed: 1,
            got: 0,
        });
    }
    if n < coefficients {
        return Err(StatsError::TooFew {
            what: "complete rows",
            needed: coefficients,
            got: n,
        });
    }
    if let Some(row) = y.iter().position(|value| !value.is_finite()) {
        return Err(StatsError::NotFinite {
            column: Column::Outcome,
            row,
        });
    }
    for (index, column) in columns.iter().enumerate() {
        if column.len() != n {
            return Err(StatsError::Length {
                argument: "predictors",
                expected: n,
                got: column.len(),
            });
        }
        if let Some(row) = column.iter().position(|value| !value.is_finite()) {
            return Err(StatsError::NotFinite {
                column: Column::Predictor(index),
                row,
            });
        }
    }
    Ok(())
}

/// The coefficients of scaled columns, R⁻¹, the decomposition and R.
type Solved = (DVector<f64>, DMatrix<f64>, QR<f64, Dyn, Dyn>, DMatrix<f64>);

fn solve(design: &DMatrix<f64>, y: &DVector<f64>) -> Result<Solved> {
    let p = design.ncols();
    let qr = design.clone().qr();
    let r = qr.r();
    // Columns have length one, so a diagonal element is the part of a column
    // that is orthogonal to those before it.
    if let Some(j) = (0..p).find(|&j| r[(j, j)].abs() < SINGULAR) {
        return Err(StatsError::Singular {
            column: Column::Predictor(j),
        });
    }
    let project = |values: &DVector<f64>| {
        let mut rotated = values.clone();
        qr.q_tr_mul(&mut rotated);
        r.solve_upper_triangular(&rotated.rows(0, p).into_owned())
    };
    let (Some(first), Some(inverse)) = (
        project(y),
        r.solve_upper_triangular(&DMatrix::identity(p, p)),
    ) else {
        return Err(StatsError::Singular {
            column: Column::Predictor(p - 1),
        });
    };
    let correction = project(&(y - design * &first));
    let slopes = correction.map_or(first.clone(), |c| first + c);
    Ok((slopes, inverse, qr, r))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(actual: f64, expected: f64, relative: f64) {
        assert!(
            (actual / expected - 1.0).abs() <= relative,
            "{actual} is not {expected}"
        );
    }

    // NIST StRD, linear, Longley: certified values.
    #[test]
    fn longley_keeps_ten_digits() {
        let y = [
            60323.0, 61122.0, 60171.0, 61187.0, 63221.0, 63639.0, 64989.0, 63761.0, 66019.0,
            67857.0, 68169.0, 66513.0, 68655.0, 69564.0, 69331.0, 70551.0,
        ];
        let columns: [[f64; 16]; 6] = [
            [
                83.0, 88.5, 88.2, 89.5, 96.2, 98.1, 99.0, 100.0, 101.2, 104.6, 108.4, 110.8, 112.6,
                114.2, 115.7, 116.9,
            ],
            [
                234289.0, 259426.0, 258054.0, 284599.0, 328975.0, 346999.0, 365385.0, 363112.0,
                397469.0, 419180.0, 442769.0, 444546.0, 482704.0, 502601.0, 518173.0, 554894.0,
            ],
            [
                2356.0, 2325.0, 3682.0, 3351.0, 2099.0, 1932.0, 1870.0, 3578.0, 2904.0, 2822.0,
                2936.0, 4681.0, 3813.0, 3931.0, 4806.0, 4007.0,
            ],
            [
                1590.0, 1456.0, 1616.0, 1650.0, 3099.0, 3594.0, 3547.0, 3350.0, 3048.0, 2857.0,
                2798.0, 2637.0, 2552.0, 2514.0, 2572.0, 2827.0,
            ],
            [
                107608.0, 108632.0, 109773.0, 110929.0, 112075.0, 113270.0, 115094.0, 116219.0,
                117388.0, 118734.0, 120445.0, 121950.0, 123366.0, 125368.0, 127852.0, 130081.0,
            ],
            std::array::from_fn(|i| 1947.0 + i as f64),
        ];
        let columns: Vec<&[f64]> = columns.iter().map(|c| c.as_slice()).collect();
        let fit = linear_regression(&y, &columns, true, 0.95).unwrap();
        let certified = [
            (15.061_872_271_373_3, 84.914_925_774_766_9),
            (-0.358_191_792_925_910e-1, 0.334_910_077_722_432e-1),
            (-2.020_229_803_816_83, 0.488_399_681_651_699),
            (-1.033_226_867_173_59, 0.214_274_163_161_675),
            (-0.511_041_056_535_807e-1, 0.226_073_200_069_370),
            (1_829.151_464_613_55, 455.478_499_142_212),
        ];
        for (coefficient, (estimate, error)) in fit.coefficients.iter().zip(certified) {
            close(coefficient.estimate, estimate, 1e-10);
            close(coefficient.standard_error.unwrap(), error, 1e-10);
        }
        let intercept = fit.intercept.unwrap();
        close(intercept.estimate, -3_482_258.634_595_82, 1e-10);
        close(
            intercept.standard_error.unwrap(),
            890_420.383_607_373,
            1e-10,
        );
        close(fit.sigma.unwrap(), 304.854_073_561_965, 1e-11);
        close(fit.r_squared.unwrap(), 0.995_479_004_577_296, 1e-13);
        close(fit.f.unwrap(), 330.285_339_234_588, 1e-10);
        assert_eq!(fit.df_residual, 9);
    }

    // NIST StRD, linear, Wampler1: every coefficient is exactly 1.
    #[test]
    fn wampler1_is_exact() {
        let x: Vec<f64> = (0..21).map(f64::from).collect();
        let powers: Vec<Vec<f64>> = (1..=5)
            .map(|k| x.iter().map(|v| v.powi(k)).collect())
            .collect();
        let y: Vec<f64> = x.iter().map(|v| (0..=5).map(|k| v.powi(k)).sum()).collect();
        let columns: Vec<&[f64]> = powers.iter().map(Vec::as_slice).collect();
        let fit = linear_regression(&y, &columns, true, 0.95).unwrap();
        for coefficient in &fit.coefficients {
            close(coefficient.estimate, 1.0, 1e-8);
        }
        close(fit.intercept.unwrap().estimate, 1.0, 1e-6);
    }

    // NIST StRD, linear, NoInt1: y = 130..140 on x = 60..70 without intercept.
    #[test]
    fn noint1_has_the_certified_slope() {
        let x: Vec<f64> = (60..=70).map(f64::from).collect();
        let y: Vec<f64> = (130..=140).map(f64::from).collect();
        let fit = linear_regression(&y, &[&x], false, 0.95).unwrap();
        close(fit.coefficients[0].estimate, 2.074_380_165_289_26, 1e-13);
        close(
            fit.coefficients[0].standard_error.unwrap(),
            0.165_289_256_198_347e-1,
            1e-12,
        );
        close(fit.sigma.unwrap(), 3.567_530_340_063_38, 1e-12);
        assert!(fit.intercept.is_none());
    }

    #[test]
    fn wrong_shapes_name_the_column() {
        let y = [1.0, 2.0, 4.0, 3.0];
        let x = [0.1, 0.2, 0.3, 0.7];
        let twice = [0.2, 0.4, 0.6, 1.4];
        let refused = |columns: &[&[f64]]| linear_regression(&y, columns, true, 0.95).unwrap_err();
        assert_eq!(
            refused(&[&x, &twice]),
            StatsError::Singular {
                column: Column::Predictor(1)
            }
        );
        assert_eq!(
            refused(&[&x, &[0.1; 4]]),
            StatsError::ZeroVariance {
                column: Column::Predictor(1)
            }
        );
        assert_eq!(
            refused(&[&[0.0, f64::NAN, 1.0, 2.0]]),
            StatsError::NotFinite {
                column: Column::Predictor(0),
                row: 1
            }
        );
        assert_eq!(
            linear_regression(&[0.3; 4], &[&x], true, 0.95).unwrap_err(),
            StatsError::ZeroVariance {
                column: Column::Outcome
            }
        );
        assert!(matches!(refused(&[]), StatsError::TooFew { .. }));
    }

    #[test]
    fn as_many_coefficients_as_rows_have_no_standard_error() {
        let fit = linear_regression(&[1.0, 3.0], &[&[0.0, 1.0]], true, 0.95).unwrap();
        close(fit.coefficients[0].estimate, 2.0, 1e-14);
        assert_eq!(fit.coefficients[0].standard_error, None);
        assert_eq!(fit.sigma, None);
    }
}
