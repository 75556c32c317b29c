//! Joins and unnests that can be cancelled.
//!
//! DataFusion yields at sources and exchanges only, so an operator that makes
//! millions of rows of one batch does not notice a cancellation for minutes.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::unnest::UnnestExec;
use futures::{StreamExt, TryStreamExt};

use super::Mended;
use super::pass_on::PassOn;

/// Makes operators that multiply rows yield between batches.
pub(super) fn yield_in_fan_out(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    let fans_out = node.is::<CrossJoinExec>()
        || node.is::<NestedLoopJoinExec>()
        || node.is::<HashJoinExec>()
        || node.is::<SortMergeJoinExec>()
        || node.is::<UnnestExec>();
    let node = match node.children().as_slice() {
        [build, probe] if node.is::<NestedLoopJoinExec>() => {
            let probe = PassOn::new("InSlices", Arc::clone(probe), in_slices);
            let probe: Arc<dyn ExecutionPlan> = Arc::new(probe);
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
}

/// Rows of a batch that a nested-loop join gets at once. Sixty-four rows of the
/// other side then fill a vector, and it looks up sixty-four times as often.
const SLICE_ROWS: usize = 128;

/// Hands rows out in small batches and yields between them.
///
/// A nested-loop join goes through all pairs of a batch before it looks up,
/// which takes minutes where its condition holds for few of them.
fn in_slices(rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let slices = rows
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
    Box::pin(RecordBatchStreamAdapter::new(schema, slices))
}
