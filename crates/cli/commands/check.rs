//! `aftersight check`: `marts.checks` with an exit code.
//!
//! Stale or missing data is told from data that breaks a promise: the first may
//! come by itself, so a scheduler can try again; the second needs a person.

use std::collections::BTreeMap;

use aftersight_engine::{Engine, Parameters, audit};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};

use crate::args::{OutputArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::open::{ensure_report_day, open};
use crate::run::{Runner, Script};

const CHECKS: &str = "select * from marts.checks";

/// What is asked of the result: the worst first.
const ORDER: &str =
    "order by array_position(['error', 'warn', 'ok', 'absent', 'off'], verdict), table_name, rule";

pub(super) async fn run(
    args: &WorkspaceArgs,
    output: &OutputArgs,
    fails_on_warn: bool,
    shows_all: bool,
) -> Result<(), Failure> {
    let engine = open(args).await?;
    let report_day = ensure_report_day(&engine)?;
    let mut runner = Runner {
        engine: &engine,
        output: output.clone(),
        report_day,
        is_quiet: args.quiet,
    };
    let failed = |e| Failure::of(Some(&engine), e);
    let result = engine.query_with(CHECKS, &Parameters::new()).await;
    let (schema, batches) = result.map_err(failed)?;
    runner.tell_report_day();
    let empty = audit::empty_tables(&engine).await.map_err(failed)?;
    let tally = Tally::of(&batches);
    engine
        .register_result("check_result", schema, batches)
        .map_err(failed)?;
    let is_table =
        output.output.is_none() && matches!(output.format.as_deref(), None | Some("table"));
    let sql = match (is_table, shows_all) {
        (true, true) => format!("{TABLE} {ORDER}"),
        (true, false) => format!("{TABLE} where verdict in ('error', 'warn') {ORDER}"),
        // Who reads it with a program wants all of it.
        (false, _) => format!("select * from check_result {ORDER}"),
    };
    if !is_table || shows_all || tally.n("error") + tally.n("warn") > 0 {
        let script = Script {
            sql: &sql,
            file: None,
        };
        runner.run(&script).await?;
    }
    runner.note(&tally.summary());
    tally.verdict(&engine, &empty, fails_on_warn)
}

/// The columns people read.
const TABLE: &str = "select verdict, table_name, rule, failed, rows_checked, \
                     round(failed_share, 4) as failed_share, sample_keys, \
                     labels.label_en as meaning from check_result \
                     left join marts.labels as labels \
                     on labels.kind = 'rule' and labels.code = check_result.rule";

/// How many checks came out how.
#[derive(Default)]
struct Tally {
    verdicts: BTreeMap<String, usize>,
    /// Checks that are not fine: verdict, whether data is missing, `table.rule`, keys.
    bad: Vec<(String, bool, String)>,
}

impl Tally {
    fn of(batches: &[RecordBatch]) -> Self {
        let mut tally = Tally::default();
        for batch in batches {
            let [table, rule, kind, verdict, keys] =
                ["table_name", "rule", "kind", "verdict", "sample_keys"]
                    .map(|name| texts(batch, name));
            let failed = batch.column_by_name("failed");
            let failed = failed.and_then(|column| column.as_primitive_opt::<Int64Type>());
            for row in 0..batch.num_rows() {
                let verdict = verdict[row].clone().unwrap_or_default();
                *tally.verdicts.entry(verdict.clone()).or_default() += 1;
                if verdict != "error" && verdict != "warn" {
                    continue;
                }
                let is_missing = matches!(kind[row].as_deref(), Some("freshness" | "completeness"));
                let [table, rule] = [&table, &rule].map(|c| c[row].clone().unwrap_or_default());
                let mut what = format!("{table}: {rule}");
                if let Some(failed) = failed {
                    what += &format!(" {}", failed.value(row));
                }
                if let Some(keys) = &keys[row] {
                    what += &format!(" ({keys})");
                }
                tally.bad.push((verdict, is_missing, what));
            }
        }
        tally.bad.sort();
        tally
    }

    fn n(&self, verdict: &str) -> usize {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }

    fn summary(&self) -> String {
        let n_checks: usize = self.verdicts.values().sum();
        let mut text = format!("{n_checks} checks");
        for (verdict, one, several) in [
            ("error", "error", "errors"),
            ("warn", "warning", "warnings"),
            ("ok", "ok", "ok"),
            ("absent", "with nothing to check", "with nothing to check"),
            ("off", "off", "off"),
        ] {
            let n = self.n(verdict);
            if n > 0 || matches!(verdict, "error" | "warn") {
                text += &format!(", {n} {}", if n == 1 { one } else { several });
            }
        }
        text
    }

    /// Missing data first: what comes late can break other checks by its absence.
    fn verdict(
        &self,
        engine: &Engine,
        empty: &[String],
        fails_on_warn: bool,
    ) -> Result<(), Failure> {
        let counts = |verdict: &str| verdict == "error" || fails_on_warn;
        let which = |is_missing: bool| -> Vec<&str> {
            let bad = self.bad.iter();
            bad.filter(|(verdict, missing, _)| counts(verdict) && *missing == is_missing)
                .map(|(_, _, what)| what.as_str())
                .collect()
        };
        if self.verdicts.is_empty() || !empty.is_empty() {
            let day = engine.settings().as_of();
            let day = day.map_or_else(String::new, |day| format!(" before {day}"));
            let what = match empty {
                [] => "no table has a row".to_owned(),
                names => format!("mapped, but without a row{day}: {}", names.join(", ")),
            };
            return Err(Failure::missing_data(what));
        }
        let missing = which(true);
        if !missing.is_empty() {
            let text = format!("data is stale or missing: {}", missing.join("; "));
            return Err(Failure::missing_data(text));
        }
        match which(false).as_slice() {
            [] => Ok(()),
            broken => Err(Failure::failed(format!(
                "the data is not as promised: {}",
                broken.join("; ")
            ))),
        }
    }
}

/// A column's texts.
pub(super) fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch
        .column_by_name(name)
        .and_then(|column| arrow::compute::cast(column, &DataType::Utf8).ok());
    match column {
        Some(column) => {
            let texts = column.as_string::<i32>();
            texts.iter().map(|text| text.map(str::to_owned)).collect()
        }
        None => vec![None; batch.num_rows()],
    }
}
