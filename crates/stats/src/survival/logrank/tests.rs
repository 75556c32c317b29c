//! The log-rank test against R and lifelines, and against slow loops over single subjects and days.

use proptest::prelude::*;

use super::super::published::{AML_MAINTAINED, AML_NONMAINTAINED, subjects};
use super::*;

#[test]
fn groups_that_are_exactly_alike_have_a_p_value_of_one() {
    let group = || subjects(&[(1, true), (2, false)]);
    let test = logrank(&mut [group(), group()]).unwrap();
    assert_eq!((test.chi_square, test.p_value), (Some(0.0), Some(1.0)));
}

// R survival, survdiff(Surv(time, status) ~ x, aml): chisq 3.4, p 0.07;
// more digits by lifelines 0.30.3.
#[test]
fn the_aml_test_is_that_of_r() {
    let test = logrank(&mut [subjects(&AML_MAINTAINED), subjects(&AML_NONMAINTAINED)]).unwrap();
    let close = |a: f64, b: f64, by: f64| assert!((a - b).abs() < by, "{a} {b}");
    assert_eq!((test.groups[0].n, test.groups[0].observed), (11.0, 7.0));
    assert_eq!((test.groups[1].n, test.groups[1].observed), (12.0, 11.0));
    close(test.groups[0].expected, 10.69, 0.005);
    close(test.groups[1].expected, 7.31, 0.005);
    close(test.chi_square.unwrap(), 3.396_388_698_977_602_4, 1e-9);
    close(test.p_value.unwrap(), 0.065_339_322_040_504_9, 1e-9);
    assert_eq!(test.df, 1);
}

// R survival 3.5-3: survdiff(Surv(time, status) ~ x, aml, rho = 1), and
// survdiff(Surv(futime, fustat) ~ rx + strata(resid.ds), ovarian), rho 0 and 1.
#[test]
fn strata_and_weights_are_those_of_r() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    let mut groups = [subjects(&AML_MAINTAINED), subjects(&AML_NONMAINTAINED)];
    let test = logrank_stratified(&mut [&mut groups[..]], 1.0).unwrap();
    close(test.chi_square.unwrap(), 2.779_279_544_751_77);
    close(test.groups[0].observed, 3.845_410_628_019_32);
    close(test.groups[1].expected, 4.884_057_971_014_49);

    // Treatment 1 and 2 without residual disease, then with some.
    let mut strata = [
        [
            subjects(&[
                (448, false),
                (638, true),
                (803, false),
                (855, false),
                (1106, false),
            ]),
            subjects(&[
                (563, true),
                (744, false),
                (1129, false),
                (1227, false),
                (353, true),
                (377, false),
            ]),
        ],
        [
            subjects(&[
                (59, true),
                (115, true),
                (156, true),
                (431, true),
                (477, false),
                (1040, false),
                (268, true),
                (329, true),
            ]),
            subjects(&[
                (421, false),
                (464, true),
                (475, true),
                (769, false),
                (770, false),
                (1206, false),
                (365, true),
            ]),
        ],
    ];
    let early = logrank_stratified(&mut strata, 1.0).unwrap();
    close(early.chi_square.unwrap(), 1.476_618_287_450_73);
    close(early.groups[1].observed, 3.550_757_575_757_58);
    let test = logrank_stratified(&mut strata, 0.0).unwrap();
    close(test.chi_square.unwrap(), 1.279_643_451_203_36);
    close(test.groups[0].expected, 5.095_196_470_196_47);
    assert_eq!((test.groups[0].observed, test.groups[1].n), (7.0, 13.0));
    let unequal = &mut [vec![subjects(&[]), subjects(&[])], vec![subjects(&[])]];
    assert!(logrank_stratified(unequal, 0.0).is_err());
}

#[test]
fn groups_without_events_have_no_statistic() {
    let test = logrank(&mut [subjects(&[(1, false)]), subjects(&[(2, false)])]).unwrap();
    assert_eq!((test.chi_square, test.p_value, test.df), (None, None, 0));
    let test = logrank(&mut [subjects(&[(1, true)]), subjects(&[])]).unwrap();
    assert_eq!((test.chi_square, test.df), (None, 0));
    assert_eq!(
        logrank(&mut [subjects(&[])]).unwrap_err().about(),
        Some("groups")
    );
}

/// Subjects with group, time, event and cluster.
fn clustered(rows: &[(u32, u32, bool, u64)]) -> [SurvivalTimes; 2] {
    [0, 1].map(|name| {
        let mut times = SurvivalTimes::clustered();
        for (_, time, event, cluster) in rows.iter().filter(|row| row.0 == name) {
            let cause = Some(u32::from(*event));
            times.push_cause(Some(f64::from(*time)), cause, 1.0, *cluster);
        }
        times
    })
}

// The score residuals one subject at a time, for two groups.
fn slow_robust(rows: &[(u32, u32, bool, u64)]) -> (f64, f64) {
    let (mut total, mut by_cluster) = (0.0, BTreeMap::<u64, f64>::new());
    for (group, time, event, cluster) in rows {
        let in_second = f64::from(*group);
        let share = |at: u32| {
            let at_risk = rows.iter().filter(|r| r.1 >= at);
            let n = at_risk.clone().count() as f64;
            (at_risk.filter(|r| r.0 == 1).count() as f64 / n, n)
        };
        let mut score = if *event {
            in_second - share(*time).0
        } else {
            0.0
        };
        for at in 0..=*time {
            let d = rows.iter().filter(|r| r.1 == at && r.2).count() as f64;
            if d > 0.0 {
                let (share, n) = share(at);
                score -= (in_second - share) * d / n;
            }
        }
        total += score;
        *by_cluster.entry(*cluster).or_default() += score;
    }
    (total, by_cluster.values().map(|score| score * score).sum())
}

proptest! {
    #[test]
    fn the_robust_test_agrees_with_score_residuals_of_single_subjects(
        rows in prop::collection::vec((0u32..2, 1u32..8, any::<bool>(), 0u64..6), 2..40),
    ) {
        let (total, variance) = slow_robust(&rows);
        match logrank(&mut clustered(&rows)).unwrap().chi_square {
            Some(found) => {
                let slow = total * total / variance;
                prop_assert!((found - slow).abs() < 1e-8 * (1.0 + slow));
            }
            None => prop_assert!(variance < 1e-10 || rows.iter().all(|r| !r.2)
                || rows.iter().all(|r| r.0 == rows[0].0) || total.abs() < 1e-9),
        }
    }

    #[test]
    fn it_does_not_depend_on_the_order_of_the_groups(
        rows in prop::collection::vec((0u32..3, 1u32..8, any::<bool>()), 6..40),
    ) {
        let split = |order: [u32; 3]| {
            order.map(|name| {
                let rows: Vec<_> = rows
                    .iter()
                    .filter(|row| row.0 == name)
                    .map(|row| (row.1, row.2))
                    .collect();
                subjects(&rows)
            })
        };
        let one = logrank(&mut split([0, 1, 2])).unwrap();
        let other = logrank(&mut split([2, 0, 1])).unwrap();
        prop_assert_eq!(one.df, other.df);
        match (one.chi_square, other.chi_square) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-6 * (1.0 + a)),
            (a, b) => prop_assert_eq!(a, b),
        }
        let observed: f64 = one.groups.iter().map(|group| group.observed).sum();
        let expected: f64 = one.groups.iter().map(|group| group.expected).sum();
        prop_assert!((observed - expected).abs() < 1e-9);
    }

    #[test]
    fn two_groups_agree_with_the_sum_over_all_days(
        rows in prop::collection::vec((any::<bool>(), 1u32..8, any::<bool>()), 2..30),
    ) {
        let of = |name: bool| -> Vec<_> {
            rows.iter().filter(|row| row.0 == name).map(|row| (row.1, row.2)).collect()
        };
        let (mut difference, mut variance) = (0.0, 0.0);
        for day in 1..8 {
            let count = |keep: &dyn Fn(&(bool, u32, bool)) -> bool| {
                rows.iter().filter(|row| keep(row)).count() as f64
            };
            let n = count(&|row| row.1 >= day);
            let n1 = count(&|row| row.1 >= day && row.0);
            let d = count(&|row| row.1 == day && row.2);
            let d1 = count(&|row| row.1 == day && row.2 && row.0);
            if d > 0.0 {
                difference += d1 - d * n1 / n;
                if n > 1.0 {
                    variance += d * (n1 / n) * (1.0 - n1 / n) * (n - d) / (n - 1.0);
                }
            }
        }
        let test = logrank(&mut [subjects(&of(true)), subjects(&of(false))]).unwrap();
        match test.chi_square {
            Some(found) => {
                let slow: f64 = difference * difference / variance;
                prop_assert!((found - slow).abs() < 1e-9 * (1.0 + slow));
            }
            None => prop_assert!(variance < 1e-12),
        }
    }
}
