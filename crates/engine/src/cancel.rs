//! Joins and unnests that can be cancelled.
//!
//! DataFusion yields at sources and exchanges only, so an operator that makes
//! millions of rows of one batch does not notice a cancellation for minutes.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt};

/// The rule: it comes after all others, because they know nothing of what it adds.
#[derive(Debug)]
pub(crate) struct YieldInFanOut;

impl PhysicalOptimizerRule for YieldInFanOut {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let fans_out = node.is::<CrossJoinExec>()
                || node.is::<NestedLoopJoinExec>()
                || node.is::<HashJoinExec>()
                || node.is::<SortMergeJoinExec>()
                || node.is::<UnnestExec>();
            let node = match node.children().as_slice() {
                [build, probe] if node.is::<NestedLoopJoinExec>() => {
                    let probe: Arc<dyn ExecutionPlan> = Arc::new(InSlices::new(Arc::clone(probe)));
                    let children = vec![Arc::clone(build), probe];
                    replace_children_if_necessary(Arc::clone(&node), children)?
                }
                _ => node,
            };
            Ok(if fans_out {
                Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>)
            } else {
                Transformed::no(node)
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "yield_in_fan_out"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Rows of a batch that a nested-loop join gets at once. Sixty-four rows of the
/// other side then fill a vector, and it looks up sixty-four times as often.
const SLICE_ROWS: usize = 128;

/// Hands out its input in small batches and yields between them.
///
/// A nested-loop join goes through all pairs of a batch before it looks up,
/// which takes minutes where its condition holds for few of them.
#[derive(Debug)]
struct InSlices {
    input: Arc<dyn ExecutionPlan>,
}

impl InSlices {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        InSlices { input }
    }
}

impl DisplayAs for InSlices {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InSlices: rows={SLICE_ROWS}")
    }
}

impl ExecutionPlan for InSlices {
    fn name(&self) -> &str {
        "InSlices"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(InSlices::new(input))),
            _ => datafusion::common::internal_err!("InSlices has one child"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        let slices = input
            .map_ok(|batch: RecordBatch| {
                let n_rows = batch.num_rows();
                let starts = (0..n_rows).step_by(SLICE_ROWS);
                let slices =
                    starts.map(move |start| Ok(batch.slice(start, SLICE_ROWS.min(n_rows - start))));
                futures::stream::iter(slices)
            })
            .try_flatten()
            .then(|slice| async {
                tokio::task::yield_now().await;
                slice
            });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, slices)))
    }
}
