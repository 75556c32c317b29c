//! Published cases of ClickHouse and a matcher that tries everything.

use super::super::pattern::{Comparison, Gap, Pattern, Step};
use super::super::{Event, EventLog};
use super::{sequence_count, sequence_match, sequence_match_events};
use proptest::prelude::*;

/// Events as (time, value), a condition for each value asked for.
fn log(rows: &[(i64, i64)], values: &[i64]) -> EventLog {
    rows.iter()
        .map(|(at, value)| {
            let bits = values.iter().enumerate().fold(0u32, |bits, (i, wanted)| {
                bits | u32::from(value == wanted) << i
            });
            (*at, bits)
        })
        .collect()
}

const S: [(i64, i64); 12] = [
    (0, 0),
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 1),
    (5, 2),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 1),
    (11, 1),
];

// ClickHouse tests/queries/0_stateless/00222_sequence_aggregate_function_family.sql
// (Apache-2.0): sequenceMatch and sequenceCount of the same patterns.
#[test]
fn match_and_count_are_those_of_clickhouse() {
    let mut events = log(&S, &[0, 1, 2, 3]);
    for (text, count) in [
        ("", 12),
        (".", 12),
        (".*", 12),
        ("(?1)", 8),
        ("(?2)", 3),
        ("(?3)", 1),
        ("(?4)", 0),
        ("(?1)(?1)", 4),
        ("(?1)(?1)(?1)", 2),
        ("(?1)(?1)(?1)(?1)", 2),
        ("(?1)(?1)(?1)(?1)(?1)", 0),
        ("(?1)(?1)(?1)(?1)(?2)", 2),
        ("(?1)(?t>10)(?2)", 1),
        ("(?1)(?t>11)(?2)", 0),
        ("(?1)(?t<11)(?2)", 2),
        ("(?1)(?t<3)(?3)", 1),
        ("(?1)(?t<=2)(?3)", 1),
        ("(?1)(?t<2)(?3)", 0),
        ("(?2)(?t>=7)(?2)", 1),
        ("(?2)(?t>7)(?2)", 0),
        ("(?2)(?3)(?1)", 1),
    ] {
        let pattern = Pattern::parse(text, 4).unwrap();
        assert_eq!(
            sequence_count(&pattern, events.sorted(), 1),
            count,
            "{text}"
        );
        assert_eq!(
            sequence_match(&pattern, events.sorted(), 1),
            count > 0,
            "{text}"
        );
    }
}

// ClickHouse docs, parametric-functions.md: sequenceCount and sequenceMatchEvents.
#[test]
fn the_examples_of_the_documentation() {
    let rows = [(1, 1), (2, 3), (3, 2), (4, 1), (5, 3), (6, 2)];
    let mut events = log(&rows, &[1, 2]);
    let pattern = Pattern::parse("(?1).*(?2)", 2).unwrap();
    assert_eq!(sequence_count(&pattern, events.sorted(), 1), 2);
    let mut events = log(&rows, &[1, 2, 4]);
    let pattern = Pattern::parse("(?1).*(?2).*(?1)(?3)", 3).unwrap();
    assert_eq!(
        sequence_match_events(&pattern, events.sorted(), 1),
        [1, 3, 4]
    );
    assert!(!sequence_match(&pattern, events.sorted(), 1));
}

#[test]
fn the_matching_events_are_reported_not_an_abandoned_attempt() {
    let mut events: EventLog = [(0, 1), (3, 1), (5, 2)].into_iter().collect();
    let pattern = Pattern::parse("(?1)(?t==2)(?2)", 2).unwrap();
    assert_eq!(sequence_match_events(&pattern, events.sorted(), 1), [3, 5]);
    let pattern = Pattern::parse(".(?2)", 2).unwrap();
    assert_eq!(sequence_match_events(&pattern, events.sorted(), 1), [5]);
    let pattern = Pattern::parse("(?2)(?1)", 2).unwrap();
    assert_eq!(sequence_match_events(&pattern, events.sorted(), 1), [5]);
    assert_eq!(sequence_match_events(&pattern, &[], 1), [0i64; 0]);
}

#[test]
fn seconds_are_translated_into_ticks() {
    let mut events: EventLog = [(0, 1), (1_500_000, 2)].into_iter().collect();
    for (text, expected) in [
        ("(?1)(?t<=1)(?2)", false),
        ("(?1)(?t>1)(?2)", true),
        ("(?1)(?t<2)(?2)", true),
        ("(?1)(?t<18446744073709551615)(?2)", true),
        ("(?1)(?t>18446744073709551615)(?2)", false),
    ] {
        let pattern = Pattern::parse(text, 2).unwrap();
        let found = sequence_match(&pattern, events.sorted(), 1_000_000);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_hundred_thousand_events_and_many_stars_take_one_pass_each() {
    let mut events: EventLog = (0..100_000).map(|i| (i, 1)).collect();
    let text = "(?1).*".repeat(31) + "(?2)";
    let pattern = Pattern::parse(&text, 2).unwrap();
    assert!(!sequence_match(&pattern, events.sorted(), 1));
    assert_eq!(
        sequence_match_events(&pattern, events.sorted(), 1).len(),
        31
    );
}

/// Tries every way to take the elements one after the other, earliest first.
/// Returns the positions of the steps taken and where reading ended.
fn attempt(
    pattern: &Pattern,
    events: &[Event],
    step: usize,
    gap: usize,
    at: usize,
    taken: &mut Vec<usize>,
    longest: &mut Vec<usize>,
) -> Option<usize> {
    let gaps = &pattern.gaps[step];
    if let Some(element) = gaps.get(gap) {
        for next in at..=events.len() {
            let passes = match *element {
                Gap::Star => true,
                Gap::Time(comparison, seconds) => match events.get(next) {
                    None => {
                        next == at
                            && (matches!(comparison, Comparison::Less | Comparison::LessOrEqual)
                                || (comparison == Comparison::GreaterOrEqual && seconds == 0))
                    }
                    Some(event) => {
                        let apart = event.at - events[taken[taken.len() - 1]].at;
                        let seconds = seconds as i64;
                        match comparison {
                            Comparison::Less => apart < seconds,
                            Comparison::LessOrEqual => apart <= seconds,
                            Comparison::Greater => apart > seconds,
                            Comparison::GreaterOrEqual => apart >= seconds,
                            Comparison::Equal => apart == seconds,
                        }
                    }
                },
            };
            if passes
                && let Some(end) = attempt(pattern, events, step, gap + 1, next, taken, longest)
            {
                return Some(end);
            }
        }
        return None;
    }
    let Some(wanted) = pattern.steps.get(step) else {
        return Some(at);
    };
    let event = events.get(at)?;
    let met = match wanted {
        Step::Any => true,
        Step::Condition(index) => event.conditions >> index & 1 == 1,
    };
    if !met {
        return None;
    }
    taken.push(at);
    if taken.len() > longest.len() {
        longest.clone_from(taken);
    }
    let end = attempt(pattern, events, step + 1, 0, at + 1, taken, longest);
    if end.is_none() {
        taken.pop();
    }
    end
}

fn slow(pattern: &Pattern, events: &[Event]) -> (u64, Vec<i64>) {
    let mut count = 0;
    let mut from = 0;
    let mut first: Option<Vec<usize>> = None;
    let mut longest = Vec::new();
    while from < events.len() {
        let mut taken = Vec::new();
        let end = (from..events.len()).find_map(|start| {
            taken.clear();
            attempt(pattern, events, 0, 0, start, &mut taken, &mut longest)
        });
        let Some(end) = end else {
            break;
        };
        count += 1;
        first.get_or_insert(taken.clone());
        from = end.max(from + 1);
    }
    let times = first
        .unwrap_or(longest)
        .iter()
        .zip(&pattern.steps)
        .filter(|(_, step)| matches!(step, Step::Condition(_)))
        .map(|(position, _)| events[*position].at)
        .collect();
    (count, times)
}

fn element() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (1u32..4).prop_map(|n| format!("(?{n})")),
        1 => Just(".".to_owned()),
        1 => Just(".*".to_owned()),
        2 => (prop::sample::select(vec!["<", "<=", ">", ">=", "=="]), 0u64..5)
            .prop_map(|(op, n)| format!("(?t{op}{n})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn every_pattern_agrees_with_trying_everything(
        rows in prop::collection::vec((0i64..9, 1u32..8), 0..9),
        elements in prop::collection::vec(element(), 0..6),
    ) {
        let Ok(pattern) = Pattern::parse(&elements.concat(), 3) else {
            return Ok(());
        };
        let mut log: EventLog = rows.iter().copied().collect();
        let mut reversed: EventLog = rows.iter().rev().copied().collect();
        let (count, times) = slow(&pattern, log.sorted());
        prop_assert_eq!(sequence_count(&pattern, log.sorted(), 1), count);
        prop_assert_eq!(sequence_count(&pattern, reversed.sorted(), 1), count);
        if !rows.is_empty() {
            prop_assert_eq!(sequence_match(&pattern, log.sorted(), 1), count > 0);
        }
        prop_assert_eq!(sequence_match_events(&pattern, log.sorted(), 1), times);
    }
}
