//! Parquet files of a shop, one per table, the same bytes for the same rows.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;

use crate::Shop;

/// Rows of a row group: some hundreds of kilobytes, so that a reader can skip
/// months of a small table and read a large one in parallel.
const ROW_GROUP: usize = 65_536;

/// Writes every table as `<table>.parquet`, compressed with zstd, into a
/// directory, which is made if it is missing. Returns the paths in the
/// contract's order. A file that is there is replaced.
///
/// # Errors
/// Fails when the directory or a file cannot be written; files written before
/// stay.
pub fn write_parquet(shop: &Shop, dir: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(dir)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        // The default names the library's version: an upgrade would then
        // change every file without changing a row.
        .set_created_by("aftersight-datagen".to_owned())
        .build();
    let mut paths = Vec::new();
    let mut open: HashMap<&'static str, ArrowWriter<File>> = HashMap::new();
    shop.tables()
        .for_each_batch(shop.ids(), ROW_GROUP, |table, batch| {
            if !open.contains_key(table) {
                let path = dir.join(format!("{table}.parquet"));
                let file = File::create(&path)?;
                let writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.clone()))?;
                // One table at a time: the one before is complete.
                for (_, done) in open.drain() {
                    done.close()?;
                }
                open.insert(table, writer);
                paths.push(path);
            }
            if let Some(writer) = open.get_mut(table) {
                writer.write(&batch)?;
            }
            Ok::<(), ParquetError>(())
        })?;
    for (_, done) in open {
        done.close()?;
    }
    Ok(paths)
}
