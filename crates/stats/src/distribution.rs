//! Tail probabilities and quantiles of the distributions the tests refer to.
//!
//! The functions themselves are statrs' (incomplete beta and gamma) and libm's
//! (erfc); here they are wrapped so that nothing panics or returns NaN, and so
//! that a small p-value is computed as a tail and not as one minus a number
//! near one.

use libm::erfc;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::{checked_beta_reg, ln_beta};
use statrs::function::gamma::checked_gamma_ur;

use crate::error::finite;

/// P(Z <= z) of the standard normal distribution.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The z with P(Z <= z) = p; `None` unless 0 < p < 1.
#[must_use]
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let z = Normal::new(0.0, 1.0).ok()?.inverse_cdf(p);
    // One Newton step removes what the rational approximation leaves.
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = if p < 0.5 {
        normal_cdf(z) - p
    } else {
        (1.0 - p) - normal_cdf(-z)
    };
    let step = tail / density;
    finite(if step.is_finite() { z - step } else { z })
}

/// Two-sided p-value of a z statistic.
#[must_use]
pub fn normal_two_sided(z: f64) -> Option<f64> {
    finite(erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2))
}

/// Two-sided p-value of a t statistic.
#[must_use]
pub fn t_two_sided(t: f64, df: f64) -> Option<f64> {
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return None;
    }
    if t.is_infinite() {
        return Some(0.0);
    }
    if df.is_infinite() {
        return normal_two_sided(t);
    }
    if df > 1e4 {
        // The continued fraction of the incomplete beta function runs out of
        // terms here; Hill's expansion (1970, CACM algorithm 395) is then
        // accurate to the last digits.
        let a = df - 0.5;
        let b = 48.0 * a * a;
        let square = a * (t * t / df).ln_1p();
        let z = square.sqrt();
        let correction = (((-0.4 * square - 3.3) * square - 24.0) * square - 85.5)
            / (0.8 * square * square + 100.0 + b);
        return normal_two_sided((((correction + square + 3.0) / b) + 1.0) * z);
    }
    finite(checked_beta_reg(0.5 * df, 0.5, df / (df + t * t)).ok()?)
}

/// The t with P(T <= t) = p; `None` unless 0 < p < 1 and df > 0.
///
/// statrs' quantile does not return for large `df`, so this one brackets the
/// root and halves whenever Newton's step would leave the bracket.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0 && df > 0.0) {
        return None;
    }
    if df.is_infinite() {
        return normal_quantile(p);
    }
    if p == 0.5 {
        return Some(0.0);
    }
    let tail = p.min(1.0 - p);
    let mut low = 0.0;
    let mut high = normal_quantile(1.0 - tail)?.max(1.0);
    while 0.5 * t_two_sided(high, df)? > tail {
        low = high;
        high *= 2.0;
        if !high.is_finite() {
            return None;
        }
    }
    let log_constant = 0.5 * df.ln() + ln_beta(0.5 * df, 0.5);
    let mut t = 0.5 * (low + high);
    for _ in 0..200 {
        let excess = 0.5 * t_two_sided(t, df)? - tail;
        if excess > 0.0 {
            low = t;
        } else {
            high = t;
        }
        let log_density = -0.5 * (df + 1.0) * (t * t / df).ln_1p() - log_constant;
        let newton = t + excess / log_density.exp();
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        let step = (next - t).abs();
        t = next;
        if step <= 1e-15 * t {
            break;
        }
    }
    finite(if p < 0.5 { -t } else { t })
}

/// P(X > x) of the chi-square distribution.
#[must_use]
pub fn chi_square_tail(x: f64, df: f64) -> Option<f64> {
    if df.is_nan() || df <= 0.0 || x.is_nan() {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    if x.is_infinite() {
        return Some(0.0);
    }
    finite(checked_gamma_ur(0.5 * df, 0.5 * x).ok()?)
}

/// P(X > x) of the F distribution.
#[must_use]
pub fn f_tail(x: f64, df1: f64, df2: f64) -> Option<f64> {
    if !(df1 > 0.0 && df2 > 0.0) || x.is_nan() {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    if x.is_infinite() {
        return Some(0.0);
    }
    finite(checked_beta_reg(0.5 * df2, 0.5 * df1, df2 / (df2 + df1 * x)).ok()?)
}

/// P(|X - n/2| at least as far as observed) for X ~ Binomial(n, 1/2): the exact
/// sign test of `k` among `n`.
#[must_use]
pub fn binomial_half_two_sided(k: u64, n: u64) -> Option<f64> {
    if k > n {
        return None;
    }
    let low = k.min(n - k);
    if 2 * low == n {
        return Some(1.0);
    }
    // P(X <= low) is a regularised incomplete beta function.
    let tail = checked_beta_reg((n - low) as f64, low as f64 + 1.0, 0.5).ok()?;
    finite((2.0 * tail).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(actual: Option<f64>, expected: f64, relative: f64) {
        let actual = actual.unwrap();
        assert!(
            (actual - expected).abs() <= relative * expected.abs(),
            "{actual} is not {expected}"
        );
    }

    // R: qnorm(c(.975, 1e-10)), pnorm(-8), qt(.975, c(1, 9, 17.776)),
    // pchisq(30.07, 2, lower = FALSE) = exp(-15.035), pf(4, 2, 10, lower = FALSE)
    #[test]
    fn quantiles_and_tails_equal_the_tables() {
        close(normal_quantile(0.975), 1.959_963_984_540_054, 1e-15);
        close(normal_quantile(1e-10), -6.361_340_902_404_056, 1e-14);
        close(Some(normal_cdf(-8.0)), 6.220_960_574_271_785e-16, 1e-11);
        close(t_quantile(0.975, 1.0), 12.706_204_736_174_71, 1e-12);
        close(t_quantile(0.975, 9.0), 2.262_157_162_798_205, 1e-12);
        close(t_quantile(0.025, 9.0), -2.262_157_162_798_205, 1e-12);
        // z + (z^3 + z) / (4 df): the next term is of the order df^-2.
        close(
            t_quantile(0.975, 1e9),
            1.959_963_984_540_054 + 2.372_27e-9,
            1e-14,
        );
        close(t_quantile(0.975, 17.776), 2.102_821_310_380_22, 1e-12);
        close(chi_square_tail(30.07, 2.0), (-15.035f64).exp(), 1e-12);
        // For df1 = 2 the tail is (1 + x df1/df2)^(-df2/2).
        close(f_tail(4.0, 2.0, 10.0), 1.8f64.powi(-5), 1e-12);
    }

    #[test]
    fn tails_far_out_are_small_numbers_and_not_zero() {
        // For df = 1 the tail is 2/pi atan(1/t).
        close(
            t_two_sided(1e8, 1.0),
            1e-8 * std::f64::consts::FRAC_2_PI,
            1e-13,
        );
        // erfc(20 / sqrt 2), by mpmath.
        close(normal_two_sided(20.0), 5.507_248_237_212_467e-89, 1e-12);
    }

    #[test]
    fn both_routes_to_a_t_tail_agree_where_they_meet() {
        for t in [0.1, 1.0, 2.0, 5.0, 12.0] {
            let below = t_two_sided(t, 1e4).unwrap();
            let above = t_two_sided(t, 1e4 + 1e-6).unwrap();
            assert!((below / above - 1.0).abs() < 1e-9, "{t}: {below} {above}");
        }
    }

    #[test]
    fn the_sign_test_equals_the_sum_of_binomial_terms() {
        // 2 * (1 + 10 + 45) / 1024
        close(binomial_half_two_sided(2, 10), 112.0 / 1024.0, 1e-13);
        close(binomial_half_two_sided(8, 10), 112.0 / 1024.0, 1e-13);
        close(binomial_half_two_sided(0, 4), 2.0 / 16.0, 1e-13);
        assert_eq!(binomial_half_two_sided(5, 10), Some(1.0));
        assert_eq!(binomial_half_two_sided(3, 2), None);
    }

    #[test]
    fn nothing_is_defined_outside_the_ranges() {
        assert_eq!(normal_quantile(0.0), None);
        assert_eq!(t_quantile(0.5, -1.0), None);
        assert_eq!(t_two_sided(f64::NAN, 3.0), None);
        assert_eq!(chi_square_tail(1.0, 0.0), None);
    }
}
