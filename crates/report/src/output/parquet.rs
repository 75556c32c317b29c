//! Parquet, compressed with Zstandard, the same bytes for the same rows.

use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::RunFacts;
use crate::error::OutputError;
use crate::result::QueryResult;

/// The writer's name in the file; without a version, so that an upgrade of the
/// library does not change the bytes of an old report for no reason.
const CREATED_BY: &str = "aftersight";

/// Writes the rows of a query; report, day and spec hash go into the metadata.
pub fn parquet(facts: &RunFacts, result: &QueryResult) -> Result<Vec<u8>, OutputError> {
    let failed = |source| OutputError::Parquet {
        query: result.name.clone(),
        source,
    };
    let pair = |key: &str, value: String| KeyValue::new(format!("aftersight.{key}"), value);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(CREATED_BY.to_owned())
        .set_key_value_metadata(Some(vec![
            pair("version", "1".to_owned()),
            pair("report", facts.report.clone()),
            pair("query", result.name.clone()),
            pair("as_of", facts.as_of.to_string()),
            pair("spec", facts.spec_hash.clone()),
        ]))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, Arc::clone(&result.schema), Some(properties))
        .map_err(failed)?;
    // In one piece: how an engine cuts its batches must not show in the file.
    let whole =
        arrow::compute::concat_batches(&result.schema, &result.batches).map_err(|source| {
            OutputError::Arrow {
                query: result.name.clone(),
                format: "Parquet",
                source,
            }
        })?;
    writer.write(&whole).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use arrow::array::{Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    pub(in crate::output) fn facts() -> RunFacts {
        RunFacts {
            report: "weekly".to_owned(),
            as_of: chrono::NaiveDate::from_ymd_opt(2026, 11, 16).unwrap(),
            spec_hash: "3f9c2ab".to_owned(),
            settings: vec![("min_n".to_owned(), "100".to_owned())],
            rules: vec![],
        }
    }

    pub(in crate::output) fn sample() -> QueryResult {
        let schema = Arc::new(Schema::new(vec![
            Field::new("reason", DataType::Utf8, true),
            Field::new("n", DataType::Int64, true),
            Field::new("amount", DataType::Decimal128(18, 2), true),
            Field::new("day", DataType::Date32, true),
        ]));
        let amounts = Decimal128Array::from(vec![Some(1250), Some(-1), None, Some(700)])
            .with_precision_and_scale(18, 2)
            .unwrap();
        let day = 20_766; // 2026-11-09
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                Arc::new(StringArray::from(vec![
                    Some("a \"b\", c"),
                    Some("=1+1"),
                    Some(""),
                    None,
                ])),
                Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(-4)])),
                Arc::new(amounts),
                Arc::new(Date32Array::from(vec![
                    Some(day),
                    None,
                    Some(day + 1),
                    Some(day + 2),
                ])),
            ],
        )
        .unwrap();
        QueryResult {
            name: "reasons".to_owned(),
            sql: "select 1".to_owned(),
            schema,
            batches: vec![batch],
        }
    }

    #[test]
    fn the_way_an_engine_cuts_batches_does_not_change_the_bytes() {
        let whole = sample();
        let mut cut = sample();
        let batch = cut.batches.remove(0);
        cut.batches = vec![batch.slice(0, 1), batch.slice(1, 3)];
        let bytes = parquet(&facts(), &whole).unwrap();
        assert_eq!(bytes, parquet(&facts(), &cut).unwrap());
    }

    #[test]
    fn the_metadata_name_the_run_and_no_version_of_the_writer() {
        let bytes = parquet(&facts(), &sample()).unwrap();
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &bytes).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(path.path()).unwrap()).unwrap();
        let metadata = reader.metadata().file_metadata();
        assert_eq!(metadata.num_rows(), 4);
        assert_eq!(metadata.created_by(), Some("aftersight"));
        let pairs = metadata.key_value_metadata().unwrap();
        assert!(pairs.iter().any(|pair| {
            pair.key == "aftersight.as_of" && pair.value.as_deref() == Some("2026-11-16")
        }));
    }
}
