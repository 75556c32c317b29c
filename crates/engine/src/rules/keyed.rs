//! Rules whose key was looked at: no two rows share it, and it is never NULL.
//!
//! Joins with them that nobody needs are left out of a plan (see `shared::needed`).
//! DataFusion is not told: in version 55 it draws wrong conclusions from keys.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

/// A table whose rows a key tells apart.
#[derive(Debug)]
pub(crate) struct Keyed {
    table: Arc<dyn TableProvider>,
    key: BTreeSet<usize>,
}

impl Keyed {
    /// Wraps a table, if `key` does tell its rows apart.
    pub(crate) fn wrap(
        table: Arc<dyn TableProvider>,
        rows: &[RecordBatch],
        key: &[String],
    ) -> Result<Arc<dyn TableProvider>> {
        let schema = table.schema();
        let at: Vec<usize> = key
            .iter()
            .filter_map(|name| schema.index_of(name).ok())
            .collect();
        if at.is_empty() || at.len() < key.len() || !is_unique(rows, &at, &schema)? {
            return Ok(table);
        }
        let key = at.into_iter().collect();
        Ok(Arc::new(Keyed { table, key }))
    }

    /// Returns where the columns of the key are.
    pub(crate) fn key(&self) -> &BTreeSet<usize> {
        &self.key
    }
}

fn is_unique(rows: &[RecordBatch], key: &[usize], schema: &SchemaRef) -> Result<bool> {
    let fields = key
        .iter()
        .map(|at| SortField::new(schema.field(*at).data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let mut seen = HashSet::new();
    for batch in rows {
        let columns: Vec<_> = key.iter().map(|at| Arc::clone(batch.column(*at))).collect();
        if columns.iter().any(|column| column.null_count() > 0) {
            return Ok(false);
        }
        let keys = converter.convert_columns(&columns)?;
        if !keys.iter().all(|key| seen.insert(key.owned())) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[async_trait]
impl TableProvider for Keyed {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.scan(session, projection, filters, limit).await
    }
}
