//! The result of a maximum-likelihood fit, and the minimiser behind it.
//!
//! A likelihood can be flat, or keep rising towards a parameter of zero or
//! infinity. A quasi-Newton method stops there as if it had arrived: on the
//! scale of logarithms the gradient vanishes. The minimum is therefore checked:
//! the gradient must be small, the curvature positive in every direction, and
//! no parameter at the edge of the plausible. What fails keeps its last values
//! and says why.
//!
//! Quasi-Newton steps are basin's (BFGS with a strong Wolfe search); the last
//! digits come from a few Newton steps of our own on the Hessian that the
//! curvature check needs anyway.

use std::convert::Infallible;
use std::fmt;

use basin::{Bfgs, CostFunction, Executor, FirstOrderState, Gradient};
use nalgebra::{DMatrix, DVector};

/// Why a fit stopped where it did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stop {
    /// At a maximum: gradient zero, curvature definite.
    Converged,
    /// The gradient is not zero; the text is the optimiser's reason.
    NotStationary(String),
    /// A parameter runs to zero or infinity: the data do not bound it.
    Unbounded {
        /// Name of the parameter.
        parameter: &'static str,
    },
    /// The likelihood does not fall in some direction: the parameters are not
    /// determined by the data, only some combination of them.
    Flat,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converged => f.write_str("converged"),
            Self::NotStationary(reason) => write!(f, "gradient is not zero: {reason}"),
            Self::Unbounded { parameter } => {
                write!(
                    f,
                    "{parameter} runs to zero or infinity: the data do not bound it"
                )
            }
            Self::Flat => f.write_str("flat likelihood: the data do not determine the parameters"),
        }
    }
}

/// A fitted model with the evidence for or against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<P> {
    /// The parameters, the last ones tried when `converged` is false.
    pub params: P,
    /// Log-likelihood of all rows at `params`.
    pub log_likelihood: f64,
    /// Whether `params` is a maximum.
    pub converged: bool,
    /// Largest component of the gradient of the mean log-likelihood by the
    /// logarithms of the parameters.
    pub gradient_norm: f64,
    /// Iterations of the optimiser.
    pub iterations: u64,
    /// Why it stopped.
    pub stop: Stop,
    /// Number of rows.
    pub n: u64,
}

/// Gradients below this count as zero. The mean log-likelihood is of the order
/// of one, and its rounding error is some 1e-13.
const GRADIENT_TOLERANCE: f64 = 1e-7;

/// Log-parameters beyond this (in scaled units) mean "zero or infinite".
const LOG_BOUND: f64 = 11.5;

/// A smallest curvature below this share of the largest is flat.
const FLAT_CURVATURE: f64 = 1e-9;

pub(crate) struct Minimum {
    pub(crate) point: Vec<f64>,
    pub(crate) cost: f64,
    pub(crate) gradient_norm: f64,
    pub(crate) iterations: u64,
    pub(crate) stop: Stop,
}

struct Objective<'a, F>(&'a F);

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> CostFunction for Objective<'_, F> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Infallible;

    fn cost(&self, point: &Vec<f64>) -> Result<f64, Infallible> {
        Ok((self.0)(point).0)
    }
}

impl<F: Fn(&[f64]) -> (f64, Vec<f64>)> Gradient for Objective<'_, F> {
    type Gradient = Vec<f64>;

    fn gradient(&self, point: &Vec<f64>) -> Result<Vec<f64>, Infallible> {
        Ok((self.0)(point).1)
    }

    fn cost_and_gradient(&self, point: &Vec<f64>) -> Result<(f64, Vec<f64>), Infallible> {
        Ok((self.0)(point))
    }
}

/// Minimises `objective` (value and gradient by the logarithms of `names`'
/// parameters) from `start`.
pub(crate) fn minimize(
    objective: &impl Fn(&[f64]) -> (f64, Vec<f64>),
    start: Vec<f64>,
    names: &[&'static str],
) -> Minimum {
    let solver = Bfgs::new().with_absolute_gradient_tolerance(GRADIENT_TOLERANCE);
    let Ok(result) = Executor::new(Objective(objective), solver, FirstOrderState::new(start))
        .max_iter(300)
        .run();
    let mut point = result.best_param().clone();
    let (mut cost, mut gradient) = objective(&point);
    let mut curvature = hessian(objective, &point);
    for _ in 0..20 {
        if largest(&gradient) <= 1e-3 * GRADIENT_TOLERANCE
            || curvature_ratio(&curvature) < FLAT_CURVATURE
        {
            break;
        }
        let Some(factor) = curvature.clone().cholesky() else {
            break;
        };
        let step = factor.solve(&DVector::from_column_slice(&gradient));
        let candidate: Vec<f64> = point.iter().zip(step.iter()).map(|(p, s)| p - s).collect();
        let (next_cost, next_gradient) = objective(&candidate);
        if !next_cost.is_finite() || largest(&next_gradient) >= largest(&gradient) {
            break;
        }
        point = candidate;
        cost = next_cost;
        gradient = next_gradient;
        curvature = hessian(objective, &point);
    }
    let gradient_norm = largest(&gradient);
    let edge = point
        .iter()
        .position(|value| value.is_nan() || value.abs() >= LOG_BOUND);
    let stop = if let Some(index) = edge {
        Stop::Unbounded {
            parameter: names[index],
        }
    } else if gradient_norm > GRADIENT_TOLERANCE {
        Stop::NotStationary(format!("{:?}", result.report.code()))
    } else if curvature_ratio(&curvature) < FLAT_CURVATURE {
        Stop::Flat
    } else {
        Stop::Converged
    };
    Minimum {
        point,
        cost,
        gradient_norm,
        iterations: result.iter(),
        stop,
    }
}

/// The Hessian by central differences of the gradient, made symmetric.
fn hessian(objective: &impl Fn(&[f64]) -> (f64, Vec<f64>), point: &[f64]) -> DMatrix<f64> {
    let n = point.len();
    let mut matrix = DMatrix::zeros(n, n);
    for i in 0..n {
        let step = 1e-5 * point[i].abs().max(1.0);
        let mut moved = point.to_vec();
        moved[i] = point[i] + step;
        let above = objective(&moved).1;
        moved[i] = point[i] - step;
        let below = objective(&moved).1;
        for j in 0..n {
            matrix[(i, j)] = (above[j] - below[j]) / (2.0 * step);
        }
    }
    (&matrix + matrix.transpose()) * 0.5
}

/// Smallest eigenvalue over the largest; not positive when the matrix is not
/// definite or not finite.
fn curvature_ratio(hessian: &DMatrix<f64>) -> f64 {
    if hessian.iter().any(|value| !value.is_finite()) {
        return -1.0;
    }
    let eigenvalues = hessian.symmetric_eigenvalues();
    let ratio = eigenvalues.min() / eigenvalues.max().abs();
    if ratio.is_nan() { -1.0 } else { ratio }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| {
        // `max` would swallow a NaN.
        if value.is_nan() {
            f64::INFINITY
        } else {
            largest.max(value.abs())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_is_found_to_the_last_digits() {
        let bowl = |x: &[f64]| {
            let (a, b) = (x[0] - 1.0, x[1] + 2.0);
            (
                a.powi(4) + a * a + b * b + a * b,
                vec![4.0 * a.powi(3) + 2.0 * a + b, 2.0 * b + a],
            )
        };
        let minimum = minimize(&bowl, vec![5.0, 5.0], &["a", "b"]);
        assert_eq!(minimum.stop, Stop::Converged);
        assert!((minimum.point[0] - 1.0).abs() < 1e-10);
        assert!((minimum.point[1] + 2.0).abs() < 1e-10);
    }

    #[test]
    fn a_valley_and_a_slope_to_infinity_are_named_and_not_called_converged() {
        let valley = |x: &[f64]| {
            let d = x[0] + x[1] - 3.0;
            (d * d, vec![2.0 * d, 2.0 * d])
        };
        assert_eq!(
            minimize(&valley, vec![0.0, 0.0], &["a", "b"]).stop,
            Stop::Flat
        );
        let slope = |x: &[f64]| {
            (
                (-x[0]).exp() + x[1] * x[1],
                vec![-(-x[0]).exp(), 2.0 * x[1]],
            )
        };
        assert_eq!(
            minimize(&slope, vec![0.0, 1.0], &["a", "b"]).stop,
            Stop::Unbounded { parameter: "a" }
        );
    }
}
