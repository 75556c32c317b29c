//! Every planted fact, found again by a loop over the raw rows.

use std::collections::HashSet;

use aftersight_datagen::{Config, FACTS, Groups, Shop};

use crate::estimate::Estimate;
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
fn facts_have_names_of_their_own() {
    let ids: HashSet<&str> = FACTS.iter().map(|fact| fact.id).collect();
    assert_eq!(ids.len(), FACTS.len());
}
