//! What lies at a location: files gathered into sources, their schemas, sizes and a sample of rows.
//!
//! Footers give schemas and row counts; of the rows only a few thousand of the
//! first, the middle and the last file are read, in one order whatever the
//! machine, so that the same files always give the same proposal.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::dictionary::{Name, shared_prefix};
use super::gather::{Group, gather, partition_names};
use super::head::of_head;
use super::shape::Shape;
use crate::error::{Error, Location, Result};
use crate::source::location::{absolute_file, absolute_location, list, register_store};
use crate::source::{StoreOptions, open_source};
use crate::workspace::{At, Format, SourceSpec};

/// Rows read of each sampled file.
const SAMPLE_ROWS: usize = 4000;
/// Bytes of a text file that are looked at before it is opened.
const HEAD_BYTES: u64 = 64 << 10;
/// Footers are read for row counts up to so many files.
const MAX_COUNTED_FILES: usize = 500;
/// Text files are read through for row counts up to this size.
const MAX_COUNTED_BYTES: u64 = 64 << 20;

/// What was found at a location.
#[derive(Debug)]
pub struct Found {
    /// The location, absolute.
    pub location: String,
    /// Tables of files.
    pub sources: Vec<SourceLook>,
    /// Files that could not be read as data, with the reason.
    pub unreadable: Vec<(String, String)>,
    /// Files of other kinds, left aside.
    pub n_other: usize,
}

/// Files that are one table.
#[derive(Debug)]
pub struct SourceLook {
    /// Name it would have in the workspace.
    pub name: String,
    /// Its locations, absolute.
    pub locations: Vec<String>,
    /// How it is to be opened.
    pub(super) spec: SourceSpec,
    /// Whether the format cannot be told from the names.
    pub(super) needs_format: Option<Format>,
    /// Format.
    pub format: Format,
    /// Number of files.
    pub n_files: usize,
    /// Bytes of all files.
    pub n_bytes: u64,
    /// Rows, where they could be counted without reading everything.
    pub n_rows: Option<u64>,
    /// Rows of the sample.
    pub n_sampled: usize,
    /// Columns.
    pub columns: Vec<ColumnLook>,
}

/// A column and what its sampled values look like.
#[derive(Debug)]
pub struct ColumnLook {
    /// Name.
    pub name: String,
    /// Type as read.
    pub data_type: DataType,
    /// Whether it comes from folder names.
    pub is_partition: bool,
    pub(super) words: Name,
    /// Sampled values, row by row.
    pub(super) values: Vec<Option<String>>,
    pub(super) shape: Shape,
}

impl SourceLook {
    /// Format, files, rows and bytes in words.
    pub fn size(&self) -> String {
        super::write::size(self)
    }

    /// Counts sampled rows and how many different values the columns take together;
    /// rows in which one of them is NULL count for neither.
    pub(super) fn distinct(&self, columns: &[&ColumnLook]) -> (usize, usize) {
        let mut seen = BTreeSet::new();
        let mut n_rows = 0;
        for row in 0..self.n_sampled {
            let key: Option<Vec<&str>> = columns
                .iter()
                .map(|c| c.values.get(row).and_then(Option::as_deref))
                .collect();
            if let Some(key) = key {
                n_rows += 1;
                seen.insert(key);
            }
        }
        (seen.len(), n_rows)
    }
}

/// Looks at what is there.
pub(super) async fn look(
    ctx: &SessionContext,
    location: &str,
    options: &StoreOptions,
) -> Result<Found> {
    let absolute = absolute_location(&options.base, location);
    let at = At {
        value: location.to_owned(),
        at: Location {
            file: location.to_owned(),
            line: 1,
            column: 1,
        },
    };
    let nothing = |reason: &str| Error::NothingFound {
        location: absolute.clone(),
        reason: reason.to_owned(),
    };
    let (url, files) = match list(ctx, "", &at, &absolute, options).await {
        Ok(found) => found,
        // Files may lie in folders below only.
        Err(Error::SourceMissing { .. }) => match folder_url(ctx, &absolute, options) {
            Some(url) => (url, Vec::new()),
            None => return Err(nothing("no file is there")),
        },
        Err(Error::SourceUnreadable { file, reason, .. }) => {
            return Err(Error::LocationUnreadable {
                location: file,
                reason,
            });
        }
        Err(other) => return Err(other),
    };
    let files = if url.is_collection() && url.get_glob().is_none() {
        below(ctx, &url).await.unwrap_or(files)
    } else {
        files
    };
    if files.is_empty() {
        return Err(nothing("no file is there"));
    }
    let n_files = files.len();
    let groups = gather(&url, &absolute, files);
    let n_known: usize = groups.iter().map(|g| g.files.len()).sum();
    if groups.is_empty() {
        let reason = format!("none of its {n_files} files is Parquet, CSV or JSON by its name");
        return Err(nothing(&reason));
    }
    let mut found = Found {
        location: absolute,
        sources: Vec::new(),
        unreadable: Vec::new(),
        n_other: n_files - n_known,
    };
    for group in groups {
        let place = group.locations.join(", ");
        match open(ctx, &url, group, options).await {
            Ok(source) => found.sources.push(source),
            Err(reason) => found.unreadable.push((place, reason)),
        }
    }
    if found.sources.is_empty() {
        let n_more = found.unreadable.len() - 1;
        let (location, reason) = found.unreadable.swap_remove(0);
        let more = if n_more > 0 {
            format!("; {n_more} others neither")
        } else {
            String::new()
        };
        return Err(Error::LocationUnreadable {
            location,
            reason: format!("{reason}{more}"),
        });
    }
    Ok(found)
}

/// Returns the URL of a folder, local or on a store; nothing for a file or glob.
fn folder_url(
    ctx: &SessionContext,
    absolute: &str,
    options: &StoreOptions,
) -> Option<ListingTableUrl> {
    let is_local = std::path::Path::new(absolute).is_dir();
    let text = if is_local || absolute.contains("://") {
        format!("{}/", absolute.trim_end_matches('/'))
    } else {
        return None;
    };
    let url = ListingTableUrl::parse(text).ok()?;
    register_store(ctx, url.get_url(), options).ok()?;
    Some(url)
}

/// Lists a folder with all folders below it: a table's own listing leaves those out that
/// are no partitions, and here every folder may be a table.
async fn below(ctx: &SessionContext, url: &ListingTableUrl) -> Option<Vec<ObjectMeta>> {
    let store = ctx.runtime_env().object_store(url).ok()?;
    let listed = store
        .list(Some(url.prefix()))
        .try_collect::<Vec<ObjectMeta>>();
    let mut files = listed.await.ok()?;
    let is_hidden = |file: &ObjectMeta| {
        let parts = file.location.prefix_match(url.prefix());
        parts.is_some_and(|mut parts| parts.any(|p| p.as_ref().starts_with(['_', '.'])))
    };
    files.retain(|file| !is_hidden(file));
    files.sort_by(|a, b| a.location.cmp(&b.location));
    Some(files)
}

async fn open(
    ctx: &SessionContext,
    url: &ListingTableUrl,
    group: Group,
    options: &StoreOptions,
) -> Result<SourceLook, String> {
    let words = |e: Error| match e {
        Error::SourceUnreadable { reason, .. } => reason,
        Error::Workspace { message, .. } => message,
        other => other.to_string(),
    };
    let failed = |e: DataFusionError| e.strip_backtrace();
    let mut spec = SourceSpec::of_location("");
    let at = spec.at.clone();
    let located = |value: &String| At {
        value: value.clone(),
        at: at.clone(),
    };
    spec.locations = group.locations.iter().map(located).collect();
    spec.format = group.needs_format.then_some(group.format);
    if group.format == Format::Csv
        && let Some(first) = group.files.first()
    {
        let store = ctx.runtime_env().object_store(url).map_err(failed)?;
        let range = 0..first.size.min(HEAD_BYTES);
        let head = store.get_range(&first.location, range).await;
        let head = head.map_err(|e| e.to_string())?;
        let is_plain = ["csv", "tsv"]
            .iter()
            .any(|end| first.location.as_ref().ends_with(end));
        if is_plain && first.size > 0 {
            of_head(
                &head,
                first.size > HEAD_BYTES,
                first.location.as_ref().ends_with(".tsv"),
                &mut spec,
            )?;
        }
    }
    let opened = open_source(ctx, &group.name, &spec, options)
        .await
        .map_err(words)?;
    let schema = opened.provider.schema();

    // The first, the middle and the last file.
    let n = group.files.len();
    let picked: BTreeSet<usize> = [0, n / 2, n.saturating_sub(1)].into();
    let mut values: Vec<Vec<Option<String>>> = vec![Vec::new(); schema.fields().len()];
    let mut n_sampled = 0;
    for file in picked.iter().filter_map(|i| group.files.get(*i)) {
        let name = absolute_file(url.object_store().as_str(), file);
        let one = SourceSpec {
            locations: vec![located(&name)],
            partitions: Default::default(),
            ..spec.clone()
        };
        let source = open_source(ctx, &group.name, &one, options)
            .await
            .map_err(words)?;
        let frame = ctx.read_table(source.provider).map_err(failed)?;
        let frame = frame.limit(0, Some(SAMPLE_ROWS)).map_err(failed)?;
        let batches = frame.collect().await.map_err(failed)?;
        let n_rows: usize = batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum();
        for (field, values) in schema.fields().iter().zip(&mut values) {
            let in_path = name.split('/').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key == field.name()).then(|| value.to_owned())
            });
            let before = values.len();
            for batch in &batches {
                if let Some(column) = batch.column_by_name(field.name()) {
                    texts(column, values).map_err(|e| e.to_string())?;
                }
            }
            if values.len() == before {
                values.extend(std::iter::repeat_n(in_path, n_rows));
            }
        }
        n_sampled += n_rows;
    }
    let n_bytes: u64 = group.files.iter().map(|f| f.size).sum();
    let is_countable = match group.format {
        Format::Parquet => n <= MAX_COUNTED_FILES,
        Format::Csv | Format::Json => n_bytes <= MAX_COUNTED_BYTES,
    };
    let n_rows = if is_countable {
        let frame = ctx.read_table(opened.provider).map_err(failed)?;
        Some(frame.count().await.map_err(failed)? as u64)
    } else {
        None
    };
    let names: Vec<Name> = schema.fields().iter().map(|f| Name::of(f.name())).collect();
    let prefix = shared_prefix(&names);
    let partitions = partition_names(&group.files);
    let columns = schema.fields().iter().zip(names).zip(values);
    let columns = columns.map(|((field, words), values)| ColumnLook {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        is_partition: partitions.contains(field.name()),
        words: words.without_prefix(prefix.as_deref()),
        shape: Shape::of(&values),
        values,
    });
    Ok(SourceLook {
        columns: columns.collect(),
        name: group.name,
        locations: group.locations,
        spec,
        needs_format: group.needs_format.then_some(group.format),
        format: group.format,
        n_files: n,
        n_bytes,
        n_rows,
        n_sampled,
    })
}

fn texts(
    column: &arrow::array::ArrayRef,
    values: &mut Vec<Option<String>>,
) -> Result<(), arrow::error::ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    for row in 0..column.len() {
        let value = (!column.is_null(row)).then(|| formatter.value(row).to_string());
        values.push(value.filter(|v| !v.is_empty()));
    }
    Ok(())
}
