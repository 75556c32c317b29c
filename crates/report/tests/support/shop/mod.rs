//! A made-up weekly report: a spec, and batches that look like an engine's.
//!
//! Shared by the page tests and the `mock` example. Every number is invented by
//! a small linear congruential generator, so the page is the same on each run.

use std::error::Error;
use std::sync::Arc;

use aftersight_report::spec::{SourceFile, SpecError};
use aftersight_report::{Freshness, Lang, PageContext, QueryResult, Spec, Tally, Tone};
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{Field, Schema};
use chrono::NaiveDate;
use indexmap::IndexMap;

mod columns;
mod random;
mod series;
mod tables;

use columns::Columns;
use random::Random;
use series::{backlog, cohorts, kpis, nps_weekly};
use tables::{channels, events, findings, lede, reasons, rfm, segments};

/// How many rows the results have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    None,
    /// The first row, with every cell NULL.
    OneNull,
}

pub(crate) fn files() -> Vec<SourceFile> {
    let queries = [
        "kpis",
        "nps_weekly",
        "events",
        "reasons",
        "segments",
        "rfm",
        "cohorts",
        "channels",
        "findings",
        "backlog",
        "lede",
    ];
    let mut files = vec![SourceFile::new("report.md", include_str!("report.md"))];
    for name in queries {
        let sql =
            format!("-- {name} of the week.\nselect *\nfrom {name}_by_week\nwhere week < $as_of");
        files.push(SourceFile::new(format!("sql/{name}.sql"), sql));
    }
    files
}

pub(crate) fn spec() -> Result<Spec, SpecError> {
    Spec::parse(&files())
}

pub(crate) fn context(lang: Lang) -> PageContext {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default();
    let fresh = |en: &str, zh: &str, hour, minute, rows| Freshness {
        table: if lang == Lang::En { en } else { zh }.to_owned(),
        latest: day(11, 15).and_hms_opt(hour, minute, 0),
        rows,
    };
    let tally = |tone, count, en: &str, zh: &str| Tally {
        tone,
        count,
        label: if lang == Lang::En { en } else { zh }.to_owned(),
    };
    let note = if lang == Lang::En {
        "9,811,204 order lines used; 4,118 excluded (duplicates 3,902, impossible times 216). \
         97.3% of orders have a customer."
    } else {
        "使用订单行 9,811,204 条，剔除 4,118 条（重复 3,902，时间异常 216）。97.3% 的订单有客户标识。"
    };
    PageContext {
        workspace_name: "Marlow Home & Wear".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        currency: "CNY".to_owned(),
        as_of: day(11, 16),
        period_start: Some(day(11, 9)),
        period_end: Some(day(11, 16)),
        lang,
        settings: vec![("min_n".to_owned(), "100".to_owned())],
        freshness: vec![
            fresh("orders", "订单", 23, 59, 9_811_204),
            fresh("returns", "退换货", 23, 57, 1_040_310),
            fresh("surveys", "问卷", 18, 2, 612_000),
            fresh("tickets", "工单", 23, 41, 2_270_511),
        ],
        tallies: vec![
            tally(Tone::Alert, 2, "alerts", "告警"),
            tally(Tone::Watch, 3, "on watch", "关注"),
            tally(Tone::Plain, 14, "checks passed", "检查通过"),
        ],
        notes: vec![note.to_owned()],
        program: "aftersight 0.1.0".to_owned(),
    }
}

pub(crate) fn results(rows: Rows) -> Result<IndexMap<String, QueryResult>, Box<dyn Error>> {
    let mut random = Random(20_261_115);
    let all: Vec<(&str, Columns)> = vec![
        ("kpis", kpis(&mut random)),
        ("nps_weekly", nps_weekly(&mut random)),
        ("events", events()),
        ("reasons", reasons()),
        ("segments", segments()),
        ("rfm", rfm()),
        ("cohorts", cohorts(&mut random)),
        ("channels", channels()),
        ("findings", findings()),
        ("backlog", backlog(&mut random)),
        ("lede", lede()),
    ];
    let mut results = IndexMap::new();
    for (name, columns) in all {
        // Words need their one row whatever the figures have.
        let rows = if name == "lede" { Rows::All } else { rows };
        results.insert(name.to_owned(), result(name, columns, rows)?);
    }
    Ok(results)
}

fn result(name: &str, columns: Columns, rows: Rows) -> Result<QueryResult, Box<dyn Error>> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays: Vec<ArrayRef> = columns
        .into_iter()
        .map(|(_, array)| match rows {
            Rows::OneNull => new_null_array(array.data_type(), 1),
            _ => array,
        })
        .collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let batches = if rows == Rows::None {
        Vec::new()
    } else {
        vec![batch]
    };
    let sql = format!("-- {name} of the week.\nselect *\nfrom {name}_by_week\nwhere week < $as_of");
    Ok(QueryResult {
        name: name.to_owned(),
        sql,
        schema,
        batches,
    })
}
