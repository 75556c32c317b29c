//! `logrank`: do groups have the same time to the event?
//!
//! The test of Mantel and Peto over any number of groups, within strata where
//! there are any, all times weighted alike unless asked otherwise. It asks about
//! the whole curve; groups whose curves cross may differ without the test seeing
//! it.

use std::collections::BTreeMap;

use statrs::function::gamma::checked_gamma_ur;

use super::times::{AtTime, SurvivalTimes, at_times};
use crate::error::{Result, StatsError};

/// One group of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogrankGroup {
    /// Its subjects.
    pub n: f64,
    /// Its events.
    pub observed: f64,
    /// The events it would have if all groups were alike.
    pub expected: f64,
}

/// The outcome of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct Logrank {
    /// The groups, in the order given.
    pub groups: Vec<LogrankGroup>,
    /// The statistic; NULL where no time has an event and two groups at risk.
    pub chi_square: Option<f64>,
    /// Its degrees of freedom: groups that were ever at risk of an event, minus one.
    pub df: usize,
    /// The probability of such a difference among groups that are alike.
    pub p_value: Option<f64>,
}

/// Compares two or more groups; any cause is the event.
///
/// Subjects count as independent unless the groups have clusters: then the
/// variance is that of the clusters' score residuals (the robust score test of
/// Cox's model at no effect, ties after Breslow), whatever group a cluster's
/// subjects are in.
pub fn logrank(groups: &mut [SurvivalTimes]) -> Result<Logrank> {
    logrank_stratified(&mut [groups], 0.0)
}

/// Compares groups within strata, each with the same groups in the same order.
///
/// Events of a stratum are expected among its own subjects at risk, and summed
/// over the strata, so that groups made up differently of them can be compared.
///
/// Times are weighted by the survival just before them, of all groups of the
/// stratum together, to the power `rho` (Harrington and Fleming 1982): 0 is the
/// log-rank test, 1 Peto and Peto's, which looks at early differences more.
/// Observed and expected events are then weighted too, as in R's `survdiff`.
pub fn logrank_stratified<G: AsMut<[SurvivalTimes]>>(
    strata: &mut [G],
    rho: f64,
) -> Result<Logrank> {
    let n_groups = strata.first_mut().map_or(0, |groups| groups.as_mut().len());
    if n_groups < 2 {
        let reason = format!("must be at least two, got {n_groups}");
        return Err(StatsError::argument("groups", reason));
    }
    if !rho.is_finite() {
        let reason = format!("must be a number, got {rho}");
        return Err(StatsError::argument("rho", reason));
    }
    let mut tested = vec![
        LogrankGroup {
            n: 0.0,
            observed: 0.0,
            expected: 0.0,
        };
        n_groups
    ];
    let mut variance = vec![vec![0.0; n_groups]; n_groups];
    let mut scores: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut is_clustered = false;
    for groups in strata {
        let groups = groups.as_mut();
        if groups.len() != n_groups {
            return Err(StatsError::Length {
                argument: "groups",
                expected: n_groups,
                got: groups.len(),
            });
        }
        let stratum_is_clustered = groups.iter().any(|times| times.is_clustered());
        let rows: Vec<Vec<AtTime<'_>>> = groups
            .iter_mut()
            .map(|times| at_times(times.sorted()))
            .collect();
        let hazards = compare(&rows, rho, &mut tested, &mut variance);
        if stratum_is_clustered {
            is_clustered = true;
            add_scores(&rows, &hazards, &mut scores);
        }
    }
    if is_clustered {
        variance = clustered_variance(&scores, n_groups);
    }
    // A group never at risk of an event says nothing; one of the others is the
    // complement of the rest, so the last is left out.
    let mut used: Vec<usize> = (0..n_groups)
        .filter(|group| tested[*group].expected > 0.0)
        .collect();
    used.pop();
    let difference: Vec<f64> = used
        .iter()
        .map(|group| tested[*group].observed - tested[*group].expected)
        .collect();
    let matrix = used
        .iter()
        .map(|row| used.iter().map(|column| variance[*row][*column]).collect())
        .collect();
    let chi_square = quadratic_form(matrix, &difference);
    let df = used.len();
    Ok(Logrank {
        groups: tested,
        chi_square,
        df,
        p_value: chi_square.and_then(|chi_square| p_value(df, chi_square)),
    })
}

/// Adds observed and expected events of one stratum, and their variances; returns its hazards.
fn compare(
    rows: &[Vec<AtTime<'_>>],
    rho: f64,
    tested: &mut [LogrankGroup],
    variance: &mut [Vec<f64>],
) -> Vec<Hazard> {
    let n_groups = rows.len();
    for (tested, rows) in tested.iter_mut().zip(rows) {
        tested.n += rows.first().map_or(0.0, |row| row.n_at_risk);
    }
    let mut event_times: Vec<f64> = rows
        .iter()
        .flatten()
        .filter(|row| row.n_events > 0.0)
        .map(|row| row.time)
        .collect();
    event_times.sort_unstable_by(f64::total_cmp);
    event_times.dedup();

    let mut hazards: Vec<Hazard> = Vec::with_capacity(event_times.len());
    let mut next = vec![0; n_groups];
    // Of all groups together, just before the time.
    let mut survival: f64 = 1.0;
    for time in event_times {
        let weight = if rho == 0.0 { 1.0 } else { survival.powf(rho) };
        let mut at_risk = vec![0.0; n_groups];
        let mut n_events = 0.0;
        for (group, rows) in rows.iter().enumerate() {
            while rows.get(next[group]).is_some_and(|row| row.time < time) {
                next[group] += 1;
            }
            if let Some(row) = rows.get(next[group]) {
                at_risk[group] = row.n_at_risk;
                if row.time == time {
                    n_events += row.n_events;
                    tested[group].observed += weight * row.n_events;
                }
            }
        }
        let n: f64 = at_risk.iter().sum();
        // Hypergeometric: with one subject left there is nothing to vary.
        let spread = if n > 1.0 {
            weight * weight * n_events * (n - n_events) / (n - 1.0)
        } else {
            0.0
        };
        let shares: Vec<f64> = at_risk.iter().map(|at_risk| at_risk / n).collect();
        for (group, share) in shares.iter().enumerate() {
            tested[group].expected += weight * n_events * share;
            for (other, other_share) in shares.iter().enumerate() {
                let same = f64::from(u8::from(group == other));
                variance[group][other] += spread * share * (same - other_share);
            }
        }
        survival *= (1.0 - n_events / n).max(0.0);
        hazards.push(Hazard {
            time,
            weight,
            hazard: n_events / n,
            shares,
        });
    }
    hazards
}

/// What holds at one time with events.
struct Hazard {
    time: f64,
    /// What the time counts.
    weight: f64,
    /// Events over subjects at risk.
    hazard: f64,
    /// The share of each group among those at risk.
    shares: Vec<f64>,
}

/// Adds to each cluster what its subjects contribute to observed less expected events.
fn add_scores(rows: &[Vec<AtTime<'_>>], hazards: &[Hazard], scores: &mut BTreeMap<u64, Vec<f64>>) {
    let n_groups = rows.len();
    for (group, rows) in rows.iter().enumerate() {
        // What being at risk up to now has cost, by group.
        let mut expected = vec![0.0; n_groups];
        let mut next = 0;
        for row in rows {
            while let Some(at) = hazards.get(next).filter(|at| at.time <= row.time) {
                for (other, (expected, share)) in expected.iter_mut().zip(&at.shares).enumerate() {
                    let own = f64::from(u8::from(other == group));
                    *expected += at.weight * (own - share) * at.hazard;
                }
                next += 1;
            }
            // Events are at a time with events, which is the last one passed.
            let last = next.checked_sub(1).map(|last| &hazards[last]);
            for exit in row.exits {
                let scores = scores
                    .entry(exit.cluster)
                    .or_insert_with(|| vec![0.0; n_groups]);
                for (other, score) in scores.iter_mut().enumerate() {
                    let own = f64::from(u8::from(other == group));
                    let observed = match (exit.cause > 0, last) {
                        (true, Some(at)) => at.weight * (own - at.shares[other]),
                        _ => 0.0,
                    };
                    *score += exit.weight * (observed - expected[other]);
                }
            }
        }
    }
}

/// Returns the variances and covariances of observed less expected events from what the clusters
/// contribute to them.
fn clustered_variance(scores: &BTreeMap<u64, Vec<f64>>, n_groups: usize) -> Vec<Vec<f64>> {
    let mut variance = vec![vec![0.0; n_groups]; n_groups];
    for scores in scores.values() {
        for (row, score) in variance.iter_mut().zip(scores) {
            for (cell, other) in row.iter_mut().zip(scores) {
                *cell += score * other;
            }
        }
    }
    variance
}

/// Returns the probability that a chi-square variable exceeds a value.
fn p_value(df: usize, chi_square: f64) -> Option<f64> {
    if chi_square <= 0.0 {
        // Groups that are exactly alike; the series below does not begin at 0.
        return Some(1.0);
    }
    let p_value = checked_gamma_ur(df as f64 / 2.0, chi_square / 2.0).ok()?;
    p_value.is_finite().then_some(p_value)
}

/// Returns `d' M^-1 d` of a symmetric positive matrix by elimination; NULL if it is singular.
fn quadratic_form(mut matrix: Vec<Vec<f64>>, difference: &[f64]) -> Option<f64> {
    let n = difference.len();
    let mut left = difference.to_vec();
    let mut total = 0.0;
    for pivot in 0..n {
        let scale = matrix[pivot][pivot];
        // Shares of counts: anything this small is a variance of zero.
        if scale <= 1e-12 {
            return None;
        }
        total += left[pivot] * left[pivot] / scale;
        let (above, below) = matrix.split_at_mut(pivot + 1);
        for (row, values) in below.iter_mut().enumerate() {
            let factor = values[pivot] / scale;
            for (value, eliminated) in values.iter_mut().zip(&above[pivot]) {
                *value -= factor * eliminated;
            }
            left[pivot + 1 + row] -= factor * left[pivot];
        }
    }
    (n > 0 && total.is_finite()).then_some(total)
}

#[cfg(test)]
mod tests;
