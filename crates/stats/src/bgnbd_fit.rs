//! Maximum likelihood for the BG/NBD model on any number of customers.
//!
//! Customers with equal (x, t_x, T) are one term with a weight, and the gamma
//! functions depend on x alone, so a million customers cost a few thousand
//! logarithms and a few dozen gamma functions per step. Gradients are analytic,
//! parameters are searched as logarithms, and time is scaled so that the result
//! does not depend on whether the data are in days or weeks.

use libm::lgamma as ln_gamma;
use statrs::function::gamma::digamma;

use crate::bgnbd::{BgNbd, History};
use crate::distinct_rows::DistinctRows;
use crate::error::{Result, StatsError};
use crate::fit::{Fit, Stop, minimize};

/// Customers counted by their history: the mergeable input of the fit.
#[derive(Clone, Debug, Default)]
pub struct BgNbdData {
    // x, t_x and T.
    customers: DistinctRows<3>,
}

impl BgNbdData {
    /// No customers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one customer, or says what is wrong with it.
    pub fn update(&mut self, x: f64, t_x: f64, t: f64) -> Result<()> {
        self.update_weighted(x, t_x, t, 1)
    }

    /// Counts `weight` customers of a group shipped from another partition.
    pub fn update_weighted(&mut self, x: f64, t_x: f64, t: f64, weight: u64) -> Result<()> {
        let row = usize::try_from(self.n()).unwrap_or(usize::MAX);
        let customer = History::checked(x, t_x, t, row)?;
        let values = [customer.x, customer.t_x, customer.t];
        self.customers.add(values, weight);
        Ok(())
    }

    /// Counts the customers of another state.
    pub fn merge(&mut self, other: &Self) {
        self.customers.merge(&other.customers);
    }

    /// Number of customers.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.customers.rows()
    }

    /// Memory held, in bytes, roughly.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.customers.size_bytes()
    }

    /// The distinct histories in a fixed order with their counts.
    #[must_use]
    pub fn groups(&self) -> Vec<(History, u64)> {
        let histories = self.customers.in_order();
        histories
            .map(|([x, t_x, t], weight)| (History { x, t_x, t }, weight))
            .collect()
    }

    /// Fits the model.
    ///
    /// Refused without customers or without a repeat purchase. Everything else
    /// gives a result; look at `converged` before using it.
    pub fn fit(&self) -> Result<Fit<BgNbd>> {
        if self.n() == 0 {
            return Err(StatsError::TooFew {
                what: "customers",
                needed: 1,
                got: 0,
            });
        }
        let groups = self.groups();
        if groups.iter().all(|(customer, _)| customer.x == 0.0) {
            return Err(StatsError::TooFew {
                what: "customers with a repeat purchase",
                needed: 1,
                got: 0,
            });
        }
        let oldest = groups.iter().map(|(c, _)| c.t).fold(0.0, f64::max);
        let scale = oldest / 10.0;
        let terms = Terms::new(&groups, scale, self.n());
        let objective = |point: &[f64]| terms.negative_mean_log_likelihood(point);
        let names = ["r", "alpha", "a", "b"];
        // A second start is only tried when the first one led nowhere.
        let mut minimum = minimize(&objective, vec![0.0; 4], &names);
        for start in [[-1.0, -0.5, -0.5, 1.0], [0.5, 1.0, -1.0, 0.5]] {
            if minimum.stop == Stop::Converged {
                break;
            }
            let other = minimize(&objective, start.to_vec(), &names);
            if other.stop == Stop::Converged || other.cost < minimum.cost {
                minimum = other;
            }
        }
        let params = BgNbd {
            r: minimum.point[0].exp(),
            alpha: minimum.point[1].exp() * scale,
            a: minimum.point[2].exp(),
            b: minimum.point[3].exp(),
        };
        let log_likelihood = groups
            .iter()
            .map(|(customer, weight)| {
                params.log_likelihood(customer).unwrap_or(f64::NAN) * *weight as f64
            })
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

/// The likelihood's terms, grouped by x.
struct Terms {
    blocks: Vec<Block>,
    total: f64,
}

struct Block {
    x: f64,
    weight: f64,
    /// (t_x, T, weight) in scaled time.
    times: Vec<(f64, f64, f64)>,
}

impl Terms {
    fn new(groups: &[(History, u64)], scale: f64, rows: u64) -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for (customer, weight) in groups {
            if blocks.last().is_none_or(|block| block.x != customer.x) {
                blocks.push(Block {
                    x: customer.x,
                    weight: 0.0,
                    times: Vec::new(),
                });
            }
            if let Some(block) = blocks.last_mut() {
                let weight = *weight as f64;
                block.weight += weight;
                block
                    .times
                    .push((customer.t_x / scale, customer.t / scale, weight));
            }
        }
        Self {
            blocks,
            total: rows as f64,
        }
    }

    /// Value and gradient by ln r, ln α, ln a, ln b.
    fn negative_mean_log_likelihood(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let [r, alpha, a, b] = [0, 1, 2, 3].map(|i| point[i].exp());
        let mut sum = 0.0;
        let mut by = [0.0; 4];
        for block in &self.blocks {
            let x = block.x;
            let w = block.weight;
            sum += w
                * (ln_gamma(r + x) - ln_gamma(r)
                    + r * point[1]
                    + ln_gamma(a + b)
                    + ln_gamma(b + x)
                    - ln_gamma(b)
                    - ln_gamma(a + b + x));
            let common = digamma(a + b) - digamma(a + b + x);
            by[0] += w * (digamma(r + x) - digamma(r) + point[1]);
            by[1] += w * r / alpha;
            by[2] += w * common;
            by[3] += w * (common + digamma(b + x) - digamma(b));
            let exponent = r + x;
            let dropout = if x > 0.0 {
                (a / (b + x - 1.0)).ln()
            } else {
                f64::NEG_INFINITY
            };
            // The share of the likelihood on the "dropped out" branch, summed
            // over the block: its derivatives by a and b depend on x only.
            let mut dropped_weight = 0.0;
            for &(t_x, t, weight) in &block.times {
                let ln_t = (alpha + t).ln();
                let alive = -exponent * ln_t;
                if x > 0.0 {
                    let ln_t_x = (alpha + t_x).ln();
                    let gone = dropout - exponent * ln_t_x;
                    let difference = gone - alive;
                    // Both logistic branches are computed from a negative
                    // exponent.
                    let small = (-difference.abs()).exp();
                    let share_gone = if difference > 0.0 {
                        1.0 / (1.0 + small)
                    } else {
                        small / (1.0 + small)
                    };
                    let share_alive = 1.0 - share_gone;
                    sum += weight * (alive.max(gone) + small.ln_1p());
                    by[0] -= weight * (share_alive * ln_t + share_gone * ln_t_x);
                    by[1] -= weight
                        * exponent
                        * (share_alive / (alpha + t) + share_gone / (alpha + t_x));
                    dropped_weight += weight * share_gone;
                } else {
                    sum += weight * alive;
                    by[0] -= weight * ln_t;
                    by[1] -= weight * exponent / (alpha + t);
                }
            }
            if x > 0.0 {
                by[2] += dropped_weight / a;
                by[3] -= dropped_weight / (b + x - 1.0);
            }
        }
        let scale = -1.0 / self.total;
        let gradient = vec![
            by[0] * r * scale,
            by[1] * alpha * scale,
            by[2] * a * scale,
            by[3] * b * scale,
        ];
        let cost = sum * scale;
        if cost.is_finite() && gradient.iter().all(|g| g.is_finite()) {
            (cost, gradient)
        } else {
            // A step into nowhere: the line search turns back.
            (f64::MAX, vec![0.0; 4])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: u32) -> BgNbdData {
        // A deterministic, irregular set of customers.
        let mut data = BgNbdData::new();
        for i in 0..n {
            let t = 20.0 + f64::from(i % 20);
            let x = f64::from((i * i) % 7 % 5);
            let t_x = if x > 0.0 {
                t * (0.2 + 0.75 * f64::from(i % 11) / 11.0)
            } else {
                0.0
            };
            data.update(x, t_x, t).unwrap();
        }
        data
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let data = sample(200);
        let groups = data.groups();
        let terms = Terms::new(&groups, 4.0, data.n());
        let point = [-0.3, 0.2, -0.4, 0.9];
        let (_, gradient) = terms.negative_mean_log_likelihood(&point);
        for i in 0..4 {
            let mut moved = point;
            moved[i] += 1e-6;
            let above = terms.negative_mean_log_likelihood(&moved).0;
            moved[i] -= 2e-6;
            let below = terms.negative_mean_log_likelihood(&moved).0;
            assert!(
                ((above - below) / 2e-6 - gradient[i]).abs() < 1e-8,
                "component {i}"
            );
        }
    }

    #[test]
    fn the_result_depends_neither_on_the_order_nor_on_the_unit_of_time() {
        let data = sample(300);
        let fit = data.fit().unwrap();
        let mut halves = BgNbdData::new();
        let mut days = BgNbdData::new();
        for (customer, weight) in data.groups().into_iter().rev() {
            halves
                .update_weighted(customer.x, customer.t_x, customer.t, weight)
                .unwrap();
            days.update_weighted(customer.x, customer.t_x * 7.0, customer.t * 7.0, weight)
                .unwrap();
        }
        assert_eq!(halves.fit().unwrap(), fit);
        let in_days = days.fit().unwrap();
        if fit.converged {
            assert!((in_days.params.alpha / fit.params.alpha - 7.0).abs() < 1e-4);
            assert!((in_days.params.r / fit.params.r - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn data_without_dropout_are_not_called_converged() {
        // Everybody buys until the end: a/b runs to zero.
        let mut data = BgNbdData::new();
        for i in 0..400u32 {
            let x = f64::from(1 + i % 9);
            data.update(x, 39.9, 40.0).unwrap();
        }
        let fit = data.fit().unwrap();
        assert!(!fit.converged, "{fit:?}");
        assert!(
            matches!(fit.stop, Stop::Unbounded { .. } | Stop::Flat),
            "{fit:?}"
        );
        assert!(fit.params.r.is_finite() && fit.log_likelihood.is_finite());
    }

    #[test]
    fn nothing_to_fit_is_an_error_that_says_so() {
        assert!(BgNbdData::new().fit().is_err());
        let mut data = BgNbdData::new();
        data.update(0.0, 0.0, 10.0).unwrap();
        assert_eq!(
            data.fit().unwrap_err().to_string(),
            "needs at least 1 customers with a repeat purchase, got 0"
        );
        assert!(data.update(1.0, 0.0, 3.0).is_err());
    }
}
