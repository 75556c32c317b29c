//! Constants that DataFusion makes too much of.
//!
//! *Of outer joins.* Where the rows of one side are all of one `kind`, DataFusion 55
//! says the same of what a left join makes of them, though there are NULLs now. It
//! leaves `kind` out of sorts: `order by kind, id` comes out in the order of `id`, and
//! `row_number() over (order by kind, id)` counts wrongly. Constants of a side that
//! may be missing are forgotten before sorts are laid out.
//!
//! *Of groups.* After `where kind = 'nps'` every row has the same `kind`, so DataFusion says that
//! rows come in the order of it. An aggregate that groups by it and by more takes
//! that for an order worth using and hands its groups out in slices, moving all that
//! are left each time: four million groups take twenty times as long, and twice as
//! many four times that. An order of constants is none, and is forgotten here.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{JoinType, Result};
use datafusion::physical_expr::{AcrossPartitions, ConstExpr};
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, InputOrderMode};

use super::Mended;
use super::pass_on::PassOn;

/// Forgets constants of the sides of a join that may be missing. It has to come before sorts are
/// laid out.
pub(super) fn no_constants_of_missing_rows(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    let Some((is_left_missing, is_right_missing)) = missing_sides(node.as_ref()) else {
        return Ok(Transformed::no(node));
    };
    let [left, right] = node.children()[..] else {
        return Ok(Transformed::no(node));
    };
    let forgets_left = is_left_missing && has_constants(left);
    let forgets_right = is_right_missing && has_constants(right);
    if !forgets_left && !forgets_right {
        return Ok(Transformed::no(node));
    }
    let side = |side: &Arc<dyn ExecutionPlan>, forgets: bool| -> Arc<dyn ExecutionPlan> {
        match forgets {
            true => Arc::new(PassOn::without_order("NoConstantsExec", Arc::clone(side))),
            false => Arc::clone(side),
        }
    };
    let sides = vec![side(left, forgets_left), side(right, forgets_right)];
    replace_children_if_necessary(node, sides).map(Transformed::yes)
}

/// Whether a join fills its left and its right side with NULLs, where it may at all.
fn missing_sides(node: &dyn ExecutionPlan) -> Option<(bool, bool)> {
    let join = if let Some(join) = node.downcast_ref::<HashJoinExec>() {
        join.join_type()
    } else if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
        join.join_type()
    } else {
        &node.downcast_ref::<SortMergeJoinExec>()?.join_type()
    };
    match join {
        JoinType::Left => Some((false, true)),
        JoinType::Right => Some((true, false)),
        JoinType::Full => Some((true, true)),
        _ => None,
    }
}

/// Whether columns are said to have one value, unless it is NULL, which missing rows have too.
fn has_constants(side: &Arc<dyn ExecutionPlan>) -> bool {
    let constants = side.equivalence_properties().constants();
    let is_null = |constant: &ConstExpr| matches!(&constant.across_partitions, AcrossPartitions::Uniform(Some(value)) if value.is_null());
    !constants.iter().all(is_null)
}

/// Forgets the order of constants beneath groups.
pub(super) fn no_order_of_constants(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    let Some(aggregate) = node.downcast_ref::<AggregateExec>() else {
        return Ok(Transformed::no(node));
    };
    let input = aggregate.input();
    let is_partial_order = matches!(
        aggregate.input_order_mode(),
        InputOrderMode::PartiallySorted(_)
    );
    if !is_partial_order || input.output_ordering().is_some() {
        return Ok(Transformed::no(node));
    }
    let input = Arc::new(PassOn::without_order("NoOrderExec", Arc::clone(input)));
    let before = Arc::clone(node.properties());
    let groups = replace_children_if_necessary(node, vec![input])?;
    // Windows above may count on the constants, which are still there.
    let groups = PassOn::as_before("SameOrderExec", groups, &before);
    Ok(Transformed::yes(Arc::new(groups) as Arc<dyn ExecutionPlan>))
}
