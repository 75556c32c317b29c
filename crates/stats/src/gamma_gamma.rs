//! The Gamma-Gamma model of spend per purchase (Fader & Hardie 2013): how far a
//! customer's own mean is to be trusted against everybody's.
//!
//! The model assumes that spend does not depend on how often somebody buys; the
//! correlation of the two is returned with the fit so that a reader can see how
//! far that holds.

use libm::lgamma as ln_gamma;
use statrs::function::gamma::digamma;

use crate::bgnbd::repeats;
use crate::distinct_rows::DistinctRows;
use crate::error::{Result, StatsError, finite, positive};
use crate::fit::{Fit, Stop, minimize};
use crate::moments::CoMoments;

/// Parameters: spend is Gamma(p, ν) and ν is Gamma(q, v) over customers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    /// Shape of one customer's spends.
    pub p: f64,
    /// Shape over customers.
    pub q: f64,
    /// Scale over customers, in the unit of the money.
    pub v: f64,
}

impl GammaGamma {
    /// Parameters, all of which must be positive.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self> {
        positive("p", p)?;
        positive("q", q)?;
        positive("v", v)?;
        Ok(Self { p, q, v })
    }

    /// Expected spend per purchase of a customer with `x` repeat purchases of
    /// mean value `m`. Without repeat purchases it is the population mean.
    /// `None` where the mean does not exist (q ≤ 1 and little data).
    #[must_use]
    pub fn expected_value(&self, x: f64, m: f64) -> Option<f64> {
        if !(x >= 0.0 && x.is_finite()) || (x > 0.0 && (m.is_nan() || m < 0.0)) {
            return None;
        }
        let spent = if x > 0.0 { x * m } else { 0.0 };
        let denominator = self.p * x + self.q - 1.0;
        if denominator <= 0.0 {
            return None;
        }
        finite((self.v + spent) * self.p / denominator)
    }

    /// Log-likelihood of one customer with x > 0 and m > 0.
    #[must_use]
    pub fn log_likelihood(&self, x: f64, m: f64) -> Option<f64> {
        let Self { p, q, v } = *self;
        finite(
            ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q)
                + q * v.ln()
                + (p * x - 1.0) * m.ln()
                + p * x * x.ln()
                - (p * x + q) * (v + m * x).ln(),
        )
    }
}

/// Repeat buyers counted by (x, m): the mergeable input of the fit.
#[derive(Clone, Debug, Default)]
pub struct GammaGammaData {
    buyers: DistinctRows<2>,
    skipped: u64,
}

impl GammaGammaData {
    /// No customers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one customer. Those without a repeat purchase say nothing about
    /// spend and are only counted as skipped.
    pub fn update(&mut self, x: f64, m: f64) -> Result<()> {
        self.update_weighted(x, m, 1)
    }

    /// Counts `weight` equal customers.
    pub fn update_weighted(&mut self, x: f64, m: f64, weight: u64) -> Result<()> {
        let row = usize::try_from(self.n() + self.skipped).unwrap_or(usize::MAX);
        let x = repeats(x, row)?;
        if x == 0.0 {
            self.skipped += weight;
            return Ok(());
        }
        if !(m > 0.0 && m.is_finite()) {
            return Err(StatsError::Row {
                row,
                argument: "m",
                reason: "is not greater than 0 although x is",
            });
        }
        self.buyers.add([x, m], weight);
        Ok(())
    }

    /// Counts the customers of another state.
    pub fn merge(&mut self, other: &Self) {
        self.buyers.merge(&other.buyers);
        self.skipped += other.skipped;
    }

    /// Number of repeat buyers.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.buyers.rows()
    }

    /// Number of customers without a repeat purchase.
    #[must_use]
    pub fn n_skipped(&self) -> u64 {
        self.skipped
    }

    /// Memory held, in bytes, roughly.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.buyers.size_bytes()
    }

    /// The distinct (x, m, count) in a fixed order.
    #[must_use]
    pub fn groups(&self) -> Vec<(f64, f64, u64)> {
        let buyers = self.buyers.in_order();
        buyers.map(|([x, m], weight)| (x, m, weight)).collect()
    }

    /// Pearson's correlation of x and m, which the model assumes to be 0.
    #[must_use]
    pub fn correlation(&self) -> Option<f64> {
        let mut moments = CoMoments::new();
        for (x, m, weight) in self.groups() {
            for _ in 0..weight {
                moments.update(x, m);
            }
        }
        moments.correlation()
    }

    /// Fits the model. Refused below three repeat buyers; everything else
    /// gives a result with its `converged`.
    pub fn fit(&self) -> Result<Fit<GammaGamma>> {
        if self.n() < 3 {
            return Err(StatsError::TooFew {
                what: "customers with a repeat purchase",
                needed: 3,
                got: usize::try_from(self.n()).unwrap_or(usize::MAX),
            });
        }
        let groups = self.groups();
        let total = self.n() as f64;
        let scale = groups.iter().map(|&(_, m, w)| m * w as f64).sum::<f64>() / total;
        let objective = |point: &[f64]| negative_mean_log_likelihood(&groups, scale, total, point);
        let names = ["p", "q", "v"];
        let mut minimum = minimize(&objective, vec![1.0, 1.0, 0.0], &names);
        for start in [[0.0, 0.0, 0.0], [2.0, 1.5, -1.0]] {
            if minimum.stop == Stop::Converged {
                break;
            }
            let other = minimize(&objective, start.to_vec(), &names);
            if other.stop == Stop::Converged || other.cost < minimum.cost {
                minimum = other;
            }
        }
        let params = GammaGamma {
            p: minimum.point[0].exp(),
            q: minimum.point[1].exp(),
            v: minimum.point[2].exp() * scale,
        };
        let log_likelihood = groups
            .iter()
            .map(|&(x, m, w)| params.log_likelihood(x, m).unwrap_or(f64::NAN) * w as f64)
            .sum();
        Ok(Fit {
            params,
            log_likelihood,
            converged: minimum.stop == Stop::Converged,
            gradient_norm: minimum.gradient_norm,
            iterations: minimum.iterations,
            stop: minimum.stop,
            n: self.n(),
        })
    }
}

/// Value and gradient by ln p, ln q, ln v, money in units of its mean.
fn negative_mean_log_likelihood(
    groups: &[(f64, f64, u64)],
    scale: f64,
    total: f64,
    point: &[f64],
) -> (f64, Vec<f64>) {
    let [p, q, v] = [0, 1, 2].map(|i| point[i].exp());
    let mut sum = 0.0;
    let mut by = [0.0; 3];
    let (mut last_x, mut gammas, mut digammas) = (f64::NAN, 0.0, (0.0, 0.0));
    let (ln_gamma_q, digamma_q) = (ln_gamma(q), digamma(q));
    for &(x, m, weight) in groups {
        let weight = weight as f64;
        let m = m / scale;
        // Groups come sorted by x.
        if x != last_x {
            last_x = x;
            gammas = ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma_q;
            digammas = (digamma(p * x + q), digamma(p * x));
        }
        let shape = p * x + q;
        let rest = v + m * x;
        let ln_rest = rest.ln();
        sum += weight
            * (gammas + q * point[2] + (p * x - 1.0) * m.ln() + p * x * x.ln() - shape * ln_rest);
        by[0] += weight * x * (digammas.0 - digammas.1 + (m * x).ln() - ln_rest);
        by[1] += weight * (digammas.0 - digamma_q + point[2] - ln_rest);
        by[2] += weight * (q / v - shape / rest);
    }
    let factor = -1.0 / total;
    let gradient = vec![by[0] * p * factor, by[1] * q * factor, by[2] * v * factor];
    let cost = sum * factor;
    if cost.is_finite() && gradient.iter().all(|g| g.is_finite()) {
        (cost, gradient)
    } else {
        (f64::MAX, vec![0.0; 3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Hardie's note 025 as quoted in lifetimes: p 6.25, q 3.74, v 15.44.
    #[test]
    fn the_cdnow_customers_have_the_published_expected_values() {
        let model = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
        for (x, m, expected) in [
            (2.0, 22.35, 24.65),
            (1.0, 11.77, 18.91),
            (7.0, 73.74, 71.46),
        ] {
            let value = model.expected_value(x, m).unwrap();
            assert!((value - expected).abs() < 0.1, "{value} is not {expected}");
        }
        // The population mean v p / (q - 1).
        let mean = model.expected_value(0.0, 0.0).unwrap();
        assert!((mean - 6.25 * 15.44 / 2.74).abs() < 1e-12);
    }

    #[test]
    fn a_mean_that_does_not_exist_is_null() {
        let model = GammaGamma::new(2.0, 0.8, 10.0).unwrap();
        assert_eq!(model.expected_value(0.0, 0.0), None);
        assert!(model.expected_value(3.0, 20.0).is_some());
        assert_eq!(model.expected_value(1.0, f64::NAN), None);
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let groups = [
            (1.0, 10.0, 3),
            (1.0, 25.0, 1),
            (3.0, 12.0, 2),
            (7.0, 60.0, 1),
        ];
        let point = [0.4, 0.9, -0.2];
        let (_, gradient) = negative_mean_log_likelihood(&groups, 15.0, 7.0, &point);
        for i in 0..3 {
            let mut moved = point;
            moved[i] += 1e-6;
            let above = negative_mean_log_likelihood(&groups, 15.0, 7.0, &moved).0;
            moved[i] -= 2e-6;
            let below = negative_mean_log_likelihood(&groups, 15.0, 7.0, &moved).0;
            assert!(
                ((above - below) / 2e-6 - gradient[i]).abs() < 1e-7,
                "component {i}"
            );
        }
    }

    #[test]
    fn impossible_spend_is_refused_and_single_buyers_are_skipped() {
        let mut data = GammaGammaData::new();
        data.update(0.0, 0.0).unwrap();
        assert_eq!((data.n(), data.n_skipped()), (0, 1));
        assert_eq!(
            data.update(2.0, 0.0).unwrap_err().to_string(),
            "row 2: m is not greater than 0 although x is"
        );
        assert!(data.fit().is_err());
    }

    #[test]
    fn equal_spends_do_not_determine_the_model_and_it_says_so() {
        let mut data = GammaGammaData::new();
        for x in [1.0, 2.0, 3.0, 4.0] {
            data.update(x, 20.0).unwrap();
        }
        let fit = data.fit().unwrap();
        assert!(!fit.converged, "{fit:?}");
    }
}
