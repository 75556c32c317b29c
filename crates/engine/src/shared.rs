//! Views that a statement reads several times, computed once for all of them.
//!
//! A view is otherwise part of the query that reads it: filters reach its files
//! and unused columns are never read. Marts stand on one another, though, and
//! one that is read five times would be planned and computed five times, with
//! all it stands on. Which views are read more than once is counted in the text
//! before planning ([`counts`]); their rows are kept for the statement while they
//! fit in a share of memory, else every reader computes them again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::TableType;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, reset_plan_states};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PhysicalExpr, PlanProperties,
};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement as Sql, visit_relations};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::bind;
use crate::view::{View, Views};

/// Share of the memory a statement may take in which the rows of one view are kept.
const SHARE: usize = 4;

/// Returns how often a statement reads each view, all the views between counted in.
///
/// A view that is kept counts once for what it reads itself, whoever reads it.
pub(crate) fn counts(statement: &Statement, views: &Views) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let Statement::Statement(statement) = statement else {
        return counts;
    };
    let mut order = Vec::new();
    let own = references(statement, views, None);
    for (name, _) in &own {
        visit(name, views, &mut order, 0);
    }
    for (name, n) in own {
        *counts.entry(name).or_default() += n;
    }
    // A view comes before those it reads, so that its own count is final.
    for name in order.iter().rev() {
        let Some((view, read)) = parsed(name, views) else {
            continue;
        };
        let n = counts.get(name).copied().unwrap_or(0);
        let n = if n > 1 && is_worth_keeping(view) {
            1
        } else {
            n
        };
        for (name, times) in read {
            *counts.entry(name).or_default() += n * times;
        }
    }
    counts
}

/// Returns how often what a view is made of is read, when the view is read once.
pub(crate) fn counts_of_view(view: &View, views: &Views) -> HashMap<String, usize> {
    let parsed = bind::parse(&view.sql).ok();
    let statement = parsed.and_then(|statements| statements.into_iter().next());
    statement.map_or_else(HashMap::new, |statement| counts(&statement, views))
}

/// Whether a view does more than pass rows on: staging is read again, not kept.
pub(crate) fn is_worth_keeping(view: &View) -> bool {
    view.schema != "staging"
}

/// Appends a view after all it reads. Only views that read themselves get deep;
/// they are named when they are planned.
fn visit(name: &str, views: &Views, order: &mut Vec<String>, depth: usize) {
    if depth > 64 || order.iter().any(|seen| seen == name) {
        return;
    }
    if let Some((_, read)) = parsed(name, views) {
        for (name, _) in read {
            visit(&name, views, order, depth + 1);
        }
    }
    if !order.iter().any(|seen| seen == name) {
        order.push(name.to_owned());
    }
}

fn parsed<'v>(name: &str, views: &'v Views) -> Option<(&'v View, Vec<(String, usize)>)> {
    let (schema, bare) = name.split_once('.')?;
    let view = views.get(schema, bare)?;
    let statement = bind::parse(&view.sql).ok()?.into_iter().next()?;
    let Statement::Statement(statement) = statement else {
        return None;
    };
    Some((view, references(&statement, views, Some(view))))
}

/// Returns the views a statement reads with the number of times, CTEs multiplied out.
fn references(statement: &Sql, views: &Views, within: Option<&View>) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let mut add = |name: &ObjectName, times: usize| {
        let parts: Vec<String> = name.to_string().split('.').map(str::to_owned).collect();
        let view = match parts.as_slice() {
            [schema, name] => views.get(schema, name),
            [name] => views
                .find(name)
                .filter(|v| within.is_none_or(|w| w.qualified() != v.qualified())),
            _ => None,
        };
        let Some(view) = view else { return };
        let name = view.qualified();
        match found.iter_mut().find(|(seen, _)| *seen == name) {
            Some((_, n)) => *n += times,
            None => found.push((name, times)),
        }
    };
    let Sql::Query(query) = statement else {
        let _ = visit_relations(statement, |name| {
            add(name, 1);
            std::ops::ControlFlow::<()>::Continue(())
        });
        return found;
    };
    let mut body = query.as_ref().clone();
    let ctes = body
        .with
        .take()
        .map(|with| with.cte_tables)
        .unwrap_or_default();
    let mut uses = vec![0_usize; ctes.len()];
    let names: Vec<String> = ctes
        .iter()
        .map(|cte| cte.alias.name.value.to_lowercase())
        .collect();
    let mut count =
        |part: &datafusion::sql::sqlparser::ast::Query, times: usize, uses: &mut Vec<usize>| {
            let _ = visit_relations(part, |name| {
                let bare = name.to_string().to_lowercase();
                match names.iter().position(|cte| *cte == bare) {
                    Some(cte) => uses[cte] += times,
                    None => add(name, times),
                }
                std::ops::ControlFlow::<()>::Continue(())
            });
        };
    count(&body, 1, &mut uses);
    // A CTE reads only those before it, so from the last one back all uses are known.
    for (at, cte) in ctes.iter().enumerate().rev() {
        let times = uses[at];
        count(&cte.query, times, &mut uses);
    }
    found
}

/// A view whose rows are kept for the statement.
pub(crate) struct SharedView {
    name: String,
    plan: LogicalPlan,
    schema: SchemaRef,
    physical: OnceCell<Arc<dyn ExecutionPlan>>,
    rows: Arc<OnceCell<Kept>>,
}

/// The rows of a view, partition by partition, or word that there are too many.
enum Kept {
    Rows(Vec<Part>),
    TooMany,
}

/// The rows of a partition and the memory set aside for them.
struct Part {
    batches: Vec<RecordBatch>,
    _memory: MemoryReservation,
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedView")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SharedView {
    pub(crate) fn new(name: &str, plan: LogicalPlan) -> Self {
        SharedView {
            name: name.to_owned(),
            schema: nullable(plan.schema().as_arrow()),
            plan,
            physical: OnceCell::new(),
            rows: Arc::default(),
        }
    }
}

/// What a plan says of NULLs before and after it is made physical differs at
/// times, and nobody downstream needs it.
fn nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields: Vec<Field> = fields
        .map(|f| f.as_ref().clone().with_nullable(true))
        .collect();
    Arc::new(Schema::new(fields))
}

#[async_trait]
impl TableProvider for SharedView {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let physical = self
            .physical
            .get_or_try_init(|| state.create_physical_plan(&self.plan))
            .await?;
        let statistics = StatisticsContext::new();
        let statistics = statistics.compute(physical.as_ref(), &StatisticsArgs::new())?;
        let shared = Arc::new(SharedExec {
            name: self.name.clone(),
            statistics,
            schema: Arc::clone(&self.schema),
            inner: Arc::clone(physical),
            again: OnceLock::new(),
            rows: Arc::clone(&self.rows),
            properties: Arc::new(PlanProperties::new(
                EquivalenceProperties::new(Arc::clone(&self.schema)),
                Partitioning::UnknownPartitioning(physical.output_partitioning().partition_count()),
                EmissionType::Final,
                Boundedness::Bounded,
            )),
        });
        let Some(projection) = projection else {
            return Ok(shared);
        };
        let schema = physical.schema();
        let columns = projection.iter().map(|&at| {
            let name = schema.field(at).name();
            let column = Column::new(name, at);
            let column: Arc<dyn PhysicalExpr> = Arc::new(column);
            (column, name.clone())
        });
        let columns: Vec<_> = columns.collect();
        Ok(Arc::new(ProjectionExec::try_new(columns, shared)?))
    }
}

/// Reads the kept rows of a view; the first reader computes them.
struct SharedExec {
    name: String,
    schema: SchemaRef,
    inner: Arc<dyn ExecutionPlan>,
    /// The plan of a reader of its own, where the rows are too many to keep.
    again: OnceLock<Arc<dyn ExecutionPlan>>,
    rows: Arc<OnceCell<Kept>>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl fmt::Debug for SharedExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedExec")
            .field("view", &self.name)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedExec: view={}", self.name)
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &str {
        "SharedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    // No children: the inner plan is finished, and a rewritten copy would not be shared.
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

    // What is estimated for the view within a query, so that joins choose alike.
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
        let schema = Arc::clone(&self.schema);
        let again = match self.again.get() {
            Some(plan) => Arc::clone(plan),
            None => {
                let fresh = reset_plan_states(Arc::clone(&self.inner))?;
                Arc::clone(self.again.get_or_init(|| fresh))
            }
        };
        let (rows, inner, name) = (
            Arc::clone(&self.rows),
            Arc::clone(&self.inner),
            self.name.clone(),
        );
        let stream = futures::stream::once(async move {
            let kept = rows
                .get_or_try_init(|| keep(&name, inner, Arc::clone(&context)))
                .await?;
            match kept {
                Kept::Rows(parts) => {
                    let batches = parts.get(partition).map(|part| part.batches.clone());
                    let batches = batches.unwrap_or_default();
                    Ok(futures::stream::iter(batches.into_iter().map(Ok)).boxed())
                }
                Kept::TooMany => {
                    Ok::<_, DataFusionError>(again.execute(partition, context)?.boxed())
                }
            }
        });
        let own = Arc::clone(&schema);
        let stream = stream.try_flatten().map(move |batch| {
            let batch = batch?;
            Ok(batch.with_schema(Arc::clone(&own))?)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// Computes the rows of a view, unless they take too much memory.
async fn keep(name: &str, plan: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Kept> {
    let pool = context.memory_pool();
    let most = match pool.memory_limit() {
        MemoryLimit::Finite(bytes) => bytes / SHARE,
        _ => usize::MAX,
    };
    let consumer = format!("rows of {name}");
    let plan = reset_plan_states(plan)?;
    let n_parts = plan.output_partitioning().partition_count();
    let most = most / n_parts.max(1);
    let mut tasks = JoinSet::new();
    for number in 0..n_parts {
        let mut stream = plan.execute(number, Arc::clone(&context))?;
        let memory = MemoryConsumer::new(&consumer).register(pool);
        tasks.spawn(async move {
            let mut batches = Vec::new();
            while let Some(batch) = stream.next().await {
                let batch = batch?;
                let bytes = batch.get_array_memory_size();
                if memory.size() + bytes > most || memory.try_grow(bytes).is_err() {
                    return Ok((number, None));
                }
                batches.push(batch);
            }
            let part = Part {
                batches,
                _memory: memory,
            };
            Ok::<_, DataFusionError>((number, Some(part)))
        });
    }
    let mut parts = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (number, part) = done.map_err(|e| DataFusionError::External(Box::new(e)))??;
        let Some(part) = part else {
            // Dropping the set stops the others.
            return Ok(Kept::TooMany);
        };
        parts.push((number, part));
    }
    parts.sort_by_key(|(number, _)| *number);
    Ok(Kept::Rows(
        parts.into_iter().map(|(_, part)| part).collect(),
    ))
}
