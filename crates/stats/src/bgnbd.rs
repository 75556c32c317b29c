//! The BG/NBD model of repeat purchases (Fader, Hardie & Lee 2005): what fitted
//! parameters say about a customer.
//!
//! Everything is written so that nothing overflows for frequent buyers, and so
//! that a = 1, where the published formulas divide zero by zero, is an ordinary
//! value: the factor (1-z)^(r+x) is absorbed into the hypergeometric function,
//! which then is 1 + (a-1) S with a series S that has no singularity.
//!
//! A customer without a repeat purchase is alive with probability one under
//! this model. That is a property of the model and not an error.

use libm::lgamma as ln_gamma;
use statrs::function::beta::checked_beta_reg;

use crate::error::{Result, StatsError, finite, positive};

/// Parameters of the model: purchases are Poisson with a Gamma(r, alpha) rate,
/// dropout after each is Beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    /// Shape of the purchase rate.
    pub r: f64,
    /// Scale of the purchase rate, in the unit of time of the data.
    pub alpha: f64,
    /// First shape of the dropout probability.
    pub a: f64,
    /// Second shape of the dropout probability.
    pub b: f64,
}

/// What the model needs to know of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// Number of repeat purchases.
    pub x: f64,
    /// Age at the last purchase; 0 when there was no repeat purchase.
    pub t_x: f64,
    /// Age at the end of observation.
    pub t: f64,
}

/// Checks a number of repeat purchases; `row` is for the message.
pub(crate) fn repeats(x: f64, row: usize) -> Result<f64> {
    let refuse = |reason| {
        Err(StatsError::Row {
            row,
            argument: "x",
            reason,
        })
    };
    if !(x >= 0.0 && x.is_finite()) {
        return refuse("is negative or not a number");
    }
    if x != x.floor() {
        return refuse("is not a whole number");
    }
    Ok(x)
}

impl History {
    /// Checks a customer against the model's constraints; `row` is for the
    /// message.
    pub fn checked(x: f64, t_x: f64, t: f64, row: usize) -> Result<Self> {
        let refuse = |argument, reason| {
            Err(StatsError::Row {
                row,
                argument,
                reason,
            })
        };
        let x = repeats(x, row)?;
        if !(t_x >= 0.0 && t_x.is_finite()) {
            return refuse("t_x", "is negative or not a number");
        }
        if !(t >= 0.0 && t.is_finite()) {
            return refuse("T", "is negative or not a number");
        }
        if t_x > t {
            return refuse("t_x", "is greater than T");
        }
        if x == 0.0 && t_x > 0.0 {
            return refuse("t_x", "is not 0 although x is 0");
        }
        if x > 0.0 && t_x == 0.0 {
            return refuse("t_x", "is 0 although x is not");
        }
        Ok(Self { x, t_x, t })
    }
}

impl BgNbd {
    /// Parameters, all of which must be positive.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<Self> {
        positive("r", r)?;
        positive("alpha", alpha)?;
        positive("a", a)?;
        positive("b", b)?;
        Ok(Self { r, alpha, a, b })
    }

    /// Log-likelihood of one customer.
    #[must_use]
    pub fn log_likelihood(&self, customer: &History) -> Option<f64> {
        let Self { r, alpha, a, b } = *self;
        let History { x, t_x, t } = *customer;
        let a1 = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln();
        let a2 = ln_gamma(a + b) + ln_gamma(b + x) - ln_gamma(b) - ln_gamma(a + b + x);
        let a3 = -(r + x) * (alpha + t).ln();
        let last = if x > 0.0 {
            let a4 = (a / (b + x - 1.0)).ln() - (r + x) * (alpha + t_x).ln();
            // ln(e^a3 + e^a4) without leaving the range.
            let (high, low) = if a3 > a4 { (a3, a4) } else { (a4, a3) };
            high + (low - high).exp().ln_1p()
        } else {
            a3
        };
        finite(a1 + a2 + last)
    }

    /// The odds of having dropped out: a/(b+x-1) ((α+T)/(α+t_x))^(r+x).
    fn dropout_odds(&self, customer: &History) -> f64 {
        if customer.x <= 0.0 {
            return 0.0;
        }
        let log_odds = (self.a / (self.b + customer.x - 1.0)).ln()
            + (self.r + customer.x)
                * ((self.alpha + customer.t) / (self.alpha + customer.t_x)).ln();
        log_odds.exp()
    }

    /// Probability that the customer is still alive at T.
    #[must_use]
    pub fn alive(&self, customer: &History) -> Option<f64> {
        // Infinite odds are a probability of zero.
        finite(1.0 / (1.0 + self.dropout_odds(customer)))
    }

    /// Expected number of repeat purchases of a new customer in a time `t`.
    #[must_use]
    pub fn expected(&self, t: f64) -> Option<f64> {
        self.growth(0.0, 0.0, t)
    }

    /// Expected number of purchases in the next `t` of a customer with this
    /// history.
    #[must_use]
    pub fn conditional_expected(&self, customer: &History, t: f64) -> Option<f64> {
        let growth = self.growth(customer.x, customer.t, t)?;
        finite(growth / (1.0 + self.dropout_odds(customer)))
    }

    /// (a+b+x-1)/(a-1) [1 - (1-z)^(r+x) ₂F₁(r+x, b+x; a+b+x-1; z)] with
    /// z = t/(α+T+t).
    ///
    /// By Euler's transformation the subtrahend is (1-z)^ε ₂F₁(ε, β; γ; z) with
    /// ε = a-1, β = a+b-1-r, γ = a+b+x-1, and ₂F₁ = 1 + ε/γ S where
    /// S = Σ (1+ε)_(n-1) (β)_n / ((γ+1)_(n-1) n!) zⁿ. Neither ε = 0 nor γ = 0
    /// is special then.
    fn growth(&self, x: f64, age: f64, t: f64) -> Option<f64> {
        if !(t >= 0.0 && t.is_finite()) {
            return None;
        }
        let z = t / (self.alpha + age + t);
        let epsilon = self.a - 1.0;
        let beta = self.a + self.b - 1.0 - self.r;
        let gamma = self.a + self.b + x - 1.0;
        let log_rest = (-z).ln_1p();
        let linear = if epsilon == 0.0 {
            -log_rest
        } else {
            -(epsilon * log_rest).exp_m1() / epsilon
        };
        let series = reduced_series(epsilon, beta, gamma, z)?;
        // Rounding may leave a growth that is really zero just below it.
        finite((gamma * linear - (epsilon * log_rest).exp() * series).max(0.0))
    }

    /// Probability of exactly `x` repeat purchases in a time `t` since the
    /// first one.
    #[must_use]
    pub fn pmf(&self, x: u32, t: f64) -> Option<f64> {
        if !(t >= 0.0 && t.is_finite()) {
            return None;
        }
        let Self { r, alpha, a, b } = *self;
        let n = f64::from(x);
        let share = t / (alpha + t);
        let ln_beta = |p: f64, q: f64| ln_gamma(p) + ln_gamma(q) - ln_gamma(p + q);
        let exactly = if x > 0 && share == 0.0 {
            0.0
        } else {
            let purchases = if x > 0 { n * share.ln() } else { 0.0 };
            (ln_beta(a, b + n) - ln_beta(a, b) + ln_gamma(r + n) - ln_gamma(r) - ln_gamma(n + 1.0)
                + r * (alpha / (alpha + t)).ln()
                + purchases)
                .exp()
        };
        if x == 0 {
            return finite(exactly);
        }
        // At least x purchases would have been made: a tail of the negative
        // binomial, as an incomplete beta function and not one minus a sum.
        let at_least = checked_beta_reg(n, r, share).ok()?;
        let dropped = (ln_beta(a + 1.0, b + n - 1.0) - ln_beta(a, b)).exp() * at_least;
        finite(exactly + dropped)
    }
}

/// Σ (1+ε)_(n-1) (β)_n / ((γ+1)_(n-1) n!) zⁿ from n = 1.
fn reduced_series(epsilon: f64, beta: f64, gamma: f64, z: f64) -> Option<f64> {
    let mut term = beta * z;
    let mut sum = term;
    for n in 1..2_000_000u32 {
        if term == 0.0 {
            return Some(sum);
        }
        let n = f64::from(n);
        let factor = (epsilon + n) * (beta + n) / ((gamma + n) * (n + 1.0)) * z;
        term *= factor;
        sum += term;
        if factor.abs() < 1.0 && term.abs() <= 1e-17 * sum.abs() * (1.0 - factor.abs()) {
            return Some(sum);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;
    use crate::hyp2f1::hyp2f1;

    const CDNOW: BgNbd = BgNbd {
        r: 0.242_598_2,
        alpha: 4.413_684_2,
        a: 0.792_989_9,
        b: 2.426_166_7,
    };

    // Hardie's spreadsheet and R BTYD 2.4.3, as quoted in lifetimes 0.11.3.
    #[test]
    fn the_cdnow_expectations_are_the_published_ones() {
        for (t, expected) in [
            (0.1429, 0.0078),
            (1.0, 0.0532),
            (3.0, 0.1506),
            (31.8571, 1.0405),
            (78.0, 1.8576),
        ] {
            close(CDNOW.expected(t), expected, 6e-4);
        }
        close(CDNOW.expected(52.0), 1.444_004, 1e-5);
        let customer = History::checked(2.0, 30.43, 38.86, 0).unwrap();
        close(CDNOW.conditional_expected(&customer, 39.0), 1.226, 1e-3);
        let customer = History::checked(26.0, 30.85714, 31.0, 0).unwrap();
        close(CDNOW.conditional_expected(&customer, 52.0), 25.75659, 1e-4);
        close(CDNOW.alive(&customer), 0.968_852_3, 1e-6);
    }

    #[test]
    fn extreme_customers_do_not_overflow() {
        let rounded = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
        let once = History::checked(0.0, 0.0, 1.0, 0).unwrap();
        assert_eq!(rounded.alive(&once), Some(1.0));
        let gone = History::checked(1000.0, 10.0, 100.0, 0).unwrap();
        close(rounded.alive(&gone), 0.0, 1e-12);
        close(rounded.conditional_expected(&gone, 39.0), 0.0, 1e-12);
        assert!(rounded.log_likelihood(&gone).is_some());
    }

    #[test]
    fn probabilities_of_counts_are_the_published_ones_and_sum_to_one() {
        let rounded = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
        close(rounded.pmf(10, 2.0), 1.07869e-7, 1e-11);
        close(rounded.pmf(0, 39.0), 0.573_786_4, 1e-7);
        close(rounded.pmf(11, 30.0), 0.001_999_521_4, 1e-9);
        close(rounded.pmf(20, 30.0), 0.000_222_226, 1e-9);
        let total: f64 = (0..3000).map(|x| rounded.pmf(x, 30.0).unwrap()).sum();
        close(Some(total), 1.0, 1e-9);
        let mean: f64 = (0..3000)
            .map(|x| f64::from(x) * rounded.pmf(x, 30.0).unwrap())
            .sum();
        close(rounded.expected(30.0), mean, 1e-8);
    }

    // The formulas as printed, where they are defined.
    #[test]
    fn the_transformed_expectation_equals_the_printed_formula() {
        for (x, t_x, age, t) in [
            (0.0, 0.0, 10.0, 5.0),
            (3.0, 7.0, 10.0, 40.0),
            (8.0, 2.0, 30.0, 3.0),
        ] {
            let BgNbd { r, alpha, a, b } = CDNOW;
            let h = hyp2f1(r + x, b + x, a + b + x - 1.0, t / (alpha + age + t)).unwrap();
            let bracket = 1.0 - ((alpha + age) / (alpha + age + t)).powf(r + x) * h;
            let odds = if x > 0.0 {
                a / (b + x - 1.0) * ((alpha + age) / (alpha + t_x)).powf(r + x)
            } else {
                0.0
            };
            let printed = (a + b + x - 1.0) / (a - 1.0) * bracket / (1.0 + odds);
            let customer = History::checked(x, t_x, age, 0).unwrap();
            close(CDNOW.conditional_expected(&customer, t), printed, 1e-10);
        }
    }

    #[test]
    fn a_of_one_is_the_limit_of_its_neighbours() {
        let customer = History::checked(4.0, 20.0, 25.0, 0).unwrap();
        let at = |a: f64| {
            BgNbd::new(0.6, 5.0, a, 2.0)
                .unwrap()
                .conditional_expected(&customer, 30.0)
                .unwrap()
        };
        let (below, middle, above) = (at(1.0 - 1e-6), at(1.0), at(1.0 + 1e-6));
        assert!((0.5 * (below + above) - middle).abs() < 1e-9);
        assert!(below > middle && middle > above);
        // a + b = 1: the prefactor and the hypergeometric pole cancel.
        let model = BgNbd::new(0.5, 3.0, 0.4, 0.6).unwrap();
        let near = BgNbd::new(0.5, 3.0, 0.4, 0.600_001).unwrap();
        close(model.expected(10.0), near.expected(10.0).unwrap(), 1e-5);
    }

    #[test]
    fn impossible_customers_are_refused_with_the_reason() {
        let reason = |x, t_x, t| History::checked(x, t_x, t, 6).unwrap_err().to_string();
        assert_eq!(reason(1.0, 5.0, 4.0), "row 7: t_x is greater than T");
        assert_eq!(reason(0.0, 1.0, 4.0), "row 7: t_x is not 0 although x is 0");
        assert_eq!(reason(2.0, 0.0, 4.0), "row 7: t_x is 0 although x is not");
        assert_eq!(reason(1.5, 1.0, 4.0), "row 7: x is not a whole number");
        assert!(BgNbd::new(0.0, 1.0, 1.0, 1.0).is_err());
    }
}
