//! Confidence intervals for the difference of two independent proportions.

use crate::distribution::normal_quantile;
use crate::error::{Result, StatsError, finite, open_unit};
use crate::prop_test::Proportion;

/// How the interval is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropDiffMethod {
    /// Newcombe's hybrid score interval (1998, method 10), without continuity
    /// correction.
    Newcombe,
    /// Agresti & Caffo (2000): one success and one failure added to each group.
    AgrestiCaffo,
    /// Miettinen & Nurminen (1985): the score test inverted.
    MiettinenNurminen,
    /// The textbook's normal interval, too short for small groups.
    Wald,
}

/// A difference of two rates and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PropDiff {
    /// First rate minus second.
    pub difference: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// The interval for `a`'s rate minus `b`'s; `None` when a group has no trials.
pub fn prop_diff_ci(
    a: Proportion,
    b: Proportion,
    method: PropDiffMethod,
    confidence: f64,
) -> Result<Option<PropDiff>> {
    open_unit("confidence", confidence)?;
    let (Some(p1), Some(p2)) = (a.rate(), b.rate()) else {
        return Ok(None);
    };
    let Some(z) = normal_quantile(0.5 + 0.5 * confidence) else {
        return Err(StatsError::argument("confidence", "is too close to 1"));
    };
    let (n1, n2) = (a.n as f64, b.n as f64);
    let difference = p1 - p2;
    let (low, high) = match method {
        PropDiffMethod::Wald => {
            let half = z * (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt();
            (difference - half, difference + half)
        }
        PropDiffMethod::AgrestiCaffo => {
            let q1 = (a.successes as f64 + 1.0) / (n1 + 2.0);
            let q2 = (b.successes as f64 + 1.0) / (n2 + 2.0);
            let half = z * (q1 * (1.0 - q1) / (n1 + 2.0) + q2 * (1.0 - q2) / (n2 + 2.0)).sqrt();
            (q1 - q2 - half, q1 - q2 + half)
        }
        PropDiffMethod::Newcombe => {
            let (l1, u1) = wilson(p1, n1, z);
            let (l2, u2) = wilson(p2, n2, z);
            (
                difference - (p1 - l1).hypot(u2 - p2),
                difference + (u1 - p1).hypot(p2 - l2),
            )
        }
        PropDiffMethod::MiettinenNurminen => {
            let limit = |towards: f64| score_limit(p1, n1, p2, n2, z, towards);
            (limit(-1.0), limit(1.0))
        }
    };
    Ok(finite(low).zip(finite(high)).map(|(low, high)| PropDiff {
        difference,
        low: low.max(-1.0),
        high: high.min(1.0),
    }))
}

/// Wilson's score interval of one rate.
fn wilson(p: f64, n: f64, z: f64) -> (f64, f64) {
    let square = z * z;
    let centre = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = z / (1.0 + square / n) * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    // At 0 and 1 a limit is the rate itself, which rounding would miss.
    (
        (centre - half).max(0.0).min(p),
        (centre + half).min(1.0).max(p),
    )
}

/// The difference, on one side of the observed one, whose score statistic is z.
fn score_limit(p1: f64, n1: f64, p2: f64, n2: f64, z: f64, towards: f64) -> f64 {
    let observed = p1 - p2;
    let mut inside = observed;
    let mut outside = towards;
    // The statistic grows from 0 at the observed difference to the end of the
    // range; 200 halvings reach the last bit long before they end.
    for _ in 0..200 {
        let middle = 0.5 * (inside + outside);
        if middle == inside || middle == outside {
            break;
        }
        if score(p1, n1, p2, n2, middle).abs() < z {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

/// The score statistic of a hypothetical difference, with the factor
/// n/(n − 1) of Miettinen & Nurminen.
fn score(p1: f64, n1: f64, p2: f64, n2: f64, delta: f64) -> f64 {
    let n = n1 + n2;
    let q1 = restricted_rate(p1, n1, p2, n2, delta);
    let q2 = (q1 - delta).clamp(0.0, 1.0);
    let variance = (q1 * (1.0 - q1) / n1 + q2 * (1.0 - q2) / n2) * n / (n - 1.0);
    let distance = p1 - p2 - delta;
    if variance > 0.0 {
        distance / variance.sqrt()
    } else if distance == 0.0 {
        0.0
    } else {
        f64::INFINITY.copysign(distance)
    }
}

/// The first rate that maximises the likelihood when the difference is
/// `delta`: a root of a cubic, in closed form (Farrington & Manning 1990).
fn restricted_rate(p1: f64, n1: f64, p2: f64, n2: f64, delta: f64) -> f64 {
    let theta = n2 / n1;
    let a = 1.0 + theta;
    let b = -(1.0 + theta + p1 + theta * p2 + delta * (theta + 2.0));
    let c = delta * delta + delta * (2.0 * p1 + theta + 1.0) + p1 + theta * p2;
    let d = -p1 * delta * (1.0 + delta);
    let v = (b / (3.0 * a)).powi(3) - b * c / (6.0 * a * a) + d / (2.0 * a);
    let u = ((b / (3.0 * a)).powi(2) - c / (3.0 * a))
        .max(0.0)
        .sqrt()
        .copysign(v);
    let cosine = if u == 0.0 {
        0.0
    } else {
        (v / (u * u * u)).clamp(-1.0, 1.0)
    };
    let angle = (std::f64::consts::PI + cosine.acos()) / 3.0;
    let rate = 2.0 * u * angle.cos() - b / (3.0 * a);
    rate.clamp(delta.max(0.0), (1.0 + delta).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(x: [u64; 2], n: [u64; 2], method: PropDiffMethod) -> PropDiff {
        let group = |i: usize| Proportion::new(x[i], n[i]).unwrap();
        prop_diff_ci(group(0), group(1), method, 0.95)
            .unwrap()
            .unwrap()
    }

    #[track_caller]
    fn check(actual: PropDiff, low: f64, high: f64, tolerance: f64) {
        assert!((actual.low - low).abs() <= tolerance, "{actual:?}");
        assert!((actual.high - high).abs() <= tolerance, "{actual:?}");
    }

    // 7/34 against 1/34: R PropCIs for the first two, Fagerland et al. 2015.
    #[test]
    fn the_fagerland_example_has_the_published_intervals() {
        let (x, n) = ([7, 1], [34, 34]);
        check(
            interval(x, n, PropDiffMethod::Wald),
            0.029_169_42,
            0.323_771_76,
            1e-8,
        );
        check(
            interval(x, n, PropDiffMethod::AgrestiCaffo),
            0.011_611_67,
            0.321_721_66,
            1e-8,
        );
        check(interval(x, n, PropDiffMethod::Newcombe), 0.019, 0.34, 5e-4);
        // Fagerland's table prints (0.028, 0.343), which is nearer to Mee's
        // interval without the factor n/(n-1). The limits here are those of a
        // numerical maximisation of the likelihood (scipy).
        check(
            interval(x, n, PropDiffMethod::MiettinenNurminen),
            0.027_041_626_8,
            0.345_291_217_3,
            1e-8,
        );
    }

    // Newcombe 1998, table II, examples (a) 56/70 - 48/80, (b) 9/10 - 3/10 and
    // (h) 10/10 - 0/10; methods 10 and 5 (Mee's, without the factor).
    #[test]
    fn newcombe_s_own_examples_come_out() {
        let method = PropDiffMethod::Newcombe;
        check(interval([56, 48], [70, 80], method), 0.0524, 0.3339, 1e-4);
        check(interval([9, 3], [10, 10], method), 0.1705, 0.8090, 1e-4);
        check(interval([10, 0], [10, 20], method), 0.6791, 1.0, 1e-4);
    }

    #[test]
    fn score_limits_are_where_the_score_statistic_is_z() {
        let z = 1.959_963_984_540_054;
        for (x, n) in [
            ([7, 1], [34, 34]),
            ([0, 4], [10, 25]),
            ([10, 0], [10, 20]),
            ([3, 3], [9, 11]),
        ] {
            let ci = interval(x, n, PropDiffMethod::MiettinenNurminen);
            let p = [0, 1].map(|i| x[i] as f64 / n[i] as f64);
            for limit in [ci.low, ci.high] {
                let s = score(p[0], n[0] as f64, p[1], n[1] as f64, limit);
                assert!(
                    limit.abs() > 1.0 - 1e-9 || (s.abs() - z).abs() < 1e-6,
                    "{x:?} {limit} {s}"
                );
            }
            // The closed form is the maximum: a fine grid finds no better rate.
            let delta = 0.5 * (ci.low + ci.high);
            let best = restricted_rate(p[0], n[0] as f64, p[1], n[1] as f64, delta);
            let log = |q: f64| {
                let term = |k: f64, q: f64| if k == 0.0 { 0.0 } else { k * q.ln() };
                let (x1, x2) = (x[0] as f64, x[1] as f64);
                let q2 = q - delta;
                term(x1, q)
                    + term(n[0] as f64 - x1, 1.0 - q)
                    + term(x2, q2)
                    + term(n[1] as f64 - x2, 1.0 - q2)
            };
            let (from, to) = (delta.max(0.0), (1.0 + delta).min(1.0));
            for i in 1..1000 {
                let q = from + (to - from) * f64::from(i) / 1000.0;
                assert!(log(q) <= log(best) + 1e-9, "{x:?} {q} {best}");
            }
        }
    }

    #[test]
    fn a_group_without_trials_has_no_interval() {
        let some = Proportion::new(1, 2).unwrap();
        let method = PropDiffMethod::Newcombe;
        assert_eq!(
            prop_diff_ci(some, Proportion::default(), method, 0.95),
            Ok(None)
        );
        assert!(prop_diff_ci(some, some, method, 1.0).is_err());
    }
}
