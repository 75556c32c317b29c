//! Differences of instants, compared with intervals.
//!
//! `a - b` of two timestamps is a duration, and `interval '90 days'` counts months, days
//! and nanoseconds apart. DataFusion compares the two as intervals, days before
//! nanoseconds, and the difference has nanoseconds only: any of it is less than
//! one day. Days of an interval that a duration is compared with become 24 hours
//! here, as in PostgreSQL. What has months is refused.

use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

/// The rule. It comes after types have been brought together.
#[derive(Debug)]
pub(crate) struct DaysOfHours;

impl AnalyzerRule for DaysOfHours {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            let mut is_there = false;
            node.apply_expressions(|expr| {
                is_there |= expr.exists(|expr| Ok(is_interval_of_something(expr)))?;
                Ok(TreeNodeRecursion::Continue)
            })?;
            if !is_there {
                return Ok(Transformed::no(node));
            }
            let schema = merge_schema(&node.inputs());
            // Whoever reads a column of this node knows it by the expression as it was.
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                let expr = expr.transform_up(|expr| compared(expr, &schema))?;
                Ok(expr.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "days_of_hours"
    }
}

fn is_interval_of_something(expr: &Expr) -> bool {
    let Expr::Cast(Cast { field, .. }) = expr else {
        return false;
    };
    *field.data_type() == DataType::Interval(IntervalUnit::MonthDayNano)
}

/// Whether an expression is a duration that is taken for an interval.
fn is_duration(expr: &Expr, schema: &DFSchema) -> Result<bool> {
    let Expr::Cast(Cast { expr: inner, .. }) = expr else {
        return Ok(false);
    };
    Ok(is_interval_of_something(expr) && matches!(inner.get_type(schema)?, DataType::Duration(_)))
}

fn compared(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
            let (left, right) = if is_duration(&left, schema)? {
                (left, Box::new(in_hours(*right, schema)?))
            } else if is_duration(&right, schema)? {
                (Box::new(in_hours(*left, schema)?), right)
            } else {
                let same = Expr::BinaryExpr(BinaryExpr { left, op, right });
                return Ok(Transformed::no(same));
            };
            let compared = BinaryExpr { left, op, right };
            Ok(Transformed::yes(Expr::BinaryExpr(compared)))
        }
        Expr::Between(between) if is_duration(&between.expr, schema)? => {
            let between = Between {
                low: Box::new(in_hours(*between.low, schema)?),
                high: Box::new(in_hours(*between.high, schema)?),
                ..between
            };
            Ok(Transformed::yes(Expr::Between(between)))
        }
        Expr::InList(mut list) if is_duration(&list.expr, schema)? => {
            let all = list.list.into_iter().map(|one| in_hours(one, schema));
            list.list = all.collect::<Result<_>>()?;
            Ok(Transformed::yes(Expr::InList(list)))
        }
        expr => Ok(Transformed::no(expr)),
    }
}

/// Returns an interval with its days as hours, as a duration taken for an interval has them.
fn in_hours(interval: Expr, schema: &DFSchema) -> Result<Expr> {
    let Expr::Literal(ScalarValue::IntervalMonthDayNano(value), metadata) = interval else {
        return match is_duration(&interval, schema)? {
            true => Ok(interval),
            false => plan_err!(
                "a difference of instants can only be compared with an interval that is written out: \
                 add the interval to the earlier instant and compare instants"
            ),
        };
    };
    let Some(parts) = value else {
        return Ok(Expr::Literal(
            ScalarValue::IntervalMonthDayNano(None),
            metadata,
        ));
    };
    if parts.months != 0 {
        return plan_err!(
            "a difference of instants cannot be compared with an interval of months or years, which \
             differ in length: add the interval to the earlier instant and compare instants"
        );
    }
    let days = i64::from(parts.days).checked_mul(NANOSECONDS_OF_A_DAY);
    let Some(nanoseconds) = days.and_then(|days| days.checked_add(parts.nanoseconds)) else {
        return plan_err!(
            "an interval of {} days is too long to be compared",
            parts.days
        );
    };
    let value = IntervalMonthDayNano::new(0, 0, nanoseconds);
    Ok(Expr::Literal(
        ScalarValue::IntervalMonthDayNano(Some(value)),
        metadata,
    ))
}

const NANOSECONDS_OF_A_DAY: i64 = 24 * 3600 * 1_000_000_000;
