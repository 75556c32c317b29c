//! One set of tests that every aggregate must pass.
//!
//! An aggregate brings an example call, the values its columns may hold, and a
//! slow second route to its result: a plain loop over the rows. Everything
//! else is common: that merging parts equals the whole, that both accumulators
//! agree, that nothing is lost when states are converted or spilled, that
//! windows may move, that no setting of the engine changes a digit.

mod accumulators;
mod queries;
mod references;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use datafusion::prelude::SessionContext;

use crate::value::Value;
use crate::{register_all, register_steady_sums};

/// One row of the test table: two columns of arguments.
pub(crate) type Row = (Option<f64>, Option<f64>);

/// One number, text or NULL of a result; structs and lists are taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Number(f64),
    Text(String),
}

impl From<Option<f64>> for Cell {
    fn from(x: Option<f64>) -> Self {
        x.map_or(Self::Null, Self::Number)
    }
}

/// A result, taken apart.
pub(crate) type Cells = Vec<Cell>;

/// An aggregate under test.
pub(crate) struct Subject {
    /// A call over the columns `x` and `y`, both double.
    pub(crate) call: &'static str,
    /// What `x` may hold, ties and values out of range among them.
    pub(crate) x: &'static [f64],
    /// What `y` may hold.
    pub(crate) y: &'static [f64],
    /// The result by a plain loop.
    pub(crate) slowly: fn(&[Row]) -> Cells,
}

impl Subject {
    /// Runs everything.
    pub(crate) fn check(&self) {
        self.check_with(true, true);
    }

    /// Runs everything but what is said of `distinct`, which some of DataFusion's functions take.
    pub(crate) fn check_with_distinct(&self) {
        self.check_with(true, false);
    }

    /// Runs everything, and that windows whose start moves are refused.
    pub(crate) fn check_without_moving_windows(&self) {
        self.check_with(false, true);
    }

    fn check_with(&self, may_move: bool, refuses_distinct: bool) {
        accumulators::check(self);
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap()
            .block_on(queries::check(self, may_move, refuses_distinct));
    }
}

/// Returns a session with all functions.
pub(crate) fn session() -> SessionContext {
    let ctx = SessionContext::new();
    register(&ctx);
    ctx
}

/// Makes everything known that is tested here.
fn register(ctx: &SessionContext) {
    register_all(ctx).unwrap();
    register_steady_sums(ctx);
}

/// Returns the one column of a query's one row.
pub(crate) async fn value(ctx: &SessionContext, query: &str) -> Cells {
    let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (1, 1), "{query}");
    cells(batch.column(0), 0)
}

/// Returns the message of a query that must fail, wherever it does.
pub(crate) async fn error(ctx: &SessionContext, query: &str) -> String {
    let error = match ctx.sql(query).await {
        Err(e) => e,
        Ok(df) => match df.collect().await {
            Err(e) => e,
            Ok(_) => panic!("{query} succeeds"),
        },
    };
    error.find_root().strip_backtrace()
}

/// Returns the message of a query that must fail before it reads anything.
pub(crate) async fn planning_error(ctx: &SessionContext, query: &str) -> String {
    let error = match ctx.sql(query).await {
        Err(e) => e,
        Ok(df) => match df.create_physical_plan().await {
            Err(e) => e,
            Ok(_) => panic!("{query} can be planned"),
        },
    };
    error.find_root().strip_backtrace()
}

/// Takes one value apart.
pub(crate) fn cells(array: &ArrayRef, row: usize) -> Cells {
    match array.data_type() {
        DataType::Struct(fields) => {
            let parts = array.as_struct();
            (0..fields.len())
                .flat_map(|i| match array.is_null(row) {
                    true => vec![Cell::Null],
                    false => cells(parts.column(i), row),
                })
                .collect()
        }
        _ if array.is_null(row) => vec![Cell::Null],
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).flat_map(|i| cells(&items, i)).collect()
        }
        t if t.is_string() => {
            let text = cast(&array.slice(row, 1), &DataType::Utf8).unwrap();
            vec![Cell::Text(text.as_string::<i32>().value(0).to_string())]
        }
        _ => {
            let number = cast(&array.slice(row, 1), &DataType::Float64).unwrap();
            vec![Cell::Number(number.as_primitive::<Float64Type>().value(0))]
        }
    }
}

/// Fails unless both results are the same but for rounding.
pub(crate) fn assert_close(got: &[Cell], expected: &[Cell], context: &str) {
    let close = got.len() == expected.len()
        && got.iter().zip(expected).all(|pair| match pair {
            (Cell::Number(a), Cell::Number(b)) => {
                (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
            }
            (a, b) => a == b,
        });
    assert!(close, "{context}: got {got:?}, expected {expected:?}");
}

/// Takes a result apart that never was a column.
pub(crate) fn flat(value: Value) -> Cells {
    match value {
        Value::Null => vec![Cell::Null],
        Value::Number(x) => vec![Cell::Number(x)],
        Value::Whole(x) => vec![Cell::Number(x as f64)],
        Value::Flag(x) => vec![Cell::Number(f64::from(u8::from(x)))],
        Value::Text(x) => vec![Cell::Text(x)],
        Value::List(values) | Value::Record(values) => values.into_iter().flat_map(flat).collect(),
    }
}

/// Fails unless all cells are the numbers within the tolerance.
#[track_caller]
pub(crate) fn assert_near(got: &[Cell], expected: &[f64], tolerance: f64) {
    let near = got.len() == expected.len()
        && got.iter().zip(expected).all(
            |(got, expected)| matches!(got, Cell::Number(x) if (x - expected).abs() <= tolerance),
        );
    assert!(
        near,
        "got {got:?}, expected {expected:?} within {tolerance}"
    );
}

/// Returns the number, or the numbers, of a published case.
#[track_caller]
pub(crate) fn published_numbers(value: &serde_json::Value) -> Vec<f64> {
    match value.as_array() {
        Some(items) => items.iter().flat_map(published_numbers).collect(),
        None => vec![value.as_f64().unwrap()],
    }
}

/// Returns a published case by the beginning of its name.
pub(crate) fn published_case(file: &str, prefix: &str) -> Option<serde_json::Value> {
    let cases = published_cases(file)?;
    let found = cases.into_iter().find(|(name, _)| name.starts_with(prefix));
    Some(found.unwrap().1)
}

/// Returns `values ((a, b), ...)` of columns of numbers.
pub(crate) fn rows_of(columns: &[&[f64]]) -> String {
    let rows: Vec<String> = (0..columns[0].len())
        .map(|i| {
            let row: Vec<String> = columns.iter().map(|c| format!("{:?}", c[i])).collect();
            format!("({})", row.join(", "))
        })
        .collect();
    format!("(values {})", rows.join(", "))
}

/// Returns `(values (0, x), ...)`, a series with its places in time.
pub(crate) fn series_of(x: &[f64]) -> String {
    let rows = x.iter().enumerate();
    let rows: Vec<String> = rows.map(|(i, x)| format!("({i}, {x:?})")).collect();
    format!("(values {})", rows.join(", "))
}

/// The test table: a group, the two arguments, and the place of the row.
fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int64, false),
        Field::new("x", DataType::Float64, true),
        Field::new("y", DataType::Float64, true),
        Field::new("place", DataType::Int64, false),
        Field::new("pick", DataType::Boolean, true),
    ]))
}

/// Returns rows of the test table.
fn batch(rows: &[Row], groups: &[usize], first_place: usize) -> RecordBatch {
    let place = first_place..first_place + rows.len();
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(Int64Array::from_iter_values(
                groups.iter().map(|g| *g as i64),
            )),
            Arc::new(Float64Array::from_iter(rows.iter().map(|r| r.0))),
            Arc::new(Float64Array::from_iter(rows.iter().map(|r| r.1))),
            Arc::new(Int64Array::from_iter_values(
                place.clone().map(|p| p as i64),
            )),
            // One row in seven has no answer to a filter, which counts as no.
            Arc::new(BooleanArray::from_iter(
                place.map(|p| (p % 7 != 3).then_some(p % 3 != 0)),
            )),
        ],
    )
    .unwrap()
}

/// Reads a file of the published cases outside the project, or says that it was skipped.
pub(crate) fn published(file: &str) -> Option<String> {
    let path = published_path(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!(
            "SKIPPED: published case {file} (set AFTERSIGHT_SHARED to the folder that holds reference/)"
        );
    }
    text
}

/// Returns the path of a data set outside the project, or says that it was skipped.
pub(crate) fn published_data(file: &str) -> Option<String> {
    let path = published_path("../data").join(file);
    if !path.exists() {
        println!(
            "SKIPPED: published data {file} (set AFTERSIGHT_SHARED to the folder that holds data/)"
        );
        return None;
    }
    Some(path.canonicalize().unwrap().to_string_lossy().into_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests find the published cases through the environment, as the contributing guide says"
)]
fn published_path(file: &str) -> std::path::PathBuf {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into();
    std::env::var_os("AFTERSIGHT_SHARED")
        .map_or_else(beside, std::path::PathBuf::from)
        .join("reference")
        .join(file)
}

/// Returns the cases of a published file by name.
pub(crate) fn published_cases(file: &str) -> Option<Vec<(String, serde_json::Value)>> {
    let json: serde_json::Value = serde_json::from_str(&published(file)?).unwrap();
    let cases = json["cases"].as_array().unwrap();
    Some(
        cases
            .iter()
            .map(|c| (c["name"].as_str().unwrap().to_string(), c.clone()))
            .collect(),
    )
}
