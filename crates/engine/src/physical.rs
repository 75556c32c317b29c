//! DataFusion's rules for physical plans, and what we mend in the plans they make.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;

mod cancel;
mod no_order;
mod one_row;
pub(crate) mod own_text;
mod pass_on;

/// An operator, and whether it is another one now.
type Mended = Transformed<Arc<dyn ExecutionPlan>>;

/// The rules of a session.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let chosen = rules
        .iter()
        .position(|rule| rule.name() == "join_selection");
    let sides = EachOperator {
        name: "sides_of_joins",
        mend: sides_of_joins,
    };
    rules.insert(chosen.map_or(0, |at| at + 1), Arc::new(sides));
    // DataFusion's rules know nothing of what this one adds.
    rules.push(Arc::new(EachOperator {
        name: "finished",
        mend: finished,
    }));
    rules
}

/// When the sides of joins are chosen, before anything is made of them.
fn sides_of_joins(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    one_row::one_row_left(node)?.transform_data(no_order::no_constants_of_missing_rows)
}

/// When a plan is done.
fn finished(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    no_order::no_order_of_constants(node)?
        .transform_data(own_text::own_text_in_kept)?
        .transform_data(cancel::yield_in_fan_out)
}

/// A rule that looks at one operator after the other, those beneath it first.
#[derive(Debug)]
struct EachOperator {
    name: &'static str,
    mend: fn(Arc<dyn ExecutionPlan>) -> Result<Mended>,
}

impl PhysicalOptimizerRule for EachOperator {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(self.mend).data()
    }

    fn name(&self) -> &str {
        self.name
    }

    fn schema_check(&self) -> bool {
        true
    }
}
