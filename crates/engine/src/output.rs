//! Results to files: one format per name, whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::writer::WriterBuilder;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::json::writer::{JsonArray, LineDelimited, WriterBuilder as JsonBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::plan_err;
use datafusion::error::DataFusionError;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::engine::Rows;
use crate::error::{Error, Result};

/// A format results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Comma-separated, RFC 4180.
    Csv,
    /// Tab-separated.
    Tsv,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// A Markdown table.
    Markdown,
    /// An HTML table.
    Html,
    /// Apache Parquet, zstd.
    Parquet,
}

/// Every format with its name and file extensions.
pub const FORMATS: &[(OutputFormat, &str, &[&str])] = &[
    (OutputFormat::Csv, "csv", &["csv"]),
    (OutputFormat::Tsv, "tsv", &["tsv"]),
    (OutputFormat::Json, "json", &["json"]),
    (OutputFormat::Ndjson, "ndjson", &["ndjson", "jsonl"]),
    (OutputFormat::Markdown, "markdown", &["md"]),
    (OutputFormat::Html, "html", &["html", "htm"]),
    (OutputFormat::Parquet, "parquet", &["parquet", "pq"]),
];

impl OutputFormat {
    /// Returns the format of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|(_, n, _)| *n == name)
            .map(|(format, _, _)| *format)
    }

    /// Returns the format a path's extension names.
    pub fn by_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_lowercase();
        let found = FORMATS
            .iter()
            .find(|(_, _, ends)| ends.contains(&extension.as_str()));
        found.map(|(format, _, _)| *format)
    }
}

/// Writes batches of one result.
pub struct ResultWriter<W: Write + Send> {
    format: OutputFormat,
    schema: SchemaRef,
    inner: Inner<W>,
    /// Rows written so far.
    pub n_rows: usize,
}

// The writer is gone while a format's own writer has it.
enum Inner<W: Write + Send> {
    Separated(Box<arrow::csv::Writer<W>>),
    Json(arrow::json::Writer<W, JsonArray>),
    Ndjson(arrow::json::Writer<W, LineDelimited>),
    Markup(W),
    Parquet(Box<ArrowWriter<W>>),
}

impl<W: Write + Send> ResultWriter<W> {
    /// Starts a result.
    pub fn new(
        format: OutputFormat,
        schema: SchemaRef,
        mut writer: W,
    ) -> Result<Self, DataFusionError> {
        if matches!(format, OutputFormat::Csv | OutputFormat::Tsv) {
            check_flat(&schema)?;
        }
        let inner = match format {
            OutputFormat::Csv => Inner::Separated(Box::new(
                WriterBuilder::new().with_header(true).build(writer),
            )),
            OutputFormat::Tsv => Inner::Separated(Box::new(
                WriterBuilder::new()
                    .with_header(true)
                    .with_delimiter(b'\t')
                    .build(writer),
            )),
            OutputFormat::Json => {
                Inner::Json(JsonBuilder::new().with_explicit_nulls(true).build(writer))
            }
            OutputFormat::Ndjson => {
                Inner::Ndjson(JsonBuilder::new().with_explicit_nulls(true).build(writer))
            }
            OutputFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                    .build();
                let writer = ArrowWriter::try_new(writer, Arc::clone(&schema), Some(properties))?;
                Inner::Parquet(Box::new(writer))
            }
            OutputFormat::Markdown => {
                let names: Vec<String> =
                    schema.fields().iter().map(|f| markdown(f.name())).collect();
                let rule: Vec<&str> = schema
                    .fields()
                    .iter()
                    .map(|f| {
                        if f.data_type().is_numeric() {
                            "---:"
                        } else {
                            "---"
                        }
                    })
                    .collect();
                writeln!(
                    writer,
                    "| {} |\n| {} |",
                    names.join(" | "),
                    rule.join(" | ")
                )?;
                Inner::Markup(writer)
            }
            OutputFormat::Html => {
                writeln!(writer, "<table>\n<thead><tr>")?;
                for field in schema.fields() {
                    writeln!(writer, "<th>{}</th>", html(field.name()))?;
                }
                writeln!(writer, "</tr></thead>\n<tbody>")?;
                Inner::Markup(writer)
            }
        };
        let mut result = ResultWriter {
            format,
            schema,
            inner,
            n_rows: 0,
        };
        // A CSV of no rows still has its header.
        let empty = RecordBatch::new_empty(Arc::clone(&result.schema));
        if matches!(result.inner, Inner::Separated(_)) {
            result.write(&empty)?;
        }
        Ok(result)
    }

    /// Writes a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        self.n_rows += batch.num_rows();
        match &mut self.inner {
            Inner::Separated(writer) => writer.write(batch)?,
            Inner::Json(writer) => writer.write(batch)?,
            Inner::Ndjson(writer) => writer.write(batch)?,
            Inner::Parquet(writer) => writer.write(batch)?,
            Inner::Markup(writer) => markup(self.format, batch, writer)?,
        }
        Ok(())
    }

    /// Ends the result and hands the writer back.
    pub fn finish(self) -> Result<W, DataFusionError> {
        Ok(match self.inner {
            Inner::Separated(writer) => writer.into_inner(),
            Inner::Json(mut writer) => {
                writer.finish()?;
                let mut writer = writer.into_inner();
                writer.write_all(b"\n")?;
                writer
            }
            Inner::Ndjson(mut writer) => {
                writer.finish()?;
                writer.into_inner()
            }
            Inner::Parquet(writer) => writer.into_inner()?,
            Inner::Markup(mut writer) => {
                if self.format == OutputFormat::Html {
                    writeln!(writer, "</tbody>\n</table>")?;
                }
                writer
            }
        })
    }
}

/// Refuses lists and structs where a cell has no place for them, before anything is written.
fn check_flat(schema: &Schema) -> Result<(), DataFusionError> {
    let mut fields = schema.fields().iter();
    match fields.find(|field| field.data_type().is_nested()) {
        None => Ok(()),
        Some(field) => {
            let name = field.name();
            let (what, instead) = match field.data_type() {
                DataType::Struct(_) => ("a struct", "name a field of it, {}['..'],"),
                _ => ("a list", "take it apart, unnest({}),"),
            };
            let instead = instead.replace("{}", name);
            plan_err!(
                "a cell of CSV has no place for {what}, and column {name} is one: {instead} \
                 or write json, ndjson or parquet"
            )
        }
    }
}

fn markup(
    format: OutputFormat,
    batch: &RecordBatch,
    writer: &mut impl Write,
) -> Result<(), DataFusionError> {
    let options = FormatOptions::default();
    let columns: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        let mut cells = Vec::with_capacity(columns.len());
        for column in &columns {
            cells.push(column.value(row).try_to_string()?);
        }
        if format == OutputFormat::Html {
            let cells: String = cells
                .iter()
                .map(|c| format!("<td>{}</td>", html(c)))
                .collect();
            writeln!(writer, "<tr>{cells}</tr>")?;
        } else {
            let cells: Vec<String> = cells.iter().map(|c| markdown(c)).collect();
            writeln!(writer, "| {} |", cells.join(" | "))?;
        }
    }
    Ok(())
}

fn markdown(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Writes rows to a local file. The file appears when all are written, or not at all.
///
/// A link stays a link and what it points to is replaced; a device or a pipe
/// (`/dev/null`, `/dev/stdout`) is written to and never replaced.
pub async fn write_file(rows: Rows, format: OutputFormat, path: &Path, sql: &str) -> Result<usize> {
    let failed = |reason: String| Error::Output {
        path: path.display().to_string(),
        reason,
    };
    if path.file_name().is_none() || path.is_dir() {
        return Err(failed("it is a folder".into()));
    }
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let device = OpenOptions::new().write(true).open(path);
        let device = BufWriter::new(device.map_err(|e| failed(e.to_string()))?);
        let (mut device, n_rows) = stream_to(rows, format, device, sql).await?;
        device.flush().map_err(|e| failed(e.to_string()))?;
        return Ok(n_rows);
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Another extension, so that a table over the folder does not list it meanwhile.
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let temporary = Temporary(temporary);
    let file = File::create(&temporary.0).map_err(|e| failed(e.to_string()))?;
    let (writer, n_rows) = stream_to(rows, format, BufWriter::new(file), sql).await?;
    let file = writer.into_inner().map_err(|e| failed(e.to_string()))?;
    file.sync_all().map_err(|e| failed(e.to_string()))?;
    std::fs::rename(&temporary.0, &target).map_err(|e| failed(e.to_string()))?;
    Ok(n_rows)
}

/// A file that goes with whoever writes it, failed or cancelled, unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Writes rows to any writer and returns it with their number.
pub async fn stream_to<W: Write + Send>(
    mut rows: Rows,
    format: OutputFormat,
    writer: W,
    sql: &str,
) -> Result<(W, usize)> {
    let failed = |e: DataFusionError| Error::query(sql, e);
    let mut result = ResultWriter::new(format, Arc::clone(&rows.schema), writer).map_err(failed)?;
    while let Some(batch) = rows.stream.next().await {
        result.write(&batch.map_err(failed)?).map_err(failed)?;
    }
    let n_rows = result.n_rows;
    Ok((result.finish().map_err(failed)?, n_rows))
}
