//! Confidence intervals of a proportion.

use statrs::function::gamma::ln_gamma;

use crate::kernel::normal::two_sided_z;

/// How to build an interval around a proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Wilson,
    AgrestiCoull,
    ClopperPearson,
    Wald,
}

/// The names of the methods in SQL, the default first.
pub(crate) const METHODS: [(&str, Method); 4] = [
    ("wilson", Method::Wilson),
    ("agresti_coull", Method::AgrestiCoull),
    ("clopper_pearson", Method::ClopperPearson),
    ("wald", Method::Wald),
];

/// Builds intervals of one method and level; what depends on the level alone is computed once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    method: Method,
    level: f64,
    z: f64,
}

impl Interval {
    pub(crate) fn new(method: Method, level: f64) -> Self {
        Self {
            method,
            level,
            z: two_sided_z(level),
        }
    }

    /// Returns the interval of `successes` of `n`, cut to 0..1.
    ///
    /// Nothing for no trials, and for counts that are none: negative, or more successes than trials.
    pub(crate) fn of(&self, successes: f64, n: f64) -> Option<(f64, f64)> {
        if !(n > 0.0 && n.is_finite() && (0.0..=n).contains(&successes)) {
            return None;
        }
        let (lower, upper) = match self.method {
            Method::Wilson => self.wilson(successes, n),
            Method::AgrestiCoull => {
                let added_n = n + self.z * self.z;
                self.wald(successes + self.z * self.z / 2.0, added_n)
            }
            Method::ClopperPearson => {
                let tail = (1.0 - self.level) / 2.0;
                (
                    exact_lower(successes, n, tail),
                    1.0 - exact_lower(n - successes, n, tail),
                )
            }
            Method::Wald => self.wald(successes, n),
        };
        let both_finite = lower.is_finite() && upper.is_finite();
        both_finite.then(|| (lower.clamp(0.0, 1.0), upper.clamp(0.0, 1.0)))
    }

    fn wald(&self, successes: f64, n: f64) -> (f64, f64) {
        let p = successes / n;
        let half_width = self.z * (p * (1.0 - p) / n).sqrt();
        (p - half_width, p + half_width)
    }

    /// Wilson 1927. The bounds at 0 and n are 0 and 1, which rounding would miss by a hair.
    fn wilson(&self, successes: f64, n: f64) -> (f64, f64) {
        let z2 = self.z * self.z;
        let centre = (successes + z2 / 2.0) / (n + z2);
        let spread = successes * (n - successes) / n + z2 / 4.0;
        let half_width = self.z * spread.sqrt() / (n + z2);
        let lower = if successes == 0.0 {
            0.0
        } else {
            centre - half_width
        };
        let upper = if successes == n {
            1.0
        } else {
            centre + half_width
        };
        (lower, upper)
    }
}

/// Returns the proportion under which `successes` or more of `n` have probability `tail`.
fn exact_lower(successes: f64, n: f64, tail: f64) -> f64 {
    if successes == 0.0 {
        return 0.0;
    }
    beta_quantile(tail, successes, n - successes + 1.0)
}

/// Returns x with I_x(a, b) = p, by Newton steps kept inside a shrinking bracket.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    let log_scale = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    // Bisection alone would need some 60 steps for any answer.
    for _ in 0..200 {
        let excess = beta_cdf(x, a, b) - p;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() + log_scale).exp();
        let step = x - excess / density;
        let next = if step > low && step < high {
            step
        } else {
            f64::midpoint(low, high)
        };
        if (next - x).abs() <= 1e-15 * x {
            return next;
        }
        x = next;
    }
    x
}

/// Returns the regularised incomplete beta function I_x(a, b).
///
/// statrs stops its continued fraction after 140 terms, too few for counts
/// beyond some ten thousand; this one stops when it has converged.
fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_front = a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    // The fraction converges fast on one side of the mean; the other follows by symmetry.
    if x < (a + 1.0) / (a + b + 2.0) {
        log_front.exp() * continued_fraction(x, a, b) / a
    } else {
        1.0 - log_front.exp() * continued_fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function, by the modified Lentz method.
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    // Replaces a denominator of zero, which the method cannot divide by.
    const TINY: f64 = 1e-300;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    // About sqrt(max(a, b)) terms are needed; the limit is there for NaN.
    let limit = 1000 + 20 * a.max(b).sqrt() as u64;
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..limit {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / nonzero(1.0 + term * d);
            c = nonzero(1.0 + term / c);
            change *= c * d;
        }
        fraction *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, (successes, n): (f64, f64), expected: (f64, f64)) {
        let got = Interval::new(method, 0.95).of(successes, n).unwrap();
        let error = (got.0 - expected.0).abs().max((got.1 - expected.1).abs());
        assert!(error < 1e-9, "{method:?} {successes}/{n}: {got:?}");
    }

    /// R binom.confint, as stored in the tests of statsmodels 0.15 (results_proportion.py).
    #[test]
    fn intervals_agree_with_r_binom_confint() {
        use Method::{AgrestiCoull, ClopperPearson, Wald, Wilson};
        check(
            Wilson,
            (18.0, 20.0),
            (0.698_966_354_771_512_8, 0.972_133_518_786_232),
        );
        check(
            AgrestiCoull,
            (18.0, 20.0),
            (0.686_756_112_559_607_7, 0.984_343_760_998_137),
        );
        check(
            ClopperPearson,
            (18.0, 20.0),
            (0.683_017_285_980_917_6, 0.987_651_472_829_705_2),
        );
        check(
            Wilson,
            (4.0, 200.0),
            (0.007_804_426_416_349_47, 0.050_287_086_905_826_43),
        );
        check(
            ClopperPearson,
            (4.0, 200.0),
            (0.005_475_565_879_556_443, 0.050_413_609_089_896_34),
        );
        check(
            Wald,
            (4.0, 20.0),
            (0.024_695_491_884_683_7, 0.375_304_508_115_316_3),
        );
    }

    /// The definition: at the bounds the binomial tail is 2.5 %.
    #[test]
    fn exact_bounds_leave_the_promised_tails() {
        for (successes, n) in [(1, 1), (3, 7), (19, 20), (40, 150)] {
            let interval = Interval::new(Method::ClopperPearson, 0.95);
            let (lower, upper) = interval.of(f64::from(successes), f64::from(n)).unwrap();
            let at_least: f64 = (successes..=n).map(|k| binomial(k, n, lower)).sum();
            assert!((at_least - 0.025).abs() < 1e-12, "{successes}/{n}");
            if successes < n {
                let at_most: f64 = (0..=successes).map(|k| binomial(k, n, upper)).sum();
                assert!((at_most - 0.025).abs() < 1e-12, "{successes}/{n}");
            }
        }
    }

    fn binomial(k: i32, n: i32, p: f64) -> f64 {
        let ways: f64 = (0..k)
            .map(|i| f64::from(n - i) / f64::from(i + 1))
            .product();
        ways * p.powi(k) * (1.0 - p).powi(n - k)
    }

    /// With many trials all methods meet; the exact one must not lose its way.
    #[test]
    fn a_million_trials_leave_no_room_for_disagreement() {
        let (successes, n) = (300_000.0, 1_000_000.0);
        let wilson = Interval::new(Method::Wilson, 0.95)
            .of(successes, n)
            .unwrap();
        let exact = Interval::new(Method::ClopperPearson, 0.95)
            .of(successes, n)
            .unwrap();
        assert!((wilson.0 - exact.0).abs() < 2e-6, "{wilson:?} {exact:?}");
        assert!((wilson.1 - exact.1).abs() < 2e-6, "{wilson:?} {exact:?}");
    }

    #[test]
    fn all_and_none_reach_the_ends_of_the_scale() {
        for (name, method) in METHODS {
            let interval = Interval::new(method, 0.95);
            assert_eq!(interval.of(0.0, 8.0).unwrap().0, 0.0, "{name}");
            assert_eq!(interval.of(8.0, 8.0).unwrap().1, 1.0, "{name}");
        }
    }

    #[test]
    fn what_is_no_count_has_no_interval() {
        let interval = Interval::new(Method::Wilson, 0.95);
        for (successes, n) in [(0.0, 0.0), (3.0, 2.0), (-1.0, 2.0), (1.0, f64::INFINITY)] {
            assert_eq!(interval.of(successes, n), None);
        }
    }
}
