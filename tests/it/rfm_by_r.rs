//! R package rfm's scores and segments, from its orders in Parquet through a workspace.
//!
//! The functions are held against the same tables where they live; here dates,
//! window, settings and marts stand in between. The orders and the tables the
//! package prints are not in the repository: see `support::shared`.

use std::collections::BTreeMap;
use std::path::Path;

use aftersight_engine::Engine;
use serde_json::Value;

use crate::support::{Scratch, rows, shared};

/// The scoring of R package rfm 0.3.0 on its own orders, from Parquet through the mart.
///
/// `rfm_orders.json` holds what the package's pages print.
#[tokio::test]
async fn rfm_as_r_scores_it_reproduces_the_published_tables() {
    let (Some(data), Some(published)) = (
        shared("data/rfm_r/rfm_data_orders.parquet"),
        shared("reference/rfm_orders.json"),
    ) else {
        return;
    };
    let published: Value =
        serde_json::from_str(&std::fs::read_to_string(published).unwrap()).unwrap();
    let expected = |name: &str| -> Value {
        let cases = published["cases"].as_array().unwrap();
        let case = cases
            .iter()
            .find(|case| case["name"].as_str().unwrap().starts_with(name));
        case.unwrap()["expected"].clone()
    };
    let engine = rfm_r(&data).await;

    let size = "select count(*), count(distinct customer_id), min(cast(ordered_at as date)),
            max(cast(ordered_at as date)), sum(net_amount)
        from staging.orders where is_purchase";
    let found = rows(&engine, size).await;
    assert_eq!(found, ["4906 995 2001-10-29 2006-12-30 464158.00"]);

    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let scores: Vec<String> = expected("scores of first 10 customers")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let first = "select customer_id, recency_days, frequency, cast(monetary as bigint), r, f, m
        from rfm order by customer_id limit 10";
    assert_eq!(rows(&engine, first).await, scores);

    let segments: Vec<String> = expected("segment of first 10 customers")
        .as_object()
        .unwrap()
        .iter()
        .map(|(customer, segment)| format!("{customer} {}", code(segment.as_str().unwrap())))
        .collect();
    let first = "select customer_id, segment from rfm order by customer_id limit 10";
    assert_eq!(sorted(rows(&engine, first).await), sorted(segments));

    // Customers, orders and revenue of each segment; the mean value of an order is
    // printed to three digits.
    let summary = expected("segment summary");
    let table: Vec<String> = summary
        .as_object()
        .unwrap()
        .iter()
        .map(|(segment, row)| format!("{} {} {} {}", code(segment), row[0], row[1], row[2]))
        .collect();
    let ours = "select segment, customers, orders, cast(sales_amount as bigint) from segments";
    assert_eq!(sorted(rows(&engine, ours).await), sorted(table));
    let orders = "select segment, average_order_amount from segments";
    let orders: BTreeMap<String, f64> = numbers(rows(&engine, orders).await);
    assert_eq!(orders.len(), summary.as_object().unwrap().len());
    for (segment, row) in summary.as_object().unwrap() {
        let (found, printed) = (orders[&code(segment)], row[3].as_f64().unwrap());
        assert!(
            (found - printed).abs() <= printed * 0.005,
            "{segment}: {found}, {printed}"
        );
    }

    let means = "select concat(f, '/', r), mean_monetary from rfm_heatmap";
    let means = numbers(rows(&engine, means).await);
    for cell in expected("mean amount per").as_array().unwrap() {
        let found = means[&format!("{}/{}", cell[0], cell[1])];
        assert!(
            (found - cell[2].as_f64().unwrap()).abs() <= 0.51,
            "{cell}: {found}"
        );
    }

    engine.set("segment_model", "putler11").unwrap();
    let table: Vec<String> = expected("11-row Putler-style table")
        .as_object()
        .unwrap()
        .iter()
        .map(|(segment, customers)| format!("{} {customers}", code(segment)))
        .collect();
    let ours = "select segment, count(*) from rfm group by segment";
    assert_eq!(sorted(rows(&engine, ours).await), sorted(table));
}

/// Opens the orders of the R package as a workspace: no order ids, amounts in whole units.
async fn rfm_r(data: &Path) -> Engine {
    let scratch = Scratch::with_workspace(&format!(
        "version = 1
         [settings]
         as_of = \"2006-12-31\"
         rfm_window_days = \"null\"
         rfm_method = \"rfm_r\"
         rfm_net = false
         segment_model = \"rfm10\"
         [sources.orders]
         location = \"{}\"
         [tables.orders]
         sql = \"orders.sql\"",
        data.display()
    ));
    let orders = "select row_number() over (order by customer_id, order_date, revenue) as order_id,
            customer_id, order_date as ordered_at, revenue as gross_amount
        from source.orders";
    scratch.write("orders.sql", orders);
    scratch.open().await
}

/// The code of a segment by its published name.
fn code(name: &str) -> String {
    let code = name.to_lowercase().replace('\'', "").replace(' ', "_");
    code.replace("loyalist", "loyalists")
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

/// Reads rows of a name and a number.
fn numbers(rows: Vec<String>) -> BTreeMap<String, f64> {
    let pairs = rows.iter().map(|row| row.rsplit_once(' ').unwrap());
    pairs
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect()
}
