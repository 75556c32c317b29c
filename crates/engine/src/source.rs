//! Sources: where bytes are, and how a declared location becomes a readable table.
//!
//! A source is opened once per session: its files are listed, its schema and
//! partition columns found. Listings are not cached, so a query always sees the
//! files that are there. Credentials are handed in by the program.

use std::collections::BTreeSet;
use std::path::Path as FilePath;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::config::{CsvOptions, JsonOptions};
use datafusion::datasource::ViewTable;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{LogicalPlanBuilder, cast, lit};
use datafusion::prelude::{Expr, SessionContext};
use futures::TryStreamExt;
use indexmap::IndexMap;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use url::Url;

use crate::blame::ragged_line;
use crate::error::{Error, Result};
use crate::present::Present;
use crate::workspace::{At, ColumnType, Format, SourceSpec};

/// The folder name with which Hive writes a NULL partition value.
pub(crate) const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// What a session may know about the world outside: handed in, never looked up.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Folder or URL that relative locations start from.
    pub base: String,
    /// Options of object stores by their usual names, such as `aws_region`.
    pub options: Vec<(String, String)>,
}

/// A source that was opened.
#[derive(Debug)]
pub struct OpenSource {
    /// The table of its rows.
    pub provider: Arc<dyn TableProvider>,
    /// Its files when it was opened.
    pub files: Vec<ObjectMeta>,
    /// The locations it was opened from, absolute.
    pub locations: Vec<String>,
}

/// Makes a location absolute: URLs and absolute paths stay, others start from the base.
pub fn absolute_location(base: &str, location: &str) -> String {
    let is_url = location.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    if is_url || FilePath::new(location).is_absolute() || base.is_empty() {
        return location.to_owned();
    }
    format!("{}/{location}", base.trim_end_matches('/'))
}

/// Registers the object store of a URL with the session, unless it is there.
pub fn register_store(
    ctx: &SessionContext,
    url: &Url,
    options: &StoreOptions,
) -> Result<(), DataFusionError> {
    if url.scheme() == "file" {
        return Ok(());
    }
    let root = &url[..url::Position::BeforePath];
    let root = Url::parse(root).map_err(|e| DataFusionError::External(Box::new(e)))?;
    if ctx
        .runtime_env()
        .object_store_registry
        .get_store(&root)
        .is_ok()
    {
        return Ok(());
    }
    let options = options
        .options
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()));
    let (store, _) = object_store::parse_url_opts(url, options)?;
    ctx.register_object_store(&root, Arc::from(store));
    Ok(())
}

/// Opens a source: lists its files, finds its schema.
pub async fn open_source(
    ctx: &SessionContext,
    name: &str,
    spec: &SourceSpec,
    options: &StoreOptions,
) -> Result<OpenSource> {
    let state = ctx.state();
    let mut urls = Vec::new();
    let mut found: Vec<(ListingTableUrl, Vec<ObjectMeta>)> = Vec::new();
    for location in &spec.locations {
        let absolute = absolute_location(&options.base, &location.value);
        let files = list(ctx, name, location, &absolute, options).await?;
        urls.push(absolute);
        found.push(files);
    }
    let at = Some(spec.locations[0].at.clone());
    let all: Vec<&ObjectMeta> = found.iter().flat_map(|(_, files)| files).collect();
    let (format, extension) = match detect(spec, &all) {
        Ok(found) => found,
        Err(reason) => {
            return Err(Error::Workspace {
                at,
                message: format!("source '{name}': {reason}"),
                hint: Some("format = \"parquet\", \"csv\" or \"json\"".into()),
            });
        }
    };
    // A folder may hold other things than data: only files of the one format count.
    let files: Vec<ObjectMeta> = all
        .into_iter()
        .filter(|file| file.location.as_ref().ends_with(&extension))
        .cloned()
        .collect();
    if let Some(empty) = files.iter().find(|file| file.size == 0) {
        return Err(Error::SourceUnreadable {
            at,
            name: name.to_owned(),
            file: absolute_file(found[0].0.object_store().as_str(), empty),
            reason: "the file is empty (0 bytes)".into(),
        });
    }
    let store = state
        .runtime_env()
        .object_store(&found[0].0)
        .map_err(|e| unreadable(spec, name, &urls[0], &e))?;
    let file_format = file_format(spec, format, &extension, &store, &files).await;
    let partitions = partition_columns(spec, &found[0].0, &files)?;
    let partition_types = partitions
        .iter()
        .map(|p| (p.name.clone(), p.stored.clone()))
        .collect();
    let listing = ListingOptions::new(file_format)
        .with_file_extension(&extension)
        .with_table_partition_cols(partition_types);

    let schema = match infer(&state, &listing, &found).await {
        Ok(schema) => schema,
        Err(error) => {
            let bad = first_bad_file(&state, &listing, &store, &files, error).await;
            let (file, mut reason) = match bad {
                (Some(file), reason) => (file, reason),
                (None, reason) => {
                    return Err(Error::SourceUnreadable {
                        at,
                        name: name.to_owned(),
                        file: "its files together".into(),
                        reason,
                    });
                }
            };
            if format == Format::Csv {
                let (compression, delimiter) = csv_reading(spec, &extension);
                let ragged = ragged_line(&store, file, compression, delimiter, spec.has_header);
                reason = ragged.await.unwrap_or(reason);
            }
            let file = absolute_file(found[0].0.object_store().as_str(), file);
            return Err(Error::SourceUnreadable {
                at,
                name: name.to_owned(),
                file,
                reason,
            });
        }
    };
    let schema = with_declared_types(spec, format, schema)?;
    let table_urls = found.into_iter().map(|(url, _)| url).collect();
    let config = ListingTableConfig::new_with_multi_paths(table_urls)
        .with_listing_options(listing)
        .with_schema(schema);
    let table = ListingTable::try_new(config).map_err(|e| unreadable(spec, name, &urls[0], &e))?;
    // Without this every planning reads all footers again.
    let table = table.with_cache(state.runtime_env().cache_manager.get_file_statistic_cache());
    let provider = without_hive_nulls(Arc::new(Present::new(name, table)), &partitions)
        .map_err(|e| unreadable(spec, name, &urls[0], &e))?;
    Ok(OpenSource {
        provider,
        files,
        locations: urls,
    })
}

fn unreadable(spec: &SourceSpec, name: &str, file: &str, error: &DataFusionError) -> Error {
    Error::SourceUnreadable {
        at: Some(spec.at.clone()),
        name: name.to_owned(),
        file: file.to_owned(),
        reason: error.strip_backtrace(),
    }
}

/// Lists what a location holds; markers are left out, nothing at all is an error.
pub(crate) async fn list(
    ctx: &SessionContext,
    name: &str,
    location: &At<String>,
    absolute: &str,
    options: &StoreOptions,
) -> Result<(ListingTableUrl, Vec<ObjectMeta>)> {
    let missing = || Error::SourceMissing {
        at: Some(location.at.clone()),
        name: name.to_owned(),
        location: absolute.to_owned(),
    };
    let failed = |e: DataFusionError| Error::SourceUnreadable {
        at: Some(location.at.clone()),
        name: name.to_owned(),
        file: absolute.to_owned(),
        reason: e.strip_backtrace(),
    };
    // A local folder is a collection with or without its slash.
    let text = if FilePath::new(absolute).is_dir() && !absolute.ends_with('/') {
        format!("{absolute}/")
    } else {
        absolute.to_owned()
    };
    let url = ListingTableUrl::parse(&text).map_err(failed)?;
    register_store(ctx, url.get_url(), options).map_err(failed)?;
    let state = ctx.state();
    let store = state.runtime_env().object_store(&url).map_err(failed)?;
    let listed = async {
        let files = url.list_all_files(&state, store.as_ref(), "").await?;
        files.try_collect::<Vec<ObjectMeta>>().await
    };
    let mut files = match listed.await {
        Ok(files) => files,
        Err(DataFusionError::ObjectStore(e))
            if matches!(*e, object_store::Error::NotFound { .. }) =>
        {
            return Err(missing());
        }
        Err(e) => return Err(failed(e)),
    };
    files.retain(|file| !is_hidden(file));
    files.sort_by(|a, b| a.location.cmp(&b.location));
    if files.is_empty() {
        return Err(missing());
    }
    Ok((url, files))
}

/// Returns a file as a user would name it: a path, or a URL.
pub(crate) fn absolute_file(store: &str, file: &ObjectMeta) -> String {
    let store = if store.starts_with("file:") {
        "/"
    } else {
        store
    };
    format!("{}/{}", store.trim_end_matches('/'), file.location)
}

/// Markers such as `_SUCCESS` and `.crc` files are not data.
fn is_hidden(file: &ObjectMeta) -> bool {
    file.location
        .filename()
        .is_none_or(|name| name.starts_with(['_', '.']))
}

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
fn detect(spec: &SourceSpec, files: &[&ObjectMeta]) -> Result<(Format, String), String> {
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
fn csv_reading(spec: &SourceSpec, extension: &str) -> (FileCompressionType, u8) {
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

async fn file_format(
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

/// A hive partition column: how it is stored and what type it has.
struct Partition {
    name: String,
    stored: DataType,
    wanted: DataType,
    has_null: bool,
}

/// Finds partition columns from `name=value` folders, typed as declared or as all values allow.
fn partition_columns(
    spec: &SourceSpec,
    url: &ListingTableUrl,
    files: &[ObjectMeta],
) -> Result<Vec<Partition>> {
    let mut values: IndexMap<String, BTreeSet<String>> = IndexMap::new();
    for file in files {
        let Some(segments) = url.strip_prefix(&file.location) else {
            continue;
        };
        let segments: Vec<&str> = segments.collect();
        for folder in segments.iter().take(segments.len().saturating_sub(1)) {
            if let Some((name, value)) = folder.split_once('=') {
                values
                    .entry(name.to_owned())
                    .or_default()
                    .insert(value.to_owned());
            }
        }
    }
    for (name, declared) in &spec.partitions {
        if !values.contains_key(name) {
            return Err(Error::Workspace {
                at: Some(declared.at.clone()),
                message: format!("no folder of the source is named `{name}=...`"),
                hint: crate::suggest::did_you_mean(name, values.keys().map(String::as_str)),
            });
        }
    }
    let columns = values.into_iter().map(|(name, mut values)| {
        let has_null = values.remove(HIVE_NULL);
        let wanted = match spec.partitions.get(&name) {
            Some(declared) => declared.value.arrow(),
            None => guess_type(&values),
        };
        // Only text can hold the marker of a NULL value.
        let stored = if has_null {
            DataType::Utf8
        } else {
            wanted.clone()
        };
        Partition {
            name,
            stored,
            wanted,
            has_null,
        }
    });
    Ok(columns.collect())
}

fn guess_type(values: &BTreeSet<String>) -> DataType {
    // A leading zero is part of a code, not of a number.
    let is_integer = |v: &String| v.parse::<i64>().is_ok() && (v == "0" || !v.starts_with('0'));
    if values
        .iter()
        .all(|v| crate::settings::parse_date(v).is_some())
    {
        DataType::Date32
    } else if values.iter().all(is_integer) {
        DataType::Int64
    } else {
        DataType::Utf8
    }
}

impl ColumnType {
    /// Returns the Arrow type a reader gives the column.
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Integer => DataType::Int64,
            ColumnType::Float => DataType::Float64,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Date => DataType::Date32,
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            ColumnType::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
        }
    }
}

/// Reads a NULL partition as NULL: DataFusion hands out the marker's text.
///
/// Costs partition pruning, so it is done only where such a folder exists.
fn without_hive_nulls(
    table: Arc<dyn TableProvider>,
    partitions: &[Partition],
) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    if !partitions.iter().any(|p| p.has_null) {
        return Ok(table);
    }
    let schema = table.schema();
    let columns: Vec<Expr> = schema
        .fields()
        .iter()
        .map(|field| {
            let column = datafusion::prelude::ident(field.name());
            match partitions.iter().find(|p| p.name == *field.name()) {
                Some(p) if p.has_null => {
                    cast(nullif(column, lit(HIVE_NULL)), p.wanted.clone()).alias(field.name())
                }
                _ => column,
            }
        })
        .collect();
    let plan = LogicalPlanBuilder::scan("files", provider_as_source(table), None)?
        .project(columns)?
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// Merges the schemas of all locations; a column of two types is an error.
async fn infer(
    state: &SessionState,
    listing: &ListingOptions,
    found: &[(ListingTableUrl, Vec<ObjectMeta>)],
) -> Result<SchemaRef, DataFusionError> {
    let mut schemas = Vec::new();
    for (url, _) in found {
        let schema = listing.infer_schema(state, url).await?;
        schemas.push(schema.as_ref().clone());
    }
    // What one file promises never to be NULL, an older file may not have at all.
    let merged = Schema::try_merge(schemas)?;
    let fields = merged.fields().iter();
    let nullable = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Ok(Arc::new(Schema::new(nullable.collect::<Vec<_>>())))
}

/// Finds which file made schema inference fail.
async fn first_bad_file<'a>(
    state: &SessionState,
    listing: &ListingOptions,
    store: &Arc<dyn ObjectStore>,
    files: &'a [ObjectMeta],
    error: DataFusionError,
) -> (Option<&'a ObjectMeta>, String) {
    for file in files {
        let alone = listing
            .format
            .infer_schema(state, store, std::slice::from_ref(file))
            .await;
        if let Err(error) = alone {
            return (Some(file), plain_reason(&error));
        }
    }
    (None, plain_reason(&error))
}

fn plain_reason(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let is_cut = ["Corrupt footer", "EOF", "file size"]
        .iter()
        .any(|sign| text.contains(sign));
    if text.contains("Parquet") && is_cut {
        return format!("not a whole Parquet file, it may be truncated ({text})");
    }
    text
}

/// Gives CSV and JSON columns their declared types.
fn with_declared_types(spec: &SourceSpec, format: Format, schema: SchemaRef) -> Result<SchemaRef> {
    for (name, declared) in &spec.columns {
        let problem = if format == Format::Parquet {
            Some("Parquet files bring their own types; cast in the mapping".to_owned())
        } else if schema.index_of(name).is_err() {
            let names = schema.fields().iter().map(|f| f.name().as_str());
            Some(crate::suggest::did_you_mean(name, names).unwrap_or_default())
        } else {
            None
        };
        if let Some(hint) = problem {
            return Err(Error::Workspace {
                at: Some(declared.at.clone()),
                message: format!("the type of column `{name}` cannot be declared"),
                hint: Some(hint).filter(|hint| !hint.is_empty()),
            });
        }
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| match spec.columns.get(field.name()) {
            Some(declared) => Field::new(field.name(), declared.value.arrow(), true),
            None => field.as_ref().clone(),
        })
        .collect();
    Ok(Arc::new(Schema::new(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_locations_start_from_the_base() {
        assert_eq!(absolute_location("data", "a.parquet"), "data/a.parquet");
        assert_eq!(absolute_location("data/", "s3://lake/a/"), "s3://lake/a/");
        assert_eq!(absolute_location("s3://lake", "a/"), "s3://lake/a/");
        assert_eq!(absolute_location("data", "/a"), "/a");
    }

    #[test]
    fn partition_types_are_what_all_values_allow() {
        let guess = |values: &[&str]| guess_type(&values.iter().map(|v| (*v).to_owned()).collect());
        assert_eq!(guess(&["1", "12"]), DataType::Int64);
        assert_eq!(guess(&["01", "12"]), DataType::Utf8);
        assert_eq!(guess(&["2026-01-01"]), DataType::Date32);
        assert_eq!(guess(&["de", "1"]), DataType::Utf8);
    }
}
