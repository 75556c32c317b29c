//! Every table has enough of everything to ask about.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftersight_datagen::{Config, OrderId, Shop, ShopId, Sku};

use crate::{CLEAN, as_of};

/// Counts rows by a code.
fn count<T>(rows: &[T], code: impl Fn(&T) -> &'static str) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(code(row)).or_default() += 1;
    }
    counts
}

#[track_caller]
fn has(counts: &BTreeMap<&'static str, usize>, codes: &[&'static str], at_least: usize) {
    for code in codes {
        let found = counts.get(code).copied().unwrap_or(0);
        assert!(found >= at_least, "{code}: {found} in {counts:?}");
    }
}

#[test]
fn every_kind_of_case_is_there_in_numbers() {
    let t = CLEAN.tables();
    let kinds = count(&t.refunds, |row| row.kind);
    has(
        &kinds,
        &["goods", "shipping", "goodwill", "price_adjustment"],
        80,
    );
    has(&kinds, &["pre_shipment", "rejected_delivery"], 80);
    has(&kinds, &["chargeback"], 25);
    let kinds = count(&t.returns, |row| row.kind);
    has(&kinds, &["return", "exchange", "refund_only"], 80);
    has(&kinds, &["repair"], 20);
    let outcomes = count(&t.returns, |row| row.outcome.unwrap_or("none"));
    has(
        &outcomes,
        &["restock", "refurbish", "liquidate", "scrap", "reject"],
        50,
    );
    let statuses = count(&t.orders, |row| row.status);
    has(
        &statuses,
        &["open", "cancelled", "rejected", "completed"],
        100,
    );
    has(&statuses, &["paid", "shipped", "delivered"], 10);
    let issues = count(&t.tickets, |row| row.issue_type);
    let all = [
        "delivery",
        "invoice",
        "product_question",
        "refund",
        "return",
        "warranty",
    ];
    has(&issues, &all, 100);
    let events = count(&t.ticket_events, |row| row.event);
    has(
        &events,
        &["created", "assigned", "reply", "status", "handoff"],
        80,
    );
    let states = count(&t.ticket_events, |row| row.status_to.unwrap_or("none"));
    has(
        &states,
        &["new", "open", "pending", "solved", "closed"],
        100,
    );
    let actors = count(&t.ticket_events, |row| row.actor);
    has(&actors, &["customer", "agent", "bot", "system"], 100);
    let sources = count(&t.interactions, |row| row.source);
    has(&sources, &["review", "social", "chat", "web"], 100);
    let steps = count(&t.interactions, |row| row.step);
    has(
        &steps,
        &["search", "view", "cart", "checkout", "pay", "use"],
        500,
    );
    let measures = count(&t.actions, |row| row.measure.unwrap_or("none"));
    has(
        &measures,
        &["call_back", "voucher", "replacement", "none"],
        20,
    );
    let arms = count(&t.assignments, |row| row.arm);
    has(&arms, &["treatment", "control"], 5_000);
    assert!(
        t.assignments
            .iter()
            .filter(|row| row.redeemed_at.is_some())
            .count()
            > 100
    );
}

#[test]
fn repairs_are_spread_over_articles_and_ages() {
    let t = CLEAN.tables();
    assert!(t.repairs.len() > 400, "{}", t.repairs.len());
    let delivered: HashMap<OrderId, _> = t
        .orders
        .iter()
        .filter_map(|row| Some((row.order_id, row.delivered_at?)))
        .collect();
    let mut by_quarter = [0; 8];
    for row in &t.repairs {
        // Units that came back at once are no question of age.
        if row.return_id.is_some() {
            continue;
        }
        let age = row.failed_at.seconds() - delivered[&row.order_id].seconds();
        assert!(age >= 0 && row.failed_at <= row.opened_at, "{row:?}");
        by_quarter[(age / (92 * 86_400)).min(7) as usize] += 1;
    }
    assert!(by_quarter[..6].iter().all(|n| *n > 10), "{by_quarter:?}");
    let skus: HashSet<Sku> = t.repairs.iter().map(|row| row.sku).collect();
    assert!(skus.len() > 25, "{}", skus.len());
    let n_paid = t.repairs.iter().filter(|row| !row.is_warranty).count();
    assert!(n_paid > 20, "{n_paid}");
}

#[test]
fn of_several_sizes_one_is_kept() {
    let t = CLEAN.tables();
    let bracketers: HashSet<_> = CLEAN.summary().groups.bracketers.iter().collect();
    let limit = CLEAN.config().end - chrono::Days::new(45);
    let days = limit
        .signed_duration_since(chrono::NaiveDate::default())
        .num_days();
    let offset = CLEAN.config().utc_offset_minutes;
    let orders: HashMap<OrderId, _> = t
        .orders
        .iter()
        .filter(|row| {
            row.delivered_at
                .is_some_and(|at| at.local_day(offset) < days)
        })
        .filter_map(|row| Some((row.order_id, row.customer_id?)))
        .collect();
    let mut tried: HashMap<(OrderId, Sku), [usize; 2]> = HashMap::new();
    for row in t
        .order_items
        .iter()
        .filter(|row| orders.contains_key(&row.order_id))
    {
        tried.entry((row.order_id, row.sku)).or_default()[0] += 1;
    }
    for row in &t.returns {
        let key = (row.order_id.unwrap(), row.sku.unwrap());
        if let Some(counts) = tried.get_mut(&key) {
            counts[1] += 1;
        }
    }
    tried.retain(|_, counts| counts[0] > 1);
    assert!(tried.len() > 50, "{}", tried.len());
    assert!(
        tried
            .keys()
            .all(|(order, _)| bracketers.contains(&orders[order]))
    );
    let n_one_kept = tried
        .values()
        .filter(|counts| counts[0] == counts[1] + 1)
        .count();
    let share = n_one_kept as f64 / tried.len() as f64;
    assert!((0.8..0.98).contains(&share), "{share}");
}

#[test]
fn agents_work_when_their_team_does() {
    let t = CLEAN.tables();
    let offset = i64::from(CLEAN.config().utc_offset_minutes) * 60;
    let teams: HashMap<_, _> = t
        .tickets
        .iter()
        .map(|row| (row.ticket_id, row.team))
        .collect();
    let minutes = |text: &str| -> i64 {
        let (hours, minutes) = text.split_once(':').unwrap();
        hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
    };
    let holidays: HashSet<i64> = t
        .holidays
        .iter()
        .map(|row| {
            row.day
                .signed_duration_since(chrono::NaiveDate::default())
                .num_days()
        })
        .collect();
    let mut n_replies = 0;
    for row in t
        .ticket_events
        .iter()
        .filter(|row| row.actor == "agent" && row.event == "reply")
    {
        let local = row.occurred_at.seconds() + offset;
        let (day, minute) = (local.div_euclid(86_400), local.rem_euclid(86_400) / 60);
        let weekday = (day + 3).rem_euclid(7) + 1;
        let is_open = t.shifts.iter().any(|shift| {
            let hours = minutes(shift.opens_at)..minutes(shift.closes_at) + 1;
            shift.team == teams[&row.ticket_id]
                && shift.weekday == weekday
                && hours.contains(&minute)
        });
        assert!(is_open && !holidays.contains(&day), "{row:?}");
        n_replies += 1;
    }
    assert!(n_replies > 3_000);
}

#[test]
fn a_shop_abroad_has_its_own_currency_and_a_rate_for_every_day() {
    let own = Shop::generate(&Config::sized(as_of(), 3_000));
    let two = Shop::generate(&Config {
        second_currency: Some("USD"),
        ..Config::sized(as_of(), 3_000)
    });
    let (own, two) = (own.tables(), two.tables());
    assert!(own.orders.iter().all(|row| row.currency == "CNY"));
    let abroad: HashMap<ShopId, bool> = two
        .shops
        .iter()
        .map(|row| (row.shop_id, row.currency == "USD"))
        .collect();
    assert_eq!(abroad.values().filter(|is_abroad| **is_abroad).count(), 1);
    let mut is_usd = HashSet::new();
    for (one, other) in own.orders.iter().zip(&two.orders) {
        assert_eq!(
            (one.order_id, one.ordered_at),
            (other.order_id, other.ordered_at)
        );
        assert_eq!(other.currency == "USD", abroad[&other.shop_id], "{other:?}");
        if other.currency == "USD" {
            is_usd.insert(other.order_id);
            // The list rate is 7.10; cents are rounded line by line.
            let expected = one.gross_amount.0 as f64 / 7.10;
            assert!(
                (other.gross_amount.0 as f64 - expected).abs() < 10.0,
                "{one:?} {other:?}"
            );
        } else {
            assert_eq!(one.gross_amount, other.gross_amount);
        }
    }
    assert!(is_usd.len() > 300);
    for row in &two.refunds {
        assert_eq!(
            row.currency == "USD",
            is_usd.contains(&row.order_id),
            "{row:?}"
        );
    }
    let n_days = own.fx_rates.len();
    let rates: Vec<f64> = two
        .fx_rates
        .iter()
        .filter(|row| row.currency == "USD")
        .map(|row| row.rate)
        .collect();
    assert_eq!(rates.len(), n_days);
    assert!(rates.iter().all(|rate| (6.9..7.3).contains(rate)));
    assert!(own.fx_rates.iter().all(|row| row.rate == 1.0));
}
