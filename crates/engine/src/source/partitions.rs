//! Hive partitions: columns that stand in the names of folders, as `year=2026`.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::DataFusionError;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{LogicalPlanBuilder, cast, lit};
use datafusion::prelude::Expr;
use indexmap::IndexMap;
use object_store::ObjectMeta;

use crate::error::{Error, Result};
use crate::workspace::SourceSpec;

/// The folder name with which Hive writes a NULL partition value.
pub(crate) const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A hive partition column: how it is stored and what type it has.
pub(super) struct Partition {
    pub(super) name: String,
    pub(super) stored: DataType,
    wanted: DataType,
    has_null: bool,
}

/// Finds partition columns from `name=value` folders, typed as declared or as all values allow.
pub(super) fn partition_columns(
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

/// Reads a NULL partition as NULL: DataFusion hands out the marker's text.
///
/// Costs partition pruning, so it is done only where such a folder exists.
pub(super) fn without_hive_nulls(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_types_are_what_all_values_allow() {
        let guess = |values: &[&str]| guess_type(&values.iter().map(|v| (*v).to_owned()).collect());
        assert_eq!(guess(&["1", "12"]), DataType::Int64);
        assert_eq!(guess(&["01", "12"]), DataType::Utf8);
        assert_eq!(guess(&["2026-01-01"]), DataType::Date32);
        assert_eq!(guess(&["de", "1"]), DataType::Utf8);
    }
}
