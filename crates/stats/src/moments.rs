//! Counts, means, variances and covariances as sums that merge exactly.
//!
//! The variance is `(n Σx² - (Σx)²) / (n (n - 1))`, a formula that is useless in
//! rounded arithmetic and right in the exact one of [`ExactSum`].

use crate::error::{Result, StatsError, ratio};
use crate::exact_sum::ExactSum;

/// `n`, `Σx` and `Σx²` of one variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    n: u64,
    sum: ExactSum,
    sum_squares: ExactSum,
}

impl Moments {
    /// No values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one value.
    pub fn update(&mut self, x: f64) {
        self.n += 1;
        self.sum.add(x);
        self.sum_squares.add_product(x, x);
    }

    /// Counts the values of another state.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.sum.merge(&other.sum);
        self.sum_squares.merge(&other.sum_squares);
    }

    /// A state from sums computed elsewhere, with the divisor `n - 1` in mind.
    pub fn from_sums(n: u64, sum: f64, sum_squares: f64) -> Result<Self> {
        if !(sum.is_finite() && sum_squares.is_finite() && sum_squares >= 0.0) {
            return Err(StatsError::argument(
                "sum_squares",
                "and sum must be finite, and sum_squares not negative",
            ));
        }
        Ok(Self {
            n,
            sum: std::iter::once(sum).collect(),
            sum_squares: std::iter::once(sum_squares).collect(),
        })
    }

    /// A state that stands for `successes` ones and `n - successes` zeros.
    #[must_use]
    pub fn from_proportion(successes: u64, n: u64) -> Self {
        let sum: ExactSum = std::iter::once(successes as f64).collect();
        Self {
            n,
            sum_squares: sum.clone(),
            sum,
        }
    }

    /// Number of values.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Sum of the values.
    #[must_use]
    pub fn sum(&self) -> Option<f64> {
        self.sum.value()
    }

    /// Arithmetic mean; `None` without values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        ratio(self.sum.value()?, self.n as f64)
    }

    /// Sum of squared deviations from the mean.
    #[must_use]
    pub fn sum_squared_deviations(&self) -> Option<f64> {
        let n = self.n as f64;
        let spread = self
            .sum_squares
            .scaled(n)
            .minus(&self.sum.times(&self.sum))
            .value()?;
        // Sums handed in from outside may be rounded so that the spread of
        // constant data comes out just below zero.
        ratio(spread.max(0.0), n)
    }

    /// Variance with divisor `n - 1`; `None` below two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        if self.n < 2 {
            return None;
        }
        ratio(self.sum_squared_deviations()?, (self.n - 1) as f64)
    }

    /// Sample standard deviation.
    #[must_use]
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Memory held on the heap, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.sum.heap_bytes() + self.sum_squares.heap_bytes()
    }

    /// The three numbers of the state, for shipping: count, parts of the sum,
    /// parts of the sum of squares.
    #[must_use]
    pub fn to_parts(&self) -> (u64, Vec<f64>, Vec<f64>) {
        (self.n, self.sum.to_parts(), self.sum_squares.to_parts())
    }

    /// Rebuilds a state from [`to_parts`](Self::to_parts).
    #[must_use]
    pub fn from_parts(n: u64, sum: &[f64], sum_squares: &[f64]) -> Self {
        Self {
            n,
            sum: ExactSum::from_parts(sum),
            sum_squares: ExactSum::from_parts(sum_squares),
        }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::new();
        for x in values {
            moments.update(x);
        }
        moments
    }
}

/// The moments of two variables and `Σxy`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoMoments {
    x: Moments,
    y: Moments,
    sum_products: ExactSum,
}

impl CoMoments {
    /// No pairs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one pair.
    pub fn update(&mut self, x: f64, y: f64) {
        self.x.update(x);
        self.y.update(y);
        self.sum_products.add_product(x, y);
    }

    /// Counts the pairs of another state.
    pub fn merge(&mut self, other: &Self) {
        self.x.merge(&other.x);
        self.y.merge(&other.y);
        self.sum_products.merge(&other.sum_products);
    }

    /// Number of pairs.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.x.n
    }

    /// The first variable alone.
    #[must_use]
    pub fn x(&self) -> &Moments {
        &self.x
    }

    /// The second variable alone.
    #[must_use]
    pub fn y(&self) -> &Moments {
        &self.y
    }

    /// Sum of products of deviations from the means.
    #[must_use]
    pub fn sum_products_of_deviations(&self) -> Option<f64> {
        let n = self.x.n as f64;
        let spread = self
            .sum_products
            .scaled(n)
            .minus(&self.x.sum.times(&self.y.sum))
            .value()?;
        ratio(spread, n)
    }

    /// Covariance with divisor `n - 1`; `None` below two pairs.
    #[must_use]
    pub fn covariance(&self) -> Option<f64> {
        if self.n() < 2 {
            return None;
        }
        ratio(self.sum_products_of_deviations()?, (self.n() - 1) as f64)
    }

    /// Pearson's correlation; `None` below two pairs or when a variable does
    /// not vary.
    #[must_use]
    pub fn correlation(&self) -> Option<f64> {
        if self.n() < 2 {
            return None;
        }
        let sxx = self.x.sum_squared_deviations()?;
        let syy = self.y.sum_squared_deviations()?;
        // One root of the product keeps 1/2 exactly 1/2; two roots where the
        // product would leave the range.
        let product = sxx * syy;
        let spread = if product.is_normal() {
            product.sqrt()
        } else {
            sxx.sqrt() * syy.sqrt()
        };
        let r = ratio(self.sum_products_of_deviations()?, spread)?;
        Some(r.clamp(-1.0, 1.0))
    }

    /// Memory held on the heap, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.x.heap_bytes() + self.y.heap_bytes() + self.sum_products.heap_bytes()
    }

    /// The state for shipping: both variables and the parts of `Σxy`.
    #[must_use]
    pub fn to_parts(&self) -> (&Moments, &Moments, Vec<f64>) {
        (&self.x, &self.y, self.sum_products.to_parts())
    }

    /// Rebuilds a state from [`to_parts`](Self::to_parts).
    #[must_use]
    pub fn from_parts(x: Moments, y: Moments, sum_products: &[f64]) -> Self {
        Self {
            x,
            y,
            sum_products: ExactSum::from_parts(sum_products),
        }
    }
}

impl FromIterator<(f64, f64)> for CoMoments {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        let mut moments = Self::new();
        for (x, y) in pairs {
            moments.update(x, y);
        }
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // NIST StRD, univariate, NumAcc4: mean 10000000.2, standard deviation 0.1.
    #[test]
    fn nist_numacc4_keeps_all_digits() {
        let mut values = vec![10_000_000.2];
        for _ in 0..500 {
            values.push(10_000_000.1);
            values.push(10_000_000.3);
        }
        let moments: Moments = values.into_iter().collect();
        assert_eq!(moments.n(), 1001);
        assert!((moments.mean().unwrap() - 10_000_000.2).abs() < 1e-8);
        // The inputs themselves are rounded to 2e-9.
        assert!((moments.standard_deviation().unwrap() - 0.1).abs() < 1e-8);
    }

    #[test]
    fn empty_and_single_states_have_no_variance() {
        assert_eq!(Moments::new().mean(), None);
        assert_eq!(Moments::new().variance(), None);
        let one: Moments = [3.0].into_iter().collect();
        assert_eq!(one.mean(), Some(3.0));
        assert_eq!(one.variance(), None);
        let constant: CoMoments = [(1.0, 2.0), (1.0, 5.0)].into_iter().collect();
        assert_eq!(constant.correlation(), None);
    }

    #[test]
    fn a_shipped_and_merged_state_equals_the_state_of_all_rows() {
        let pairs = [(0.1, 7.0), (0.2, -3.0), (1e9, 0.3), (4.0, 4.0)];
        let all: CoMoments = pairs.into_iter().collect();
        let mut merged: CoMoments = pairs[2..].iter().copied().collect();
        merged.merge(&pairs[..2].iter().copied().collect());
        let (x, y, products) = merged.to_parts();
        let shipped = CoMoments::from_parts(x.clone(), y.clone(), &products);
        assert_eq!(all.covariance(), shipped.covariance());
        assert_eq!(all.correlation(), shipped.correlation());
        let (n, sum, squares) = all.x().to_parts();
        assert_eq!(
            Moments::from_parts(n, &sum, &squares).variance(),
            all.x().variance()
        );
    }
}
