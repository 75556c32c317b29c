//! `aftersight rows NAME ... COLUMN=VALUE ...`: the rows a number is made of.
//!
//! The header of a view says where they are and when one belongs to a cell. A
//! query of a report says which view its rows are rows of, and the way goes on
//! from there.

use aftersight_engine::view::View;
use aftersight_engine::{Engine, did_you_mean};
use aftersight_report::{Drill, builtin, findings, period_name};
use arrow::array::RecordBatch;

use super::report;
use super::views::find;
use crate::args::{OutputArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::open::{ReportDay, ensure_report_day, open};
use crate::run::{Runner, Script};

pub(super) async fn run(
    args: &WorkspaceArgs,
    output: OutputArgs,
    name: &str,
    cells: &[String],
) -> Result<(), Failure> {
    let engine = open(args).await?;
    let is_quiet = args.quiet;
    let reports = builtin::names(report::own_folder(&engine).as_deref());
    let (sql, report_day) = if reports.iter().any(|report| report == name) {
        behind_finding(&engine, name, cells, is_quiet).await?
    } else {
        let report_day = ensure_report_day(&engine)?;
        let view = find(engine.views(), name).map_err(|failure| {
            let hint = did_you_mean(name, reports.iter().map(String::as_str));
            match hint {
                Some(_) => Failure::usage(format!("there is no view or report `{name}`"), hint),
                None => failure,
            }
        })?;
        (behind_cell(view, cells)?, report_day)
    };
    let mut runner = Runner {
        engine: &engine,
        output,
        report_day,
        is_quiet,
    };
    let script = Script {
        sql: &sql,
        file: None,
    };
    runner.run(&script).await
}

/// Returns the query for the rows behind cells of a view.
fn behind_cell(view: &View, cells: &[String]) -> Result<String, Failure> {
    let Some(behind) = &view.header.behind else {
        let text = format!("{} does not say which rows it is made of", view.qualified());
        let hint = "its header takes a line `rows: view on condition` below the grain".to_owned();
        return Err(Failure::usage(text, Some(hint)));
    };
    let columns: Vec<&str> = view.header.columns.keys().map(String::as_str).collect();
    let mut conditions = Vec::new();
    for cell in cells {
        let (column, value) = pair(cell, &view.qualified(), &columns)?;
        conditions.push(is(column, &[value.to_owned()]));
    }
    Ok(behind.query(view, &all(&conditions)))
}

/// Returns the query for the rows behind findings of a report, whose queries are asked first.
async fn behind_finding(
    engine: &Engine,
    name: &str,
    cells: &[String],
    is_quiet: bool,
) -> Result<(String, ReportDay), Failure> {
    let spec = report::spec(engine, name)?;
    let with_drill = spec.queries.values().filter(|q| !q.drills().is_empty());
    let known: Vec<&str> = with_drill.map(|q| q.name.as_str()).collect();
    let Some((query, cells)) = cells.split_first().filter(|(q, _)| !q.contains('=')) else {
        let text = format!("name the query of {name} whose rows are meant");
        let hint = format!("aftersight rows {name} QUERY, of {}", known.join(", "));
        return Err(Failure::usage(text, Some(hint)));
    };
    let Some(found) = spec.queries.get(query) else {
        let text = format!("{name} has no query `{query}`");
        let hint = did_you_mean(query, known.iter().copied());
        let hint = hint.or_else(|| Some(format!("it has {}", known.join(", "))));
        return Err(Failure::usage(text, hint));
    };
    let drills = found.drills();
    if drills.is_empty() {
        let text = format!("{} does not say which rows it is made of", found.place.path);
        let hint = "its header takes a line `drill: view on condition`".to_owned();
        return Err(Failure::usage(text, Some(hint)));
    }
    let failed = |e| Failure::of(Some(engine), e);
    if let Some(period) = spec.period {
        engine.set("period", period_name(period)).map_err(failed)?;
    }
    let report_day = ensure_report_day(engine)?;
    report::tell_of_whole_period(engine, &spec, is_quiet)?;
    let columns = findings(engine, &spec, query, &[]).await;
    let columns = columns.map_err(|e| Failure::of_run(engine, e))?;
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut conditions = Vec::new();
    for cell in cells {
        let (column, value) = pair(cell, &format!("{name} {query}"), &names)?;
        let mut values = vec![value.to_owned()];
        values.extend(codes(engine, value).await?);
        conditions.push(is(column, &values));
    }
    let filter = all(&conditions);
    let count = format!("select count(*) from {query} where {filter}");
    if count_of(&engine.query(&count).await.map_err(failed)?) == 0 {
        let text = format!(
            "{name} has no such row of {query} today: {}",
            cells.join(" ")
        );
        return Err(Failure::usage(
            text,
            Some(format!("select * from {query}, or see its page")),
        ));
    }
    let mut found: Option<(String, &Drill)> = None;
    for drill in &drills {
        let Some((schema, view)) = drill.view.split_once('.') else {
            return Err(unknown(&drill.view));
        };
        let view = engine.views().get(schema, view);
        let view = view.ok_or_else(|| unknown(&drill.view))?;
        let sql = drill.query(view, query, &columns, &filter);
        if drills.len() > 1 {
            let count = format!("select count(*) from ({sql}) as rows");
            if count_of(&engine.query(&count).await.map_err(failed)?) == 0 {
                continue;
            }
        }
        if let Some((_, first)) = &found {
            let text = format!("these are rows of {} and of {}", first.view, drill.view);
            let hint = "say which finding is meant, by more of its columns".to_owned();
            return Err(Failure::usage(text, Some(hint)));
        }
        found = Some((sql, drill));
    }
    match found {
        Some((sql, _)) => Ok((sql, report_day)),
        None => {
            let text = format!("no rows are behind these findings of {query}");
            Err(Failure::usage(text, None))
        }
    }
}

fn unknown(view: &str) -> Failure {
    Failure::usage(format!("a drill names `{view}`, which is no view"), None)
}

/// The codes a page calls by this word.
async fn codes(engine: &Engine, word: &str) -> Result<Vec<String>, Failure> {
    let word = word.replace('\'', "''");
    let sql = format!(
        "select distinct code from marts.labels where label_en = '{word}' or label_zh = '{word}' order by code"
    );
    let batches = engine.query(&sql).await;
    let batches = batches.map_err(|e| Failure::of(Some(engine), e))?;
    let mut codes = Vec::new();
    for batch in &batches {
        codes.extend(super::check::texts(batch, "code").into_iter().flatten());
    }
    Ok(codes)
}

fn count_of(batches: &[RecordBatch]) -> i64 {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let counts = batches.iter().filter(|batch| batch.num_rows() > 0);
    let counts = counts.map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0));
    counts.sum()
}

/// Splits `column=value` and checks the column.
fn pair<'c>(cell: &'c str, of: &str, columns: &[&str]) -> Result<(&'c str, &'c str), Failure> {
    let Some((column, value)) = cell.split_once('=') else {
        let text = format!("expected COLUMN=VALUE, not '{cell}'");
        return Err(Failure::usage(text, None));
    };
    let column = column.trim();
    if !columns.contains(&column) {
        let text = format!("{of} has no column `{column}`");
        return Err(Failure::usage(
            text,
            did_you_mean(column, columns.iter().copied()),
        ));
    }
    Ok((column, value))
}

/// A condition that a column has one of these values.
fn is(column: &str, values: &[String]) -> String {
    if let [null] = values
        && null == "null"
    {
        return format!("{column} is null");
    }
    let values: Vec<String> = values
        .iter()
        .map(|value| format!("'{}'", value.replace('\'', "''")))
        .collect();
    // Compared as text, which every type can be, so that no value fails to convert.
    format!("cast({column} as varchar) in ({})", values.join(", "))
}

fn all(conditions: &[String]) -> String {
    match conditions {
        [] => "true".to_owned(),
        conditions => conditions.join(" and "),
    }
}
