//! `data/tiny`, read by loops: its README's numbers, one by one.
//!
//! The loops share nothing with the engine: plain strings in, plain numbers
//! out. Whoever changes a row changes the README and this file with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

type Row = HashMap<String, String>;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

fn read(table: &str) -> Vec<Row> {
    let text = fs::read_to_string(data().join(format!("tiny/{table}.csv"))).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), names.len(), "{table}: {line}");
            let pairs = names.iter().zip(fields);
            pairs
                .map(|(name, field)| ((*name).to_owned(), field.to_owned()))
                .collect()
        })
        .collect()
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn day(text: &str) -> NaiveDate {
    instant(text).unwrap().date_naive()
}

fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, 1).unwrap()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// Purchases by order id, as the README defines them.
fn purchases() -> BTreeMap<String, Row> {
    read("orders")
        .into_iter()
        .filter(|row| {
            !row["paid_at"].is_empty()
                && row["cancelled_at"].is_empty()
                && row["is_replacement"] == "false"
                && day(&row["ordered_at"]) < as_of()
        })
        .map(|row| (row["order_id"].clone(), row))
        .collect()
}

fn goods_value(row: &Row) -> f64 {
    number(&row["gross_amount"]) - number(&row["discount_amount"])
}

fn returns() -> Vec<Row> {
    let is_return = |row: &Row| row["kind"] == "return" && row["outcome"] != "reject";
    read("returns").into_iter().filter(is_return).collect()
}

fn units_sold() -> BTreeMap<String, i64> {
    let purchases = purchases();
    let mut units = BTreeMap::new();
    for row in read("order_items") {
        if purchases.contains_key(&row["order_id"]) {
            *units.entry(row["order_id"].clone()).or_default() +=
                row["quantity"].parse::<i64>().unwrap();
        }
    }
    units
}

fn units_returned() -> BTreeMap<String, i64> {
    let mut units = BTreeMap::new();
    for row in returns() {
        *units.entry(row["order_id"].clone()).or_default() +=
            row["quantity"].parse::<i64>().unwrap();
    }
    units
}

#[test]
fn every_row_has_its_reason_in_the_readme() {
    let readme = fs::read_to_string(data().join("README.md")).unwrap();
    for (table, key) in [
        ("shops", "shop_id"),
        ("products", "sku"),
        ("customers", "customer_id"),
        ("orders", "order_id"),
        ("shipments", "shipment_id"),
        ("returns", "return_id"),
        ("refunds", "refund_id"),
        ("surveys", "response_id"),
        ("tickets", "ticket_id"),
    ] {
        let rows: BTreeSet<String> = read(table).iter().map(|row| row[key].clone()).collect();
        for id in &rows {
            assert!(readme.contains(&format!("\n| `{id}` |")), "{table} {id}");
        }
    }
}

#[test]
fn columns_are_canonical_and_required_ones_are_there() {
    for table in crate::contract::contract() {
        if !data().join(format!("tiny/{}.csv", table.table)).exists() {
            continue;
        }
        let rows = read(&table.table);
        for name in rows[0].keys() {
            let is_known = table.columns.iter().any(|(column, _)| column == name);
            assert!(is_known, "{}.{name}", table.table);
        }
        for (name, declared) in &table.columns {
            if declared.ends_with('!') {
                let is_filled = rows.iter().all(|row| !row[name].is_empty());
                assert!(is_filled, "{}.{name}", table.table);
            }
        }
    }
}

#[test]
fn every_local_day_is_the_same_in_utc_and_shanghai() {
    for table in [
        "customers",
        "orders",
        "returns",
        "refunds",
        "surveys",
        "tickets",
    ] {
        for row in read(table) {
            for (name, value) in row.iter().filter(|(name, _)| name.ends_with("_at")) {
                if let Some(at) = instant(value) {
                    let shanghai = at + chrono::Duration::hours(8);
                    assert_eq!(
                        at.date_naive(),
                        shanghai.date_naive(),
                        "{table}.{name} {value}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_size_is_as_written() {
    let purchases = purchases();
    assert_eq!(read("orders").len(), 26);
    assert_eq!(purchases.len(), 22);
    let buyers: BTreeSet<&String> = purchases
        .values()
        .map(|row| &row["customer_id"])
        .filter(|id| !id.is_empty())
        .collect();
    assert_eq!(buyers.len(), 7);
    let guests = purchases
        .values()
        .filter(|row| row["customer_id"].is_empty());
    assert_eq!(guests.clone().count(), 2);
    assert_eq!(guests.map(goods_value).sum::<f64>(), 300.0);
    assert_eq!(units_sold().values().sum::<i64>(), 32);
    assert_eq!(purchases.values().map(goods_value).sum::<f64>(), 3_410.0);
    let mut lines: HashMap<String, f64> = HashMap::new();
    for row in read("order_items") {
        *lines.entry(row["order_id"].clone()).or_default() +=
            number(&row["quantity"]) * number(&row["unit_price"]) - number(&row["discount_amount"]);
    }
    for row in read("orders") {
        assert_eq!(goods_value(&row), lines[&row["order_id"]], "{row:?}");
    }
}

#[test]
fn return_rates_are_as_written() {
    let purchases = purchases();
    let returns = returns();
    assert_eq!(returns.len(), 10);
    let returned = units_returned();
    assert_eq!(returned.values().sum::<i64>(), 10);
    assert_eq!(returned.len(), 9);
    let customers: BTreeSet<&String> = returns.iter().map(|row| &row["customer_id"]).collect();
    let names: Vec<&str> = customers.into_iter().map(String::as_str).collect();
    assert_eq!(names, ["ben", "cat", "dan", "eve", "fay"]);

    let ids: BTreeSet<&String> = returns.iter().map(|row| &row["return_id"]).collect();
    let mut by_kind: BTreeMap<String, f64> = BTreeMap::new();
    let mut of_returns = 0.0;
    for row in read("refunds") {
        assert!(day(&row["refunded_at"]) < as_of());
        *by_kind.entry(row["kind"].clone()).or_default() += number(&row["amount"]);
        if row["kind"] == "goods" && ids.contains(&row["return_id"]) {
            of_returns += number(&row["amount"]);
        }
    }
    assert_eq!(of_returns, 1_200.0);
    let expected = [
        ("goods", 1_245.0),
        ("goodwill", 5.0),
        ("pre_shipment", 150.0),
        ("price_adjustment", 10.0),
        ("shipping", 10.0),
    ];
    let found: Vec<(&str, f64)> = by_kind.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(found, expected);
    assert_eq!(by_kind.values().sum::<f64>(), 1_420.0);

    let mut months: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (order, units) in units_sold() {
        let month = months
            .entry(purchases[&order]["ordered_at"][..7].to_owned())
            .or_default();
        month.0 += units;
        month.1 += returned.get(&order).copied().unwrap_or(0);
    }
    let found: Vec<(&str, (i64, i64))> = months.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_eq!(
        found,
        [
            ("2024-12", (1, 1)),
            ("2025-06", (4, 2)),
            ("2025-07", (2, 2)),
            ("2025-08", (6, 0)),
            ("2025-09", (3, 1)),
            ("2025-10", (3, 2)),
            ("2025-11", (5, 1)),
            ("2025-12", (2, 1)),
            ("2026-01", (6, 0)),
        ]
    );

    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &returns {
        *reasons.entry(row["reason_code"].as_str()).or_default() += 1;
    }
    let expected = [
        ("changed_mind", 4),
        ("damaged_in_transit", 1),
        ("legacy_17", 1),
        ("size_fit", 4),
    ];
    assert!(reasons.into_iter().eq(expected));

    let mut hours: Vec<i64> = returns
        .iter()
        .map(|row| {
            let wait =
                instant(&row["refunded_at"]).unwrap() - instant(&row["requested_at"]).unwrap();
            wait.num_hours()
        })
        .collect();
    hours.sort_unstable();
    assert_eq!((hours[4] + hours[5]) / 2, 181);
}

/// Valid scores answered before the report day, the second copy of a row left
/// out, and the number of invalid ones.
fn scores(kind: &str, touchpoint: &str) -> (Vec<f64>, usize) {
    let (low, high) = match kind {
        "nps" => (0.0, 10.0),
        "csat" => (1.0, 5.0),
        _ => (1.0, 7.0),
    };
    let mut seen = BTreeSet::new();
    let mut valid = Vec::new();
    let mut n_invalid = 0;
    for row in read("surveys") {
        let is_asked = row["kind"] == kind && row["touchpoint"] == touchpoint;
        if !is_asked || row["score"].is_empty() || !seen.insert(row["response_id"].clone()) {
            continue;
        }
        if day(&row["responded_at"]) >= as_of() {
            continue;
        }
        let score = number(&row["score"]);
        if score.fract() == 0.0 && (low..=high).contains(&score) {
            valid.push(score);
        } else {
            n_invalid += 1;
        }
    }
    (valid, n_invalid)
}

fn nps(scores: &[f64]) -> f64 {
    let points = |score: &f64| f64::from(i8::from(*score >= 9.0) - i8::from(*score <= 6.0));
    100.0 * scores.iter().map(points).sum::<f64>() / scores.len() as f64
}

#[test]
fn survey_numbers_are_as_written() {
    let (relationship, n_invalid) = scores("nps", "relationship");
    assert_eq!((relationship.len(), n_invalid), (6, 2));
    assert!((nps(&relationship) - 100.0 / 6.0).abs() < 1e-9);
    let (delivery, n_invalid) = scores("nps", "delivery");
    assert_eq!((delivery.len(), n_invalid), (4, 0));
    assert_eq!(nps(&delivery), 25.0);

    let satisfied = |scores: &[f64]| scores.iter().filter(|score| **score >= 4.0).count();
    let (delivery, n_invalid) = scores("csat", "delivery");
    assert_eq!((satisfied(&delivery), delivery.len(), n_invalid), (3, 4, 1));
    let (ticket, n_invalid) = scores("csat", "ticket");
    assert_eq!((satisfied(&ticket), ticket.len(), n_invalid), (1, 2, 0));

    let effort = [scores("ces", "ticket").0, scores("ces", "return").0].concat();
    assert_eq!(effort, [3.0, 6.0]);
}

/// Per customer: purchases of the window, and those of them with a return.
fn purchases_in_window() -> BTreeMap<String, Vec<(Row, i64)>> {
    let returned = units_returned();
    let from = as_of() - chrono::Days::new(365);
    let mut by_customer: BTreeMap<String, Vec<(Row, i64)>> = BTreeMap::new();
    for (order, row) in purchases() {
        if !row["customer_id"].is_empty() && day(&row["ordered_at"]) >= from {
            let units = returned.get(&order).copied().unwrap_or(0);
            by_customer
                .entry(row["customer_id"].clone())
                .or_default()
                .push((row, units));
        }
    }
    by_customer
}

#[test]
fn returner_classes_are_as_written() {
    let has_returned_ever: BTreeMap<String, BTreeSet<String>> =
        returns().into_iter().fold(BTreeMap::new(), |mut all, row| {
            all.entry(row["customer_id"].clone())
                .or_default()
                .insert(row["order_id"].clone());
            all
        });
    let mut classes = Vec::new();
    for (customer, orders) in purchases_in_window() {
        let n = orders.len();
        let returned = orders.iter().filter(|(_, units)| *units > 0).count();
        let ever = has_returned_ever.get(&customer).map_or(0, BTreeSet::len);
        let share = returned as f64 / n as f64;
        let class = if ever == 0 {
            "none"
        } else if returned == 0 {
            "earlier"
        } else if (n >= 3 && share > 0.5) || (returned >= 3 && share >= 0.3) {
            "frequent"
        } else if ever == 1 {
            "first_time"
        } else {
            "occasional"
        };
        classes.push((customer, n, returned, class));
    }
    let found: Vec<(&str, usize, usize, &str)> = classes
        .iter()
        .map(|(customer, n, returned, class)| (customer.as_str(), *n, *returned, *class))
        .collect();
    assert_eq!(
        found,
        [
            ("ann", 4, 0, "none"),
            ("ben", 4, 3, "frequent"),
            ("cat", 2, 2, "occasional"),
            ("dan", 1, 0, "earlier"),
            ("eve", 2, 1, "first_time"),
            ("fay", 4, 2, "occasional"),
            ("ida", 2, 0, "none"),
        ]
    );
}

#[test]
fn rfm_inputs_are_as_written() {
    let sold = units_sold();
    let mut refunded: HashMap<String, f64> = HashMap::new();
    for row in read("refunds") {
        *refunded.entry(row["order_id"].clone()).or_default() += number(&row["amount"]);
    }
    let age = |row: &Row| (as_of() - day(&row["ordered_at"])).num_days();
    let mut net = Vec::new();
    let mut gross = Vec::new();
    for (customer, orders) in purchases_in_window() {
        let kept: Vec<&Row> = orders
            .iter()
            .filter(|(row, units)| sold[&row["order_id"]] > *units)
            .map(|(row, _)| row)
            .collect();
        let value: f64 = orders.iter().map(|(row, _)| goods_value(row)).sum();
        let back: f64 = orders
            .iter()
            .filter_map(|(row, _)| refunded.get(&row["order_id"]))
            .sum();
        let recency = kept.iter().map(|row| age(row)).min();
        net.push((customer.clone(), recency, kept.len(), value - back));
        let recency = orders.iter().map(|(row, _)| age(row)).min();
        gross.push((customer, recency, orders.len(), value));
    }
    let rows = |rows: &[(&str, Option<i64>, usize, f64)]| -> Vec<_> {
        rows.iter()
            .map(|(customer, r, f, m)| ((*customer).to_owned(), *r, *f, *m))
            .collect()
    };
    assert_eq!(
        net,
        rows(&[
            ("ann", Some(22), 4, 650.0),
            ("ben", Some(20), 2, 240.0),
            ("cat", None, 0, 0.0),
            ("dan", Some(144), 1, 120.0),
            ("eve", Some(43), 2, 300.0),
            ("fay", Some(24), 3, 300.0),
            ("ida", Some(17), 2, 300.0),
        ])
    );
    assert_eq!(
        gross,
        rows(&[
            ("ann", Some(22), 4, 650.0),
            ("ben", Some(20), 4, 770.0),
            ("cat", Some(152), 2, 300.0),
            ("dan", Some(144), 1, 120.0),
            ("eve", Some(43), 2, 400.0),
            ("fay", Some(24), 4, 470.0),
            ("ida", Some(17), 2, 300.0),
        ])
    );
}

#[test]
fn cohorts_and_tickets_are_as_written() {
    let months = |row: &Row| {
        let date = &row["ordered_at"];
        date[..4].parse::<i64>().unwrap() * 12 + date[5..7].parse::<i64>().unwrap()
    };
    let mut bought: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for row in purchases()
        .values()
        .filter(|row| !row["customer_id"].is_empty())
    {
        bought
            .entry(row["customer_id"].clone())
            .or_default()
            .insert(months(row));
    }
    let june = 2025 * 12 + 6;
    let cohort: Vec<&BTreeSet<i64>> = bought
        .values()
        .filter(|months| months.first() == Some(&june))
        .collect();
    let active: Vec<usize> = (0..=7)
        .map(|age| {
            let came = |months: &&&BTreeSet<i64>| months.contains(&(june + age));
            cohort.iter().filter(came).count()
        })
        .collect();
    assert_eq!(active, [3, 1, 1, 1, 1, 1, 0, 2]);

    let tickets = read("tickets");
    let is_solved =
        |row: &&Row| instant(&row["solved_at"]).is_some_and(|at| at.date_naive() < as_of());
    assert_eq!(tickets.len(), 5);
    assert_eq!(tickets.iter().filter(is_solved).count(), 3);
    let mut hours: Vec<i64> = tickets
        .iter()
        .filter_map(|row| {
            let replied = instant(&row["first_public_reply_at"])?;
            Some((replied - instant(&row["created_at"])?).num_hours())
        })
        .collect();
    hours.sort_unstable();
    assert_eq!(hours, [1, 2, 4, 24]);
}
