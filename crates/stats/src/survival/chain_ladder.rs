//! `chain_ladder`: where open development will end, with Mack's standard errors.
//!
//! What is returned of a delivery week grows for a while. The growth from one
//! age to the next is taken from the weeks that have it behind them, and the
//! young weeks are carried to the end with it (T. Mack, Distribution-free
//! calculation of the standard error of chain ladder reserve estimates, ASTIN
//! Bulletin 23, 1993; the recursion and the tail are those of his 1999 paper).
//!
//! It assumes that weeks develop alike: a new return policy breaks it, and
//! nothing here can tell.

use super::triangle::Triangle;
use crate::error::{Result, StatsError};

/// How to find the variance of the last age, which only one origin has behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SigmaRule {
    /// Mack's: the smallest of the two before and of the ratio they extrapolate to.
    #[default]
    Mack,
    /// A straight line through the logarithms of those before; Mack's with fewer than two.
    LogLinear,
}

/// What lies beyond the last age.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Tail {
    /// Nothing: the oldest origin is complete.
    #[default]
    None,
    /// One more factor, with the standard error of the factor and the sigma of
    /// its age; 0 where they are not given.
    Factor {
        /// The factor, 1 or more.
        factor: f64,
        /// The standard error of the factor.
        std_err: Option<f64>,
        /// The sigma of the tail.
        sigma: Option<f64>,
    },
    /// One more factor from a straight line through the logarithms of the
    /// factors minus one, over the hundred ages to come.
    LogLinear,
}

/// The options of a chain ladder.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ChainLadderOptions {
    /// The variance of the last age.
    pub sigma: SigmaRule,
    /// What lies beyond it.
    pub tail: Tail,
}

/// The step from one age to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Development {
    /// The age it starts from, counting from 0.
    pub age: usize,
    /// By how much amounts grow; NULL where no origin had an amount to grow from.
    pub factor: Option<f64>,
    /// Mack's sigma: the spread of the growth, in the root of an amount.
    pub sigma: Option<f64>,
    /// The standard error of the factor.
    pub factor_std_err: Option<f64>,
    /// The share of the ultimate amount that is there at this age.
    pub developed_share: Option<f64>,
}

/// Where one origin stands and will end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OriginForecast {
    /// The age it has reached, counting from 0.
    pub age: usize,
    /// What is there.
    pub latest: f64,
    /// What will be there in the end.
    pub ultimate: Option<f64>,
    /// What is still to come.
    pub reserve: Option<f64>,
    /// The standard error of what is still to come.
    pub std_err: Option<f64>,
}

/// A developed triangle.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainLadder {
    /// The steps, the tail included as the last one.
    pub development: Vec<Development>,
    /// The origins, in the order of the triangle.
    pub origins: Vec<OriginForecast>,
    /// What is there of all origins.
    pub latest: f64,
    /// What will be there in the end; NULL where it is for some origin.
    pub ultimate: Option<f64>,
    /// What is still to come.
    pub reserve: Option<f64>,
    /// Its standard error, with the correlation that common factors bring.
    pub std_err: Option<f64>,
}

/// A step with its uncertainty, as the recursion needs it.
#[derive(Debug, Clone, Copy)]
struct Step {
    factor: Option<f64>,
    sigma_square: Option<f64>,
    factor_variance: Option<f64>,
}

/// Develops a triangle to its last age, or beyond it with a tail.
pub fn chain_ladder(triangle: &Triangle, options: &ChainLadderOptions) -> Result<ChainLadder> {
    let mut steps = link_ratios(triangle);
    fill_sigmas(&mut steps, options.sigma);
    let weights = factor_weights(triangle);
    for (step, weight) in steps.iter_mut().zip(&weights) {
        step.factor_variance = step.sigma_square.map(|sigma| sigma / weight);
    }
    if let Some(tail) = tail_step(&steps, options.tail)? {
        steps.push(tail);
    }
    let origins: Vec<OriginForecast> = triangle
        .rows()
        .iter()
        .map(|row| forecast(row, &steps))
        .collect();
    let latest: f64 = origins.iter().map(|origin| origin.latest).sum();
    let ultimate: Option<f64> = origins.iter().map(|origin| origin.ultimate).sum();
    let std_err = total_variance(triangle, &steps).and_then(root);
    Ok(ChainLadder {
        development: developments(&steps),
        origins,
        latest,
        ultimate: ultimate.filter(|ultimate| ultimate.is_finite()),
        reserve: ultimate
            .map(|ultimate| ultimate - latest)
            .filter(|reserve| reserve.is_finite()),
        std_err,
    })
}

/// Returns for each age the pairs of amounts at it and at the next one.
fn pairs(triangle: &Triangle, age: usize) -> impl Iterator<Item = (f64, f64)> {
    triangle
        .rows()
        .iter()
        .filter_map(move |row| Some((*row.get(age)?, *row.get(age + 1)?)))
}

/// Returns for each age the amounts its factor was estimated from.
fn factor_weights(triangle: &Triangle) -> Vec<f64> {
    (0..triangle.n_ages().saturating_sub(1))
        .map(|age| pairs(triangle, age).map(|(from, _)| from).sum())
        .collect()
}

/// Estimates the factors, and sigma where at least two origins show it.
fn link_ratios(triangle: &Triangle) -> Vec<Step> {
    (0..triangle.n_ages().saturating_sub(1))
        .map(|age| {
            let (from, to) = pairs(triangle, age)
                .fold((0.0, 0.0), |(from, to), pair| (from + pair.0, to + pair.1));
            let factor = (from > 0.0).then(|| to / from);
            // An origin with nothing at this age has no ratio to compare.
            let n = pairs(triangle, age).filter(|(from, _)| *from > 0.0).count();
            let sigma_square = factor.filter(|_| n > 1).map(|factor| {
                let spread: f64 = pairs(triangle, age)
                    .filter(|(from, _)| *from > 0.0)
                    .map(|(from, to)| from * (to / from - factor).powi(2))
                    .sum();
                spread / (n - 1) as f64
            });
            Step {
                factor,
                sigma_square,
                factor_variance: None,
            }
        })
        .collect()
}

/// Extrapolates sigma to the ages that one origin alone has behind it.
fn fill_sigmas(steps: &mut [Step], rule: SigmaRule) {
    for age in 0..steps.len() {
        if steps[age].sigma_square.is_some() || steps[age].factor.is_none() {
            continue;
        }
        let log_linear = match rule {
            SigmaRule::Mack => None,
            SigmaRule::LogLinear => {
                let points: Vec<(f64, f64)> = steps[..age]
                    .iter()
                    .enumerate()
                    .filter_map(|(age, step)| Some((age as f64, step.sigma_square?.sqrt())))
                    .collect();
                log_line(&points).map(|line| line(age as f64).powi(2))
            }
        };
        let mack = || {
            let last = steps[age.checked_sub(1)?].sigma_square?;
            let before = steps[age.checked_sub(2)?].sigma_square?;
            let extrapolated = if before > 0.0 {
                last * last / before
            } else {
                0.0
            };
            Some(extrapolated.min(last.min(before)))
        };
        steps[age].sigma_square = log_linear.or_else(mack);
    }
}

/// Fits a straight line to the logarithms of positive values and returns its exponential.
fn log_line(points: &[(f64, f64)]) -> Option<impl Fn(f64) -> f64 + use<>> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(_, y)| *y > 0.0)
        .map(|(x, y)| (*x, y.ln()))
        .collect();
    if logs.len() < 2 {
        return None;
    }
    let n = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let slope = covariance / variance;
    Some(move |x: f64| (mean_y + slope * (x - mean_x)).exp())
}

/// Returns the step beyond the last age, if there is one.
fn tail_step(steps: &[Step], tail: Tail) -> Result<Option<Step>> {
    match tail {
        Tail::None => Ok(None),
        Tail::Factor {
            factor,
            std_err,
            sigma,
        } => {
            if !(factor.is_finite() && factor >= 1.0) {
                let reason = format!("must be a factor of 1 or more, got {factor}");
                return Err(StatsError::argument("tail", reason));
            }
            for (argument, value) in [("tail_std_err", std_err), ("tail_sigma", sigma)] {
                if let Some(value) = value.filter(|value| !(value.is_finite() && *value >= 0.0)) {
                    let reason = format!("must be 0 or more, got {value}");
                    return Err(StatsError::argument(argument, reason));
                }
            }
            Ok(Some(Step {
                factor: Some(factor),
                sigma_square: Some(sigma.unwrap_or_default().powi(2)),
                factor_variance: Some(std_err.unwrap_or_default().powi(2)),
            }))
        }
        Tail::LogLinear => {
            let points: Vec<(f64, f64)> = steps
                .iter()
                .enumerate()
                .filter_map(|(age, step)| Some((age as f64, step.factor? - 1.0)))
                .collect();
            let Some(growth) = log_line(&points) else {
                return Ok(None);
            };
            let last = steps.len();
            let factor: f64 = (last..last + 100)
                .map(|age| 1.0 + growth(age as f64))
                .product();
            if !factor.is_finite() || growth(last as f64) >= growth(last as f64 - 1.0) {
                let reason = "cannot be extrapolated: the factors do not fall towards 1";
                return Err(StatsError::argument("tail", reason));
            }
            // The tail is as uncertain as an age whose factor would be the tail's.
            let one_age = |read: fn(&Step) -> Option<f64>| {
                let points: Vec<(f64, f64)> = steps
                    .iter()
                    .filter_map(|step| {
                        Some(((step.factor? - 1.0).max(1e-12).ln(), read(step)?.sqrt()))
                    })
                    .collect();
                log_line(&points).map_or(0.0, |line| line((factor - 1.0).max(1e-12).ln()).powi(2))
            };
            Ok(Some(Step {
                factor: Some(factor),
                sigma_square: Some(one_age(|step| step.sigma_square)),
                factor_variance: Some(one_age(|step| step.factor_variance)),
            }))
        }
    }
}

/// Carries one origin to the end.
fn forecast(row: &[f64], steps: &[Step]) -> OriginForecast {
    let age = row.len() - 1;
    let latest = row[age];
    let mut amount = Some(latest);
    let mut variance = Some(0.0);
    for step in steps.iter().skip(age) {
        // Spread of the process, error of the factor, and what there was before.
        variance = match (
            amount,
            variance,
            step.factor,
            step.sigma_square,
            step.factor_variance,
        ) {
            (Some(amount), Some(variance), Some(factor), Some(sigma_square), Some(own)) => {
                Some(amount * sigma_square + amount * amount * own + variance * factor * factor)
            }
            _ => None,
        };
        amount = amount
            .zip(step.factor)
            .map(|(amount, factor)| amount * factor)
            .filter(|amount| amount.is_finite());
    }
    OriginForecast {
        age,
        latest,
        ultimate: amount,
        reserve: amount.map(|amount| amount - latest),
        std_err: variance.and_then(root),
    }
}

/// Carries the sum of all origins to the end.
///
/// The processes of the origins are independent, so their spreads add up; the
/// errors of the factors are common, so they act on the sum of the amounts.
fn total_variance(triangle: &Triangle, steps: &[Step]) -> Option<f64> {
    let mut amounts: Vec<f64> = Vec::new();
    let mut variance = 0.0;
    for (age, step) in steps.iter().enumerate() {
        let joined = triangle.rows().iter().filter(|row| row.len() == age + 1);
        amounts.extend(joined.map(|row| row[age]));
        if amounts.is_empty() {
            continue;
        }
        let sum: f64 = amounts.iter().sum();
        let factor = step.factor?;
        variance = variance * factor * factor
            + sum * step.sigma_square?
            + sum * sum * step.factor_variance?;
        for amount in &mut amounts {
            *amount *= factor;
        }
    }
    Some(variance)
}

/// Returns the steps as they are shown, with the share developed at each age.
fn developments(steps: &[Step]) -> Vec<Development> {
    let mut to_end = Some(1.0);
    let mut developments: Vec<Development> = steps
        .iter()
        .enumerate()
        .rev()
        .map(|(age, step)| {
            to_end = to_end.zip(step.factor).map(|(rest, factor)| rest * factor);
            Development {
                age,
                factor: step.factor,
                sigma: step.sigma_square.and_then(root),
                factor_std_err: step.factor_variance.and_then(root),
                developed_share: to_end
                    .map(|to_end| 1.0 / to_end)
                    .filter(|share| share.is_finite()),
            }
        })
        .collect();
    developments.reverse();
    developments
}

fn root(variance: f64) -> Option<f64> {
    Some(variance.sqrt()).filter(|root| root.is_finite())
}

#[cfg(test)]
mod tests;
