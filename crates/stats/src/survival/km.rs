//! `km_survival` and `rmst`: the Kaplan-Meier curve and the area under it.
//!
//! Standard errors are Greenwood's, or clustered by the infinitesimal jackknife
//! where the state has clusters. At equal times events come before censorings.
//! Where the curve reaches 0 its standard error is undefined and NULL, as in R.

use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;

use statrs::distribution::{ContinuousCDF, Normal};

use super::cumulative_incidence::Curve;
use super::times::{Exit, SurvivalTimes, at_times};
use crate::error::{Result, StatsError};

/// The scale on which the intervals are symmetric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum IntervalKind {
    /// The logarithm of the survival, R's default; cut at 1.
    #[default]
    Log,
    /// The survival itself; cut at 0 and 1.
    Plain,
    /// The logarithm of minus its logarithm; within 0 and 1 by itself.
    LogLog,
    /// The logarithm of its odds; within 0 and 1 by itself.
    Logit,
    /// The arcsine of its root, as R's `arcsin`; cut at 0 and 1.
    Arcsin,
}

impl IntervalKind {
    /// Reads `log`, `plain`, `log_log`, `logit` or `arcsin`.
    pub fn parse(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "log" => Ok(Self::Log),
            "plain" => Ok(Self::Plain),
            "log_log" | "log-log" => Ok(Self::LogLog),
            "logit" => Ok(Self::Logit),
            "arcsin" => Ok(Self::Arcsin),
            _ => Err(StatsError::argument(
                "interval",
                format!("must be log, plain, log_log, logit or arcsin, got '{text}'"),
            )),
        }
    }

    /// Returns the limits of a survival whose logarithm has this standard error.
    fn limits(self, survival: f64, log_std_err: f64, z: f64) -> (f64, f64) {
        let width = z * log_std_err;
        match self {
            Self::Log => (survival * (-width).exp(), (survival * width.exp()).min(1.0)),
            Self::Plain => (
                (survival - survival * width).max(0.0),
                (survival + survival * width).min(1.0),
            ),
            Self::LogLog => {
                let width = width / survival.ln().abs();
                (survival.powf(width.exp()), survival.powf((-width).exp()))
            }
            Self::Logit => {
                let odds = (survival / (1.0 - survival)).ln();
                let width = width / (1.0 - survival);
                let at = |x: f64| 1.0 / (1.0 + (-x).exp());
                (at(odds - width), at(odds + width))
            }
            Self::Arcsin => {
                let angle = survival.sqrt().asin();
                let width = width / 2.0 * (survival / (1.0 - survival)).sqrt();
                let at = |x: f64| x.sin().powi(2);
                (
                    at((angle - width).max(0.0)),
                    at((angle + width).min(FRAC_PI_2)),
                )
            }
        }
    }
}

/// The curve at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KmPoint {
    /// The time.
    pub time: f64,
    /// Subjects under observation just before it.
    pub n_at_risk: f64,
    /// Events at it.
    pub n_events: f64,
    /// Subjects who left without the event at it.
    pub n_censored: f64,
    /// The probability to be without the event after it.
    pub survival: f64,
    /// The standard error of the survival.
    pub std_err: Option<f64>,
    /// The lower end of its interval.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
}

/// A Kaplan-Meier curve.
#[derive(Debug, Clone, PartialEq)]
pub struct KmCurve {
    /// Every distinct time, those with censorings only too, in order.
    pub points: Vec<KmPoint>,
    /// Subjects dropped for want of a time or a status.
    pub n_dropped: u64,
}

/// Returns the curve of a group; any cause is the event.
///
/// `confidence` is the level of the intervals, 0.95 by convention.
pub fn km_survival(
    times: &mut SurvivalTimes,
    interval: IntervalKind,
    confidence: f64,
) -> Result<KmCurve> {
    let z = normal_quantile(confidence)?;
    let n_dropped = times.n_dropped();
    let clustered = times.is_clustered();
    let rows = at_times(times.sorted());
    // The survival is one minus the incidence of any cause, and so is its error.
    let clustered =
        clustered.then(|| Curve::new(&rows, |_| true).clustered_variances(&rows, |_| true));
    let mut survival = 1.0;
    let mut greenwood = 0.0;
    let points = rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            survival *= (row.n_at_risk - row.n_events) / row.n_at_risk;
            greenwood += row.n_events / (row.n_at_risk * (row.n_at_risk - row.n_events));
            let log_std_err = match &clustered {
                Some(variances) => variances[i].map(|variance| variance.sqrt() / survival),
                None => Some(greenwood.sqrt()),
            }
            .filter(|log_std_err| log_std_err.is_finite() && survival > 0.0);
            let (lower, upper) = log_std_err
                .map(|log_std_err| interval.limits(survival, log_std_err, z))
                .unzip();
            KmPoint {
                time: row.time,
                n_at_risk: row.n_at_risk,
                n_events: row.n_events,
                n_censored: row.n_censored,
                survival,
                std_err: log_std_err.map(|log_std_err| log_std_err * survival),
                lower: lower.filter(|limit| limit.is_finite()),
                upper: upper.filter(|limit| limit.is_finite()),
            }
        })
        .collect();
    Ok(KmCurve { points, n_dropped })
}

/// The restricted mean survival time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rmst {
    /// The mean time without the event, up to `tau`.
    pub mean: f64,
    /// Its standard error.
    pub std_err: Option<f64>,
    /// Up to where.
    pub tau: f64,
}

/// Returns the area under the curve from 0 to `tau`, the last time if not given.
///
/// NULL for an empty group, and where `tau` lies beyond the last time of a curve
/// that has not reached 0: nothing is known there. Standard errors treat
/// subjects as independent, or are clustered as those of the curve.
pub fn rmst(times: &mut SurvivalTimes, tau: Option<f64>) -> Result<Option<Rmst>> {
    if let Some(tau) = tau.filter(|tau| !(tau.is_finite() && *tau > 0.0)) {
        let reason = format!("must be a time above 0, got {tau}");
        return Err(StatsError::argument("tau", reason));
    }
    let curve = km_survival(times, IntervalKind::Log, 0.95)?;
    let Some(last) = curve.points.last() else {
        return Ok(None);
    };
    let tau = tau.unwrap_or(last.time);
    if tau > last.time && last.survival > 0.0 {
        return Ok(None);
    }
    // From the end, so that the area right of each event is at hand.
    let clustered = times.is_clustered();
    let mut area = 0.0;
    let mut variance = 0.0;
    let mut right = tau;
    // What an event of weight one at a time takes from the mean, latest first.
    let mut losses = Vec::new();
    for point in curve.points.iter().rev() {
        let left = point.time.max(0.0);
        if left >= right {
            continue;
        }
        area += point.survival * (right - left);
        right = left;
        let left_over = point.n_at_risk - point.n_events;
        if point.n_events > 0.0 && left_over > 0.0 {
            variance += area * area * point.n_events / (point.n_at_risk * left_over);
            losses.push(Loss {
                time: point.time,
                of_event: area / left_over,
                of_risk: area / left_over * point.n_events / point.n_at_risk,
            });
        }
    }
    area += right.max(0.0);
    if clustered {
        losses.reverse();
        variance = clustered_variance(times.sorted(), &losses);
    }
    Ok(area.is_finite().then_some(Rmst {
        mean: area,
        std_err: Some(variance.sqrt()).filter(|std_err| std_err.is_finite()),
        tau,
    }))
}

/// What the mean loses at one time.
struct Loss {
    time: f64,
    /// For an event there.
    of_event: f64,
    /// For being at risk there: with this sign it is a gain.
    of_risk: f64,
}

/// Returns the variance of the mean from the influences of the clusters, by the infinitesimal jackknife.
fn clustered_variance(exits: &[Exit], losses: &[Loss]) -> f64 {
    let mut influences: BTreeMap<u64, f64> = BTreeMap::new();
    let mut at_risk = 0.0;
    let mut next = losses.iter().peekable();
    for exit in exits {
        while let Some(loss) = next.next_if(|loss| loss.time <= exit.time) {
            at_risk += loss.of_risk;
        }
        let event = losses
            .binary_search_by(|loss| loss.time.total_cmp(&exit.time))
            .map_or(0.0, |i| losses[i].of_event);
        let own = if exit.cause > 0 { event } else { 0.0 };
        *influences.entry(exit.cluster).or_default() += exit.weight * (at_risk - own);
    }
    influences
        .values()
        .map(|influence| influence * influence)
        .sum()
}

/// Returns the normal quantile of a two-sided level such as 0.95.
pub(super) fn normal_quantile(confidence: f64) -> Result<f64> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(Normal::standard().inverse_cdf(0.5 + confidence / 2.0))
    } else {
        let reason = format!("must be a level between 0 and 1, got {confidence}");
        Err(StatsError::argument("confidence", reason))
    }
}

#[cfg(test)]
mod tests;
