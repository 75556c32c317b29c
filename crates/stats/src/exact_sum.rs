//! A sum of doubles that does not depend on the order of its terms.
//!
//! Partitions are summed in whatever order threads finish, and a report must
//! come out with the same bytes every time. The sum is therefore kept exactly,
//! as a few doubles that do not overlap (Shewchuk 1997, "Adaptive precision
//! floating-point arithmetic") and, once there are many terms, as one long
//! fixed-point number; it is rounded once, at the end. Squares and
//! products enter exactly too, so that the variance of large numbers that
//! differ little loses nothing to cancellation.
//!
//! Sums whose exact value leaves the range of a double are not supported: such
//! a sum reports `None`.
//!
//! `aftersight-functions` has another sum without order, `BinnedSum`, for plain
//! totals: 64 bytes whatever comes, without a heap. It drops what lies more than
//! 128 bits below the largest term, so the products and differences made of these
//! sums cannot be made of it; this one grows to 600 bytes, so the totals of a
//! million groups are not kept in it.

/// Terms after which a sum moves from a few doubles to [`Wide`]. Most groups of
/// a query are small, and 500 bytes for each of their sums would be a waste.
const FEW_TERMS: u32 = 48;

/// An exact, mergeable sum.
#[derive(Clone, Debug, Default)]
pub struct ExactSum {
    // Non-overlapping, by increasing magnitude, without zeros.
    parts: Vec<f64>,
    terms: u32,
    // Where the terms go once there are many; `parts` then stays empty.
    wide: Option<Box<Wide>>,
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
        if let Some(wide) = &mut self.wide {
            wide.add(term);
            return;
        }
        self.terms += 1;
        if self.terms > FEW_TERMS {
            let mut wide = Box::new(Wide::new());
            for part in self.parts.drain(..) {
                wide.add(part);
            }
            wide.add(term);
            self.wide = Some(wide);
        } else if !grow(&mut self.parts, term) {
            self.undefined = true;
        }
    }

    /// The sum as doubles that do not overlap, by increasing magnitude.
    fn exact_parts(&self) -> Vec<f64> {
        self.wide
            .as_ref()
            .map_or_else(|| self.parts.clone(), |wide| wide.parts())
    }

    /// Adds `a * b` without rounding the product.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        if product.is_finite() {
            let error = a.mul_add(b, -product);
            // Whole numbers multiply without error.
            if error != 0.0 {
                self.add(error);
            }
        }
    }

    /// Adds every term of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.undefined |= other.undefined;
        for part in other.exact_parts() {
            self.add(part);
        }
    }

    /// The product of two sums, exactly.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut product = Self {
            undefined: self.undefined || other.undefined,
            ..Self::new()
        };
        let others = other.exact_parts();
        for a in self.exact_parts() {
            for &b in &others {
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
        for part in other.exact_parts() {
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
        let parts = self.exact_parts();
        let mut rest = parts.iter().rev().copied();
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
        high.is_finite().then_some(high)
    }

    /// Memory held on the heap, in bytes.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let wide = if self.wide.is_some() {
            size_of::<Wide>()
        } else {
            0
        };
        self.parts.capacity() * size_of::<f64>() + wide
    }

    /// The state for shipping between partitions: the parts, and NaN behind
    /// them when the sum is undefined.
    #[must_use]
    pub fn to_parts(&self) -> Vec<f64> {
        let mut parts = self.exact_parts();
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

/// Two sums are equal when their exact values are, however they are kept.
impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        self.undefined == other.undefined
            && (self.undefined || self.minus(other).exact_parts().is_empty())
    }
}

/// Adds a term to doubles that do not overlap; false when that overflows.
fn grow(parts: &mut Vec<f64>, term: f64) -> bool {
    let mut x = term;
    let mut kept = 0;
    for i in 0..parts.len() {
        let (high, low) = two_sum(x, parts[i]);
        if low != 0.0 {
            parts[kept] = low;
            kept += 1;
        }
        x = high;
    }
    parts.truncate(kept);
    if x != 0.0 {
        parts.push(x);
    }
    x.is_finite()
}

/// A fixed-point number that holds any sum of doubles (after Neal 2015, "Fast
/// exact summation using small and large superaccumulators"): digit i counts
/// 2^(32 i - 1075), and has 64 bits so that carries can wait.
#[derive(Clone, Debug)]
struct Wide {
    digits: [i64; Wide::DIGITS],
    // Terms since carries were last passed on.
    waiting: u32,
}

impl Wide {
    // Exponents 1..=2046 start in digits 0..=63 and reach one further; two more
    // take the carries and the sign.
    const DIGITS: usize = 67;
    // A term adds less than 2^53 to a digit, which holds 2^63.
    const PATIENCE: u32 = 1000;

    fn new() -> Self {
        Self {
            digits: [0; Self::DIGITS],
            waiting: 0,
        }
    }

    fn add(&mut self, term: f64) {
        let bits = term.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) = match (bits >> 52) & 0x7ff {
            0 => (fraction, 1),
            exponent => (fraction | 1 << 52, exponent),
        };
        let digit = (exponent >> 5) as usize;
        let offset = exponent & 31;
        let low = ((mantissa << offset) & 0xffff_ffff) as i64;
        let high = (mantissa >> (32 - offset)) as i64;
        if bits >> 63 == 0 {
            self.digits[digit] += low;
            self.digits[digit + 1] += high;
        } else {
            self.digits[digit] -= low;
            self.digits[digit + 1] -= high;
        }
        self.waiting += 1;
        if self.waiting >= Self::PATIENCE {
            self.carry();
        }
    }

    /// Brings every digit but the last into 0..2^32.
    fn carry(&mut self) {
        for i in 0..Self::DIGITS - 1 {
            let over = self.digits[i] >> 32;
            self.digits[i] -= over << 32;
            self.digits[i + 1] += over;
        }
        self.waiting = 0;
    }

    fn parts(&self) -> Vec<f64> {
        let mut whole = self.clone();
        whole.carry();
        let negative = whole.digits[Self::DIGITS - 1] < 0;
        if negative {
            // Of a negative number all digits but the last are complements;
            // its opposite has short digits again.
            for digit in &mut whole.digits {
                *digit = -*digit;
            }
            whole.carry();
        }
        let mut parts = Vec::new();
        for (i, &digit) in whole.digits.iter().enumerate() {
            if digit != 0 {
                // In two steps, because 2^-1075 is no double. The lowest digit
                // is even, so nothing is lost.
                let exponent = 32 * i as i32 - 1075;
                let half = exponent / 2;
                let value = digit as f64 * 2f64.powi(half) * 2f64.powi(exponent - half);
                grow(&mut parts, if negative { -value } else { value });
            }
        }
        parts
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
    fn many_terms_from_the_smallest_to_the_largest_cancel_to_the_last_bit() {
        let mut sum = ExactSum::new();
        for _ in 0..5000 {
            sum.add(f64::MIN_POSITIVE / 4.0);
            sum.add(-1e300);
            sum.add(0.1);
        }
        for _ in 0..5000 {
            sum.add(1e300);
            sum.add(-0.1);
        }
        assert_eq!(sum.value(), Some(5000.0 * (f64::MIN_POSITIVE / 4.0)));
        let mut negative = ExactSum::new();
        for _ in 0..5000 {
            negative.add(-0.1);
        }
        negative.merge(&sum);
        assert!((negative.value().unwrap() + 500.0).abs() < 1e-9);
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
            mantissas in prop::collection::vec(-1f64..1.0, 0..150),
            exponents in prop::collection::vec(-60i32..60, 150),
            cut in 0usize..150,
        ) {
            let terms: Vec<f64> =
                mantissas.iter().zip(&exponents).map(|(m, e)| m * 2f64.powi(*e)).collect();
            let forward: ExactSum = terms.iter().copied().collect();
            let backward: ExactSum = terms.iter().rev().copied().collect();
            let cut = cut.min(terms.len());
            let mut merged: ExactSum = terms[cut..].iter().copied().collect();
            merged.merge(&terms[..cut].iter().copied().collect());
            let shipped = ExactSum::from_parts(&merged.to_parts());
            let bits = |sum: &ExactSum| sum.value().map(f64::to_bits);
            prop_assert_eq!(bits(&forward), bits(&backward));
            prop_assert_eq!(bits(&forward), bits(&shipped));
            // The second route: never leaving the few doubles.
            let mut parts = Vec::new();
            for term in &terms {
                grow(&mut parts, *term);
            }
            let slow = ExactSum { parts, ..ExactSum::new() };
            prop_assert_eq!(bits(&forward), bits(&slow));
            prop_assert_eq!(&forward, &slow);
        }
    }
}
