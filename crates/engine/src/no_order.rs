//! Groups of which some keys are constants.
//!
//! After `where kind = 'nps'` every row has the same `kind`, so DataFusion says that
//! rows come in the order of it. An aggregate that groups by it and by more takes
//! that for an order worth using and hands its groups out in slices, moving all that
//! are left each time: four million groups take twenty times as long, and twice as
//! many four times that. An order of constants is none, and is forgotten here.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, InputOrderMode};

use crate::pass_on::PassOn;

/// The rule. It comes after DataFusion's, because they know nothing of what it adds.
#[derive(Debug)]
pub(crate) struct NoOrderOfConstants;

impl PhysicalOptimizerRule for NoOrderOfConstants {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
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
            replace_children_if_necessary(node, vec![input]).map(Transformed::yes)
        })
        .data()
    }

    fn name(&self) -> &str {
        "no_order_of_constants"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
