//! An optimizer rule: a filter on `to_instant(ts, zone)` also filters on `ts`.
//!
//! Statistics and partitions know the naive timestamp only. The rule adds the
//! naive range that surely contains all instants wanted; the filter itself
//! stays, because near a change of offset the range is wider.

use std::sync::Arc;

use aftersight_stats::time::InstantRange;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, Filter, LogicalPlan, Operator, TableScan, lit};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

use super::{ToInstant, zone_table};

/// The rule.
#[derive(Debug, Default)]
pub(crate) struct InstantBounds;

impl OptimizerRule for InstantBounds {
    fn name(&self) -> &str {
        "instant_bounds"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let filter = match plan {
            LogicalPlan::Filter(filter) => filter,
            LogicalPlan::TableScan(scan) => return bounded(scan),
            other => return Ok(Transformed::no(other)),
        };
        let present = split_conjunction(&filter.predicate);
        let added = new_bounds(&present)?;
        if added.is_empty() {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        }
        let all = present.into_iter().cloned().chain(added);
        let Some(predicate) = conjunction(all) else {
            return Ok(Transformed::no(LogicalPlan::Filter(filter)));
        };
        let filter = Filter::try_new(predicate, filter.input)?;
        Ok(Transformed::yes(LogicalPlan::Filter(filter)))
    }
}

/// Filters a scan by the bounds of the filters it was given.
///
/// By the time this rule runs, the calls in a filter may have become columns of a
/// projection below it, and only the scan still shows them. The scan gets the
/// bounds too, which is how a later pass knows them.
fn bounded(mut scan: TableScan) -> Result<Transformed<LogicalPlan>> {
    let mut added = new_bounds(&scan.filters.iter().collect::<Vec<_>>())?;
    added.retain(|bound| {
        let columns = bound.column_refs();
        columns.iter().all(|c| scan.projected_schema.has_column(c))
    });
    let Some(predicate) = conjunction(added.clone()) else {
        return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
    };
    scan.filters.extend(added);
    let filter = Filter::try_new(predicate, Arc::new(LogicalPlan::TableScan(scan)))?;
    Ok(Transformed::yes(LogicalPlan::Filter(filter)))
}

/// Returns the bounds that follow from predicates and are not among them.
fn new_bounds(present: &[&Expr]) -> Result<Vec<Expr>> {
    let mut added = Vec::new();
    for predicate in present {
        for bound in bounds(predicate)? {
            // Seen in an earlier pass of the optimizer.
            if !present.contains(&&bound) && !added.contains(&bound) {
                added.push(bound);
            }
        }
    }
    Ok(added)
}

/// Returns what a comparison with an instant says about the wall clock underneath.
fn bounds(predicate: &Expr) -> Result<Vec<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = predicate else {
        return Ok(Vec::new());
    };
    let (call, op, literal) = match (left.as_ref(), right.as_ref()) {
        (call, Expr::Literal(value, _)) => (call, *op, value),
        (Expr::Literal(value, _), call) => match op.swap() {
            Some(op) => (call, op, value),
            None => return Ok(Vec::new()),
        },
        _ => return Ok(Vec::new()),
    };
    // Between zones a cast relabels and moves nothing.
    let call = match call {
        Expr::Cast(cast) => cast.expr.as_ref(),
        other => other,
    };
    let Expr::ScalarFunction(ScalarFunction { func, args }) = call else {
        return Ok(Vec::new());
    };
    let (
        Some(_),
        [naive, Expr::Literal(zone, _)],
        ScalarValue::TimestampMicrosecond(Some(us), Some(_)),
    ) = (
        func.inner().downcast_ref::<ToInstant>(),
        args.as_slice(),
        literal,
    )
    else {
        return Ok(Vec::new());
    };
    let Some(Some(zone)) = zone.try_as_str() else {
        return Ok(Vec::new());
    };
    let after = us.saturating_add(1);
    let range = match op {
        Operator::Lt => InstantRange {
            from: None,
            to: Some(*us),
        },
        Operator::LtEq => InstantRange {
            from: None,
            to: Some(after),
        },
        Operator::Gt => InstantRange {
            from: Some(after),
            to: None,
        },
        Operator::GtEq => InstantRange {
            from: Some(*us),
            to: None,
        },
        Operator::Eq => InstantRange {
            from: Some(*us),
            to: Some(after),
        },
        _ => return Ok(Vec::new()),
    };
    let naive_range = zone_table("to_instant", zone)?.naive_bounds(range);
    let literal = |us| lit(ScalarValue::TimestampMicrosecond(Some(us), None));
    let from = naive_range.from.map(|us| naive.clone().gt_eq(literal(us)));
    let to = naive_range.to.map(|us| naive.clone().lt(literal(us)));
    Ok(from.into_iter().chain(to).collect())
}
