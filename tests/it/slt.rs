//! Every `.slt` beside a view, run on the hand-written shop of `data/tiny`.
//!
//! A file reads like a worked example: a comment with the arithmetic, a query,
//! its rows. `AFTERSIGHT_BLESS=1` rewrites the rows; the diff is then read like
//! code. Floats are compared to twelve digits, which every machine agrees on.

use std::path::{Path, PathBuf};

use aftersight_engine::{Engine, Error, Options, Parameters};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner, strict_column_validator};

/// The type of a column, one letter in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Letter(char);

impl ColumnType for Letter {
    fn from_char(value: char) -> Option<Self> {
        "BDIPRT?".contains(value).then_some(Letter(value))
    }

    fn to_char(&self) -> char {
        self.0
    }
}

impl Letter {
    /// Boolean, Date, Integer, Point in time, Real number, Text; `?` is anything else.
    fn of(ty: &DataType) -> Self {
        Letter(match ty {
            DataType::Boolean => 'B',
            DataType::Date32 | DataType::Date64 => 'D',
            t if t.is_integer() => 'I',
            DataType::Timestamp(_, _) => 'P',
            t if t.is_floating() || t.is_decimal() => 'R',
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => 'T',
            _ => '?',
        })
    }
}

/// The engine on one workspace, as the test runner wants it.
struct Shop(Engine);

#[async_trait::async_trait]
impl AsyncDB for Shop {
    type Error = Error;
    type ColumnType = Letter;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Letter>, Error> {
        let (schema, batches) = self.0.query_with(sql, &Parameters::new()).await?;
        if schema.fields().is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        let types = schema.fields().iter();
        let types = types.map(|field| Letter::of(field.data_type())).collect();
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter();
                rows.push(cells.map(|column| cell(column, row)).collect());
            }
        }
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "aftersight"
    }
}

/// Writes one cell so that it can be told from every other.
fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "NULL".into();
    }
    if let Some(floats) = column.as_primitive_opt::<Float64Type>() {
        return float(floats.value(row));
    }
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(column, &options).unwrap();
    match formatter.value(row).to_string() {
        text if text.is_empty() => "(empty)".into(),
        text => text,
    }
}

fn float(value: f64) -> String {
    let rounded: f64 = format!("{value:.11e}").parse().unwrap();
    // Negative zero is zero.
    format!("{}", rounded + 0.0)
}

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the files of the view folders with an ending, sorted.
pub(crate) fn files(ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for schema in aftersight_engine::view::VIEW_SCHEMAS {
        let folder = root("sql").join(schema);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Opens the hand-written shop.
pub(crate) async fn tiny() -> Engine {
    let file = root("data/tiny/aftersight.toml");
    Engine::open_file(&file, Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_beside_the_views_are_right() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a person asks for new rows this way"
    )]
    let bless = std::env::var_os("AFTERSIGHT_BLESS").is_some();
    let mut failures = Vec::new();
    for file in files("slt") {
        // Every file has a session of its own: settings do not leak.
        let mut runner = Runner::new(|| async { Ok(Shop(tiny().await)) });
        runner.with_column_validator(strict_column_validator);
        if bless {
            runner
                .update_test_file(
                    &file,
                    " ",
                    sqllogictest::default_validator,
                    sqllogictest::default_normalizer,
                    strict_column_validator,
                )
                .await
                .unwrap();
        } else if let Err(error) = runner.run_file_async(&file).await {
            failures.push(error.display(false).to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_mart_has_an_example_beside_it() {
    let examples = files("slt");
    let missing: Vec<PathBuf> = files("sql")
        .into_iter()
        .filter(|sql| sql.parent().is_some_and(|folder| folder.ends_with("marts")))
        .filter(|sql| !examples.contains(&sql.with_extension("slt")))
        .collect();
    assert_eq!(missing, Vec::<PathBuf>::new());
}

#[test]
fn floats_are_written_with_twelve_digits() {
    assert_eq!(float(1.0 / 3.0), "0.333333333333");
    assert_eq!(float(0.1 + 0.2), "0.3");
    assert_eq!(float(-0.0), "0");
    assert_eq!(float(100.0), "100");
}
