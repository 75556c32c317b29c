//! A source whose files are gone is an error, not a table of no rows.
//!
//! DataFusion lists files at every scan and takes an empty list for an empty
//! table. A file that was deleted, or is being replaced, while a session is open
//! would read as zero. Only local sources are looked at again: there it costs a
//! system call, on an object store a request for every scan.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{ScanArgs, ScanResult, Session, TableProvider};
use datafusion::common::{Result, Statistics, exec_err};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;

/// A listing table that was not empty when it was opened.
#[derive(Debug)]
pub(crate) struct Present {
    name: String,
    table: ListingTable,
}

impl Present {
    pub(crate) fn new(name: &str, table: ListingTable) -> Self {
        Present {
            name: name.to_owned(),
            table,
        }
    }

    async fn check(&self, state: &dyn Session) -> Result<()> {
        for url in self.table.table_paths() {
            if url.scheme() == "file" && !self.has_file(state, url).await? {
                let (name, url) = (&self.name, url.as_str());
                let place = url.trim_start_matches("file://");
                return exec_err!("the files of source '{name}' are gone: {place}");
            }
        }
        Ok(())
    }

    async fn has_file(&self, state: &dyn Session, url: &ListingTableUrl) -> Result<bool> {
        let store = state.runtime_env().object_store(url)?;
        let extension = &self.table.options().file_extension;
        let mut files = url.list_all_files(state, store.as_ref(), extension).await?;
        Ok(files.try_next().await?.is_some())
    }
}

#[async_trait]
impl TableProvider for Present {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.check(state).await?;
        self.table.scan(state, projection, filters, limit).await
    }

    async fn scan_with_args<'a>(
        &self,
        state: &dyn Session,
        args: ScanArgs<'a>,
    ) -> Result<ScanResult> {
        self.check(state).await?;
        self.table.scan_with_args(state, args).await
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.table.statistics()
    }
}
