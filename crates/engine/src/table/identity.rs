//! Accounts of several systems brought to one customer, by the table `id_map`.
//!
//! `identity` of a table says which system the accounts in its `customer_id` are
//! of. Done where the table is mapped, so that every view sees customers and none
//! has to know that there were accounts.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::JoinType;
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::{btrim, coalesce, lower};
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
use datafusion::prelude::{col, ident};

use super::canonical::CanonicalTable;
use super::mapping::Mapper;
use crate::error::{Error, Result};
use crate::workspace::At;

/// Names that no canonical column has.
const SOURCE: &str = "__source";
const ACCOUNT: &str = "__account";

impl Mapper<'_> {
    /// Puts the customer an account belongs to in the place of the account.
    ///
    /// An account that the map does not have, or has for two customers, is a customer of
    /// its own.
    pub(super) fn identified(
        &self,
        table: &CanonicalTable,
        rows: LogicalPlan,
        source: &At<String>,
        id_map: Option<&Arc<dyn TableProvider>>,
    ) -> Result<LogicalPlan> {
        let Some(id_map) = id_map else {
            return Err(Error::Workspace {
                at: Some(source.at.clone()),
                message: "`identity` needs the table id_map, which is not mapped".into(),
                hint: Some(
                    "[tables.id_map] with source, source_customer_id and customer_id".into(),
                ),
            });
        };
        let schema = Arc::clone(rows.schema());
        let of = self.expression(&schema, source, &table.name, "identity")?;
        let text = |e: Expr| btrim(vec![cast(e, DataType::Utf8)]);
        let plan = || -> Result<LogicalPlan, DataFusionError> {
            let map =
                LogicalPlanBuilder::scan("id_map", provider_as_source(Arc::clone(id_map)), None)?
                    .project([
                        lower(text(ident("source"))).alias(SOURCE),
                        text(ident("source_customer_id")).alias(ACCOUNT),
                        ident("customer_id"),
                    ])?
                    .aggregate(
                        [ident(SOURCE), ident(ACCOUNT)],
                        [
                            min(ident("customer_id")).alias("first"),
                            max(ident("customer_id")).alias("last"),
                        ],
                    )?
                    .filter(ident("first").eq(ident("last")))?
                    .alias("map")?
                    .build()?;
            let columns = table.columns.iter().map(|c| ident(&c.name));
            let keys = [
                lower(text(of.clone())).alias(SOURCE),
                text(ident("customer_id")).alias(ACCOUNT),
            ];
            let left = LogicalPlanBuilder::from(rows.clone())
                .project(columns.chain(keys))?
                .alias("rows")?;
            let names =
                |alias: &str| vec![format!("{alias}.{SOURCE}"), format!("{alias}.{ACCOUNT}")];
            let columns = table.columns.iter().map(|column| {
                let own = col(format!("rows.{}", column.name));
                match column.name.as_str() {
                    "customer_id" => coalesce(vec![col("map.first"), own]).alias(&column.name),
                    name => own.alias(name),
                }
            });
            left.join(map, JoinType::Left, (names("rows"), names("map")), None)?
                .project(columns)?
                .build()
        };
        plan().map_err(|e| Error::query(&table.name, e))
    }
}
