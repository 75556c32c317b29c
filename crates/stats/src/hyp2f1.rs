//! Gauss' hypergeometric function ₂F₁ for real arguments below one.
//!
//! The purchase models need it with a last argument between 0 and 1, where the
//! series converges but, for frequent buyers, only after terms of 1e200. Two
//! classical transformations (Abramowitz & Stegun 15.3.3 and 15.3.4) bring the
//! argument into 0..1 and the exponents to where the terms fall. No crate that
//! is alive offers the function for real parameters at this accuracy.

/// Terms after which the series is given up: 1 - z below about 2e-5.
const MAX_TERMS: u32 = 2_000_000;

/// ₂F₁(a, b; c; z) for z < 1; `None` when c is a pole, z is not below 1, the
/// value overflows or the series is too slow.
#[must_use]
pub fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    if ![a, b, c, z].iter().all(|value| value.is_finite()) || z >= 1.0 {
        return None;
    }
    if c <= 0.0 && c == c.floor() {
        return None;
    }
    let value = if z < 0.0 {
        // Pfaff: z/(z-1) lies in 0..1. Of the two forms take the one whose
        // terms are smaller.
        let w = z / (z - 1.0);
        if (b - c).abs() * a.abs() <= (a - c).abs() * b.abs() {
            (-a * (-z).ln_1p()).exp() * series(a, c - b, c, w)?
        } else {
            (-b * (-z).ln_1p()).exp() * series(c - a, b, c, w)?
        }
    } else if c - a - b < 0.0 {
        // Euler: what diverges at z = 1 becomes a factor.
        ((c - a - b) * (-z).ln_1p()).exp() * series(c - a, c - b, c, z)?
    } else {
        series(a, b, c, z)?
    };
    value.is_finite().then_some(value)
}

fn series(a: f64, b: f64, c: f64, z: f64) -> Option<f64> {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 0..MAX_TERMS {
        let n = f64::from(n);
        let factor = (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        term *= factor;
        sum += term;
        if term == 0.0 {
            return Some(sum);
        }
        // What is left is at most a geometric series once the factors fall.
        if factor.abs() < 1.0 && term.abs() <= 1e-17 * sum.abs() * (1.0 - factor.abs()) {
            return Some(sum);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: Option<f64>, expected: f64) {
        let actual = actual.unwrap();
        assert!(
            (actual / expected - 1.0).abs() < 1e-12,
            "{actual} is not {expected}"
        );
    }

    // Abramowitz & Stegun 15.1.3, 15.1.8 and 15.1.4.
    #[test]
    fn elementary_cases_come_out() {
        for z in [-5.0f64, -0.7, 0.1, 0.6, 0.99] {
            check(hyp2f1(1.0, 1.0, 2.0, z), -(-z).ln_1p() / z);
            check(hyp2f1(0.7, 3.0, 3.0, z), (1.0 - z).powf(-0.7));
        }
        let z = 0.8f64;
        check(hyp2f1(0.5, 1.0, 1.5, z * z), (z.atanh()) / z);
    }

    // mpmath 1.3: hyp2f1 at the same arguments.
    #[test]
    fn the_arguments_of_a_frequent_buyer_come_out() {
        check(hyp2f1(26.2426, 28.4262, 28.2192, 0.6), 33224795027.283325);
        check(
            hyp2f1(0.2425982, 2.4261667, 2.2191566, 0.92),
            2.090222946009304,
        );
        check(hyp2f1(3.0, 4.0, 2.5, -9.0), -7.467051950636982e-05);
    }

    #[test]
    fn poles_and_arguments_from_one_on_have_no_value() {
        assert_eq!(hyp2f1(1.0, 1.0, 0.0, 0.5), None);
        assert_eq!(hyp2f1(1.0, 1.0, 2.0, 1.0), None);
        assert_eq!(hyp2f1(1.0, f64::NAN, 2.0, 0.5), None);
    }
}
