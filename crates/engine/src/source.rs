//! Sources: where bytes are, and how a declared location becomes a readable table.
//!
//! A source is opened once per session: its files are listed, its schema and
//! partition columns found. Listings are not cached but for a statement, so a query always
//! sees the files that are there. Credentials are handed in by the program.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use object_store::ObjectMeta;

use crate::blame::ragged_line;
use crate::error::{Error, Result};
use crate::present::Present;
use crate::workspace::{Format, SourceSpec};

pub(crate) mod format;
pub(crate) mod listed;
pub(crate) mod location;
pub(crate) mod partitions;
mod schema;

use format::{csv_reading, detect, file_format};
use location::{absolute_file, absolute_location, list};
use partitions::{partition_columns, without_hive_nulls};
use schema::{first_bad_file, infer, with_declared_types};

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
