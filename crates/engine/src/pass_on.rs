//! An operator that hands on the rows it reads: in other batches, with their own text or
//! smaller, or as they are, but without what is said of them.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// Rows, their order and their partitions stay as they are.
#[derive(Debug)]
pub(crate) struct PassOn {
    name: &'static str,
    input: Arc<dyn ExecutionPlan>,
    batches: fn(SendableRecordBatchStream) -> SendableRecordBatchStream,
    properties: Arc<PlanProperties>,
    has_order: bool,
}

impl PassOn {
    pub(crate) fn new(
        name: &'static str,
        input: Arc<dyn ExecutionPlan>,
        batches: fn(SendableRecordBatchStream) -> SendableRecordBatchStream,
    ) -> Self {
        PassOn {
            name,
            properties: Arc::clone(input.properties()),
            input,
            batches,
            has_order: true,
        }
    }

    /// Hands rows on as they are and says nothing of their order or of constants among them.
    pub(crate) fn without_order(name: &'static str, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = input.properties().as_ref().clone();
        let nothing = EquivalenceProperties::new(input.schema());
        PassOn {
            name,
            properties: Arc::new(properties.with_eq_properties(nothing)),
            input,
            batches: |rows| rows,
            has_order: false,
        }
    }
}

impl DisplayAs for PassOn {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl ExecutionPlan for PassOn {
    fn name(&self) -> &str {
        self.name
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![self.has_order]
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
            (Some(input), true) if self.has_order => {
                Ok(Arc::new(PassOn::new(self.name, input, self.batches)))
            }
            (Some(input), true) => Ok(Arc::new(PassOn::without_order(self.name, input))),
            _ => internal_err!("{} has one child", self.name),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        Ok((self.batches)(self.input.execute(partition, context)?))
    }
}
