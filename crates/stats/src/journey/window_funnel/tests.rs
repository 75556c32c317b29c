//! Published cases of ClickHouse's tests and a walk that keeps every chain.

use super::super::{Event, EventLog};
use super::{FunnelModes, WindowFunnel};
use proptest::prelude::*;

fn funnel(window: i64, n_conditions: usize, modes: &str) -> WindowFunnel {
    WindowFunnel::new(window, n_conditions, FunnelModes::parse(modes).unwrap()).unwrap()
}

/// Events written as letters, one timestamp apart; each step is one letter.
fn letters(events: &str, steps: &str) -> EventLog {
    events
        .chars()
        .enumerate()
        .map(|(i, event)| {
            let bits = steps.chars().enumerate().fold(0u32, |bits, (step, name)| {
                bits | u32::from(event == name) << step
            });
            (i as i64 + 1, bits)
        })
        .collect()
}

fn level(events: &str, steps: &str, modes: &str) -> usize {
    let mut log = letters(events, steps);
    funnel(86_400, steps.len(), modes).level(log.sorted())
}

// ClickHouse tests/queries/0_stateless/00632_aggregation_window_funnel.reference@0882b32b
// (Apache-2.0), tables funnel_test_strict_order and funnel_test_allow_reentry.
#[test]
fn strict_order_stops_at_an_event_out_of_turn() {
    for (events, default, strict_order, with_deduplication) in [
        ("abc", 3, 3, 3),
        ("adbc", 3, 1, 1),
        ("aabbcc", 3, 3, 2),
        ("aaaabbcc", 3, 3, 2),
        ("aabbdcc", 3, 2, 2),
        ("ccbbaa", 1, 1, 1),
    ] {
        assert_eq!(level(events, "abc", "default"), default, "{events}");
        assert_eq!(
            level(events, "abc", "strict_order"),
            strict_order,
            "{events}"
        );
        let both = level(events, "abc", "strict_deduplication,strict_order");
        assert_eq!(both, with_deduplication, "{events}");
    }
    assert_eq!(level("acb", "abc", "strict_order"), 1);
}

#[test]
fn allow_reentry_lets_the_first_step_come_again() {
    for (events, strict, reentry, strict_4, reentry_4, combined) in [
        ("abac", 2, 3, 2, 3, 3),
        ("ababc", 2, 3, 2, 3, 1),
        ("abcbd", 3, 3, 4, 4, 3),
        ("acb", 1, 1, 1, 1, 1),
        ("abcabcd", 3, 3, 3, 4, 3),
    ] {
        let reentry_mode = "strict_order,allow_reentry";
        let combined_mode = "strict_order,allow_reentry,strict_deduplication";
        assert_eq!(level(events, "abc", "strict_order"), strict, "{events}");
        assert_eq!(level(events, "abc", reentry_mode), reentry, "{events}");
        assert_eq!(level(events, "abcd", "strict_order"), strict_4, "{events}");
        assert_eq!(level(events, "abcd", reentry_mode), reentry_4, "{events}");
        assert_eq!(level(events, "abc", combined_mode), combined, "{events}");
    }
}

// The same file, table funnel_test_ecommerce: begin, view, pay.
#[test]
fn a_step_that_repeats_the_first_condition_is_out_of_turn_at_once() {
    for (events, strict, reentry) in [("bvbp", 2, 3), ("bvvbp", 2, 3), ("bvp", 3, 3)] {
        assert_eq!(level(events, "bvp", "strict_order"), strict);
        assert_eq!(level(events, "bvp", "strict_order,allow_reentry"), reentry);
        assert_eq!(level(events, "bvbp", "strict_order"), 1);
        assert_eq!(level(events, "bvbp", "strict_order,allow_reentry"), 1);
    }
}

// The same file: issue 27469 and the users of the second funnel_test2.
#[test]
fn strict_deduplication_and_strict_once_of_clickhouse() {
    assert_eq!(level("abcbd", "abcd", "strict_deduplication"), 3);
    let users: [(&[(i64, char)], usize); 3] = [
        (&[(180, 'f'), (220, 'f'), (250, 's')], 3),
        (&[(100, 'f'), (250, 'f')], 2),
        (&[(200, 's'), (210, 'f'), (230, 's')], 1),
    ];
    for (rows, expected) in users {
        let mut log: EventLog = rows
            .iter()
            .map(|(at, result)| (*at, if *result == 'f' { 0b011 } else { 0b100 }))
            .collect();
        for modes in [
            "strict_once",
            "strict_once,strict_increase",
            "strict_once,strict_deduplication",
        ] {
            assert_eq!(
                funnel(200, 3, modes).level(log.sorted()),
                expected,
                "{modes}"
            );
        }
    }
}

// The same file, table funnel_test_non_null: NULL conditions are false, and a row
// without any condition matters to strict_order only.
#[test]
fn rows_without_a_condition_stop_strict_order_only() {
    // `a is null` and `b = 'b3'` for the four users.
    let users = [
        (vec![(1, 0), (2, 0)], 0, 0),
        (vec![(1, 0), (2, 0)], 0, 0),
        (vec![(1, 0b01)], 1, 1),
        (vec![(1, 0b01), (2, 0), (3, 0b11)], 2, 1),
    ];
    for (rows, default, strict_order) in users {
        let mut log: EventLog = rows.iter().copied().collect();
        assert_eq!(funnel(86_400, 2, "").level(log.sorted()), default);
        let strict = funnel(86_400, 2, "strict_order");
        assert!(strict.keeps_unmatched());
        assert_eq!(strict.level(log.sorted()), strict_order);
    }
}

// ClickHouse tests/queries/0_stateless/01646_fix_window_funnel_inconistency.sql.
#[test]
fn ties_do_not_depend_on_the_order_of_arrival() {
    for rows in [
        [(10, 0b001), (10, 0b010), (1, 0b100)],
        [(10, 0b010), (10, 0b001), (1, 0b100)],
    ] {
        let mut log: EventLog = rows.into_iter().collect();
        assert_eq!(funnel(1_000_000, 3, "").level(log.sorted()), 2);
    }
}

#[test]
fn strict_increase_keeps_the_chain_clickhouse_loses() {
    let mut log: EventLog = [(0, 0b01), (1, 0b01), (1, 0b10)].into_iter().collect();
    assert_eq!(funnel(10, 2, "strict_increase").level(log.sorted()), 2);
    assert_eq!(funnel(10, 2, "strict_increase").times(log.sorted()), [0, 1]);
}

#[test]
fn one_event_takes_many_steps_unless_it_may_not() {
    let mut log: EventLog = [(5, 0b111)].into_iter().collect();
    assert_eq!(funnel(1, 3, "").level(log.sorted()), 3);
    assert_eq!(funnel(1, 3, "strict_once").level(log.sorted()), 1);
    assert_eq!(funnel(1, 3, "strict_increase").level(log.sorted()), 1);
    let mut log: EventLog = [(5, 0b111), (5, 0b001), (5, 0b011)].into_iter().collect();
    assert_eq!(funnel(1, 3, "strict_once").level(log.sorted()), 3);
    assert_eq!(funnel(1, 3, "strict_once").times(log.sorted()), [5, 5, 5]);
}

#[test]
fn the_window_counts_from_the_first_event_and_includes_its_end() {
    let mut log = letters("abc", "abc");
    assert_eq!(funnel(2, 3, "").level(log.sorted()), 3);
    assert_eq!(funnel(1, 3, "").level(log.sorted()), 2);
    let mut far: EventLog = [(i64::MIN, 1), (i64::MAX, 2)].into_iter().collect();
    assert_eq!(funnel(i64::MAX, 2, "").level(far.sorted()), 1);
}

#[test]
fn the_winning_chain_begins_as_late_as_it_can() {
    let mut log = letters("aabbc", "abc");
    assert_eq!(funnel(10, 3, "").times(log.sorted()), [2, 4, 5]);
    assert_eq!(funnel(10, 3, "").times(&[]), [0i64; 0]);
}

#[test]
fn thirty_two_conditions_and_no_more() {
    let mut log: EventLog = (0..32).map(|i| (i, 1u32 << i)).collect();
    assert_eq!(funnel(31, 32, "").level(log.sorted()), 32);
    assert_eq!(funnel(30, 32, "").level(log.sorted()), 31);
    let error = WindowFunnel::new(1, 33, FunnelModes::default()).unwrap_err();
    assert_eq!(error.about(), Some("conditions"));
}

#[test]
fn wrong_options_name_the_argument() {
    assert_eq!(
        WindowFunnel::new(0, 1, FunnelModes::default())
            .unwrap_err()
            .to_string(),
        "window must be a duration above 0, got 0"
    );
    assert_eq!(
        FunnelModes::parse("strickt").unwrap_err().about(),
        Some("mode")
    );
    let alone = FunnelModes::parse("allow_reentry").unwrap();
    assert_eq!(
        WindowFunnel::new(1, 1, alone).unwrap_err().about(),
        Some("mode")
    );
}

/// Keeps every chain there is, as lists of rows, and walks entry by entry.
fn slow(funnel: &WindowFunnel, events: &[Event]) -> usize {
    let modes = funnel.modes;
    let mut entries: Vec<(i64, usize, usize)> = Vec::new();
    for (row, event) in events.iter().enumerate() {
        let bits = event.conditions & ((1u64 << funnel.n_conditions) - 1) as u32;
        if bits == 0 && modes.strict_order {
            entries.push((event.at, 0, row));
        }
        for step in 0..funnel.n_conditions {
            if bits >> step & 1 == 1 {
                entries.push((event.at, step + 1, row));
            }
        }
    }
    entries.sort_unstable();
    let mut chains: Vec<Vec<Vec<usize>>> = vec![Vec::new(); funnel.n_conditions];
    let longest = |chains: &Vec<Vec<Vec<usize>>>| {
        chains
            .iter()
            .rposition(|of_step| !of_step.is_empty())
            .map_or(0, |step| step + 1)
    };
    let mut previous = 0;
    for (at, step, row) in entries {
        let level = longest(&chains);
        if level == funnel.n_conditions {
            return level;
        }
        if step == 0 {
            if level > 0 {
                return level;
            }
            continue;
        }
        let index = step - 1;
        if modes.strict_deduplication && index > 0 && !chains[index].is_empty() {
            return if modes.allow_reentry {
                previous.min(level)
            } else {
                level
            };
        }
        if modes.strict_order && level > 0 {
            let again = index == 0 && level > 1 && !modes.allow_reentry;
            if again || (index > 0 && chains[index - 1].is_empty()) {
                return level;
            }
        }
        previous = step;
        if index == 0 {
            chains[0].push(vec![row]);
            continue;
        }
        let longer: Vec<Vec<usize>> = chains[index - 1]
            .iter()
            .filter(|chain| {
                let first = events[chain[0]].at;
                let last = events[chain[chain.len() - 1]].at;
                at - first <= funnel.window as i64
                    && (!modes.strict_increase || last < at)
                    && (!modes.strict_once || !chain.contains(&row))
            })
            .map(|chain| [chain.as_slice(), &[row]].concat())
            .collect();
        chains[index].extend(longer);
    }
    longest(&chains)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn every_mode_agrees_with_keeping_every_chain(
        rows in prop::collection::vec((0i64..8, 0u32..16), 0..9),
        window in 1i64..9,
        n_conditions in 1usize..5,
        bits in 0u8..32,
    ) {
        let strict_order = bits & 1 != 0;
        let modes = FunnelModes {
            strict_order,
            allow_reentry: strict_order && bits & 2 != 0,
            strict_deduplication: bits & 4 != 0,
            strict_increase: bits & 8 != 0,
            strict_once: bits & 16 != 0,
        };
        let funnel = WindowFunnel::new(window, n_conditions, modes).unwrap();
        let mut log: EventLog = rows.iter().copied().collect();
        let mut reversed: EventLog = rows.iter().rev().copied().collect();
        let level = funnel.level(log.sorted());
        prop_assert_eq!(level, slow(&funnel, log.sorted()));
        prop_assert_eq!(level, funnel.level(reversed.sorted()));

        let times = funnel.times(log.sorted());
        prop_assert_eq!(times.len(), level);
        prop_assert!(times.is_sorted());
        if let (Some(first), Some(last)) = (times.first(), times.last()) {
            prop_assert!(last - first <= window);
        }
        for (step, at) in times.iter().enumerate() {
            prop_assert!(rows.iter().any(|(t, c)| t == at && c >> step & 1 == 1));
        }
    }
}
