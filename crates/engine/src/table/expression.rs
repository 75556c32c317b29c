//! Expressions of a mapping: planned one by one, so that a complaint names its key.
//!
//! Names of foreign columns need no quotes, and aggregates may stand anywhere in an
//! expression, as in a select list.

use std::collections::BTreeMap;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::Expr;
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, VisitMut, VisitorMut};

use super::canonical::CanonicalTable;
use super::mapping::Mapper;
use crate::error::{Error, Location, Result};
use crate::suggest::did_you_mean;
use crate::workspace::{At, TableSpec};

impl Mapper<'_> {
    /// Plans `select ... group by ...`: aggregates below, whatever stands around them above.
    pub(super) fn grouped(
        &self,
        table: &CanonicalTable,
        spec: &TableSpec,
        builder: LogicalPlanBuilder,
        mapped: &[(String, Expr)],
        keys: Vec<Expr>,
        at: &BTreeMap<String, Location>,
    ) -> Result<LogicalPlan> {
        use datafusion::logical_expr::utils::find_aggregate_exprs;
        let aggregates = find_aggregate_exprs(mapped.iter().map(|(_, e)| e));
        for (name, expr) in mapped {
            if !has_aggregate(expr) && !keys.contains(expr) && !expr.column_refs().is_empty() {
                return Err(Error::Workspace {
                    at: at.get(name).cloned(),
                    message: format!(
                        "{}.{name} is neither in group_by nor an aggregate",
                        table.name
                    ),
                    hint: Some("wrap it, as in min(...), or add it to group_by".into()),
                });
            }
        }
        let failed = |e: DataFusionError| Error::Workspace {
            at: Some(spec.at.clone()),
            message: format!(
                "table `{}` cannot be grouped: {}",
                table.name,
                e.strip_backtrace()
            ),
            hint: None,
        };
        let builder = builder
            .aggregate(keys.clone(), aggregates.clone())
            .map_err(failed)?;
        let below: Vec<&Expr> = keys.iter().chain(&aggregates).collect();
        let columns: Vec<Expr> = mapped
            .iter()
            .map(|(name, e)| Ok(over_columns(e, &below)?.alias(name)))
            .collect::<Result<_, DataFusionError>>()
            .map_err(failed)?;
        builder
            .project(columns)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failed)
    }

    /// Plans one expression of the mapping over the source's columns.
    pub(super) fn expression(
        &self,
        schema: &DFSchema,
        text: &At<String>,
        source: &str,
        key: &str,
    ) -> Result<Expr> {
        let state = self.ctx.state();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        let planned = state
            .sql_to_expr(&text.value, &datafusion::config::Dialect::Generic)
            .and_then(|mut parsed| {
                let _ = parsed.visit(&mut QuoteForeignNames { names: &names });
                let placeholders = crate::bind::bind_expr(&state, &mut parsed);
                placeholders?;
                state.create_logical_expr_from_sql_expr(
                    datafusion::sql::sqlparser::ast::ExprWithAlias {
                        expr: parsed,
                        alias: None,
                    },
                    schema,
                )
            })
            // Types are checked here and not at the first query.
            .and_then(|e| e.get_type(schema).map(|_| e));
        planned.map_err(|e| Error::Workspace {
            at: Some(text.at.clone()),
            message: format!("`{key} = {}`: {}", text.value, short(&e)),
            hint: missing_column(&e).map(|column| {
                match did_you_mean(&column, names.iter().copied()) {
                    Some(hint) => hint,
                    None => format!("source '{source}' has: {}", names.join(", ")),
                }
            }),
        })
    }
}

pub(super) fn has_aggregate(expr: &Expr) -> bool {
    use datafusion::common::tree_node::TreeNode;
    expr.exists(|e| Ok(matches!(e, Expr::AggregateFunction(_))))
        .unwrap_or(false)
}

/// Replaces what the aggregation below computes by a reference to its column.
fn over_columns(expr: &Expr, below: &[&Expr]) -> Result<Expr, DataFusionError> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let replaced = expr.clone().transform_down(|e| {
        if below.contains(&&e) {
            let (relation, name) = e.qualified_name();
            let column = Column::new(relation, name);
            return Ok(Transformed::new(
                Expr::Column(column),
                true,
                TreeNodeRecursion::Jump,
            ));
        }
        Ok(Transformed::no(e))
    })?;
    Ok(replaced.data)
}

/// Quotes unquoted names that match a column only in other case, so `InvoiceNo` needs no quotes.
struct QuoteForeignNames<'a> {
    names: &'a [&'a str],
}

impl VisitorMut for QuoteForeignNames<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut SqlExpr) -> std::ops::ControlFlow<()> {
        if let SqlExpr::Identifier(name) = expr
            && name.quote_style.is_none()
            && !self.names.contains(&name.value.to_lowercase().as_str())
        {
            let mut same = self
                .names
                .iter()
                .filter(|n| n.eq_ignore_ascii_case(&name.value));
            if let (Some(found), None) = (same.next(), same.next()) {
                name.value = (*found).to_owned();
                name.quote_style = Some('"');
            }
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Returns the column a schema error is about.
fn missing_column(error: &DataFusionError) -> Option<String> {
    use datafusion::common::SchemaError;
    match error.find_root() {
        DataFusionError::SchemaError(e, _) => match e.as_ref() {
            SchemaError::FieldNotFound { field, .. } => Some(field.name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the message without the list of all valid columns, which the hint replaces.
fn short(error: &DataFusionError) -> String {
    match missing_column(error) {
        Some(column) => format!("there is no column `{column}`"),
        None => error.strip_backtrace(),
    }
}
