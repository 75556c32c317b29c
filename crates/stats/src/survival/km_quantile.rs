//! `km_quantile`: the time by which a share of the subjects had the event.
//!
//! The quantile is the first time at which the survival is at or below one
//! minus the share. Where the curve lies exactly there for a while, it is the
//! middle of that stretch, as in R; NULL where the curve never gets there. The
//! limits are the same rule on the limits of the curve.

use super::km::KmCurve;
use crate::error::{Result, StatsError};

/// How close counts as "exactly there": the square root of the double's epsilon, as in R.
const TOLERANCE: f64 = 1.490_116_119_384_765_6e-8;

/// A quantile of the time to the event, and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KmQuantile {
    /// The time.
    pub time: Option<f64>,
    /// The lower end of its interval.
    pub lower: Option<f64>,
    /// The upper end; NULL means "not bounded by the data".
    pub upper: Option<f64>,
}

/// Returns the time by which a share of the subjects had the event; 0.5 is the median.
pub fn km_quantile(curve: &KmCurve, share: f64) -> Result<KmQuantile> {
    if !(share > 0.0 && share < 1.0) {
        let reason = format!("must be a share between 0 and 1, got {share}");
        return Err(StatsError::argument("share", reason));
    }
    let target = 1.0 - share;
    let points = || curve.points.iter();
    Ok(KmQuantile {
        time: first_at(
            points().map(|point| (point.time, Some(point.survival))),
            target,
        ),
        lower: first_at(points().map(|point| (point.time, point.lower)), target),
        upper: first_at(points().map(|point| (point.time, point.upper)), target),
    })
}

/// Returns where a falling step curve reaches `target`; unknown values are skipped.
fn first_at(curve: impl Iterator<Item = (f64, Option<f64>)>, target: f64) -> Option<f64> {
    let mut known = curve.filter_map(|(time, value)| Some((time, value?)));
    let (start, value) = known.find(|(_, value)| *value <= target + TOLERANCE)?;
    if value < target - TOLERANCE {
        return Some(start);
    }
    // On the level itself: it ends with the next fall, or with the data.
    let mut end = start;
    for (time, value) in known {
        end = time;
        if value < target - TOLERANCE {
            break;
        }
    }
    Some(start + (end - start) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::published::{AML_MAINTAINED, AML_NONMAINTAINED, subjects};
    use super::super::{IntervalKind, SurvivalTimes, km_survival};
    use super::*;

    fn curve(rows: &[(f64, Option<bool>)]) -> KmCurve {
        let mut times = SurvivalTimes::new();
        for (time, event) in rows {
            times.push(Some(*time), *event);
        }
        km_survival(&mut times, IntervalKind::Log, 0.95).unwrap()
    }

    // R survival 3.8-11, tests/quantile.R: time, status and x of the eight rows.
    const ROWS: [(f64, Option<bool>, u8); 8] = [
        (9.0, Some(true), 0),
        (3.0, None, 2),
        (1.0, Some(true), 1),
        (1.0, Some(false), 1),
        (6.0, Some(true), 1),
        (6.0, Some(true), 0),
        (8.0, Some(false), 0),
        (10.0, Some(false), 0),
    ];

    #[test]
    fn a_flat_stretch_gives_its_middle() {
        let survivals = [13.0 / 14.0, 6.0 / 7.0, 2.0 / 3.0, 0.5, 9.0 / 35.0, 0.1];
        let rows = |x: Option<u8>| -> Vec<_> {
            ROWS.iter()
                .filter(|row| x.is_none_or(|x| x == row.2))
                .map(|row| (row.0, row.1))
                .collect()
        };
        for (x, expected) in [
            (
                None,
                [Some(1.0), Some(3.5), Some(6.0), Some(9.0), Some(9.5), None],
            ),
            (
                Some(0),
                [Some(6.0), Some(6.0), Some(9.0), Some(9.0), None, None],
            ),
            (
                Some(1),
                [
                    Some(1.0),
                    Some(1.0),
                    Some(3.5),
                    Some(6.0),
                    Some(6.0),
                    Some(6.0),
                ],
            ),
        ] {
            let curve = curve(&rows(x));
            for (survival, expected) in survivals.iter().zip(expected) {
                let found = km_quantile(&curve, 1.0 - survival).unwrap();
                assert_eq!(found.time, expected, "{x:?} {survival}");
            }
        }
        assert_eq!(curve(&rows(None)).n_dropped, 1);
    }

    // R survival, survfit(Surv(time, status) ~ x, aml): medians and 95 % limits
    // 31 (18, NA) and 23 (8, NA), recalled and reproduced.
    #[test]
    fn the_medians_of_aml() {
        let median = |rows: &[(u32, bool)]| {
            let curve = km_survival(&mut subjects(rows), IntervalKind::Log, 0.95);
            km_quantile(&curve.unwrap(), 0.5).unwrap()
        };
        let expected = |time, lower| KmQuantile {
            time: Some(time),
            lower: Some(lower),
            upper: None,
        };
        assert_eq!(median(&AML_MAINTAINED), expected(31.0, 18.0));
        assert_eq!(median(&AML_NONMAINTAINED), expected(23.0, 8.0));
    }

    #[test]
    fn no_subjects_have_no_median_and_a_share_has_bounds() {
        let nothing = KmQuantile {
            time: None,
            lower: None,
            upper: None,
        };
        assert_eq!(km_quantile(&curve(&[]), 0.5).unwrap(), nothing);
        for share in [0.0, 1.0, f64::NAN] {
            assert_eq!(
                km_quantile(&curve(&[]), share).unwrap_err().about(),
                Some("share")
            );
        }
    }
}
