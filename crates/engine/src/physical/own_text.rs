//! Text in buffers of its own, before operators that put batches together.
//!
//! A column of text is views into buffers, and DataFusion copies views, not
//! buffers: a batch that a join puts out holds all buffers of the side that was
//! built, and those who put batches together hold the buffers of each. Ten joins
//! on top of each other multiply them ten times, and every operator walks through
//! the list for every batch: `customers` took fifteen times as long for four times
//! the orders. Copying the text itself, once before it is kept, ends that.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use futures::TryStreamExt;

use super::Mended;
use super::pass_on::PassOn;

/// Buffers a column may have without being copied: as many as a file's page, its
/// dictionary and their neighbours.
const FEW_BUFFERS: usize = 4;

/// Gives what an operator puts together buffers of its own.
pub(super) fn own_text_in_kept(node: Arc<dyn ExecutionPlan>) -> Result<Mended> {
    // Joins keep their left side.
    let keeps = node.is::<HashJoinExec>()
        || node.is::<CrossJoinExec>()
        || node.is::<NestedLoopJoinExec>()
        || node.is::<SortExec>()
        || node.is::<WindowAggExec>()
        || node.is::<BoundedWindowAggExec>();
    if !keeps {
        return Ok(Transformed::no(node));
    }
    let mut children: Vec<_> = node.children().into_iter().map(Arc::clone).collect();
    let Some(kept) = children.first_mut().filter(|kept| has_text(kept)) else {
        return Ok(Transformed::no(node));
    };
    *kept = Arc::new(PassOn::new("OwnTextExec", Arc::clone(kept), own_texts));
    replace_children_if_necessary(node, children).map(Transformed::yes)
}

fn has_text(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let schema = plan.schema();
    let mut fields = schema.fields().iter();
    fields.any(|field| is_text(field.data_type()))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::Struct(fields) => fields.iter().any(|field| is_text(field.data_type())),
        _ => false,
    }
}

/// Copies text that lies in more than a few buffers.
pub(crate) fn own_text(batch: RecordBatch) -> Result<RecordBatch> {
    if !batch.columns().iter().any(is_scattered) {
        return Ok(batch);
    }
    let columns = batch.columns().iter().map(own_column).collect();
    let n_rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = RecordBatch::try_new_with_options(batch.schema(), columns, &n_rows);
    Ok(batch?)
}

fn is_scattered(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().data_buffers().len() > FEW_BUFFERS,
        DataType::BinaryView => column.as_binary_view().data_buffers().len() > FEW_BUFFERS,
        DataType::Struct(_) => column.as_struct().columns().iter().any(is_scattered),
        _ => false,
    }
}

fn own_column(column: &ArrayRef) -> ArrayRef {
    if !is_scattered(column) {
        return Arc::clone(column);
    }
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => {
            let (fields, columns, nulls) = column.as_struct().clone().into_parts();
            let columns = columns.iter().map(own_column).collect();
            Arc::new(StructArray::new(fields, columns, nulls))
        }
    }
}

fn own_texts(rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let rows = rows.and_then(|batch| std::future::ready(own_text(batch)));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}
