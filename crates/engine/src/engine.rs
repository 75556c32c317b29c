//! The public face: open a workspace, ask it questions.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use futures::TryStreamExt;
use indexmap::IndexMap;

use crate::bind::{self, Parameters};
use crate::blame::{Places, blame};
use crate::catalog::{Names, WITH_COPIES};
use crate::copy;
use crate::error::{Error, Result};
use crate::planning::Planning;
use crate::rules::RuleTables;
use crate::session::Limits;
use crate::settings::{Settings, depends_on};
use crate::shared;
use crate::source::{OpenSource, StoreOptions};
use crate::table::{CanonicalTables, MappedTable};
use crate::view::{View, Views};
use crate::workspace::Workspace;

mod opening;
mod statements;

/// How to open a workspace.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What the session may take of the machine.
    pub limits: Limits,
    /// Where locations start from, and credentials of object stores.
    pub stores: StoreOptions,
    /// Whether a query may name a file or URL as a table. Gives everybody who
    /// can send SQL the files the process can read: right for a shell, wrong
    /// for a server.
    pub allow_files: bool,
    /// Rule files beside those of the workspace, by the table they stand in for;
    /// paths start from the current folder.
    pub rules: Vec<(String, String)>,
}

/// An open workspace: sources, tables, views and settings in one session.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use aftersight_engine::{Engine, Options, Workspace};
///
/// let engine = Engine::open(Workspace::default(), Options::default()).await?;
/// let rows = engine.query("select nps(score) as nps from (values (10), (9), (3)) as t(score)").await?;
/// assert_eq!(rows[0].num_rows(), 1);
/// # Ok::<(), aftersight_engine::Error>(())
/// # }).unwrap();
/// ```
pub struct Engine {
    ctx: SessionContext,
    names: Arc<Names>,
    rules: RuleTables,
    workspace: Workspace,
    sources: IndexMap<String, OpenSource>,
    tables: IndexMap<String, MappedTable>,
    places: Arc<Places>,
    used: Mutex<BTreeSet<String>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("workspace", &self.workspace.file)
            .finish_non_exhaustive()
    }
}

/// What a statement gave.
pub enum Outcome {
    /// Rows that are still being computed.
    Rows(Rows),
    /// Nothing to show but that it is done.
    Done(String),
}

/// Rows on their way.
pub struct Rows {
    /// Columns.
    pub schema: SchemaRef,
    /// Batches; dropping the stream cancels the query.
    pub stream: SendableRecordBatchStream,
    /// The running plan, for progress and metrics; none for rows made here.
    pub plan: Option<Arc<dyn ExecutionPlan>>,
}

impl Engine {
    /// The workspace as its file says.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The sources that were opened.
    pub fn sources(&self) -> &IndexMap<String, OpenSource> {
        &self.sources
    }

    /// The canonical tables of this workspace, the unmapped ones too.
    pub fn tables(&self) -> &IndexMap<String, MappedTable> {
        &self.tables
    }

    /// The rule tables the workspace brings.
    pub fn rules(&self) -> &RuleTables {
        &self.rules
    }

    /// The views.
    pub fn views(&self) -> &Views {
        self.names.views()
    }

    /// The session underneath, for embedders.
    pub fn context(&self) -> &SessionContext {
        &self.ctx
    }

    /// Names a bare table reference can mean.
    pub fn table_names(&self) -> Vec<String> {
        self.names.bare_names()
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        bind::settings(&self.ctx.state())
    }

    /// Changes a setting of the session.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        self.change(|settings| settings.set(name, value))
    }

    /// Puts a setting back to what the workspace file says.
    pub fn reset(&self, name: &str) -> Result<()> {
        match self.workspace.settings.get(name)? {
            Some(value) => self.set(name, value),
            None => self.change(|settings| settings.reset(name)),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Settings) -> Result<()>) -> Result<()> {
        let state = self.ctx.state_ref();
        let mut state = state.write();
        let options = state.config_mut().options_mut();
        match options.extensions.get_mut::<Settings>() {
            Some(settings) => {
                let mut changed = settings.clone();
                change(&mut changed)?;
                changed.check()?;
                *settings = changed;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Runs a text of one query and collects its rows.
    pub async fn query(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        self.query_with(sql, &Parameters::new())
            .await
            .map(|(_, batches)| batches)
    }

    /// Runs one query with parameters beside the settings.
    pub async fn query_with(
        &self,
        sql: &str,
        parameters: &Parameters,
    ) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let failed = |e: DataFusionError| Error::query(sql, e);
        let mut statements = bind::parse(sql).map_err(failed)?;
        let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
            let error = DataFusionError::Plan("expected one query".into());
            return Err(failed(error));
        };
        let rows = match self.run_with(statement, parameters).await.map_err(failed)? {
            Outcome::Rows(rows) => rows,
            Outcome::Done(_) => return Ok((Arc::new(Schema::empty()), Vec::new())),
        };
        let batches = rows.stream.try_collect().await.map_err(failed)?;
        Ok((rows.schema, batches))
    }

    /// Makes a result a table of the session, so that later queries can read it by its name.
    pub fn register_result(
        &self,
        name: &str,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<()> {
        let table = MemTable::try_new(schema, vec![batches]);
        let table = table.map_err(|e| Error::query(name, e))?;
        self.names
            .register_own(name, Arc::new(table))
            .map_err(|e| Error::query(name, e))
    }

    /// Forgets a result.
    pub fn remove_result(&self, name: &str) {
        self.names.remove_own(name);
    }

    /// Returns the bare names a query reads, CTEs aside.
    pub fn references(&self, sql: &str) -> Result<Vec<String>> {
        let state = self.ctx.state();
        let mut names = Vec::new();
        for statement in self.parse(sql)? {
            let found = state
                .resolve_table_references(&statement)
                .map_err(|e| Error::query(sql, e))?;
            names.extend(found.into_iter().filter_map(|reference| match reference {
                TableReference::Bare { table } => Some(table.to_string()),
                _ => None,
            }));
        }
        Ok(names)
    }

    /// Returns the canonical tables a view reads, through whatever views, in their order.
    ///
    /// Nothing is planned, so this also works where the view itself would not.
    pub fn inputs(&self, view: &View) -> Result<Vec<String>> {
        inputs(&self.ctx.state(), self.views(), view)
    }

    /// Parses a script into its statements.
    pub fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        bind::parse(sql).map_err(|e| Error::query(sql, e))
    }

    /// Runs one statement.
    pub async fn run(&self, statement: Statement) -> Result<Outcome, DataFusionError> {
        self.run_with(statement, &Parameters::new()).await
    }

    async fn run_with(
        &self,
        statement: Statement,
        parameters: &Parameters,
    ) -> Result<Outcome, DataFusionError> {
        if let Some(outcome) = self.own_statement(&statement)? {
            return Ok(outcome);
        }
        let state = self.ctx.state();
        let plan = self.plan(&state, statement, parameters).await?;
        match plan {
            LogicalPlan::Copy(copy) => copy::run(&self.ctx, copy, &self.places).await,
            LogicalPlan::Dml(dml) => {
                let table = dml.table_name.table();
                if !self.names.is_own(table) {
                    return datafusion::common::plan_err!(
                        "{table} belongs to the workspace and is read-only; write results with copy (...) to 'file.parquet'"
                    );
                }
                self.stream(&state, LogicalPlan::Dml(dml)).await
            }
            LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) => {
                self.ctx.execute_logical_plan(plan).await?.collect().await?;
                Ok(Outcome::Done("done".into()))
            }
            plan => self.stream(&state, plan).await,
        }
    }

    /// Plans a statement, its views included, with the settings of now.
    pub async fn plan(
        &self,
        state: &SessionState,
        mut statement: Statement,
        parameters: &Parameters,
    ) -> Result<LogicalPlan, DataFusionError> {
        let settings = bind::settings(state);
        let own = bind::bind_with(&settings, parameters, &mut statement)?;
        let planning = Planning::new(settings, parameters.clone()).sharing(state);
        let work = state.statement_to_plan(statement);
        let plan = planning.clone().scope(work).await;
        let plan = plan.and_then(|plan| shared::settle(plan, state));
        let mut used = lock(&self.used);
        used.clear();
        used.extend(own);
        used.extend(planning.placeholders());
        plan
    }

    /// Returns whether the last statement depends on the report day.
    pub fn used_report_day(&self) -> bool {
        let used = lock(&self.used);
        used.iter().any(|name| depends_on(name, "as_of"))
    }

    async fn stream(
        &self,
        state: &SessionState,
        plan: LogicalPlan,
    ) -> Result<Outcome, DataFusionError> {
        let physical = if shared::is_analyzed_later(&plan) {
            state.create_physical_plan(&plan).await?
        } else {
            // Analyzing it again with all its views would be an eighth of the planning.
            let plan = state.optimizer().optimize(plan, state, |_, _| {})?;
            let planner = state.query_planner();
            planner.create_physical_plan(&plan, state).await?
        };
        let task = state.task_ctx();
        let stream = execute_stream(Arc::clone(&physical), Arc::clone(&task))?;
        // The query's own names: the physical schema may differ in nullability only.
        let schema = stream.schema();
        let (plan, places) = (Arc::clone(&physical), Arc::clone(&self.places));
        let stream = stream.or_else(move |error| {
            let (plan, task, places) = (Arc::clone(&plan), Arc::clone(&task), Arc::clone(&places));
            async move { Err(blame(&plan, &task, &places, error).await) }
        });
        let stream = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream));
        Ok(Outcome::Rows(Rows {
            schema,
            stream,
            plan: Some(physical),
        }))
    }
}

/// Follows the names a view reads down to canonical tables.
fn inputs(state: &SessionState, views: &Views, view: &View) -> Result<Vec<String>> {
    let mut tables = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut left = vec![view];
    while let Some(view) = left.pop() {
        if !seen.insert(view.qualified()) {
            continue;
        }
        let failed = |e| Error::query(&view.sql, e);
        let query = view.query().map_err(failed)?;
        for reference in state.resolve_table_references(query).map_err(failed)? {
            let name = reference.table();
            let read = match reference.schema() {
                Some("raw") => None,
                Some(schema) => views.get(schema, name),
                None => views.find(name),
            };
            match read {
                Some(read) => left.push(read),
                None => {
                    let name = name.strip_suffix(WITH_COPIES).unwrap_or(name);
                    tables.insert(name.to_owned());
                }
            }
        }
    }
    let known = CanonicalTables::get().iter().map(|t| t.name.clone());
    Ok(known.filter(|name| tables.contains(name)).collect())
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
