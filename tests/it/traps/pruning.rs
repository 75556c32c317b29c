//! A filter on the report day reads only the files and row groups it needs.

use std::sync::Arc;

use aftersight_engine::{Engine, Outcome};
use arrow::array::{Int64Array, TimestampMicrosecondArray};
use chrono::{Duration, NaiveDate};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use futures::TryStreamExt;

use crate::support::{Scratch, column, rows, write_parquet};

/// What the scans of a query opened and left out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    rows: usize,
    files: usize,
    row_groups_pruned: usize,
}

fn add(plan: &Arc<dyn ExecutionPlan>, read: &mut Read) {
    if let (true, Some(metrics)) = (plan.children().is_empty(), plan.metrics()) {
        for metric in metrics.iter() {
            match metric.value() {
                MetricValue::OutputRows(n) => read.rows += n.value(),
                MetricValue::Count { name, count } if name == "files_opened" => {
                    read.files += count.value();
                }
                MetricValue::PruningMetrics {
                    name,
                    pruning_metrics,
                } if name == "row_groups_pruned_statistics" => {
                    read.row_groups_pruned += pruning_metrics.pruned();
                }
                _ => {}
            }
        }
    }
    for child in plan.children() {
        add(child, read);
    }
}

/// Runs a query and says what it read.
async fn read(engine: &Engine, sql: &str) -> Read {
    let statement = engine.parse(sql).unwrap().pop().unwrap();
    let Outcome::Rows(rows) = engine.run(statement).await.unwrap() else {
        panic!("{sql} gives rows");
    };
    let plan = rows.plan.unwrap();
    let _: Vec<_> = rows.stream.try_collect().await.unwrap();
    let mut read = Read::default();
    add(&plan, &mut read);
    read
}

#[tokio::test]
async fn a_filter_on_the_report_day_reads_only_its_partitions() {
    let scratch = Scratch::with_workspace("[sources.sales]\nlocation = 'sales/'\n");
    for day in 1..=20 {
        let file = format!("sales/day=2026-11-{day:02}/a.parquet");
        let n = column(Int64Array::from(vec![day]));
        write_parquet(&scratch.path(&file), vec![("n", n)], 10);
    }
    let engine = scratch.open().await;
    rows(&engine, "set as_of = '2026-11-16'").await;
    let sql = "select sum(n) from sales where day >= $period_start and day < $as_of";
    assert_eq!(rows(&engine, sql).await, ["84"]);
    assert_eq!(read(&engine, sql).await.files, 7);
    let previous = "select sum(n) from sales where day >= $prev_start and day < $prev_end";
    assert_eq!(rows(&engine, previous).await, ["35"]);
    assert_eq!(read(&engine, previous).await.files, 7);
}

/// A hundred hours in groups of ten rows, a week of them in the period.
fn hours(scratch: &Scratch) {
    let start = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap();
    let start = start.and_hms_opt(0, 0, 0).unwrap();
    let at = (0..1000).map(|hour| (start + Duration::hours(hour)).and_utc().timestamp_micros());
    let columns = vec![
        ("order_id", column(Int64Array::from_iter_values(0..1000))),
        (
            "ordered_at",
            column(TimestampMicrosecondArray::from_iter_values(at)),
        ),
    ];
    write_parquet(&scratch.path("orders.parquet"), columns, 10);
}

async fn row_groups(source_zone: &str) {
    let toml = format!(
        "[workspace]\ntime_zone = 'Asia/Shanghai'\n\n[sources.lines]\nlocation = 'orders.parquet'\n\
         time_zone = '{source_zone}'\n\n[tables.orders]\nfrom = 'lines'\n"
    );
    let scratch = Scratch::with_workspace(&toml);
    hours(&scratch);
    let engine = scratch.open().await;
    rows(&engine, "set as_of = '2026-10-19'").await;
    let sql = "select count(*) from raw.orders where ordered_at >= $period_start_at and ordered_at < $as_of_at";
    assert_eq!(rows(&engine, sql).await, ["168"], "{source_zone}");
    let read = read(&engine, sql).await;
    // 168 hours are 17 or 18 groups of ten; bounds of another zone are a day wider at most.
    assert!(
        read.row_groups_pruned >= 100 - 23,
        "{source_zone}: {read:?}"
    );
}

#[tokio::test]
async fn a_filter_on_the_report_day_prunes_row_groups_of_utc_clocks() {
    row_groups("UTC").await;
}

#[tokio::test]
async fn a_filter_on_the_report_day_prunes_row_groups_of_local_clocks() {
    row_groups("Asia/Shanghai").await;
    row_groups("America/New_York").await;
}

#[tokio::test]
async fn a_view_prunes_like_the_query_it_is_made_of() {
    let scratch = Scratch::with_workspace(
        "[sources.lines]\nlocation = 'orders.parquet'\n\n[tables.orders]\nfrom = 'lines'\n",
    );
    hours(&scratch);
    scratch.write(
        "sql/marts/recent.sql",
        "-- Which orders are recent?\n--\n-- grain: order_id\n--\n-- order_id  order\n\nselect order_id from raw.orders where ordered_at >= $period_start_at and ordered_at < $as_of_at\n",
    );
    let engine = scratch.open().await;
    rows(&engine, "set as_of = '2026-10-19'").await;
    for sql in [
        "select count(*) from recent",
        "select count(*) from recent(as_of => date '2026-10-12')",
    ] {
        assert_eq!(rows(&engine, sql).await, ["168"], "{sql}");
        let read = read(&engine, sql).await;
        assert!(read.row_groups_pruned >= 100 - 19, "{sql}: {read:?}");
    }
}
