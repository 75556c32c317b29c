//! Views that a statement reads several times: planned and computed once for all readers.
//!
//! A view is otherwise part of the query that reads it, so that filters reach its
//! files and unused columns are never read. Marts stand on one another, though:
//! one that is read five times would be planned and computed five times, with all
//! it stands on, and plans of thousands of operators take seconds.
//!
//! While a statement is planned every view is a [`SharedView`], a leaf, which is
//! analyzed once. [`settle`] then counts the readers: what is read once becomes part
//! of its reader again, what is read more often stays a leaf. Staging only passes
//! rows on and becomes part of all its readers: their filters matter more than
//! reading it once. [`PlanOnce`] plans the leaves
//! before the statement, each with the columns that all its readers together ask
//! for, and [`rows::Rows`] computes and keeps them while the statement runs.
//!
//! The price is that a reader's filter no longer reaches into such a view.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::datasource::{TableType, provider_as_source, source_as_provider};
use datafusion::execution::context::{QueryPlanner, SessionState};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SubqueryAlias, TableScan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};

use self::needed::Needed;
use self::rows::{Rows, SharedExec};
use self::unique::Unique;
use crate::source::listed;

mod needed;
pub(crate) mod rows;
mod steps;
mod unique;

/// A view as a leaf of the plans that read it.
pub(crate) struct SharedView {
    name: String,
    plan: LogicalPlan,
    /// Whether it becomes part of every reader, however many there are.
    passes_on: bool,
    unique: OnceLock<Unique>,
    schema: SchemaRef,
}

impl fmt::Debug for SharedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedView")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SharedView {
    /// Analyzes the plan first: only then are the types of its columns known, since the
    /// branches of a union and the arguments of functions are brought together by it.
    pub(crate) fn new(
        name: String,
        plan: LogicalPlan,
        passes_on: bool,
        state: &SessionState,
    ) -> Result<Self> {
        let plan = analyzed(steps::share(plan, &name, state)?, state)?;
        Ok(SharedView {
            name,
            passes_on,
            schema: nullable(plan.schema().as_arrow()),
            plan,
            unique: OnceLock::new(),
        })
    }

    fn unique(&self) -> &Unique {
        self.unique.get_or_init(|| Unique::of(&self.plan))
    }

    /// The view as one statement reads it.
    fn with_plan(&self, plan: LogicalPlan) -> Self {
        SharedView {
            name: self.name.clone(),
            plan,
            passes_on: self.passes_on,
            unique: OnceLock::new(),
            schema: Arc::clone(&self.schema),
        }
    }

    /// Tells one view from another, also where two statements' plans are put together.
    fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

fn analyzed(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    let analyzer = state.analyzer();
    analyzer.execute_and_check(plan, state.config_options(), |_, _| {})
}

/// What plans say of NULLs before and after they are optimized differs at times.
fn nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

/// Calls `work` for every scan of a shared view, those of subqueries too.
fn each_scan(
    plan: &LogicalPlan,
    mut work: impl FnMut(&TableScan, &SharedView, &Arc<dyn TableProvider>),
) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
            && let Some(view) = provider.downcast_ref::<SharedView>()
        {
            work(scan, view, &provider);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Shared views, each after those it reads.
struct Beneath(Vec<Arc<dyn TableProvider>>);

impl Beneath {
    fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut found = Beneath(Vec::new());
        found.visit(plan, &mut BTreeSet::new())?;
        Ok(found)
    }

    fn visit(&mut self, plan: &LogicalPlan, seen: &mut BTreeSet<usize>) -> Result<()> {
        let mut read = Vec::new();
        each_scan(plan, |_, _, provider| read.push(Arc::clone(provider)))?;
        for provider in read {
            if let Some(view) = provider.downcast_ref::<SharedView>()
                && seen.insert(view.key())
            {
                self.visit(&view.plan, seen)?;
                self.0.push(provider);
            }
        }
        Ok(())
    }

    fn views(&self) -> impl DoubleEndedIterator<Item = &SharedView> {
        self.0.iter().filter_map(|provider| provider.downcast_ref())
    }
}

/// Whether DataFusion wants to analyze a statement itself: to show how, or to keep its query.
pub(crate) fn is_analyzed_later(plan: &LogicalPlan) -> bool {
    matches!(
        plan,
        LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Copy(_)
    )
}

/// Analyzes a statement, as its views are already, leaves out what it does not need, and makes
/// views with one reader part of it.
pub(crate) fn settle(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan> {
    let plan = match plan {
        LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) => plan,
        plan => steps::share(plan, "", state)?,
    };
    let plan = if is_analyzed_later(&plan) {
        plan
    } else {
        analyzed(plan, state)?
    };
    let mut needed = Needed::default();
    let plan = needed.of_statement(plan)?;
    let beneath = Beneath::of(&plan)?;
    let mut plans = HashMap::new();
    for view in beneath.views().rev() {
        if let Some(plan) = needed.of_view(view)? {
            plans.insert(view.key(), plan);
        }
    }
    let mut readers = HashMap::<usize, usize>::new();
    let mut count = |plan: &LogicalPlan, of: Option<&SharedView>| {
        // What becomes part of several readers reads as often as they do.
        let passes_on = of.filter(|view| view.passes_on);
        let times = passes_on.map_or(1, |view| readers.get(&view.key()).copied().unwrap_or(1));
        each_scan(plan, |_, view, _| {
            *readers.entry(view.key()).or_default() += times;
        })
    };
    count(&plan, None)?;
    for view in beneath.views().rev() {
        if let Some(plan) = plans.get(&view.key()) {
            count(plan, Some(view))?;
        }
    }
    let mut settled = Settled::default();
    for view in beneath.views() {
        if let Some(plan) = plans.remove(&view.key()) {
            let plan = settled.put_in(plan)?;
            let is_part = view.passes_on || readers.get(&view.key()) == Some(&1);
            settled.0.insert(
                view.key(),
                match is_part {
                    true => Place::Part(Arc::new(plan)),
                    false => Place::Leaf(Arc::new(view.with_plan(plan))),
                },
            );
        }
    }
    settled.put_in(plan)
}

/// What stands in the place of each view in a statement.
#[derive(Default)]
struct Settled(HashMap<usize, Place>);

enum Place {
    /// Its plan, which is part of its reader.
    Part(Arc<LogicalPlan>),
    /// A leaf still, of what is needed of it.
    Leaf(Arc<SharedView>),
}

impl Settled {
    fn put_in(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let replace = |node: LogicalPlan| {
            let LogicalPlan::TableScan(scan) = &node else {
                return Ok(Transformed::no(node));
            };
            let provider = source_as_provider(&scan.source)?;
            let view = provider.downcast_ref::<SharedView>();
            let node = match view.and_then(|view| self.0.get(&view.key())) {
                None => return Ok(Transformed::no(node)),
                Some(Place::Part(plan)) => {
                    let name = scan.table_name.clone();
                    let alias = SubqueryAlias::try_new(Arc::clone(plan), name)?;
                    LogicalPlan::SubqueryAlias(alias)
                }
                Some(Place::Leaf(view)) => LogicalPlan::TableScan(TableScan {
                    source: provider_as_source(Arc::clone(view) as Arc<dyn TableProvider>),
                    ..scan.clone()
                }),
            };
            Ok(Transformed::yes(node))
        };
        plan.transform_up_with_subqueries(replace).data()
    }
}

/// The rows of the views of the statement whose physical plan is being made.
type Kept = Arc<HashMap<usize, Arc<Rows>>>;

tokio::task_local! {
    static KEPT: Kept;
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
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = KEPT.try_with(|kept| kept.get(&self.key()).map(Arc::clone));
        let Ok(Some(rows)) = rows else {
            return internal_err!("view {} was not planned before its readers", self.name);
        };
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let schema = Arc::new(self.schema.project(projection.unwrap_or(&all))?);
        Ok(Arc::new(SharedExec::new(rows, schema)?))
    }
}

/// Plans statements with DataFusion's planner, and the views they share before them.
#[derive(Debug)]
pub(crate) struct PlanOnce;

#[async_trait]
impl QueryPlanner for PlanOnce {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(state) = session.as_any().downcast_ref::<SessionState>() else {
            return internal_err!("views are planned by a session of our own");
        };
        let planned = async {
            match self.plan(plan, state).await {
                Err(error) if is_of_nullability_alone(&error) => {
                    let mut state = state.clone();
                    let options = state.config_mut().options_mut();
                    options.execution.skip_physical_aggregate_schema_check = true;
                    self.plan(plan, &state).await
                }
                planned => planned,
            }
        };
        listed::statement(planned).await
    }
}

/// Whether DataFusion refuses a plan because it holds a column for free of NULLs in one place
/// and not in another, as it does of a `coalesce` in the branches of a union. Rows and types
/// are right then; what else it finds to differ stays an error.
fn is_of_nullability_alone(error: &DataFusionError) -> bool {
    let DataFusionError::Internal(message) = error.find_root() else {
        return false;
    };
    let differences: Vec<&str> = message
        .lines()
        .filter_map(|line| line.strip_prefix("\t- "))
        .collect();
    message.starts_with("Physical input schema should be the same")
        && !differences.is_empty()
        && differences
            .iter()
            .all(|line| line.starts_with("field nullability "))
}

impl PlanOnce {
    async fn plan(
        &self,
        plan: &LogicalPlan,
        state: &SessionState,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::default();
        let beneath = Beneath::of(plan)?;
        let mut wanted = Wanted::default();
        wanted.add(plan)?;
        // Readers come first here, so that all they want of a view is known by its turn.
        let mut pruned = Vec::new();
        for view in beneath.views().rev() {
            let Some(columns) = wanted.of(view) else {
                continue;
            };
            let schema = view.plan.schema();
            let fields = columns
                .iter()
                .map(|&at| Expr::from(schema.qualified_field(at)));
            let plan = LogicalPlanBuilder::from(view.plan.clone());
            let plan = plan.project(fields.collect::<Vec<_>>())?.build()?;
            let plan = state.optimizer().optimize(plan, state, |_, _| {})?;
            wanted.add(&plan)?;
            pruned.push((view, columns, plan));
        }
        let mut kept = Kept::default();
        for (view, columns, plan) in pruned.into_iter().rev() {
            let planning = planner.create_physical_plan(&plan, state);
            let physical = KEPT.scope(Arc::clone(&kept), planning).await?;
            let schema = Arc::new(view.schema.project(&columns)?);
            let rows = Arc::new(Rows::new(&view.name, physical, schema));
            Arc::make_mut(&mut kept).insert(view.key(), rows);
        }
        let planning = planner.create_physical_plan(plan, state);
        KEPT.scope(kept, planning).await
    }
}

/// The columns that readers ask of views, by view.
#[derive(Default)]
struct Wanted(HashMap<usize, BTreeSet<usize>>);

impl Wanted {
    fn add(&mut self, plan: &LogicalPlan) -> Result<()> {
        each_scan(plan, |scan, view, _| {
            let columns = self.0.entry(view.key()).or_default();
            match &scan.projection {
                Some(projection) => columns.extend(projection),
                None => columns.extend(0..view.schema.fields().len()),
            }
        })
    }

    /// None of a view that has no reader left. Never no columns: rows that are only counted
    /// still need one to be counted by.
    fn of(&self, view: &SharedView) -> Option<Vec<usize>> {
        let columns: Vec<usize> = self.0.get(&view.key())?.iter().copied().collect();
        Some(match columns.is_empty() {
            true => vec![0],
            false => columns,
        })
    }
}
