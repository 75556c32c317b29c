//! The columns of a source: inferred from its files or declared, and which file is in the way.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::listing::{ListingOptions, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use object_store::{ObjectMeta, ObjectStore};

use crate::error::{Error, Result};
use crate::workspace::{ColumnType, Format, SourceSpec};

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

/// Merges the schemas of all locations; a column of two types is an error.
pub(super) async fn infer(
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
pub(super) async fn first_bad_file<'a>(
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
pub(super) fn with_declared_types(
    spec: &SourceSpec,
    format: Format,
    schema: SchemaRef,
) -> Result<SchemaRef> {
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
