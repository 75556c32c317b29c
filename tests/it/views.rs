//! All views at once: headers, grain, empty workspaces, sums that agree with the sources.
//!
//! What one view answers is checked by the `.slt` beside it; here stands what
//! holds for every view, and what marts must say alike by different routes.

use std::collections::BTreeSet;

use aftersight_datagen::{Config, Shop, write_parquet};
use aftersight_engine::table::CanonicalTables;
use aftersight_engine::view::{VIEW_SCHEMAS, View};
use aftersight_engine::{Engine, Options, Workspace};
use chrono::NaiveDate;

use crate::slt::{files, root, tiny};
use crate::support::{NULL, Scratch, cells, rows};

/// Tables of the made-up shop that hold copies of rows.
const WITH_COPIES: [&str; 4] = ["orders", "order_items", "returns", "surveys"];

/// Opens a made-up shop of about 2,000 orders, dirt and all.
async fn made_up_shop() -> (Scratch, Engine) {
    let as_of = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
    let shop = Shop::generate(&Config::sized(as_of, 2_000));
    let scratch = Scratch::new();
    let mut toml = String::from(
        "version = 1\n[workspace]\ntime_zone = \"Asia/Shanghai\"\ncurrency = \"CNY\"\n\
         [settings]\nas_of = \"2026-11-16\"\n",
    );
    for (table, _) in shop.tables().row_counts() {
        let dedupe = WITH_COPIES.contains(&table);
        toml += &format!(
            "[sources.{table}]\nlocation = \"data/{table}.parquet\"\n\
             [tables.{table}]\nfrom = \"{table}\"\ndedupe = {dedupe}\n"
        );
    }
    scratch.write("data/.keep", "");
    write_parquet(&shop, &scratch.path("data")).unwrap();
    scratch.write("aftersight.toml", toml);
    let engine = scratch.open().await;
    (scratch, engine)
}

/// Opens a workspace that maps nothing.
async fn nothing() -> Engine {
    let engine = Engine::open(Workspace::default(), Options::default()).await;
    let engine = engine.unwrap();
    engine.set("as_of", "2026-11-16").unwrap();
    engine
}

fn views(engine: &Engine) -> Vec<View> {
    engine.views().iter().cloned().collect()
}

/// Returns the only value of a query, in text.
async fn value(engine: &Engine, sql: &str) -> String {
    let found = rows(engine, sql).await;
    assert_eq!(found.len(), 1, "{sql}");
    found[0].clone()
}

/// Checks that two queries give the same one value, and that it is not empty.
#[track_caller]
fn same(name: &str, one: &str, other: &str) {
    assert_eq!(one, other, "{name}");
    assert!(one != "-" && one != "0", "{name} compares nothing: {one}");
}

#[tokio::test]
async fn the_list_of_views_is_the_folder() {
    let listed: BTreeSet<String> = views(&nothing().await)
        .iter()
        .map(View::qualified)
        .collect();
    let found: BTreeSet<String> = files("sql")
        .iter()
        .map(|file| {
            let schema = file.parent().unwrap().file_name().unwrap();
            let name = file.file_stem().unwrap();
            format!("{}.{}", schema.display(), name.display())
        })
        .collect();
    assert_eq!(listed, found);
}

#[tokio::test]
async fn a_view_over_nothing_is_empty_or_one_row_of_nothing() {
    let engine = nothing().await;
    let rules = engine.rules().keys();
    let rules: BTreeSet<String> = rules.map(|name| format!("intermediate.{name}")).collect();
    for view in views(&engine) {
        let name = view.qualified();
        let found = rows(&engine, &format!("select * from {name}")).await;
        match name.as_str() {
            // The weeks in which nothing happened.
            "marts.kpis_by_week" => assert_eq!(found.len(), 39),
            "marts.identity_coverage" => assert_eq!(found, ["0 0 - 0.00 0.00 -"]),
            "marts.purchase_pace" => assert_eq!(found, ["0 - - - - - -"]),
            // The published models, without customers.
            "marts.segment_model_check" => assert_eq!(found.len(), 44),
            // Promises that follow from settings.
            "intermediate.sla_targets" => assert_eq!(found.len(), 10),
            "intermediate.thresholds" => assert_eq!(found.len(), 18),
            // Words are there before anything is called by them.
            "marts.labels" => assert!(found.len() > 200, "{}", found.len()),
            // Finance says nothing until somebody brings its totals.
            "intermediate.finance_totals" => assert_eq!(found, Vec::<String>::new()),
            // Rules that are built in.
            _ if rules.contains(&name) => assert_ne!(found, Vec::<String>::new(), "{name}"),
            _ => assert_eq!(found, Vec::<String>::new(), "{name}"),
        }
    }
}

/// Returns which views have a row whose key is NULL or shared.
async fn broken_grains(engine: &Engine) -> Vec<String> {
    let mut broken = Vec::new();
    for view in views(engine) {
        let name = view.qualified();
        let sql = view.grain_query();
        let wrong = value(engine, &sql).await;
        if wrong != "0" {
            broken.push(format!("{name}: {wrong}"));
        }
    }
    broken
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grain_is_unique_and_never_null() {
    assert_eq!(broken_grains(&tiny().await).await, Vec::<String>::new());
}

/// Pairs of queries that reach one number by two routes.
///
/// The right side reads the canonical tables and repeats nothing of the views.
const TWO_ROUTES: &[(&str, &str, &str)] = &[
    (
        "a return joined to its order, line and refunds stays one row",
        "select count(*) from intermediate.returns_with_lines",
        "select count(*) from raw.returns where requested_at < $as_of_at",
    ),
    (
        "an order joined to its returns and refunds stays one row",
        "select count(*) from intermediate.purchases",
        "select count(*) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "a customer joined to scores, answers and tickets stays one row",
        "select count(*) from customers",
        "select count(*) from raw.customers",
    ),
    (
        "purchases",
        "select sum(orders) from return_rates_by_month",
        "select count(*) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "net sales by month",
        "select sum(sales_amount) from return_rates_by_month",
        "select sum(gross_amount) - sum(discount_amount) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "months and weeks",
        "select sum(units_returned) from return_rates_by_month",
        "select sum(units_returned) from return_rates_by_week",
    ),
    (
        "units sold",
        "select sum(units_sold) from return_rates_by_week",
        "select sum(i.quantity) from raw.order_items i where i.quantity > 0 and i.order_id in (select order_id from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at)",
    ),
    (
        "returned orders",
        "select sum(returned_orders) from return_rates_by_month",
        "select count(distinct r.order_id) from raw.returns r join raw.orders o on r.order_id = o.order_id where r.kind = 'return' and coalesce(r.outcome, '') <> 'reject' and not (r.closed_at is not null and r.received_at is null and r.refunded_at is null) and o.ordered_at < $as_of_at",
    ),
    (
        "refunds for returned goods",
        "select sum(return_refund_amount) from return_rates_by_month",
        "select sum(f.amount) from raw.refunds f join raw.returns r on f.return_id = r.return_id join raw.orders o on r.order_id = o.order_id where f.kind = 'goods' and r.kind = 'return' and coalesce(r.outcome, '') <> 'reject'",
    ),
    (
        "customers with a score",
        "select sum(customers) from segments",
        "select count(*) from rfm",
    ),
    (
        "the heat map holds every scored customer",
        "select sum(customers) from rfm_heatmap",
        "select count(*) from rfm",
    ),
    (
        "kept value",
        "select sum(kept_amount) from segments",
        "select sum(monetary_net) from rfm",
    ),
    (
        "segments hold what the scored customers kept",
        "select sum(monetary_gross) from rfm",
        "select sum(o.gross_amount - o.discount_amount) from raw.orders o where o.customer_id in (select customer_id from rfm) and o.paid_at is not null and o.cancelled_at is null and not o.is_replacement and o.ordered_at < $as_of_at and o.ordered_at >= $rfm_window_start_at",
    ),
    (
        "returner classes hold every buyer",
        "select sum(customers) from returner_class_summary",
        "select count(distinct customer_id) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "cohorts hold every buyer once",
        "select sum(customers) from retention_by_cohort where months_since = 0",
        "select count(distinct customer_id) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "answers to NPS questions",
        "select sum(answers) from nps_by_month where touchpoint = 'all'",
        "select count(*) from raw.surveys where kind = 'nps' and responded_at < $as_of_at and score in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
    ),
    (
        "touchpoints add up to all",
        "select sum(promoters) from nps_by_week where touchpoint = 'all'",
        "select sum(promoters) from nps_by_week where touchpoint <> 'all'",
    ),
    (
        "invalid answers are counted as the rules count them",
        "select sum(invalid_answers) from nps_by_month where touchpoint = 'all'",
        "select count(*) from raw.surveys where kind = 'nps' and responded_at < $as_of_at and score not in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
    ),
    (
        "satisfied answers",
        "select sum(satisfied) from csat_by_month where touchpoint = 'all'",
        "select count(*) from raw.surveys where kind = 'csat' and responded_at < $as_of_at and score in (4, 5)",
    ),
    (
        "satisfaction by the function",
        "select round(sum(csat * answers), 6) from csat_by_month where touchpoint = 'all'",
        "select round(csat(score) * count(*) filter (where score between 1 and 5), 6) from raw.surveys where kind = 'csat' and responded_at < $as_of_at",
    ),
    (
        "orders of customers and of known buyers",
        "select sum(orders) from customers",
        "select count(customer_id) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement and ordered_at < $as_of_at",
    ),
    (
        "value of customers and of the classes' buyers",
        "select sum(net_amount) from customers",
        "select sum(o.gross_amount - o.discount_amount) - (select sum(f.amount) from raw.refunds f join raw.orders p on f.order_id = p.order_id where f.kind not in ('shipping', 'goodwill') and p.customer_id is not null and p.paid_at is not null and p.cancelled_at is null and not p.is_replacement) from raw.orders o where o.customer_id is not null and o.paid_at is not null and o.cancelled_at is null and not o.is_replacement",
    ),
    (
        "unhappy frequent returners",
        "select count(*) from customers where needs_recovery",
        "select count(*) from returner_classes where needs_recovery",
    ),
    (
        "tickets of customers",
        "select sum(tickets) from customers",
        "select count(customer_id) from raw.tickets where created_at < $as_of_at",
    ),
    (
        "refunds of the weeks shown",
        "select sum(refund_amount) from kpis_by_week",
        "select sum(amount) from raw.refunds where refunded_at < $as_of_at and refunded_at >= $as_of_at - interval '273 days'",
    ),
    (
        "requests of the period",
        "select sum(returns) from return_reasons",
        "select count(*) from intermediate.returns_with_lines where problem is null and kind in ('return', 'exchange') and requested_at >= $as_of_at - interval '7 days'",
    ),
    (
        "guests",
        "select orders - known_orders from identity_coverage",
        "select count(*) from raw.orders where customer_id is null and paid_at is not null and cancelled_at is null and not is_replacement and ordered_at >= $rfm_window_start_at",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn marts_agree_with_their_sources_and_with_each_other() {
    let (_scratch, engine) = made_up_shop().await;
    for (name, mart, source) in TWO_ROUTES {
        same(
            name,
            &value(&engine, mart).await,
            &value(&engine, source).await,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_dirt_is_counted_by_rule() {
    let (_scratch, engine) = made_up_shop().await;
    let as_of = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
    let shop = Shop::generate(&Config::sized(as_of, 2_000));
    let dirt = shop.summary().dirt;
    let planted = [
        ("surveys", "score_out_of_range", dirt.out_of_range_scores),
        ("surveys", "fractional_score", dirt.fractional_nps_scores),
        ("returns", "orphan", dirt.orphan_returns),
        ("returns", "more_than_sold", dirt.returns_over_quantity),
        ("returns", "unknown_reason", dirt.unknown_reasons),
        (
            "order_items",
            "quantity_not_positive",
            dirt.negative_quantities,
        ),
        (
            "shipments",
            "delivered_before_shipped",
            dirt.deliveries_before_shipment,
        ),
    ];
    for (table, rule, n) in planted {
        let sql = format!(
            "select rows from excluded_rows where table_name = '{table}' and rule = '{rule}'"
        );
        assert_eq!(value(&engine, &sql).await, n.to_string(), "{table} {rule}");
    }
}

/// The rows of a view in order of its key, cell by cell.
async fn ordered(engine: &Engine, view: &View) -> Vec<Vec<String>> {
    let mut sql = format!("select * from {}", view.qualified());
    if !view.header.grain.is_empty() {
        sql += &format!(" order by {}", view.header.grain.join(", "));
    }
    cells(engine, &sql).await
}

/// Says what is wrong with the keys of the rows of a view.
fn broken_keys(view: &View, rows: &[Vec<String>]) -> Option<String> {
    let columns: Vec<&String> = view.header.columns.keys().collect();
    let place = |key: &String| columns.iter().position(|c| *c == key).unwrap();
    let places: Vec<usize> = view.header.grain.iter().map(place).collect();
    if places.is_empty() {
        return (rows.len() != 1).then(|| format!("{} rows", rows.len()));
    }
    let keys: Vec<Vec<&String>> = rows
        .iter()
        .map(|row| places.iter().map(|at| &row[*at]).collect())
        .collect();
    if let Some(key) = keys.iter().find(|key| key.iter().any(|cell| *cell == NULL)) {
        return Some(format!("NULL in {key:?}"));
    }
    let twice = keys.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map(|pair| format!("twice {:?}", pair[0]))
}

/// Says where a view answers otherwise when only some of its columns are asked for: what they do
/// not need is left out then.
async fn otherwise_in_part(engine: &Engine, view: &View, whole: &[Vec<String>]) -> Option<String> {
    let columns: Vec<&String> = view.header.columns.keys().collect();
    // Others for every view, but the same in every run.
    let first = view.name.len() % 3;
    let some: Vec<usize> = (first..columns.len()).step_by(3).collect();
    let names: Vec<&str> = some.iter().map(|at| columns[*at].as_str()).collect();
    let mut sql = format!("select {} from {}", names.join(", "), view.qualified());
    if !view.header.grain.is_empty() {
        sql += &format!(" order by {}", view.header.grain.join(", "));
    }
    let in_part = cells(engine, &sql).await;
    let expected: Vec<Vec<String>> = whole
        .iter()
        .map(|row| some.iter().map(|at| row[*at].clone()).collect())
        .collect();
    (in_part != expected).then(|| format!("{sql} is not what the whole view says"))
}

/// A mart of a past day is the same from the full lake, of which only what was
/// known by then is seen, and from the lake that held no more; and its grain holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_an_earlier_day_reads_nothing_later() {
    let (scratch, engine) = made_up_shop().await;
    let day = "2026-08-03";
    let toml = scratch.read("aftersight.toml");
    let mut cut = String::new();
    for line in toml.lines() {
        cut += line;
        cut += "\n";
        let table = line
            .strip_prefix("[tables.")
            .and_then(|l| l.strip_suffix(']'));
        let table = table.and_then(|name| CanonicalTables::get().table(name));
        if table.is_some_and(|t| t.columns.iter().any(|c| c.name == "recorded_at")) {
            cut += "where = \"recorded_at < timestamp '2026-08-02T16:00:00Z'\"\n";
        }
    }
    let then = Scratch::new();
    then.write(
        "aftersight.toml",
        cut.replace("data/", &format!("{}/", scratch.path("data").display())),
    );
    let then = then.open().await;
    for engine in [&engine, &then] {
        engine.set("as_of", day).unwrap();
    }
    engine.set("known_as_of", day).unwrap();
    let mut wrong = Vec::new();
    for view in views(&engine).iter().filter(|view| view.schema == "marts") {
        let name = view.qualified();
        let (full, cut) = (ordered(&engine, view).await, ordered(&then, view).await);
        wrong.extend(broken_keys(view, &full).map(|fault| format!("{name}: {fault}")));
        // What cannot be asked of a past day says so in its header.
        let is_replayed = !view.header.notes.contains("Cannot be replayed:");
        if is_replayed && full != cut {
            let at = full.iter().zip(&cut).position(|(full, cut)| full != cut);
            let (full, cut) = (full.get(at.unwrap_or(0)), cut.get(at.unwrap_or(0)));
            wrong.push(format!("{name}: full {full:?}\n  cut {cut:?}"));
        }
        wrong.extend(otherwise_in_part(&engine, view, &full).await);
        if full.is_empty() && !EMPTY_THEN.contains(&view.name.as_str()) {
            wrong.push(format!("{name} compares nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Marts that have nothing to say of the small shop on the earlier day.
const EMPTY_THEN: &[&str] = &["data_gaps", "priority_inversions"];

#[test]
fn every_schema_of_views_has_a_folder() {
    for schema in VIEW_SCHEMAS {
        assert!(root("sql").join(schema).is_dir(), "{schema}");
    }
}

/// What the README tells a newcomer to type works as it stands.
#[tokio::test]
async fn the_questions_of_the_readme_run() {
    let engine = tiny().await;
    let text = std::fs::read_to_string(root("README.md")).unwrap();
    let mut asked = 0;
    for line in text.lines() {
        let Some((_, question)) = line.split_once(" -c \"") else {
            continue;
        };
        let (sql, _) = question.split_once('"').unwrap();
        if let Err(error) = engine.query(sql).await {
            panic!("{sql}: {error}");
        }
        asked += 1;
    }
    assert!(asked >= 3, "{asked} questions found");
}
