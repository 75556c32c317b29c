//! Which file a failed read failed on, and on which line.
//!
//! Readers say what is wrong and leave out where: a ragged row is "line 5002" of
//! nobody knows what. After such an error the files of the plan are read again,
//! one by one, until one of them fails alone. That costs a second read of what
//! was read before the error, and nothing when there is none.

use std::sync::Arc;

use arrow::csv::reader::Format;
use arrow::error::ArrowError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::shared::rows::SharedExec;
use crate::source::OpenSource;
use crate::source::location::absolute_file;

/// Where the sources of a workspace lie.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<(String, Vec<ListingTableUrl>)>);

impl Places {
    /// Notes the locations of opened sources.
    pub(crate) fn of<'a>(sources: impl Iterator<Item = (&'a String, &'a OpenSource)>) -> Self {
        let parsed = sources.map(|(name, source)| {
            let urls = source.locations.iter();
            let urls = urls.filter_map(|url| ListingTableUrl::parse(url).ok());
            (name.clone(), urls.collect())
        });
        Places(parsed.collect())
    }

    fn source_of(&self, store: &str, file: &ObjectMeta) -> Option<&str> {
        let lies_in = |url: &ListingTableUrl| {
            url.object_store().as_str() == store && url.contains(&file.location, false)
        };
        let found = self.0.iter().find(|(_, urls)| urls.iter().any(lies_in));
        found.map(|(name, _)| name.as_str())
    }
}

/// Returns the error with source and file, where it came from reading one.
pub(crate) async fn blame(
    plan: &Arc<dyn ExecutionPlan>,
    task: &Arc<TaskContext>,
    places: &Places,
    error: DataFusionError,
) -> DataFusionError {
    if !is_about_a_file(&error) {
        return error;
    }
    let mut scans: Vec<FileScanConfig> = Vec::new();
    let mut plans = vec![Arc::clone(plan)];
    while let Some(plan) = plans.pop() {
        let _ = plan.apply(|node| {
            let scan = node.downcast_ref::<DataSourceExec>();
            let config = scan.and_then(|s| s.data_source().downcast_ref::<FileScanConfig>());
            scans.extend(config.cloned());
            let shared = node.downcast_ref::<SharedExec>();
            plans.extend(shared.map(|shared| Arc::clone(shared.inner())));
            Ok(TreeNodeRecursion::Continue)
        });
    }
    for scan in scans {
        let files: Vec<_> = scan.file_groups.iter().flat_map(FileGroup::files).collect();
        for file in files {
            let alone = FileScanConfigBuilder::from(scan.clone())
                .with_file_groups(vec![FileGroup::new(vec![file.clone()])])
                .build();
            let alone: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(alone);
            let read = async {
                let mut rows = execute_stream(alone, Arc::clone(task))?;
                while rows.try_next().await?.is_some() {}
                Ok::<_, DataFusionError>(())
            };
            let Err(again) = read.await else { continue };
            let store = scan.object_store_url.as_str();
            let name = absolute_file(store, &file.object_meta);
            let reason = reading_error(&again.find_root().strip_backtrace());
            let text = match places.source_of(store, &file.object_meta) {
                Some(source) => format!("source '{source}' cannot be read: {name}: {reason}"),
                None => format!("cannot read {name}: {reason}"),
            };
            return DataFusionError::Execution(text);
        }
    }
    error
}

fn is_about_a_file(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(e, _) => matches!(
            e.as_ref(),
            ArrowError::CsvError(_)
                | ArrowError::JsonError(_)
                | ArrowError::ParseError(_)
                | ArrowError::ParquetError(_)
                | ArrowError::IoError(..)
        ),
        DataFusionError::ParquetError(_) | DataFusionError::IoError(_) => true,
        _ => false,
    }
}

/// Finds the first row of a CSV file whose number of fields differs from the header's.
///
/// Schema inference works on chunks of a file and counts lines from the start
/// of the chunk, so its own message names the wrong line.
pub(crate) async fn ragged_line(
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
    compression: FileCompressionType,
    delimiter: u8,
    has_header: bool,
) -> Option<String> {
    let bytes = store.get(&file.location).await.ok()?.bytes().await.ok()?;
    let reader = compression.convert_read(std::io::Cursor::new(bytes)).ok()?;
    let format = Format::default()
        .with_header(has_header)
        .with_delimiter(delimiter);
    let error = format.infer_schema(reader, None).err()?;
    Some(reading_error(&error.to_string()))
}

/// Says in plain words what a reader complains about.
pub(crate) fn reading_error(text: &str) -> String {
    let text = text.trim_start_matches("Arrow error: ");
    let words: Vec<&str> = text.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let after = |word: &str| {
        let at = words.iter().position(|w| *w == word)?;
        words.get(at + 1)?.parse::<u64>().ok()
    };
    if text.contains("incorrect number of fields")
        && let (Some(line), Some(expected)) = (after("line"), after("expected"))
    {
        // The reader stops counting at the first field too many.
        let found = match after("got") {
            Some(1) => "1 field".to_owned(),
            Some(n) => format!("{n} fields"),
            None => "more".to_owned(),
        };
        return format!("line {line} has {found} instead of {expected}");
    }
    if text.contains("unequal lengths")
        && let (Some(line), Some(expected), Some(found)) =
            (after("line"), after("Expected"), after("found"))
    {
        let s = if found == 1 { "" } else { "s" };
        return format!("line {line} has {found} field{s} instead of {expected}");
    }
    // This message alone counts lines from 0.
    if let Some((error, _)) = text.split_once(". Row data: ")
        && let Some((error, line)) = error.rsplit_once(" at line ")
        && let Ok(line) = line.parse::<u64>()
    {
        let error = error.trim_start_matches("Parser error: ");
        return format!(
            "line {}: {error}; say its type under `columns` of the source",
            line + 1
        );
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_understood() {
        let check = |text: &str, expected: &str| assert_eq!(reading_error(text), expected);
        check(
            "Arrow error: Csv error: incorrect number of fields for line 5002, expected 4 got 2",
            "line 5002 has 2 fields instead of 4",
        );
        check(
            "Csv error: incorrect number of fields for line 7, expected 2 got more than 2",
            "line 7 has more instead of 2",
        );
        check(
            "Csv error: Encountered unequal lengths between records on CSV file. Expected 3 records, found 1 records at line 3",
            "line 3 has 1 field instead of 3",
        );
        check(
            "Arrow error: Parser error: Error while parsing value 'x' as type 'Int64' for column 0 at line 5. Row data: '[x]'",
            "line 6: Error while parsing value 'x' as type 'Int64' for column 0; say its type under `columns` of the source",
        );
        check("anything else", "anything else");
    }
}
