//! The rows of a shared view: computed by the first who asks, kept for the others.
//!
//! They stay in memory up to a share of what the session may take and go to a
//! temporary file beyond it, so a view is computed once however large it is.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result, Statistics, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PhysicalExpr, PlanProperties, SpillManager,
};
use futures::future::{BoxFuture, Shared};
use futures::{FutureExt, StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use crate::physical::own_text::own_text;

/// The share of memory, one part in so many, that the rows of one view may take.
const SHARE: usize = 8;

/// How a view is computed, and its rows once somebody has asked.
pub(crate) struct Rows {
    name: String,
    plan: Arc<dyn ExecutionPlan>,
    schema: SchemaRef,
    computed: OnceLock<Computing>,
}

/// Goes on while one of those who wait does, whoever came first.
type Computing = Shared<BoxFuture<'static, Result<Arc<Vec<Part>>, Arc<DataFusionError>>>>;

impl Rows {
    pub(crate) fn new(name: &str, plan: Arc<dyn ExecutionPlan>, schema: SchemaRef) -> Self {
        Rows {
            name: name.to_owned(),
            plan,
            schema,
            computed: OnceLock::new(),
        }
    }

    fn parts(&self, context: &Arc<TaskContext>) -> Computing {
        let compute = || {
            let (plan, schema) = (Arc::clone(&self.plan), Arc::clone(&self.schema));
            let (name, context) = (self.name.clone(), Arc::clone(context));
            let work = async move { compute(&name, &plan, &schema, &context).await };
            let work = work.map(|done| done.map(Arc::new).map_err(Arc::new));
            work.boxed().shared()
        };
        self.computed.get_or_init(compute).clone()
    }
}

/// The rows of one partition.
enum Part {
    Memory(
        Vec<RecordBatch>,
        #[expect(dead_code, reason = "held until the rows go")] MemoryReservation,
    ),
    File(SpillManager, Option<Arc<dyn SpillFile>>),
}

async fn compute(
    name: &str,
    plan: &Arc<dyn ExecutionPlan>,
    schema: &SchemaRef,
    context: &Arc<TaskContext>,
) -> Result<Vec<Part>> {
    let n_parts = plan.output_partitioning().partition_count();
    let most = match context.memory_pool().memory_limit() {
        MemoryLimit::Finite(bytes) => bytes / SHARE / n_parts.max(1),
        _ => usize::MAX,
    };
    let mut tasks = JoinSet::new();
    for number in 0..n_parts {
        let rows = plan.execute(number, Arc::clone(context))?;
        let memory = MemoryConsumer::new(format!("rows of {name}")).register(context.memory_pool());
        let spill = SpillManager::new(
            context.runtime_env(),
            SpillMetrics::new(&ExecutionPlanMetricsSet::new(), number),
            Arc::clone(schema),
        );
        let batch_rows = context.session_config().batch_size();
        let rows = Compact::new(rows, Arc::clone(schema), batch_rows);
        let part = collect(rows, memory, most, spill);
        tasks.spawn(async move { (number, part.await) });
    }
    let mut parts = Vec::with_capacity(n_parts);
    while let Some(done) = tasks.join_next().await {
        let (number, part) = done.map_err(|e| DataFusionError::External(Box::new(e)))?;
        parts.push((number, part?));
    }
    parts.sort_by_key(|(number, _)| *number);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// Rows in batches of their own. Groups come as slices of a single batch, and whoever reads a
/// slice takes all of the batch for its size: a sort of a hundred slices would ask for a
/// hundred times the memory.
struct Compact {
    rows: SendableRecordBatchStream,
    schema: SchemaRef,
    own: BatchCoalescer,
}

impl Compact {
    fn new(rows: SendableRecordBatchStream, schema: SchemaRef, batch_rows: usize) -> Self {
        let own = BatchCoalescer::new(Arc::clone(&schema), batch_rows);
        Compact { rows, schema, own }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.own.next_completed_batch() {
                return Ok(Some(batch));
            }
            match self.rows.next().await {
                Some(batch) => {
                    let batch = own_text(with_schema(&batch?, &self.schema)?)?;
                    self.own.push_batch(batch)?;
                }
                None if self.own.is_empty() => return Ok(None),
                None => self.own.finish_buffered_batch()?,
            }
        }
    }
}

async fn collect(
    mut rows: Compact,
    memory: MemoryReservation,
    most: usize,
    spill: SpillManager,
) -> Result<Part> {
    let mut batches = Vec::new();
    let mut counter = RecordBatchMemoryCounter::new();
    while let Some(batch) = rows.next().await? {
        let bytes = counter.count_batch(&batch);
        if memory.size() + bytes <= most && memory.try_grow(bytes).is_ok() {
            batches.push(batch);
            continue;
        }
        let mut file = spill.create_in_progress_file("rows of a shared view")?;
        for batch in batches.drain(..).chain([batch]) {
            file.append_batch(&batch)?;
        }
        memory.free();
        while let Some(batch) = rows.next().await? {
            file.append_batch(&batch)?;
        }
        return Ok(Part::File(spill, file.finish()?));
    }
    Ok(Part::Memory(batches, memory))
}

/// Physical plans are free to say other things of NULLs than the view did. Other types are
/// an error: to cast them could lose digits.
fn with_schema(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().to_vec();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// A reader of a shared view.
pub(crate) struct SharedExec {
    rows: Arc<Rows>,
    /// Where the reader's columns are among those that are kept.
    columns: Vec<usize>,
    schema: SchemaRef,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl SharedExec {
    /// Reads the columns of `schema`, which all are kept.
    pub(crate) fn new(rows: Arc<Rows>, schema: SchemaRef) -> Result<Self> {
        let columns = schema.fields().iter();
        let columns = columns.map(|field| rows.schema.index_of(field.name()));
        let columns: Vec<usize> = columns.collect::<std::result::Result<_, _>>()?;
        let statistics = StatisticsContext::new();
        let statistics = statistics.compute(rows.plan.as_ref(), &StatisticsArgs::new())?;
        let statistics = statistics.as_ref().clone().project(Some(&columns));
        let n_parts = rows.plan.output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(n_parts),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Ok(SharedExec {
            rows,
            columns,
            schema,
            statistics: Arc::new(statistics.to_inexact()),
            properties: Arc::new(properties),
        })
    }

    /// How the rows are computed, for those who look for a file in the plan.
    pub(crate) fn inner(&self) -> &Arc<dyn ExecutionPlan> {
        &self.rows.plan
    }
}

impl fmt::Debug for SharedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedExec")
            .field("view", &self.rows.name)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.schema.fields().iter();
        let columns: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
        let (name, columns) = (&self.rows.name, columns.join(", "));
        write!(f, "SharedExec: view={name}, columns=[{columns}]")
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &str {
        "SharedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    // None: the view's plan is finished, and a copy rewritten for one reader would not be shared.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    // What is estimated for the view, so that joins are laid out as if it were part of the plan.
    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        match args.partition() {
            None => Ok(Arc::clone(&self.statistics)),
            Some(_) => Ok(Arc::new(Statistics::new_unknown(&self.schema))),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let parts = self.rows.parts(&context);
        let (schema, columns) = (Arc::clone(&self.schema), self.columns.clone());
        let rows = async move {
            let parts = parts.await.map_err(DataFusionError::Shared)?;
            let rows = match parts.get(partition) {
                Some(Part::Memory(batches, _)) => {
                    // The parts go when the last plan that reads them goes.
                    futures::stream::iter(batches.clone()).map(Ok).boxed()
                }
                Some(Part::File(spill, Some(file))) => {
                    spill.read_spill_as_stream(Arc::clone(file), None)?.boxed()
                }
                Some(Part::File(_, None)) => futures::stream::empty().boxed(),
                None => return internal_err!("a shared view has no partition {partition}"),
            };
            Ok(rows.map(move |batch| {
                let batch = batch?;
                let n_rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                let kept = columns.iter().map(|&at| Arc::clone(batch.column(at)));
                let batch =
                    RecordBatch::try_new_with_options(Arc::clone(&schema), kept.collect(), &n_rows);
                Ok(batch?)
            }))
        };
        let rows = futures::stream::once(rows).try_flatten();
        let rows = RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows);
        Ok(Box::pin(rows))
    }
}
