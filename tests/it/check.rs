//! `aftersight check` on the hand-written shop, on planted dirt, and on a lake that was cut.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aftersight_datagen::{Config, Dirt, Shop, write_parquet};
use chrono::NaiveDate;

use crate::support::{Scratch, rows};

/// Tables of the made-up shop that hold copies of rows.
const WITH_COPIES: [&str; 4] = ["orders", "order_items", "returns", "surveys"];

/// A made-up shop, made once: with so many orders each of its shops has some every day.
fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        let as_of = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        Shop::generate(&Config::sized(as_of, 16_000))
    })
}

/// Writes the made-up shop and maps it; `more` are lines of the section of a table.
fn made_up(shop: &Shop, dedupe: bool, more: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    let mut toml = String::from(
        "version = 1\n[workspace]\ntime_zone = \"Asia/Shanghai\"\ncurrency = \"CNY\"\n\
         [settings]\nas_of = \"2026-11-16\"\n",
    );
    for (table, _) in shop.tables().row_counts() {
        toml += &format!(
            "[sources.{table}]\nlocation = \"data/{table}.parquet\"\n\
             [tables.{table}]\nfrom = \"{table}\"\ndedupe = {}\n",
            dedupe && WITH_COPIES.contains(&table)
        );
        for (_, line) in more.iter().filter(|(of, _)| *of == table) {
            toml += &format!("{line}\n");
        }
    }
    scratch.write("data/.keep", "");
    write_parquet(shop, &scratch.path("data")).unwrap();
    scratch.write("aftersight.toml", toml);
    scratch
}

/// How many rows break each rule.
async fn failed(scratch: &Scratch, where_: &str) -> BTreeMap<String, usize> {
    let engine = scratch.open().await;
    let sql = format!("select concat(table_name, '.', rule), failed from checks where {where_}");
    let found = rows(&engine, &sql).await;
    let pairs = found.iter().map(|row| row.split_once(' ').unwrap());
    pairs
        .map(|(rule, n)| (rule.to_owned(), n.parse().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_dirt_is_found_in_known_number() {
    let summary = shop().summary();
    let dirt: &Dirt = &summary.dirt;
    let scratch = made_up(shop(), true, &[]);
    let found = failed(&scratch, "failed > 0").await;
    let of = |rule: &str| found.get(rule).copied().unwrap_or(0);
    assert_eq!(of("surveys.score_out_of_range"), dirt.out_of_range_scores);
    assert_eq!(of("surveys.fractional_score"), dirt.fractional_nps_scores);
    assert_eq!(of("returns.unknown_order"), dirt.orphan_returns);
    assert_eq!(
        of("returns.returned_above_sold"),
        dirt.returns_over_quantity
    );
    assert_eq!(of("returns.unknown_reason"), dirt.unknown_reasons);
    assert_eq!(
        of("order_items.quantity_not_positive"),
        dirt.negative_quantities
    );
    assert_eq!(
        of("shipments.delivered_before_shipped"),
        dirt.deliveries_before_shipment
    );
    assert_eq!(of("orders.no_customer"), dirt.guest_orders);
    // Copies that dedupe dropped, and the same as double keys where nobody asked for it.
    let copies = [
        ("orders", dirt.duplicate_orders),
        ("order_items", dirt.duplicate_order_items),
        ("returns", dirt.duplicate_returns),
        ("surveys", dirt.duplicate_surveys),
    ];
    for (table, n) in copies {
        assert!(n > 0, "{table}");
        assert_eq!(of(&format!("{table}.copy")), n);
        assert_eq!(of(&format!("{table}.duplicate_key")), 0);
    }
    let scratch = made_up(shop(), false, &[]);
    let found = failed(&scratch, "rule in ('copy', 'duplicate_key') and failed > 0").await;
    let expected = copies.map(|(table, n)| (format!("{table}.duplicate_key"), n));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn dirt_is_a_warning_and_warnings_pass() {
    let scratch = made_up(shop(), true, &[]);
    let ran = scratch.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("quantity_not_positive"), "{ran:?}");
    assert!(ran.stderr.contains(" checks, 0 errors, "), "{ran:?}");
    let strict = scratch.run(&["check", "--fail-on", "warn", "-q"]);
    strict.check_says(1, "error: the data is not as promised: ");
}

/// One of three marketplaces stops; the others go on.
#[test]
fn a_marketplace_that_stops_arriving_is_found() {
    let cut = |from: &str, to: &str| {
        let lines = [
            ("orders", "ordered_at"),
            ("returns", "requested_at"),
        ]
        .map(|(table, at)| {
            let line = format!(
                "where = \"not (shop_id = 2 and {at} >= timestamp '{from}T00:00:00+08:00' and {at} < timestamp '{to}T00:00:00+08:00')\""
            );
            (table, line)
        });
        let lines = lines
            .each_ref()
            .map(|(table, line)| (*table, line.as_str()));
        made_up(shop(), true, &lines)
    };
    let last_days = cut("2026-11-12", "2026-11-16").run(&["check", "-q", "--format", "csv"]);
    last_days.check_says(5, "orders: stale 1 (2)");
    let stale = last_days
        .stdout
        .lines()
        .find(|line| line.starts_with("orders,stale,"));
    assert_eq!(
        stale.unwrap(),
        "orders,stale,freshness,4,1,0.25,,0.0,error,2"
    );
    // Days in between, after which it goes on.
    let some_days = cut("2026-11-02", "2026-11-07").run(&["check", "-q"]);
    some_days.check_says(5, "orders: missing_days 5 (2 2026-11-02 to 2026-11-06)");
}

/// The hand-written shop in a folder of its own.
fn tiny(more: &str) -> Scratch {
    let scratch = Scratch::with_tiny();
    let toml = scratch.read("aftersight.toml");
    scratch.write("aftersight.toml", format!("{toml}\n{more}"));
    scratch
}

#[test]
fn a_broken_promise_and_its_threshold() {
    let shop = tiny("");
    shop.run(&["check", "-q"]).check_says(
        1,
        "error: the data is not as promised: assignments: unknown_arm 1 (c1/hal); surveys: score_out_of_range 2 (s06/nps, s16/csat)\n",
    );
    // The workspace thinks otherwise.
    let shop = tiny("[rules]\ncheck_rules = \"checks.csv\"\n");
    let header = "rule,table_name,level,threshold_share\n";
    shop.write(
        "checks.csv",
        format!("{header}any,any,warn,0\nscore_out_of_range,surveys,error,0.1\n"),
    );
    let ran = shop.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // One rule is thought of otherwise, the others stay.
    shop.write(
        "checks.csv",
        format!("{header}no_customer,orders,error,0.05\n"),
    );
    let ran = shop.run(&["check", "-q", "--format", "csv"]);
    ran.check_says(1, "orders: no_customer 2 (o06, o25)");
    ran.check_says(1, "surveys: score_out_of_range 2 (s06/nps, s16/csat)");
    shop.write("checks.csv", format!("{header}no_custmer,orders,error,0\n"));
    shop.run(&["check"]).check_error(
        2,
        "error: checks.csv:2:1: there is no rule `no_custmer`\n  help: did you mean `no_customer`?\n",
    );
}

#[test]
fn nothing_to_check_is_missing_data() {
    let shop = tiny("");
    // Before the first order there is nothing, whatever is mapped.
    let ran = shop.run(&["check", "-q", "--as-of", "2020-01-01"]);
    ran.check_says(5, "error: mapped, but without a row before 2020-01-01: ");
    Scratch::new()
        .run(&["check", "-q", "--as-of", "2026-01-01"])
        .check_error(5, "error: no table has a row\n");
}

#[test]
fn the_answer_goes_to_a_file_whole() {
    let shop = tiny("");
    let ran = shop.run(&["check", "-q", "-o", "checks.json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let checks: serde_json::Value = serde_json::from_str(&shop.read("checks.json")).unwrap();
    let checks = checks.as_array().unwrap();
    assert!(checks.len() > 100, "{}", checks.len());
    assert_eq!(checks[0]["verdict"], "error");
    assert_eq!(checks[0]["rule"], "unknown_arm");
    assert_eq!(checks[1]["sample_keys"], "s06/nps, s16/csat");
    // A row without its key or time is of no month and no view.
    let orders = shop.read("orders.csv");
    shop.write(
        "orders.csv",
        format!("{orders},ann,home,web,paid,CNY,false,1.00,0.00,0.00,2026-01-02T09:00:00Z,,,,,,\no99,ann,home,web,paid,CNY,false,1.00,0.00,0.00,,,,,,,\n"),
    );
    let ran = shop.run(&["check", "-q", "--set", "min_n=30"]);
    ran.check_says(1, "orders: no_key 1; orders: no_time 1 (o99)");
}
