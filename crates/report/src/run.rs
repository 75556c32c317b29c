//! A run: ask a report's queries of an open workspace, then make its files.
//!
//! Each query runs once, after those it reads, and its rows become a table of
//! the run under its name. Nothing is written here: the caller gets a
//! [`Publication`] only when every query and every drawing succeeded.

use std::sync::Arc;

use aftersight_engine::settings::last_complete_period_end;
use aftersight_engine::table::{CanonicalTables, Type};
use aftersight_engine::{Engine, Error as EngineError, Parameters, ScalarValue};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{NaiveDate, NaiveDateTime};
use indexmap::IndexMap;

use crate::error::{OutputError, RenderError};
use crate::labels::Labels;
use crate::lang::Lang;
use crate::output::{self, CsvOptions, Publication, RuleFact, RunFacts};
use crate::page::{Freshness, PageContext, render_page};
use crate::result::QueryResult;
use crate::spec::{Param, ParamValue, Period, Query, Spec};

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A table the report needs is not in the workspace.
    #[error("report {report} needs the table `{table}`, which this workspace does not have")]
    MissingTable {
        /// The report.
        report: String,
        /// The table.
        table: String,
    },
    /// A parameter has no such name or value.
    #[error("{0}")]
    Parameter(String),
    /// The report day is not set.
    #[error("the report day is not set")]
    NoReportDay,
    /// Queries that read each other in a circle.
    #[error("the queries read each other in a circle: {0}")]
    Circle(String),
    /// A query failed.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// A page could not be drawn.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// A file could not be made.
    #[error("{0}")]
    Output(#[from] OutputError),
}

/// A run that is ready to be published.
#[derive(Debug)]
pub struct Run {
    /// The files.
    pub publication: Publication,
    /// Rows of each query.
    pub rows: IndexMap<String, usize>,
}

/// What a run is told beside the spec.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Values of the report's parameters, by name, in text.
    pub parameters: Vec<(String, String)>,
    /// Languages of the page; those of the spec when empty.
    pub langs: Vec<Lang>,
    /// The program and its version, for the footer.
    pub program: String,
}

/// Runs a report against a workspace.
pub async fn run(engine: &Engine, spec: &Spec, options: &RunOptions) -> Result<Run, RunError> {
    for table in &spec.needs {
        if !engine.tables().get(table).is_some_and(|t| t.is_mapped) {
            let (report, table) = (spec.name.clone(), table.clone());
            return Err(RunError::MissingTable { report, table });
        }
    }
    take_period(engine, spec)?;
    let parameters = parameters(spec, &options.parameters)?;
    let asked = ask(engine, spec, &parameters, None).await;
    // Whatever happened, the session forgets the run's tables.
    for name in spec.queries.keys() {
        engine.remove_result(name);
    }
    let results = asked?;
    let settings = settings(engine, &parameters);
    let publication = write(engine, spec, &results, settings, options).await?;
    let rows = results
        .iter()
        .map(|(name, result)| (name.clone(), result.rows()))
        .collect();
    Ok(Run { publication, rows })
}

/// Gives the session the period of a report.
///
/// Where the report is of whole weeks, months .. of the calendar, a report day within one goes
/// back to the end of the last complete one, which is returned then: the page would name
/// other days than its numbers are of.
pub fn take_period(engine: &Engine, spec: &Spec) -> Result<Option<NaiveDate>, RunError> {
    let Some(period) = spec.period else {
        return Ok(None);
    };
    engine.set("period", period_name(period))?;
    let as_of = engine.settings().as_of().filter(|_| spec.is_of_calendar);
    let Some(as_of) = as_of else {
        return Ok(None);
    };
    let end = last_complete_period_end(as_of, period_name(period));
    if end == as_of {
        return Ok(None);
    }
    engine.set("as_of", &end.to_string())?;
    Ok(Some(end))
}

/// Returns the engine's name of a period.
pub fn period_name(period: Period) -> &'static str {
    match period {
        // A day's report compares weeks; the engine has no shorter period.
        Period::Day | Period::Week => "week",
        Period::Month => "month",
        Period::Quarter => "quarter",
        Period::Year => "year",
    }
}

pub(crate) fn parameters(spec: &Spec, given: &[(String, String)]) -> Result<Parameters, RunError> {
    let mut values: IndexMap<&str, ParamValue> = spec
        .params
        .iter()
        .map(|(name, param)| (name.as_str(), param.default.clone()))
        .collect();
    for (name, text) in given {
        let Some((name, param)) = spec.params.get_key_value(name.as_str()) else {
            let names = spec.params.keys().map(String::as_str);
            let hint = aftersight_engine::did_you_mean(name, names).unwrap_or_default();
            return Err(RunError::Parameter(format!(
                "{} has no parameter `{name}`; {hint}",
                spec.name
            )));
        };
        let value =
            ParamValue::from_text(param.kind, text).filter(|value| is_allowed(param, value));
        let Some(value) = value else {
            let kind = match param.values.is_empty() {
                true => param.kind.name().to_owned(),
                false => format!("one of {}", param.values.join(", ")),
            };
            return Err(RunError::Parameter(format!(
                "`{name}` takes {kind}, not '{text}'"
            )));
        };
        values.insert(name.as_str(), value);
    }
    Ok(values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), scalar(&value)))
        .collect())
}

fn is_allowed(param: &Param, value: &ParamValue) -> bool {
    param.values.is_empty() || param.values.contains(&value.to_string())
}

fn scalar(value: &ParamValue) -> ScalarValue {
    match value {
        ParamValue::Date(day) => {
            let epoch = NaiveDate::default();
            let days = day.signed_duration_since(epoch).num_days();
            ScalarValue::Date32(i32::try_from(days).ok())
        }
        ParamValue::Timestamp(moment) => ScalarValue::Utf8(Some(moment.to_string())),
        ParamValue::Int(number) => ScalarValue::Int64(Some(*number)),
        ParamValue::Float(number) => ScalarValue::Float64(Some(*number)),
        ParamValue::Bool(truth) => ScalarValue::Boolean(Some(*truth)),
        ParamValue::String(text) => ScalarValue::Utf8(Some(text.clone())),
    }
}

/// Runs every query, or only one and what it reads, those first that others read.
pub(crate) async fn ask(
    engine: &Engine,
    spec: &Spec,
    parameters: &Parameters,
    only: Option<&str>,
) -> Result<IndexMap<String, QueryResult>, RunError> {
    let mut results = IndexMap::new();
    for query in in_order(engine, spec, only)? {
        let file = &query.place.path;
        let answer = engine.query_with(&query.sql, parameters).await;
        let (schema, batches) = answer.map_err(|e| e.in_file(file))?;
        engine.register_result(&query.name, Arc::clone(&schema), batches.clone())?;
        let (name, sql) = (query.name.clone(), query.sql.clone());
        results.insert(
            name.clone(),
            QueryResult {
                name,
                sql,
                schema,
                batches,
            },
        );
    }
    // Files and manifest list queries as the spec does.
    let mut ordered = IndexMap::new();
    for name in spec.queries.keys() {
        if let Some(result) = results.swap_remove(name) {
            ordered.insert(name.clone(), result);
        }
    }
    Ok(ordered)
}

/// Orders queries, or one and those it reads, so that each follows those it reads.
fn in_order<'a>(
    engine: &Engine,
    spec: &'a Spec,
    only: Option<&str>,
) -> Result<Vec<&'a Query>, RunError> {
    let mut waiting: Vec<(&Query, Vec<String>)> = Vec::new();
    for query in spec.queries.values() {
        let reads = engine
            .references(&query.sql)
            .map_err(|e| e.in_file(&query.place.path))?;
        // A query never sees itself: its own name leads on to the marts.
        let reads = reads
            .into_iter()
            .filter(|r| *r != query.name && spec.queries.contains_key(r));
        waiting.push((query, reads.collect()));
    }
    if let Some(only) = only {
        let mut needed = vec![only.to_owned()];
        let mut at = 0;
        while let Some(name) = needed.get(at) {
            let reads = waiting.iter().find(|(query, _)| query.name == *name);
            let reads = reads.map_or(&[][..], |(_, reads)| reads).to_vec();
            needed.extend(
                reads
                    .into_iter()
                    .filter(|read| !needed.contains(read))
                    .collect::<Vec<_>>(),
            );
            at += 1;
        }
        waiting.retain(|(query, _)| needed.contains(&query.name));
    }
    let mut ordered: Vec<&Query> = Vec::new();
    while !waiting.is_empty() {
        let is_ready =
            |reads: &[String]| reads.iter().all(|r| ordered.iter().any(|q| q.name == *r));
        match waiting.iter().position(|(_, reads)| is_ready(reads)) {
            Some(at) => ordered.push(waiting.remove(at).0),
            None => {
                let names: Vec<&str> = waiting.iter().map(|(q, _)| q.name.as_str()).collect();
                return Err(RunError::Circle(names.join(", ")));
            }
        }
    }
    Ok(ordered)
}

/// The settings and parameters of the run, as the page and the manifest print them.
fn settings(engine: &Engine, parameters: &Parameters) -> Vec<(String, String)> {
    let settings = engine.settings();
    let mut all: Vec<(String, String)> = settings
        .values()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or("null").to_owned()))
        .collect();
    all.extend(
        parameters
            .iter()
            .map(|(name, value)| (name.clone(), aftersight_engine::parameter_text(value))),
    );
    all
}

async fn write(
    engine: &Engine,
    spec: &Spec,
    results: &IndexMap<String, QueryResult>,
    settings: Vec<(String, String)>,
    options: &RunOptions,
) -> Result<Publication, RunError> {
    let current = engine.settings();
    let as_of = current.as_of().ok_or(RunError::NoReportDay)?;
    let facts = RunFacts {
        report: spec.name.clone(),
        as_of,
        spec_hash: spec.hash.clone(),
        settings: settings.clone(),
        rules: engine
            .rules()
            .iter()
            .map(|(name, table)| RuleFact::of(name, table))
            .collect(),
    };
    let mut publication = Publication::new(facts.clone());
    for (name, result) in results {
        publication.note_rows(name, result.rows() as u64);
    }
    if let Some(html) = &spec.outputs.html {
        let langs = if options.langs.is_empty() {
            &html.lang
        } else {
            &options.langs
        };
        let freshness = freshness(engine, spec).await?;
        let facts_of_data = DataFacts::ask(engine).await?;
        let labels = Labels::ask(engine).await?;
        for (i, lang) in langs.iter().enumerate() {
            let context = PageContext {
                workspace_name: engine.workspace().name.clone(),
                time_zone: current.time_zone().name().to_owned(),
                currency: current.get("currency")?.unwrap_or_default().to_owned(),
                as_of,
                period_start: day(engine, "period_start"),
                period_end: day(engine, "period_end"),
                lang: *lang,
                settings: settings.clone(),
                freshness: freshness.clone(),
                tallies: Vec::new(),
                notes: facts_of_data.lines(*lang),
                program: options.program.clone(),
            };
            let page = render_page(spec, &labels.say(results, *lang)?, &context)?;
            // The first language is the page people open.
            let name = if i == 0 {
                "index.html".to_owned()
            } else {
                format!("index.{}.html", lang.code())
            };
            publication.add(name, page.into_bytes())?;
        }
    }
    let chosen = |selection: &crate::spec::Selection| -> Vec<&QueryResult> {
        results
            .values()
            .filter(|result| selection.contains(&result.name))
            .collect()
    };
    if let Some(csv) = &spec.outputs.csv {
        let how = CsvOptions {
            bom: csv.bom,
            guard: csv.guard,
        };
        for result in chosen(&csv.queries) {
            publication.add(
                format!("csv/{}.csv", result.name),
                output::csv(result, how)?,
            )?;
        }
    }
    if let Some(json) = &spec.outputs.json {
        publication.add("report.json", output::json(&facts, &chosen(json))?)?;
    }
    if let Some(parquet) = &spec.outputs.parquet {
        for result in chosen(parquet) {
            publication.add(
                format!("parquet/{}.parquet", result.name),
                output::parquet(&facts, result)?,
            )?;
        }
    }
    Ok(publication)
}

fn day(engine: &Engine, name: &str) -> Option<NaiveDate> {
    match engine.settings().placeholder(name) {
        Ok(ScalarValue::Date32(Some(days))) => {
            NaiveDate::default().checked_add_signed(chrono::Duration::days(days.into()))
        }
        _ => None,
    }
}

/// The latest instant and the rows of each table the report is about.
async fn freshness(engine: &Engine, spec: &Spec) -> Result<Vec<Freshness>, RunError> {
    let mut all = Vec::new();
    for name in ["orders", "returns", "surveys", "tickets"] {
        let is_mapped = engine.tables().get(name).is_some_and(|t| t.is_mapped);
        let canonical = CanonicalTables::get().table(name);
        let (true, Some(table)) = (is_mapped || spec.needs.iter().any(|n| n == name), canonical)
        else {
            continue;
        };
        // The event a row is about: the table's first required instant, or the answer of a survey.
        let event = table
            .columns
            .iter()
            .find(|c| c.ty == Type::Instant && c.is_required);
        let event = event.map_or("responded_at", |c| c.name.as_str());
        let sql = format!("select count(*) as n, max({event}) as latest from staging.{name}");
        let batches = engine.query(&sql).await?;
        let Some(batch) = batches.first() else {
            continue;
        };
        let rows = batch.column(0).as_primitive::<Int64Type>().value(0);
        all.push(Freshness {
            table: name.to_owned(),
            latest: latest(batch),
            rows: u64::try_from(rows).unwrap_or_default(),
        });
    }
    Ok(all)
}

fn latest(batch: &RecordBatch) -> Option<NaiveDateTime> {
    let array = batch
        .column(1)
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    let zone: arrow::array::timezone::Tz = array.timezone()?.parse().ok()?;
    if array.is_null(0) {
        return None;
    }
    array
        .value_as_datetime_with_tz(0, zone)
        .map(|moment| moment.naive_local())
}

/// What the footer says about the data itself: who is known, what was left out by which rule.
struct DataFacts {
    known: Option<(String, String)>,
    left_out: Vec<String>,
}

impl DataFacts {
    async fn ask(engine: &Engine) -> Result<Self, RunError> {
        let coverage = "select round(100 * order_share, 1) as orders, \
            round(100 * amount_share, 1) as amount from marts.identity_coverage";
        let mut known = None;
        for batch in engine.query(coverage).await? {
            let cell = |column: usize| output::cell_text(&batch, column, 0);
            known = cell(0).zip(cell(1));
        }
        let excluded = "select table_name, rule, \"rows\" from marts.excluded_rows \
            order by table_name, rule";
        let mut left_out = Vec::new();
        for batch in engine.query(excluded).await? {
            for row in 0..batch.num_rows() {
                let cell = |column| output::cell_text(&batch, column, row).unwrap_or_default();
                let rule = cell(1).replace('_', " ");
                left_out.push(format!("{} {rule} {}", cell(0), cell(2)));
            }
        }
        Ok(DataFacts { known, left_out })
    }

    fn lines(&self, lang: Lang) -> Vec<String> {
        let known = self.known.as_ref().map(|(orders, amount)| match lang {
            Lang::En => format!("Known customers: {orders}% of orders, {amount}% of value"),
            Lang::Zh => format!("可识别客户：订单的 {orders}%，金额的 {amount}%"),
        });
        let left_out = (!self.left_out.is_empty()).then(|| match lang {
            Lang::En => format!(
                "Rows left out or corrected, by rule: {}",
                self.left_out.join("; ")
            ),
            Lang::Zh => format!("按规则排除或更正的行：{}", self.left_out.join("；")),
        });
        known.into_iter().chain(left_out).collect()
    }
}
