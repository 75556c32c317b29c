//! The published ovarian curve and a curve straight from the definition.

use super::super::published::{AML_NONMAINTAINED, subjects};
use super::super::{IntervalKind, SurvivalTimes};
use super::{km_survival, rmst};
use proptest::prelude::*;

// R survival, data ovarian (Edmunson 1979): futime and fustat.
const OVARIAN: [(u32, bool); 26] = [
    (59, true),
    (115, true),
    (156, true),
    (268, true),
    (329, true),
    (353, true),
    (365, true),
    (377, false),
    (421, false),
    (431, true),
    (448, false),
    (464, true),
    (475, true),
    (477, false),
    (563, true),
    (638, true),
    (744, false),
    (769, false),
    (770, false),
    (803, false),
    (855, false),
    (1040, false),
    (1106, false),
    (1129, false),
    (1206, false),
    (1227, false),
];

fn ovarian() -> SurvivalTimes {
    subjects(&OVARIAN)
}

/// The derivative of the mean by a subject's weight, summed over a cluster: what the error is made of.
#[test]
fn clustered_errors_of_the_mean_are_those_of_changed_weights() {
    let rows = [
        (1.0, 1, 0),
        (2.0, 1, 1),
        (2.0, 0, 1),
        (3.5, 1, 0),
        (4.0, 0, 2),
        (5.0, 1, 2),
        (5.0, 1, 3),
        (7.0, 0, 3),
    ];
    let mean = |changed: Option<(usize, f64)>| {
        let mut times = SurvivalTimes::clustered();
        for (i, (time, cause, cluster)) in rows.iter().enumerate() {
            let weight = 1.0 + changed.filter(|c| c.0 == i).map_or(0.0, |c| c.1);
            times.push_cause(Some(*time), Some(*cause), weight, *cluster);
        }
        rmst(&mut times, Some(6.0)).unwrap().unwrap()
    };
    let step = 1e-6;
    let mut influences = [0.0; 4];
    for (i, row) in rows.iter().enumerate() {
        let slope = (mean(Some((i, step))).mean - mean(Some((i, -step))).mean) / (2.0 * step);
        influences[row.2 as usize] += slope;
    }
    let slow: f64 = influences.iter().map(|x| x * x).sum();
    let found = mean(None).std_err.unwrap();
    assert!(
        (found - slow.sqrt()).abs() < 1e-8,
        "{found} {}",
        slow.sqrt()
    );
}

// R survival 3.8-11 tests/Examples/survival-Ex.Rout.save: summary(survfit(...)).
#[test]
fn the_ovarian_curve_is_that_of_r() {
    let curve = km_survival(&mut ovarian(), IntervalKind::Log, 0.95).unwrap();
    let events: Vec<_> = curve.points.iter().filter(|p| p.n_events > 0.0).collect();
    let expected = [
        (59.0, 26.0, 0.962, 0.0377, 0.890, 1.000),
        (115.0, 25.0, 0.923, 0.0523, 0.826, 1.000),
        (156.0, 24.0, 0.885, 0.0627, 0.770, 1.000),
        (268.0, 23.0, 0.846, 0.0708, 0.718, 0.997),
        (329.0, 22.0, 0.808, 0.0773, 0.670, 0.974),
        (353.0, 21.0, 0.769, 0.0826, 0.623, 0.949),
        (365.0, 20.0, 0.731, 0.0870, 0.579, 0.923),
        (431.0, 17.0, 0.688, 0.0919, 0.529, 0.894),
        (464.0, 15.0, 0.642, 0.0965, 0.478, 0.862),
        (475.0, 14.0, 0.596, 0.0999, 0.429, 0.828),
        (563.0, 12.0, 0.546, 0.1032, 0.377, 0.791),
        (638.0, 11.0, 0.497, 0.1051, 0.328, 0.752),
    ];
    assert_eq!(events.len(), expected.len());
    for (point, (time, n, survival, std_err, lower, upper)) in events.iter().zip(expected) {
        assert_eq!((point.time, point.n_at_risk), (time, n));
        let close = |a: f64, b: f64| assert!((a - b).abs() < 6e-4, "{time}: {a} {b}");
        close(point.survival, survival);
        close(point.std_err.unwrap(), std_err);
        close(point.lower.unwrap(), lower);
        close(point.upper.unwrap(), upper);
    }
}

// R survival, print(survfit(Surv(time, status) ~ x, aml), rmean = ...), recalled:
// 22.7 with standard error 4.18 for the nonmaintained group, whose curve ends at 0.
#[test]
fn the_restricted_mean_of_aml() {
    let mut times = subjects(&AML_NONMAINTAINED);
    let found = rmst(&mut times, None).unwrap().unwrap();
    assert!((found.mean - 22.7).abs() < 0.05, "{found:?}");
    assert!((found.std_err.unwrap() - 4.18).abs() < 0.005, "{found:?}");
    // Beyond a curve that reached 0 there is no more area.
    let further = rmst(&mut times, Some(100.0)).unwrap().unwrap();
    assert_eq!(further.mean, found.mean);
}

#[test]
fn a_restricted_mean_beyond_the_data_is_unknown() {
    assert_eq!(rmst(&mut ovarian(), Some(2_000.0)).unwrap(), None);
    assert_eq!(rmst(&mut SurvivalTimes::new(), None).unwrap(), None);
    assert_eq!(
        rmst(&mut ovarian(), Some(0.0)).unwrap_err().about(),
        Some("tau")
    );
    // Nothing happened before day 50.
    assert_eq!(
        rmst(&mut ovarian(), Some(50.0)).unwrap().unwrap().mean,
        50.0
    );
}

#[test]
fn events_come_before_censorings_and_nothing_escapes_at_zero() {
    let mut times = SurvivalTimes::new();
    for (time, event) in [(1.0, true), (1.0, false), (2.0, true)] {
        times.push(Some(time), Some(event));
    }
    for interval in [IntervalKind::Log, IntervalKind::Plain, IntervalKind::LogLog] {
        let curve = km_survival(&mut times, interval, 0.95).unwrap();
        let first = curve.points[0];
        assert_eq!(
            (first.n_at_risk, first.n_events, first.n_censored),
            (3.0, 1.0, 1.0)
        );
        assert!((first.survival - 2.0 / 3.0).abs() < 1e-15);
        let last = curve.points[1];
        assert_eq!(last.survival, 0.0);
        assert_eq!((last.std_err, last.lower, last.upper), (None, None, None));
    }
    assert!(km_survival(&mut times, IntervalKind::Log, 1.0).is_err());
}

#[test]
fn intervals_are_read_by_name() {
    assert_eq!(
        IntervalKind::parse("log-log").unwrap(),
        IntervalKind::LogLog
    );
    assert_eq!(IntervalKind::parse("LOG").unwrap(), IntervalKind::Log);
    assert_eq!(
        IntervalKind::parse("exact").unwrap_err().about(),
        Some("interval")
    );
}

#[test]
fn a_weight_of_two_is_two_subjects() {
    let mut weighted = SurvivalTimes::new();
    let mut repeated = SurvivalTimes::new();
    for (time, event) in OVARIAN {
        let time = f64::from(time);
        weighted.push_cause(Some(time), Some(u32::from(event)), 2.0, 0);
        repeated.push(Some(time), Some(event));
        repeated.push(Some(time), Some(event));
    }
    let weighted = km_survival(&mut weighted, IntervalKind::Plain, 0.9).unwrap();
    assert_eq!(
        weighted,
        km_survival(&mut repeated, IntervalKind::Plain, 0.9).unwrap()
    );
}

proptest! {
    #[test]
    fn the_curve_agrees_with_its_definition(
        rows in prop::collection::vec((1u32..9, any::<bool>()), 1..30),
    ) {
        let mut times = SurvivalTimes::new();
        let mut alone = SurvivalTimes::clustered();
        for (i, (time, event)) in rows.iter().enumerate() {
            times.push(Some(f64::from(*time)), Some(*event));
            alone.push_cause(Some(f64::from(*time)), Some(u32::from(*event)), 1.0, i as u64);
        }
        let curve = km_survival(&mut times, IntervalKind::LogLog, 0.95).unwrap();
        let alone = km_survival(&mut alone, IntervalKind::LogLog, 0.95).unwrap();
        let mut area = 0.0;
        let mut last = (0.0, 1.0);
        for (point, alone) in curve.points.iter().zip(&alone.points) {
            let mut survival = 1.0;
            let mut greenwood = 0.0;
            for time in 1..=point.time as u32 {
                let n = rows.iter().filter(|row| row.0 >= time).count() as f64;
                let d = rows.iter().filter(|row| row.0 == time && row.1).count() as f64;
                if d > 0.0 {
                    survival *= 1.0 - d / n;
                    greenwood += d / (n * (n - d));
                }
            }
            prop_assert!((point.survival - survival).abs() < 1e-12);
            match point.std_err {
                None => prop_assert!(survival < 1e-12),
                Some(std_err) => {
                    prop_assert!((std_err - survival * greenwood.sqrt()).abs() < 1e-12);
                    // Everybody a cluster of their own: the jackknife is Greenwood's.
                    prop_assert!((std_err - alone.std_err.unwrap()).abs() < 1e-9);
                }
            }
            if let (Some(lower), Some(upper)) = (point.lower, point.upper) {
                prop_assert!(0.0 <= lower && lower <= point.survival + 1e-12);
                prop_assert!(point.survival <= upper + 1e-12 && upper <= 1.0);
            }
            area += last.1 * (point.time - last.0);
            last = (point.time, point.survival);
        }
        let mean = rmst(&mut times, None).unwrap().unwrap();
        prop_assert!((mean.mean - area).abs() < 1e-9);
    }
}
