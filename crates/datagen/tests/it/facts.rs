//! Every planted fact, found again by a loop over the raw rows.

use std::collections::HashSet;

use aftersight_datagen::{Config, FACTS, Groups, Mark, PlantedFact, Shop, When};
use chrono::Datelike;

use crate::contract::contract;
use crate::estimate::{Estimate, Sums};
use crate::measure::Raw;
use crate::{CLEAN, as_of};

/// Standard errors within which a number counts as the expected one. With some
/// fifty facts a correct generator is outside of four once in 300 seeds.
const NEAR: f64 = 4.0;

fn is_near(found: Estimate, expected: f64) -> bool {
    // Written so that NaN is not near anything.
    (found.value - expected).abs() <= NEAR * found.error
}

#[test]
fn every_planted_fact_is_in_the_rows() {
    let raw = Raw::new(&CLEAN);
    for fact in FACTS {
        let found = raw.measure(fact.id);
        assert!(
            is_near(found, fact.size),
            "{}: {found:?}, not {}",
            fact.id,
            fact.size
        );
    }
}

#[test]
fn a_fact_of_any_size_is_told_from_nothing() {
    let raw = Raw::new(&CLEAN);
    for fact in FACTS.iter().filter(|fact| fact.is_effect()) {
        // Small samples hide some in a single demo; the mean over seeds below
        // shows them.
        if (fact.size - fact.quiet).abs() < 6.0 * fact.spread {
            continue;
        }
        let found = raw.measure(fact.id);
        let distance = (found.value - fact.quiet).abs();
        assert!(distance > 2.0 * found.error, "{}: {found:?}", fact.id);
        let sign = if found.value > fact.quiet { 1 } else { -1 };
        assert_eq!(sign, fact.sign(), "{}: {found:?}", fact.id);
    }
}

#[test]
fn facts_have_the_expected_size_on_average_over_seeds() {
    let shops: Vec<Shop> = (100..112)
        .map(|seed| {
            Shop::generate(&Config {
                seed,
                dirty: false,
                ..Config::demo(as_of())
            })
        })
        .collect();
    let raws: Vec<Raw<'_>> = shops.iter().map(Raw::new).collect();
    let n = raws.len() as f64;
    for fact in FACTS {
        let found: Vec<Estimate> = raws.iter().map(|raw| raw.measure(fact.id)).collect();
        for one in &found {
            assert_in_interval(fact, *one, 20_000);
        }
        let mean = Estimate {
            value: found.iter().map(|one| one.value).sum::<f64>() / n,
            error: found
                .iter()
                .map(|one| one.error.powi(2))
                .sum::<f64>()
                .sqrt()
                / n,
        };
        assert!(
            is_near(mean, fact.size),
            "{}: {mean:?}, not {}",
            fact.id,
            fact.size
        );
        if fact.is_effect() {
            assert!(!is_near(mean, fact.quiet), "{}: {mean:?}", fact.id);
        }
    }
}

#[test]
fn measurements_of_a_smaller_shop_stay_in_a_wider_interval() {
    for seed in 300..304 {
        let shop = Shop::generate(&Config {
            seed,
            dirty: false,
            ..Config::sized(as_of(), 8_000)
        });
        let raw = Raw::new(&shop);
        for fact in FACTS {
            assert_in_interval(fact, raw.measure(fact.id), 8_000);
        }
    }
}

fn assert_in_interval(fact: &PlantedFact, found: Estimate, orders: u32) {
    let promised = fact.interval(orders);
    assert!(
        promised.contains(&found.value),
        "{}: {found:?} not in {promised:?}",
        fact.id
    );
}

#[test]
fn the_slow_looking_agent_looks_slow() {
    let mut minutes = [Sums::default(); 2];
    for row in &CLEAN.tables().tickets {
        if let Some(n) = row.handle_minutes {
            minutes[usize::from(row.assignee == Some("agent_07"))].add(n);
        }
    }
    assert!(minutes[1].mean() > 2.0 * minutes[0].mean(), "{minutes:?}");
}

#[test]
fn a_shop_without_a_story_shows_none_of_it() {
    let shop = Shop::generate(&Config {
        story: false,
        dirty: false,
        ..Config::demo(as_of())
    });
    assert!(shop.summary().facts.is_empty());
    assert_eq!(shop.summary().groups, Groups::default());
    let raw = Raw::new(&shop);
    for fact in FACTS {
        let found = raw.measure(fact.id);
        assert!(
            is_near(found, fact.quiet),
            "{}: {found:?}, not {}",
            fact.id,
            fact.quiet
        );
    }
}

#[test]
fn the_shop_as_a_whole_is_of_the_usual_kind() {
    let raw = Raw::new(&CLEAN);
    for (what, low, high) in [
        ("purchases", 19_000.0, 21_000.0),
        ("returned units per unit", 0.11, 0.17),
        ("relationship nps", 30.0, 45.0),
        ("delivery nps", 28.0, 40.0),
        ("csat", 0.78, 0.86),
        ("response rate", 0.10, 0.25),
        ("tickets per order", 0.08, 0.14),
        ("guest orders", 0.03, 0.08),
    ] {
        let found = raw.usual(what);
        assert!((low..=high).contains(&found), "{what}: {found}");
    }
}

#[test]
fn a_sized_shop_has_about_the_orders_asked_for() {
    for orders in [2_000, 60_000] {
        let shop = Shop::generate(&Config::sized(as_of(), orders));
        let found = Raw::new(&shop).usual("purchases");
        let asked = f64::from(orders);
        // Orders of one customer come together: the error is that of the
        // customers, about 1.3 times that of independent orders.
        let near = 0.01 * asked + NEAR * 1.5 * asked.sqrt();
        assert!((found - asked).abs() < near, "{found} of {asked}");
    }
}

#[test]
fn facts_have_names_of_their_own_and_compare_rows_of_canonical_tables() {
    let ids: HashSet<&str> = FACTS.iter().map(|fact| fact.id).collect();
    assert_eq!(ids.len(), FACTS.len());
    let tables: HashSet<String> = contract().into_iter().map(|table| table.table).collect();
    for fact in FACTS {
        let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(fact.id.chars().all(is_code), "{fact:?}");
        assert!(tables.contains(fact.compare.table), "{fact:?}");
        let compare = fact.compare;
        for words in [
            fact.what,
            compare.measure,
            compare.by,
            compare.of,
            compare.to,
        ] {
            assert!(!words.is_empty() && !words.contains("  "), "{fact:?}");
        }
        assert_eq!(fact.is_effect(), fact.sign() != 0, "{fact:?}");
        assert!(fact.interval(20_000).contains(&fact.size), "{fact:?}");
    }
    assert!(FACTS.iter().filter(|fact| fact.is_effect()).count() > 40);
}

#[test]
fn a_mark_begins_before_it_ends_and_within_the_demo() {
    let timeline = CLEAN.summary().timeline;
    let config = CLEAN.config();
    for fact in FACTS {
        if let When::During(mark) = fact.compare.when {
            let span = timeline.span(mark);
            assert!(
                config.start < span.from && span.from < span.until,
                "{mark:?}"
            );
            assert!(span.until <= config.end, "{mark:?}");
        }
    }
    // What the demo's report is written around.
    let late = timeline.span(Mark::LateCarrier).from.iso_week();
    assert_eq!((late.year(), late.week()), (2026, 30));
    let cohort = timeline.span(Mark::LoyalCohort).from;
    assert_eq!(cohort.to_string(), "2025-10-01");
}
