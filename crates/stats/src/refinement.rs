//! Refinement of a least-squares solution on residuals of twice the precision.
//!
//! Polynomials and other predictors that are close to dependent cost the QR
//! decomposition most of its digits. The equations r + A x = y, A'r = 0 for
//! residuals and coefficients together (Björck 1967) are therefore evaluated
//! with products and sums of about 32 digits on the columns as they came, and
//! the decomposition at hand turns what is left into a correction, until
//! nothing is left. It takes a few passes over the rows, so only solutions that
//! need it go through it.

use nalgebra::{DMatrix, DVector, Dyn, QR};

/// Columns, centred and scaled, with their decomposition.
pub(crate) struct Design<'a> {
    pub(crate) y: &'a [f64],
    pub(crate) columns: &'a [&'a [f64]],
    /// Whether there is an intercept; without one all means are 0.
    pub(crate) intercept: bool,
    pub(crate) means: &'a [f64],
    pub(crate) scales: &'a [f64],
    pub(crate) scaled: &'a DMatrix<f64>,
    pub(crate) qr: &'a QR<f64, Dyn, Dyn>,
    pub(crate) r: &'a DMatrix<f64>,
}

/// Coefficients of the columns as they came, and what they leave.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    pub(crate) intercept: f64,
    pub(crate) slopes: Vec<f64>,
    pub(crate) residuals: Vec<f64>,
}

/// Corrections shrink by the condition times 1e-16 each time; ten are plenty.
const MOST_STEPS: usize = 10;

/// Returns the refined solution, or the first one where corrections do not shrink.
pub(crate) fn refine(design: &Design<'_>, first: Solution) -> Solution {
    let mut best = first.clone();
    let mut size_before = f64::INFINITY;
    for _ in 0..MOST_STEPS {
        let Some((next, size)) = correct(design, &best) else {
            return first;
        };
        if size >= 0.5 * size_before {
            // Rounding is all that is left.
            return if size_before < 1e-3 { best } else { first };
        }
        best = next;
        size_before = size;
        if size < f64::EPSILON {
            break;
        }
    }
    best
}

/// Returns a corrected solution and how large the correction was, relative to it.
fn correct(design: &Design<'_>, at: &Solution) -> Option<(Solution, f64)> {
    let n = design.y.len();
    let p = design.columns.len();
    // y - r - A x, and -A'r.
    let mut rest = DVector::zeros(n);
    for (i, (&y, &residual)) in design.y.iter().zip(&at.residuals).enumerate() {
        let mut sum = Twofold::default();
        sum.add(y);
        sum.add(-residual);
        if design.intercept {
            sum.add(-at.intercept);
        }
        for (column, slope) in design.columns.iter().zip(&at.slopes) {
            sum.add_product(-column[i], *slope);
        }
        rest[i] = sum.value();
    }
    let against = |column: &dyn Fn(usize) -> f64| {
        let mut sum = Twofold::default();
        for (i, residual) in at.residuals.iter().enumerate() {
            sum.add_product(-column(i), *residual);
        }
        sum.value()
    };
    let of_constant = if design.intercept {
        against(&|_| 1.0)
    } else {
        0.0
    };
    let of_columns = DVector::from_fn(p, |j, _| {
        let raw = against(&|i| design.columns[j][i]);
        (raw - design.means[j] * of_constant) / design.scales[j]
    });
    let mut rotated = rest.clone();
    design.qr.q_tr_mul(&mut rotated);
    let pulled = design.r.tr_solve_upper_triangular(&of_columns)?;
    let change = design
        .r
        .solve_upper_triangular(&(rotated.rows(0, p) - pulled))?;
    let constant = if design.intercept {
        (rest.sum() - of_constant) / n as f64
    } else {
        0.0
    };
    let slopes: Vec<f64> = (0..p)
        .map(|j| at.slopes[j] + change[j] / design.scales[j])
        .collect();
    let shift: f64 = (0..p)
        .map(|j| design.means[j] * change[j] / design.scales[j])
        .sum();
    let explained = design.scaled * &change;
    let residuals: Vec<f64> = (0..n)
        .map(|i| at.residuals[i] + (rest[i] - constant - explained[i]))
        .collect();
    let next = Solution {
        intercept: at.intercept + constant - shift,
        slopes,
        residuals,
    };
    let length = DVector::from_fn(p, |j, _| next.slopes[j] * design.scales[j]).norm();
    let size = change.norm() / length;
    let is_finite = size.is_finite() && next.residuals.iter().all(|r| r.is_finite());
    is_finite.then_some((next, size))
}

/// A sum of two doubles that do not overlap: about 32 digits.
#[derive(Clone, Copy, Debug, Default)]
struct Twofold {
    high: f64,
    low: f64,
}

impl Twofold {
    fn add(&mut self, term: f64) {
        let sum = self.high + term;
        let virtual_term = sum - self.high;
        let error = (self.high - (sum - virtual_term)) + (term - virtual_term);
        self.high = sum;
        self.low += error;
    }

    fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        self.low += a.mul_add(b, -product);
    }

    fn value(self) -> f64 {
        self.high + self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cancels_is_not_lost() {
        let mut sum = Twofold::default();
        sum.add(1e16);
        sum.add_product(0.1, 0.1);
        sum.add(-1e16);
        let error = (0.1_f64).mul_add(0.1, -(0.1 * 0.1));
        assert_eq!(sum.value(), 0.1 * 0.1 + error);
    }
}
