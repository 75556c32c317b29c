//! A sum of doubles that does not depend on the order of its terms.
//!
//! Partitions are summed in whatever order threads finish, and a report must
//! come out with the same bytes every time. The sum is therefore kept exactly,
//! as a few doubles that do not overlap (Shewchuk 1997, "Adaptive precision
//! floating-point arithmetic"), and rounded once, at the end. Squares and
//! products enter exactly too, so that the variance of large numbers that
//! differ little loses nothing to cancellation.
//!
//! Sums whose exact value leaves the range of a double are not supported: such
//! a sum reports `None`.

/// An exact, mergeable sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExactSum {
    // Non-overlapping, by increasing magnitude, without zeros. Rarely longer
    // than four.
    parts: Vec<f64>,
    // A NaN, an infinity or an overflow came in: the sum is undefined.
    undefined: bool,
}

impl ExactSum {
    /// An empty sum, 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one term.
    pub fn add(&mut self, term: f64) {
        if !term.is_finite() {
            self.undefined = true;
            return;
        }
        let mut x = term;
        let mut kept = 0;
        for i in 0..self.parts.len() {
            let (high, low) = two_sum(x, self.parts[i]);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.parts.truncate(kept);
        if x.is_finite() {
            if x != 0.0 {
                self.parts.push(x);
            }
        } else {
            self.undefined = true;
        }
    }

    /// Adds `a * b` without rounding the product.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        if product.is_finite() {
            self.add(a.mul_add(b, -product));
        }
    }

    /// Adds every term of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.undefined |= other.undefined;
        for &part in &other.parts {
            self.add(part);
        }
    }

    /// The product of two sums, exactly.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut product = Self {
            parts: Vec::new(),
            undefined: self.undefined || other.undefined,
        };
        for &a in &self.parts {
            for &b in &other.parts {
                product.add_product(a, b);
            }
        }
        product
    }

    /// The sum multiplied by a number, exactly.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let mut one = Self::new();
        one.add(factor);
        self.times(&one)
    }

    /// The difference of two sums, exactly.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        difference.undefined |= other.undefined;
        for &part in &other.parts {
            difference.add(-part);
        }
        difference
    }

    /// The sum rounded once to the nearest double; `None` when a term was not
    /// finite or the sum overflowed.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        if self.undefined {
            return None;
        }
        let mut rest = self.parts.iter().rev().copied();
        let Some(mut high) = rest.next() else {
            return Some(0.0);
        };
        let mut low = 0.0;
        for part in rest.by_ref() {
            (high, low) = two_sum(high, part);
            if low != 0.0 {
                break;
            }
        }
        // Exactly half a unit in the last place: the next part decides which
        // way "nearest" is, as in Python's `fsum`.
        if low != 0.0
            && let Some(next) = rest.next()
            && (low < 0.0) == (next < 0.0)
        {
            let doubled = low * 2.0;
            let candidate = high + doubled;
            if candidate - high == doubled {
                high = candidate;
            }
        }
        Some(high)
    }

    /// The state for shipping between partitions: the parts, and NaN behind
    /// them when the sum is undefined.
    #[must_use]
    pub fn to_parts(&self) -> Vec<f64> {
        let mut parts = self.parts.clone();
        if self.undefined {
            parts.push(f64::NAN);
        }
        parts
    }

    /// Rebuilds a sum from [`to_parts`](Self::to_parts).
    #[must_use]
    pub fn from_parts(parts: &[f64]) -> Self {
        parts.iter().copied().collect()
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::new();
        for term in terms {
            sum.add(term);
        }
        sum
    }
}

/// The rounded sum of two doubles and its rounding error, exactly (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a - a_part) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_terms_survive_large_ones() {
        let sum: ExactSum = [1e100, 1.0, -1e100, 1e-30].into_iter().collect();
        assert_eq!(sum.value(), Some(1.0));
    }

    // The half-way case of Python's test_math.py (testFsum).
    #[test]
    fn ties_round_as_if_all_digits_were_known() {
        let sum: ExactSum = [1e16, 1.0, 1e-16].into_iter().collect();
        assert_eq!(sum.value(), Some(1e16 + 2.0));
        let sum: ExactSum = [
            1e16 - 2.0,
            1.0 - 2f64.powi(-53),
            -(1e16 - 2.0),
            -(1.0 - 2f64.powi(-53)),
        ]
        .into_iter()
        .collect();
        assert_eq!(sum.value(), Some(0.0));
    }

    #[test]
    fn an_infinite_term_makes_the_sum_undefined_and_stays_so_after_shipping() {
        let sum: ExactSum = [1.0, f64::INFINITY].into_iter().collect();
        assert_eq!(sum.value(), None);
        assert_eq!(ExactSum::from_parts(&sum.to_parts()).value(), None);
        let mut merged = ExactSum::new();
        merged.merge(&sum);
        assert_eq!(merged.value(), None);
    }

    #[test]
    fn products_are_exact() {
        let x = 1.0 + f64::EPSILON;
        let mut sum = ExactSum::new();
        sum.add_product(x, x);
        sum.add(-1.0);
        sum.add(-2.0 * f64::EPSILON);
        assert_eq!(sum.value(), Some(f64::EPSILON * f64::EPSILON));
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_gives_the_same_bits(
            terms in prop::collection::vec(-1e12f64..1e12, 0..60),
            cut in 0usize..60,
        ) {
            let forward: ExactSum = terms.iter().copied().collect();
            let backward: ExactSum = terms.iter().rev().copied().collect();
            let cut = cut.min(terms.len());
            let mut merged: ExactSum = terms[cut..].iter().copied().collect();
            merged.merge(&terms[..cut].iter().copied().collect());
            let shipped = ExactSum::from_parts(&merged.to_parts());
            let bits = |sum: &ExactSum| sum.value().map(f64::to_bits);
            prop_assert_eq!(bits(&forward), bits(&backward));
            prop_assert_eq!(bits(&forward), bits(&shipped));
        }
    }
}
