//! An operator that hands on the rows it reads: in other batches, with their own text or
//! smaller, or as they are, but without what is said of them.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::filter_pushdown::{FilterDescription, FilterPushdownPhase};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// Rows, their order and their partitions stay as they are.
#[derive(Debug)]
pub(crate) struct PassOn {
    name: &'static str,
    input: Arc<dyn ExecutionPlan>,
    batches: fn(SendableRecordBatchStream) -> SendableRecordBatchStream,
    properties: Arc<PlanProperties>,
    says: Says,
}

/// What is said of the rows that are handed on: their order, constants and partitions.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// What is said of them when they come.
    Same,
    /// Nothing but the partitions.
    Nothing,
    /// What was said of them before the plan beneath was changed.
    AsBefore,
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
            says: Says::Same,
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
            says: Says::Nothing,
        }
    }

    /// Hands rows on as they are, and says of them what was said of another plan's.
    pub(crate) fn as_before(
        name: &'static str,
        input: Arc<dyn ExecutionPlan>,
        before: &Arc<PlanProperties>,
    ) -> Self {
        PassOn {
            name,
            properties: Arc::clone(before),
            input,
            batches: |rows| rows,
            says: Says::AsBefore,
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
        vec![!matches!(self.says, Says::Nothing)]
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
        let (Some(input), true) = (children.pop(), children.is_empty()) else {
            return internal_err!("{} has one child", self.name);
        };
        Ok(Arc::new(match self.says {
            Says::Same => PassOn::new(self.name, input, self.batches),
            Says::Nothing => PassOn::without_order(self.name, input),
            Says::AsBefore => PassOn::as_before(self.name, input, &self.properties),
        }))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::clone(input)),
            _ => internal_err!("{} has one child", self.name),
        }
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        Ok((self.batches)(self.input.execute(partition, context)?))
    }
}
