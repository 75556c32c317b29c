//! What lies at a location: files gathered into sources, their schemas, sizes and a sample of rows.
//!
//! Footers give schemas and row counts; of the rows only a few thousand of the
//! first, the middle and the last file are read, in one order whatever the
//! machine, so that the same files always give the same proposal.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::dictionary::{Name, shared_prefix};
use super::shape::Shape;
use crate::error::{Error, Location, Result};
use crate::source::{
    StoreOptions, absolute_file, absolute_location, known_extension, list, open_source,
    register_store,
};
use crate::workspace::{At, ColumnType, Format, SourceSpec};

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

/// Files that belong together, before they are opened.
struct Group {
    name: String,
    locations: Vec<String>,
    files: Vec<ObjectMeta>,
    format: Format,
    needs_format: bool,
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

/// A folder name that only counts: a year, a month, a partition.
fn is_counting(folder: &str) -> bool {
    folder.contains('=')
        || folder
            .chars()
            .all(|c| c.is_ascii_digit() || "-_".contains(c))
}

/// A file name without numbers, or nothing where it says only that it is a part.
fn stem_of(file: &str, extension: &str) -> String {
    let stem = file.strip_suffix(extension).unwrap_or(file);
    let is_uuid = |w: &str| w.len() >= 8 && w.chars().all(|c| c.is_ascii_hexdigit());
    let words: Vec<&str> = stem
        .split(['-', '_', '.', ' '])
        .map(|w| w.trim_matches(|c: char| c.is_ascii_digit()))
        .filter(|w| !w.is_empty() && !is_uuid(w))
        .collect();
    let joined = words.join("_");
    let is_part = [
        "part",
        "data",
        "file",
        "chunk",
        "output",
        "snappy",
        "c",
        "part_snappy",
        "part_c",
    ]
    .contains(&joined.to_lowercase().as_str());
    if is_part { String::new() } else { joined }
}

/// Folder, pattern and extension that files of one table share.
type Kind = (Vec<String>, String, String);

/// Gathers files into tables by folder, name without numbers, and format.
fn gather(url: &ListingTableUrl, absolute: &str, files: Vec<ObjectMeta>) -> Vec<Group> {
    let store = url.object_store();
    let mut groups: BTreeMap<Kind, Vec<(Vec<String>, ObjectMeta)>> = BTreeMap::new();
    for file in files {
        let full: Vec<String> = file
            .location
            .parts()
            .map(|p| p.as_ref().to_owned())
            .collect();
        let Some((name, folders)) = full.split_last() else {
            continue;
        };
        let Some((extension, _)) = known_extension(name) else {
            continue;
        };
        let n_plain = folders.iter().take_while(|f| !is_counting(f)).count();
        let stem = stem_of(name, &extension);
        // `2026-01.parquet` beside nothing else is a part, too.
        let key = (folders[..n_plain].to_vec(), stem, extension);
        groups
            .entry(key)
            .or_default()
            .push((folders.to_vec(), file));
    }
    let n_in_folder = |folder: &[String]| {
        groups
            .keys()
            .filter(|(other, _, _)| other.starts_with(folder))
            .count()
    };
    let is_one_file = !url.is_collection() && !absolute.contains(['*', '?', '[']);
    let mut gathered = Vec::new();
    for ((folder, stem, extension), members) in &groups {
        let file_name = |file: &ObjectMeta| absolute_file(store.as_str(), file);
        let folder_name = || {
            let place = members.first().map(|(_, file)| file_name(file));
            let place = place.unwrap_or_default();
            let n_below = members
                .first()
                .map_or(0, |(folders, _)| folders.len() - folder.len());
            let mut path = place.as_str();
            for _ in 0..=n_below {
                path = path.rsplit_once('/').map_or("", |(head, _)| head);
            }
            format!("{path}/")
        };
        // A table reads the folders below its own only where they are partitions.
        let is_partitioned = |folders: &[String]| {
            let mut below = folders[folder.len()..].iter();
            below.all(|f| f.contains('='))
        };
        let is_folder = !is_one_file
            && n_in_folder(folder) == 1
            && (stem.is_empty()
                || members
                    .iter()
                    .any(|(folders, _)| folders.len() > folder.len()))
            && members.iter().all(|(folders, _)| is_partitioned(folders));
        let is_below_location = folder_name().len() >= absolute.trim_end_matches('/').len();
        let locations = if members.len() == 1 && !is_folder {
            vec![file_name(&members[0].1)]
        } else if is_folder && is_below_location {
            vec![folder_name()]
        } else {
            members.iter().map(|(_, file)| file_name(file)).collect()
        };
        let name = if stem.is_empty() {
            folder.last().cloned().unwrap_or_else(|| "files".to_owned())
        } else {
            stem.clone()
        };
        let Some((_, format)) = known_extension(extension) else {
            continue;
        };
        let same_folder = groups.keys().filter(|(other, _, _)| other == folder);
        gathered.push(Group {
            name: source_name(&name),
            locations,
            files: members.iter().map(|(_, file)| file.clone()).collect(),
            format,
            needs_format: is_folder && same_folder.count() > 1,
        });
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for group in &mut gathered {
        let n = taken.entry(group.name.clone()).or_default();
        *n += 1;
        if *n > 1 {
            group.name = format!("{}_{n}", group.name);
        }
    }
    gathered
}

/// A name that needs no quotes in TOML or SQL where its letters allow.
fn source_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("files_{name}").trim_end_matches('_').to_owned();
    }
    name.to_owned()
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

fn partition_names(files: &[ObjectMeta]) -> BTreeSet<String> {
    let folders = files
        .iter()
        .flat_map(|f| f.location.parts().collect::<Vec<_>>());
    folders
        .filter_map(|p| p.as_ref().split_once('=').map(|(name, _)| name.to_owned()))
        .collect()
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

/// Finds separator, header and columns whose digits are no numbers from the first bytes.
fn of_head(head: &[u8], is_cut: bool, is_tsv: bool, spec: &mut SourceSpec) -> Result<(), String> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may have been cut.
        Err(e) if is_cut && head.len() - e.valid_up_to() < 4 => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(e) => {
            let line = head[..e.valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            return Err(format!(
                "line {line} is not UTF-8; a file written as GBK becomes it by `iconv -f GBK -t UTF-8`"
            ));
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let text = match (is_cut, text.rfind('\n')) {
        (true, Some(end)) => &text[..end],
        _ => text,
    };
    let first = text.lines().next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for c in first.bytes() {
        is_quoted ^= c == b'"';
        if let Some((_, n)) = counts.iter_mut().find(|(d, _)| *d == c && !is_quoted) {
            *n += 1;
        }
    }
    let (delimiter, n) = counts
        .into_iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .unwrap_or((b',', 0));
    if n > 0 && !is_tsv {
        spec.delimiter = delimiter;
    }
    let delimiter = if is_tsv { b'\t' } else { spec.delimiter };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = rows.records().filter_map(std::result::Result::ok);
    let Some(header) = rows.next() else {
        return Ok(());
    };
    spec.has_header = !header.iter().any(|cell| cell.parse::<f64>().is_ok());
    if !spec.has_header {
        return Ok(());
    }
    let mut are_codes = vec![false; header.len()];
    for row in rows {
        for (cell, is_code) in row.iter().zip(&mut are_codes) {
            let is_digits = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
            // 007 is not seven, and 19 digits may be more than an integer holds.
            *is_code |= is_digits && ((cell.len() > 1 && cell.starts_with('0')) || cell.len() > 18);
        }
    }
    for (name, is_code) in header.iter().zip(are_codes) {
        if is_code {
            let value = ColumnType::Text;
            let at = spec.at.clone();
            spec.columns.insert(name.to_owned(), At { value, at });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(location: &str, files: &[&str]) -> Vec<(String, String)> {
        let url = ListingTableUrl::parse(location).unwrap();
        let files = files.iter().map(|path| ObjectMeta {
            location: object_store::path::Path::parse(*path).unwrap(),
            last_modified: Default::default(),
            size: 1,
            e_tag: None,
            version: None,
        });
        gather(&url, location, files.collect())
            .into_iter()
            .map(|g| (g.name, g.locations.join(" ")))
            .collect()
    }

    #[test]
    fn files_that_are_parts_become_one_source() {
        let found = group(
            "/lake/",
            &[
                "lake/orders/month=2026-01/part-000.parquet",
                "lake/orders/month=2026-02/part-000.parquet",
                "lake/customers/part-000.parquet",
                "lake/returns/2026/01/0a1b2c3d4e.csv",
                "lake/README.md",
            ],
        );
        let expected = [
            ("customers", "/lake/customers/"),
            ("orders", "/lake/orders/"),
            ("returns", "/lake/returns/2026/01/0a1b2c3d4e.csv"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn files_of_other_names_are_other_sources_and_years_are_parts() {
        let found = group(
            "/lake/",
            &[
                "lake/Orders 2024.csv",
                "lake/Orders 2025.csv",
                "lake/order_items.csv",
                "lake/退货.csv",
            ],
        );
        let expected = [
            ("orders", "/lake/Orders 2024.csv /lake/Orders 2025.csv"),
            ("order_items", "/lake/order_items.csv"),
            ("退货", "/lake/退货.csv"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn heads_tell_separator_codes_and_encoding() {
        let mut spec = SourceSpec::of_location("x");
        of_head(b"id;sku\n1;007\n2;12\n", false, false, &mut spec).unwrap();
        assert_eq!(spec.delimiter, b';');
        assert!(spec.columns.contains_key("sku") && !spec.columns.contains_key("id"));
        let gbk = [b"id,".as_slice(), &[0xb6, 0xa9], b"\n1,2\n"].concat();
        let error = of_head(&gbk, false, false, &mut spec).unwrap_err();
        assert!(error.starts_with("line 1 is not UTF-8"), "{error}");
    }
}
