//! `aftersight reconcile`: `marts.reconciliation` with an exit code.

use std::path::Path;

use aftersight_engine::{Engine, Parameters, audit};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::args::{OutputArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::open::{ensure_report_day, open_with, options};
use crate::run::{Runner, Script};

const TOTALS: &str = "select * from marts.reconciliation";

const ORDER: &str = "order by is_explained, shop, month, measure";

/// One line for each measure, and how much every rule left out of it.
const BY_MEASURE: &str = "
    select
        totals.measure,
        totals.raw_total,
        totals.excluded_total,
        rules.excluded_by,
        totals.reported_total,
        totals.unexplained_total
    from (
        select
            measure,
            cast(sum(raw_total) as decimal(28, 2)) as raw_total,
            cast(sum(excluded_total) as decimal(28, 2)) as excluded_total,
            cast(sum(reported_total) as decimal(28, 2)) as reported_total,
            cast(sum(unexplained_total) as decimal(28, 2)) as unexplained_total
        from reconcile_result
        group by measure
    ) as totals
    left join (
        select
            measure,
            string_agg(concat(rule, ' ', total), ', ' order by rule) as excluded_by
        from (
            select
                measure,
                rule,
                cast(cast(sum(total) as decimal(28, 2)) as varchar) as total
            from intermediate.excluded_totals
            group by measure, rule
        ) as by_rule
        group by measure
    ) as rules
        on totals.measure = rules.measure
    order by totals.measure";

pub(super) async fn run(
    args: &WorkspaceArgs,
    output: &OutputArgs,
    finance: Option<&Path>,
) -> Result<(), Failure> {
    let mut options = options(args);
    if let Some(file) = finance {
        let file = file.display().to_string();
        options.rules.push(("finance_totals".to_owned(), file));
    }
    let engine = open_with(args, options).await?;
    let report_day = ensure_report_day(&engine)?;
    let failed = |e| Failure::of(Some(&engine), e);
    audit::check_finance_shops(&engine).await.map_err(failed)?;
    let mut runner = Runner {
        engine: &engine,
        output: output.clone(),
        report_day,
        is_quiet: args.quiet,
    };
    let result = engine.query_with(TOTALS, &Parameters::new()).await;
    let (schema, batches) = result.map_err(failed)?;
    runner.tell_report_day();
    let n_totals: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let open: Vec<String> = batches.iter().flat_map(unexplained).collect();
    engine
        .register_result("reconcile_result", schema, batches)
        .map_err(failed)?;
    if n_totals == 0 {
        let text = "there are no orders, returns or refunds to reconcile".to_owned();
        return Err(Failure::missing_data(text));
    }
    let has_finance = has_finance(&engine);
    let is_table =
        output.output.is_none() && matches!(output.format.as_deref(), None | Some("table"));
    // For people the sums, then what is open; for programs every total.
    let scripts = match (is_table, open.is_empty()) {
        (true, true) => vec![BY_MEASURE.to_owned()],
        (true, false) => vec![BY_MEASURE.to_owned(), open_totals(has_finance)],
        (false, _) => vec![format!("select * from reconcile_result {ORDER}")],
    };
    for sql in &scripts {
        runner.run(&Script { sql, file: None }).await?;
    }
    runner.note(&format!(
        "{n_totals} totals by shop, month and measure, {} explained",
        n_totals - open.len()
    ));
    match open.as_slice() {
        [] => Ok(()),
        open => Err(Failure::failed(format!(
            "{} of {n_totals} totals are not explained: {}{}",
            open.len(),
            open[..open.len().min(3)].join("; "),
            if open.len() > 3 { "; ..." } else { "" }
        ))),
    }
}

fn has_finance(engine: &Engine) -> bool {
    let totals = engine.rules().get("finance_totals");
    totals.is_some_and(|totals| totals.file.is_some())
}

/// The totals that are not explained, with what finance has if it has anything.
fn open_totals(has_finance: bool) -> String {
    let money = |name: &str| format!("cast({name} as decimal(28, 2)) as {name}");
    let mut columns: Vec<String> = ["raw_total", "excluded_total"].map(money).to_vec();
    columns.push("excluded_by".to_owned());
    columns.extend(["reported_total", "unexplained_total"].map(money));
    if has_finance {
        columns.extend(["finance_total", "finance_difference"].map(money));
    }
    format!(
        "select shop, month, measure, {} from reconcile_result where not is_explained {ORDER}",
        columns.join(", ")
    )
}

/// Names the totals of a batch that are not explained.
fn unexplained(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let texts = |name: &str| -> Option<Vec<String>> {
        let formatter = ArrayFormatter::try_new(batch.column_by_name(name)?, &options).ok()?;
        let rows = 0..batch.num_rows();
        Some(rows.map(|row| formatter.value(row).to_string()).collect())
    };
    let (Some(shop), Some(month), Some(measure)) =
        (texts("shop"), texts("month"), texts("measure"))
    else {
        return Vec::new();
    };
    let explained = batch.column_by_name("is_explained");
    let Some(explained) = explained.and_then(|column| column.as_boolean_opt()) else {
        return Vec::new();
    };
    (0..batch.num_rows())
        .filter(|row| explained.is_null(*row) || !explained.value(*row))
        .map(|row| {
            let month = month[row].get(..7).unwrap_or(&month[row]);
            format!("{} of {} in {month}", measure[row], shop[row])
        })
        .collect()
}
