//! What the files of a source are: formats and compressions by extension, and their readers.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::config::{CsvOptions, JsonOptions};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::workspace::{Format, SourceSpec};

/// Compressions of CSV and JSON files by extension.
const COMPRESSIONS: &[(&str, FileCompressionType)] = &[
    (".gz", FileCompressionType::GZIP),
    (".bz2", FileCompressionType::BZIP2),
    (".xz", FileCompressionType::XZ),
    (".zst", FileCompressionType::ZSTD),
];

const EXTENSIONS: &[(&str, Format)] = &[
    (".parquet", Format::Parquet),
    (".pq", Format::Parquet),
    (".csv", Format::Csv),
    (".tsv", Format::Csv),
    (".ndjson", Format::Json),
    (".jsonl", Format::Json),
    (".json", Format::Json),
];

/// Returns the extension of a data file, with that of its compression, and the format it tells.
pub(crate) fn known_extension(name: &str) -> Option<(String, Format)> {
    let plain = COMPRESSIONS
        .iter()
        .find_map(|(end, _)| name.strip_suffix(end));
    let stem = plain.unwrap_or(name);
    let (end, format) = EXTENSIONS.iter().find(|(end, _)| stem.ends_with(end))?;
    Some((format!("{end}{}", &name[stem.len()..]), *format))
}

/// Finds format and extension from the declared format and the files' names.
pub(super) fn detect(spec: &SourceSpec, files: &[&ObjectMeta]) -> Result<(Format, String), String> {
    let mut seen = BTreeSet::new();
    for file in files {
        let name = file.location.filename().unwrap_or_default();
        if let Some((extension, format)) = known_extension(name)
            && spec.format.is_none_or(|wanted| wanted == format)
        {
            seen.insert((extension, format as u8));
        }
    }
    let extensions: Vec<&str> = seen
        .iter()
        .map(|(extension, _)| extension.as_str())
        .collect();
    match (extensions.as_slice(), spec.format) {
        ([one], _) => {
            let (_, format) = EXTENSIONS
                .iter()
                .find(|(end, _)| one.starts_with(end))
                .ok_or("no format")?;
            Ok((*format, (*one).to_owned()))
        }
        // The declared format stands for files whose names say nothing.
        ([], Some(format)) => Ok((format, String::new())),
        ([], None) => Err("no file has a known extension".into()),
        (several, _) => Err(format!(
            "its files have different formats: {}",
            several.join(", ")
        )),
    }
}

/// Returns how the bytes of a text file are to be read.
pub(super) fn csv_reading(spec: &SourceSpec, extension: &str) -> (FileCompressionType, u8) {
    let compression = COMPRESSIONS
        .iter()
        .find(|(end, _)| extension.ends_with(end))
        .map_or(FileCompressionType::UNCOMPRESSED, |(_, compression)| {
            *compression
        });
    let is_tsv = extension.starts_with(".tsv");
    let delimiter = if is_tsv { b'\t' } else { spec.delimiter };
    (compression, delimiter)
}

/// Returns the reader of a source's files.
pub(super) async fn file_format(
    spec: &SourceSpec,
    format: Format,
    extension: &str,
    store: &Arc<dyn ObjectStore>,
    files: &[ObjectMeta],
) -> Arc<dyn FileFormat> {
    let (compression, delimiter) = csv_reading(spec, extension);
    match format {
        Format::Parquet => Arc::new(ParquetFormat::default()),
        Format::Csv => {
            let csv = CsvFormat::default()
                .with_options(CsvOptions::default())
                .with_has_header(spec.has_header)
                .with_delimiter(delimiter)
                .with_newlines_in_values(true)
                .with_file_compression_type(compression);
            Arc::new(csv)
        }
        Format::Json => {
            let is_array = compression == FileCompressionType::UNCOMPRESSED
                && starts_with_bracket(store, files.first()).await;
            let json = JsonFormat::default()
                .with_options(JsonOptions::default())
                .with_newline_delimited(!is_array)
                .with_file_compression_type(compression);
            Arc::new(json)
        }
    }
}

/// A JSON file that opens with a bracket is one array; others are one object a line.
async fn starts_with_bracket(store: &Arc<dyn ObjectStore>, file: Option<&ObjectMeta>) -> bool {
    let Some(file) = file else { return false };
    // White space before the first character is rarely longer than this.
    let head = store.get_range(&file.location, 0..file.size.min(256)).await;
    head.is_ok_and(|bytes| bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'['))
}
