//! `cumulative_incidence`: the probability of each cause by a time (Aalen-Johansen).
//!
//! With competing causes (return, exchange, repair) one minus Kaplan-Meier of a
//! single cause overstates it, because the other causes are not censorings. Here
//! the causes and "nothing yet" add up to one.
//!
//! The variance is the delta method over the counts at each time, which for one
//! cause is Greenwood's formula. With clusters it is the infinitesimal
//! jackknife: the influences of a cluster's subjects are added before they are
//! squared. Without clusters the two agree (a test shows it), so the choice is
//! one of assumption only.

use super::times::{AtTime, SurvivalTimes, at_times};
use crate::error::{Result, StatsError};

/// The incidence of one cause at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CumulativeIncidencePoint {
    /// The time.
    pub time: f64,
    /// Subjects under observation just before it.
    pub n_at_risk: f64,
    /// Events of this cause at it.
    pub n_events: f64,
    /// Events of other causes at it.
    pub n_competing: f64,
    /// Subjects who left without an event at it.
    pub n_censored: f64,
    /// The probability that this cause happened by then.
    pub incidence: f64,
    /// Its standard error.
    pub std_err: Option<f64>,
    /// The lower end of its interval, from the logarithm of minus the logarithm.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
}

/// Returns the incidence of one cause at every distinct time.
///
/// `confidence` is the level of the intervals, 0.95 by convention. They are of
/// the log-log kind, which stays within 0 and 1; NULL where the incidence is 0
/// or 1. `cause` counts from 1.
pub fn cumulative_incidence(
    times: &mut SurvivalTimes,
    cause: u32,
    confidence: f64,
) -> Result<Vec<CumulativeIncidencePoint>> {
    if cause == 0 {
        let reason = "must be 1 or more: 0 is censored";
        return Err(StatsError::argument("cause", reason));
    }
    let z = super::km::normal_quantile(confidence)?;
    let clustered = times.is_clustered();
    let rows = at_times(times.sorted());
    let curve = Curve::new(&rows, |exit| exit == cause);
    let variances = if clustered {
        curve.clustered_variances(&rows, |exit| exit == cause)
    } else {
        curve.variances(&rows)
    };
    Ok(rows
        .iter()
        .zip(&curve.steps)
        .zip(variances)
        .map(|((row, step), variance)| {
            let std_err = variance.map(f64::sqrt);
            let (lower, upper) = limits(step.incidence, std_err, z);
            CumulativeIncidencePoint {
                time: row.time,
                n_at_risk: row.n_at_risk,
                n_events: step.n_cause,
                n_competing: row.n_events - step.n_cause,
                n_censored: row.n_censored,
                incidence: step.incidence,
                std_err,
                lower,
                upper,
            }
        })
        .collect())
}

/// Returns log-log limits of an incidence.
fn limits(incidence: f64, std_err: Option<f64>, z: f64) -> (Option<f64>, Option<f64>) {
    match std_err {
        // A sum of shares may miss 1 by a rounding.
        Some(std_err) if incidence > 0.0 && incidence < 1.0 - 1e-12 => {
            let width = z * std_err / (incidence * incidence.ln()).abs();
            (
                Some(incidence.powf(width.exp())),
                Some(incidence.powf((-width).exp())),
            )
        }
        _ => (None, None),
    }
}

/// The incidence of one cause after each distinct time.
pub(super) struct Curve {
    pub(super) steps: Vec<Incidence>,
}

/// One step of the curve.
pub(super) struct Incidence {
    /// Weight of the cause at this time.
    n_cause: f64,
    /// Probability of no event of any cause before this time.
    free_before: f64,
    /// Probability of this cause by this time.
    pub(super) incidence: f64,
}

impl Curve {
    pub(super) fn new(rows: &[AtTime<'_>], is_cause: impl Fn(u32) -> bool) -> Self {
        let mut free = 1.0;
        let mut incidence = 0.0;
        let steps = rows
            .iter()
            .map(|row| {
                let n_cause: f64 = row
                    .exits
                    .iter()
                    .filter(|exit| exit.cause > 0 && is_cause(exit.cause))
                    .map(|exit| exit.weight)
                    .sum();
                let free_before = free;
                incidence += free_before * n_cause / row.n_at_risk;
                free *= (row.n_at_risk - row.n_events) / row.n_at_risk;
                Incidence {
                    n_cause,
                    free_before,
                    incidence,
                }
            })
            .collect();
        Self { steps }
    }

    /// Returns the delta-method variance after each time.
    ///
    /// With h the hazard of any cause, k that of this one, S the survival just
    /// before and F the incidence, the count at time i moves F(t) by
    /// a = S_i for an event of the cause and by -b for any event, where
    /// b = (F(t) - F_i) / (1 - h_i). Their multinomial variance is a quadratic
    /// in F(t), whose three coefficients are running sums: one pass.
    fn variances(&self, rows: &[AtTime<'_>]) -> Vec<Option<f64>> {
        let (mut constant, mut linear, mut square) = (0.0, 0.0, 0.0);
        rows.iter()
            .zip(&self.steps)
            .map(|(row, step)| {
                let n = row.n_at_risk;
                let (k, h) = (step.n_cause / n, row.n_events / n);
                let a = step.free_before;
                constant += a * a * k * (1.0 - k) / n;
                if row.n_events < n {
                    // The term is a²k(1-k) - 2ab k(1-h) + b²h(1-h), over n.
                    let cross = a * k / n;
                    let own = h / (n * (1.0 - h));
                    constant += 2.0 * cross * step.incidence + own * step.incidence.powi(2);
                    linear += -2.0 * cross - 2.0 * own * step.incidence;
                    square += own;
                }
                let f = step.incidence;
                settled(constant + linear * f + square * f * f, f)
            })
            .collect()
    }

    /// Returns the clustered variance after each time.
    ///
    /// The influence of a subject on F(t) is p + q F(t), where p and q grow
    /// while it is at risk, alike for all subjects, and stop when it leaves.
    /// So each cluster is a weight at risk and two settled sums, and six sums
    /// over the clusters give the variance after every time in one pass.
    pub(super) fn clustered_variances(
        &self,
        rows: &[AtTime<'_>],
        is_cause: impl Fn(u32) -> bool,
    ) -> Vec<Option<f64>> {
        let mut names: Vec<u64> = rows
            .iter()
            .flat_map(|row| row.exits.iter().map(|exit| exit.cluster))
            .collect();
        names.sort_unstable();
        names.dedup();
        let index_of = |cluster: u64| names.binary_search(&cluster).ok();
        let mut clusters = vec![Cluster::default(); names.len()];
        for exit in rows.iter().flat_map(|row| row.exits) {
            if let Some(index) = index_of(exit.cluster) {
                clusters[index].at_risk += exit.weight;
            }
        }
        let mut sums = Sums::default();
        for cluster in &clusters {
            sums.add(cluster, 1.0);
        }
        let (mut p, mut q) = (0.0, 0.0);
        rows.iter()
            .zip(&self.steps)
            .map(|(row, step)| {
                let n = row.n_at_risk;
                let (k, h) = (step.n_cause / n, row.n_events / n);
                let (p_before, q_before) = (p, q);
                p -= step.free_before * k / n;
                if row.n_events < n {
                    let own = h / (n * (1.0 - h));
                    p -= own * step.incidence;
                    q += own;
                }
                for exit in row.exits {
                    let Some(index) = index_of(exit.cluster) else {
                        continue;
                    };
                    let cluster = &mut clusters[index];
                    sums.add(cluster, -1.0);
                    let (settled_p, settled_q) = if exit.cause == 0 {
                        (p, q)
                    } else {
                        let own = f64::from(u8::from(is_cause(exit.cause)));
                        (
                            p_before + (step.free_before * (own - k) + step.incidence) / n,
                            q_before - 1.0 / n,
                        )
                    };
                    cluster.at_risk -= exit.weight;
                    cluster.p += exit.weight * settled_p;
                    cluster.q += exit.weight * settled_q;
                    sums.add(cluster, 1.0);
                }
                settled(sums.square(p, q, step.incidence), step.incidence)
            })
            .collect()
    }
}

/// Returns a variance unless it is what rounding leaves of sums that cancel, as where all had the
/// event or all clusters are alike.
fn settled(variance: f64, incidence: f64) -> Option<f64> {
    let is_rounding = variance < 1e-14 * incidence * incidence;
    finite(if is_rounding { 0.0 } else { variance })
}

/// The subjects of one cluster: weight at risk and settled influences.
#[derive(Clone, Copy, Default)]
struct Cluster {
    at_risk: f64,
    p: f64,
    q: f64,
}

/// Sums over the clusters of the products of their three numbers.
#[derive(Default)]
struct Sums {
    risk_risk: f64,
    risk_p: f64,
    risk_q: f64,
    p_p: f64,
    p_q: f64,
    q_q: f64,
}

impl Sums {
    fn add(&mut self, cluster: &Cluster, sign: f64) {
        self.risk_risk += sign * cluster.at_risk * cluster.at_risk;
        self.risk_p += sign * cluster.at_risk * cluster.p;
        self.risk_q += sign * cluster.at_risk * cluster.q;
        self.p_p += sign * cluster.p * cluster.p;
        self.p_q += sign * cluster.p * cluster.q;
        self.q_q += sign * cluster.q * cluster.q;
    }

    /// Returns the sum over clusters of (risk (p + q f) + P + Q f) squared.
    fn square(&self, p: f64, q: f64, f: f64) -> f64 {
        let u = p + q * f;
        u * u * self.risk_risk
            + 2.0 * u * (self.risk_p + f * self.risk_q)
            + self.p_p
            + 2.0 * f * self.p_q
            + f * f * self.q_q
    }
}

/// Returns a number that may leave the crate.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(rows: &[(u32, u32, u64)], clustered: bool) -> SurvivalTimes {
        let mut times = if clustered {
            SurvivalTimes::clustered()
        } else {
            SurvivalTimes::new()
        };
        for (time, cause, cluster) in rows {
            times.push_cause(Some(f64::from(*time)), Some(*cause), 1.0, *cluster);
        }
        times
    }

    /// Five subjects by hand: cause 1 at 1, cause 2 at 2, censored at 2, cause 1 at 3 and 4.
    #[test]
    fn a_hand_worked_case() {
        let mut five = times(
            &[(1, 1, 0), (2, 2, 0), (2, 0, 0), (3, 1, 0), (4, 1, 0)],
            false,
        );
        let first = cumulative_incidence(&mut five, 1, 0.95).unwrap();
        let second = cumulative_incidence(&mut five, 2, 0.95).unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        // 1/5; then 4/5 * 1/4 for the other cause, leaving 3/5 for two subjects.
        for (point, expected) in first.iter().zip([0.2, 0.2, 0.5, 0.8]) {
            close(point.incidence, expected);
        }
        close(second[3].incidence, 0.2);
        assert_eq!(first[1].n_competing, 1.0);
        close(first[0].std_err.unwrap(), (0.2f64 * 0.8 / 5.0).sqrt());
        assert_eq!(
            cumulative_incidence(&mut five, 0, 0.95)
                .unwrap_err()
                .about(),
            Some("cause")
        );
        assert!(
            cumulative_incidence(&mut SurvivalTimes::new(), 1, 0.95)
                .unwrap()
                .is_empty()
        );
    }

    /// The incidence with the weights of subjects as given, straight from the definition.
    fn incidence(rows: &[(u32, u32, u64)], weights: &[f64], cause: u32, until: u32) -> f64 {
        let mut free = 1.0;
        let mut total = 0.0;
        for time in 0..=until {
            let weigh = |keep: &dyn Fn(u32, u32) -> bool| -> f64 {
                rows.iter()
                    .zip(weights)
                    .filter(|((t, c, _), _)| keep(*t, *c))
                    .map(|(_, weight)| weight)
                    .sum()
            };
            let n = weigh(&|t, _| t >= time);
            if n > 0.0 {
                total += free * weigh(&|t, c| t == time && c == cause) / n;
                free *= 1.0 - weigh(&|t, c| t == time && c > 0) / n;
            }
        }
        total
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn variances_agree_with_moving_each_weight(
            rows in prop::collection::vec((0u32..6, 0u32..3, 0u64..4), 2..14),
            clustered in any::<bool>(),
        ) {
            let mut state = times(&rows, clustered);
            for point in cumulative_incidence(&mut state, 1, 0.95).unwrap() {
                let until = point.time as u32;
                let mut weights = vec![1.0; rows.len()];
                prop_assert!((incidence(&rows, &weights, 1, until) - point.incidence).abs() < 1e-12);
                let mut by_cluster = std::collections::BTreeMap::<u64, f64>::new();
                for (i, row) in rows.iter().enumerate() {
                    let step = 1e-5;
                    weights[i] = 1.0 + step;
                    let up = incidence(&rows, &weights, 1, until);
                    weights[i] = 1.0 - step;
                    let down = incidence(&rows, &weights, 1, until);
                    weights[i] = 1.0;
                    let name = if clustered { row.2 } else { i as u64 };
                    *by_cluster.entry(name).or_default() += (up - down) / (2.0 * step);
                }
                let slow: f64 = by_cluster.values().map(|u| u * u).sum();
                let fast = point.std_err.unwrap().powi(2);
                prop_assert!((slow - fast).abs() < 1e-7, "{} {}", slow, fast);
            }
        }

        #[test]
        fn causes_and_freedom_add_up_to_one(
            rows in prop::collection::vec((0u32..9, 0u32..4, 0u64..1), 1..40),
        ) {
            let mut state = times(&rows, false);
            let sums: Vec<f64> = (1..4)
                .map(|cause| cumulative_incidence(&mut state, cause, 0.95).unwrap())
                .fold(vec![0.0; 9], |mut sums, curve| {
                    curve.iter().enumerate().for_each(|(i, point)| sums[i] += point.incidence);
                    sums
                });
            let km = super::super::km_survival(&mut state, super::super::IntervalKind::Log, 0.95).unwrap();
            for (point, sum) in km.points.iter().zip(sums) {
                prop_assert!((point.survival + sum - 1.0).abs() < 1e-12);
            }
        }
    }
}
