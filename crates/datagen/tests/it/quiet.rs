//! A shop in which nothing is planted: what differs there differs by chance.

use std::collections::{HashMap, HashSet};

use aftersight_datagen::{Config, Dirt, Groups, OrderId, PURCHASES, Shop, ShopId};
use chrono::Datelike;

use crate::as_of;
use crate::estimate::{Estimate, Share, Sums, difference, points};
use crate::measure::Raw;

/// Comparisons of groups that are alike in a quiet shop, and of halves of time.
const ALIKE: [&str; 12] = [
    "returned lines of two shops",
    "returned lines of two channels",
    "late orders of two carriers",
    "minutes of two agents",
    "hours to the first reply of two agents",
    "reopened tickets of two issues",
    "orders of two arms",
    "nps of two ways to be asked",
    "answers of two ways to be asked",
    "orders of two half years",
    "orders of the weekend",
    "returned lines of two half years",
];

fn compare(raw: &Raw<'_>, what: &str) -> Option<Estimate> {
    let tables = raw.shop.tables();
    let returned: HashSet<OrderId> = tables
        .returns
        .iter()
        .filter_map(|row| row.order_id)
        .collect();
    let recent = raw.days_before_end(45);
    let mut shares = [Share::default(); 2];
    let mut sums = [Sums::default(); 2];
    let half = [0, 183, 366].map(|days| raw.days_before_end(45 + days));
    let half_of = |at| {
        let idx = half.iter().position(|from| at >= *from)?;
        (1..3).contains(&idx).then(|| idx - 1)
    };
    match what {
        "returned lines of two shops"
        | "returned lines of two channels"
        | "returned lines of two half years" => {
            for row in raw
                .purchases()
                .filter(|row| row.delivered_at.is_some_and(|at| at < recent))
            {
                let group = match what {
                    "returned lines of two shops" => match row.shop_id {
                        ShopId(1) => Some(0),
                        ShopId(2) => Some(1),
                        _ => None,
                    },
                    "returned lines of two channels" => match row.channel {
                        "app" => Some(0),
                        "web" => Some(1),
                        _ => None,
                    },
                    _ => half_of(row.ordered_at),
                };
                if let Some(group) = group {
                    shares[group].add(returned.contains(&row.order_id));
                }
            }
        }
        "late orders of two carriers" => {
            let mut late: HashMap<OrderId, (bool, &str)> = HashMap::new();
            for row in &tables.shipments {
                if let Some(delivered_at) = row.delivered_at.filter(|at| *at < recent) {
                    let entry = late.entry(row.order_id).or_insert((false, row.carrier));
                    entry.0 |= delivered_at > row.promised_at;
                }
            }
            for (is_late, carrier) in late.values() {
                match *carrier {
                    "swift" => shares[0].add(*is_late),
                    "harbor" => shares[1].add(*is_late),
                    _ => {}
                }
            }
        }
        "minutes of two agents" | "hours to the first reply of two agents" => {
            let mut usual: HashMap<&str, Sums> = HashMap::new();
            let tickets = || tables.tickets.iter().filter(|row| row.team == "care");
            for row in tickets() {
                if let Some(minutes) = row.handle_minutes {
                    usual.entry(row.issue_type).or_default().add(minutes);
                }
            }
            for row in tickets() {
                let group = match row.assignee {
                    Some("agent_01" | "agent_02") => 0,
                    Some("agent_03" | "agent_04") => 1,
                    _ => continue,
                };
                let value = match (what, row.handle_minutes, row.first_public_reply_at) {
                    ("minutes of two agents", Some(minutes), _) => {
                        minutes / usual[row.issue_type].mean()
                    }
                    ("hours to the first reply of two agents", _, Some(at)) => {
                        (at.seconds() - row.created_at.seconds()) as f64 / 3600.0
                    }
                    _ => continue,
                };
                sums[group].add(value);
            }
            return (sums[0].n > 9.0 && sums[1].n > 9.0).then(|| sums[1].less(sums[0]));
        }
        "reopened tickets of two issues" => {
            for row in tables
                .tickets
                .iter()
                .filter(|row| row.first_solved_at.is_some())
            {
                match row.issue_type {
                    "delivery" => shares[0].add(row.reopens > 0),
                    "refund" | "return" | "warranty" => shares[1].add(row.reopens > 0),
                    _ => {}
                }
            }
        }
        "orders of two arms" => {
            let mut buyers = HashSet::new();
            let span = raw
                .shop
                .summary()
                .timeline
                .span(aftersight_datagen::Mark::Coupon);
            let offset = raw.shop.config().utc_offset_minutes;
            for row in raw.purchases() {
                let day = row.ordered_at.local_day(offset);
                let day = chrono::NaiveDate::default() + chrono::Days::new(day as u64);
                if span.contains(day) {
                    buyers.extend(row.customer_id);
                }
            }
            for row in tables
                .assignments
                .iter()
                .filter(|row| row.campaign_id.0 == 1)
            {
                shares[usize::from(row.arm == "treatment")].add(buyers.contains(&row.customer_id));
            }
        }
        "nps of two ways to be asked" => {
            for row in raw.answers("delivery", "nps") {
                sums[usize::from(row.channel == "app")].add(points(row.score.unwrap()));
            }
            return (sums[0].n > 4.0 && sums[1].n > 4.0).then(|| sums[1].less(sums[0]));
        }
        "answers of two ways to be asked" => {
            let asked = tables
                .surveys
                .iter()
                .filter(|row| row.kind == "nps" && row.sent_at < recent);
            for row in asked {
                shares[usize::from(row.channel == "app")].add(row.score.is_some());
            }
        }
        "orders of two half years" => {
            // Orders of one customer come together, so the customer is the unit.
            let mut more: HashMap<_, f64> = HashMap::new();
            for (no, row) in (0..).zip(raw.purchases()) {
                if let Some(group) = half_of(row.ordered_at) {
                    let buyer = row.customer_id.ok_or(no);
                    *more.entry(buyer).or_default() += if group == 0 { 1.0 } else { -1.0 };
                }
            }
            return Some(Estimate {
                value: more.values().sum(),
                error: more.values().map(|n| n * n).sum::<f64>().sqrt(),
            });
        }
        "orders of the weekend" => {
            let offset = raw.shop.config().utc_offset_minutes;
            for row in raw.purchases() {
                let day = row.ordered_at.local_day(offset);
                let day = chrono::NaiveDate::default() + chrono::Days::new(day as u64);
                shares[0].add(day.weekday().num_days_from_monday() > 4);
            }
            let found = shares[0].estimate();
            return Some(Estimate {
                value: found.value - 2.0 / 7.0,
                ..found
            });
        }
        _ => panic!("nobody compares {what}"),
    }
    (shares[0].trials > 9.0 && shares[1].trials > 9.0).then(|| difference(shares[1], shares[0]))
}

#[test]
fn in_quiet_shops_groups_differ_as_often_as_chance_has_it() {
    let mut alarms: HashMap<&str, Share> = HashMap::new();
    let mut all = Share::default();
    for seed in 0..100 {
        let shop = Shop::generate(&Config::quiet(as_of(), 1_500, seed));
        let raw = Raw::new(&shop);
        for what in ALIKE {
            if let Some(found) = compare(&raw, what) {
                let is_alarm = found.value.abs() > 1.96 * found.error;
                alarms.entry(what).or_default().add(is_alarm);
                all.add(is_alarm);
            }
        }
    }
    // One in twenty, with its error over 1,200 comparisons. Small groups are not
    // quite normal, and orders of one customer come together: a few more.
    assert!(all.trials > 1_150.0, "{all:?} {alarms:?}");
    assert!((0.03..0.07).contains(&all.value()), "{all:?} {alarms:?}");
    for (what, share) in alarms {
        assert!(share.value() < 0.16, "{what}: {share:?}");
    }
}

#[test]
fn a_quiet_shop_has_rows_of_every_kind_but_none_that_is_planted_or_wrong() {
    let shop = Shop::generate(&Config::quiet(as_of(), 2_000, 7));
    let summary = shop.summary();
    assert!(summary.facts.is_empty());
    assert_eq!(summary.groups, Groups::default());
    let guests_only = Dirt {
        guest_orders: summary.dirt.guest_orders,
        ..Dirt::default()
    };
    assert_eq!(summary.dirt, guests_only);
    let found = Raw::new(&shop).usual("purchases");
    assert!(
        (found - 2_000.0).abs() < 0.01 * 2_000.0 + 4.0 * 1.5 * 2_000_f64.sqrt(),
        "{found}"
    );
    for (table, n) in shop.tables().row_counts() {
        // Nothing happened that could explain a number.
        assert_eq!(n == 0, table == "calendar_events", "{table}: {n}");
    }
}

#[test]
fn customers_of_a_quiet_shop_buy_by_the_published_process() {
    let shop = Shop::generate(&Config::quiet(as_of(), 20_000, 3));
    let raw = Raw::new(&shop);
    let again = raw.orders_again();
    let process = PURCHASES;
    let stays = f64::from(process.dropout_b) / f64::from(process.dropout_a + process.dropout_b);
    for days in [30, 90, 180, 360] {
        let limit = raw.days_before_end(days as u64 + 1);
        let mut share = Share::default();
        for order in raw
            .first_orders()
            .iter()
            .filter(|row| row.ordered_at < limit)
        {
            share.add(again(order, days).unwrap());
        }
        let left = process.rate_alpha_days / (process.rate_alpha_days + days as f64);
        let expected = stays * (1.0 - left.powi(process.rate_shape as i32));
        let found = share.estimate();
        // Gaps are whole days and then an hour, half a day more than drawn.
        let rounding = 0.006;
        let distance = (found.value - expected).abs();
        assert!(
            distance < 4.0 * found.error + rounding,
            "{days}: {found:?} {expected}"
        );
    }
}
