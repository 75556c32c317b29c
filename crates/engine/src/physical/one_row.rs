//! Cross joins with a single row, such as the thresholds of a report or its totals.
//!
//! DataFusion makes a batch of output for every row of the left side with every
//! batch of the right one. With the single row on the right and a million rows on
//! the left these are a million batches of one row, and whatever reads them takes
//! a hundred times as long. DataFusion turns the sides by estimated sizes, but
//! makes no estimate where a view, a join or a `distinct` lies below. That a plan
//! has one row at most is often plain from its shape, and that is what is used here.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::CrossJoinExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::Mended;
use super::pass_on::PassOn;
use crate::shared::rows::SharedExec;

/// Puts the side of a cross join that has one row at most on the left.
pub(super) fn one_row_left(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    let Some(join) = node.downcast_ref::<CrossJoinExec>() else {
        return Ok(Transformed::no(node));
    };
    if has_one_row(join.right().as_ref()) && !has_one_row(join.left().as_ref()) {
        return Ok(Transformed::yes(join.swap_inputs()?));
    }
    Ok(Transformed::no(node))
}

/// Whether a plan cannot have two rows, whatever the data.
fn has_one_row(plan: &dyn ExecutionPlan) -> bool {
    if let Some(shared) = plan.downcast_ref::<SharedExec>() {
        return has_one_row(shared.inner().as_ref());
    }
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        // The partial step has a row for every partition.
        let is_whole = matches!(
            aggregate.mode(),
            AggregateMode::Single | AggregateMode::Final
        );
        return is_whole && aggregate.group_expr().is_empty() || all_children(plan);
    }
    // A limit, or a sort or a merge that stops there; of each partition, though.
    let n_parts = plan.output_partitioning().partition_count();
    if n_parts == 1 && plan.fetch().is_some_and(|n| n <= 1) {
        return true;
    }
    let passes_on = plan.is::<ProjectionExec>()
        || plan.is::<FilterExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<WindowAggExec>()
        || plan.is::<BoundedWindowAggExec>()
        || plan.is::<CrossJoinExec>()
        || plan.is::<PassOn>();
    plan.is::<PlaceholderRowExec>() || passes_on && all_children(plan)
}

fn all_children(plan: &dyn ExecutionPlan) -> bool {
    let children = plan.children();
    !children.is_empty() && children.iter().all(|child| has_one_row(child.as_ref()))
}
