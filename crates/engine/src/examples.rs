//! Worked examples beside a view: sqllogictest files run on a workspace.
//!
//! A file reads like a worked example: a comment with the arithmetic, a query,
//! its rows. Floats are compared to twelve digits, which every machine agrees on.
//! Every file has a session of its own, so settings do not leak.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner, strict_column_validator};

use crate::bind::Parameters;
use crate::engine::{Engine, Options};
use crate::error::Error;

/// Runs the examples of a file on a workspace; the error shows the first difference.
pub async fn run(workspace: &Path, options: &Options, file: &Path) -> Result<(), String> {
    let mut runner = Runner::new(|| shop(workspace, options));
    runner.with_column_validator(strict_column_validator);
    let ran = runner.run_file_async(file).await;
    ran.map_err(|error| error.display(false).to_string())
}

/// Rewrites the rows of a file's examples with what the workspace gives.
pub async fn update(workspace: &Path, options: &Options, file: &Path) -> Result<(), String> {
    let mut runner = Runner::new(|| shop(workspace, options));
    let updated = runner.update_test_file(
        file,
        " ",
        sqllogictest::default_validator,
        sqllogictest::default_normalizer,
        strict_column_validator,
    );
    updated.await.map_err(|error| error.to_string())
}

async fn shop(workspace: &Path, options: &Options) -> Result<Shop, Error> {
    Ok(Shop(Engine::open_file(workspace, options.clone()).await?))
}

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

#[async_trait]
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
    let text = ArrayFormatter::try_new(column, &options)
        .and_then(|formatter| formatter.value(row).try_to_string());
    match text {
        Ok(text) if text.is_empty() => "(empty)".into(),
        Ok(text) => text,
        Err(error) => format!("({error})"),
    }
}

fn float(value: f64) -> String {
    // What was written a line above can be read.
    let rounded: f64 = format!("{value:.11e}").parse().unwrap_or(value);
    // Negative zero is zero.
    format!("{}", rounded + 0.0)
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_written_with_twelve_digits() {
        assert_eq!(float(1.0 / 3.0), "0.333333333333");
        assert_eq!(float(0.1 + 0.2), "0.3");
        assert_eq!(float(-0.0), "0");
        assert_eq!(float(100.0), "100");
    }
}
