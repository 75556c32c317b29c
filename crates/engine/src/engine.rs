//! The public face: open a workspace, ask it questions.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{ScalarValue, TableReference};
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{ResetStatement, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, Ident, ObjectName, Set, Statement as Sql, Value,
};
use futures::TryStreamExt;
use indexmap::IndexMap;

use crate::bind::{self, Parameters};
use crate::blame::{Places, blame};
use crate::catalog::{Names, Planning, WITH_COPIES};
use crate::copy;
use crate::error::{Error, Result};
use crate::rules::{self, Expected, RuleTables};
use crate::session::{Limits, session};
use crate::settings::{Settings, depends_on, with_hint};
use crate::shared;
use crate::source::{OpenSource, StoreOptions, open_source};
use crate::table::{CanonicalTables, MappedTable, Mapper};
use crate::view::{View, Views};
use crate::workspace::{RuleSpec, Workspace};

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
    /// Opens every source and maps every table; the first mistake is the error.
    pub async fn open(workspace: Workspace, options: Options) -> Result<Self> {
        let file_base = Path::new(&workspace.file)
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default();
        let mut views = Views::built_in()?;
        if !workspace.file.is_empty() {
            views.add_folder(&file_base.join("sql"))?;
        }
        let kept = workspace
            .tables
            .iter()
            .filter(|(_, t)| t.materialize)
            .map(|(name, _)| name.clone());
        let names = Names::new(views, kept);
        let mut workspace = workspace;
        let thresholds = rules::thresholds::apply(&mut workspace, &file_base)?;
        let settings = workspace.settings.clone();
        let opened = session(&names, settings, &options.limits);
        let ctx = opened.map_err(|e| Error::query("", e))?;
        if options.allow_files {
            names.allow_files(options.stores.clone());
        }

        let mut sources = IndexMap::new();
        for (name, spec) in &workspace.sources {
            sources.insert(
                name.clone(),
                open_source(&ctx, name, spec, &options.stores).await?,
            );
        }
        names.set_sources(
            sources
                .iter()
                .map(|(n, s)| (n.clone(), Arc::clone(&s.provider)))
                .collect(),
        );

        let read_file = |file: &str| std::fs::read_to_string(file_base.join(file));
        let mapper = Mapper {
            ctx: &ctx,
            workspace: &workspace,
            read_file: &read_file,
            folder: &file_base,
        };
        let tables = mapper.map_all().await?;
        names.set_raw(
            tables
                .iter()
                .map(|(n, t)| (n.clone(), Arc::clone(&t.provider)))
                .collect(),
        );
        let with_copies = tables.iter().filter_map(|(name, table)| {
            let provider = table.with_copies.as_ref()?;
            Some((name.clone(), Arc::clone(provider)))
        });
        names.set_copies(with_copies.collect());
        let mut rules = load_rules(&ctx, &names, &workspace, &file_base, &options.rules).await?;
        rules.extend(thresholds);
        let of_tables = tables.iter().filter_map(|(name, table)| {
            let rule = table.rule.clone()?;
            Some((name.clone(), rule))
        });
        rules.extend(of_tables);
        rules::exist(&workspace, &rules)?;
        rules::codes::check(&ctx, &rules).await?;
        if let Some(models) = rules.get(rules::segment_models::NAME) {
            let own = models.keys.iter().filter(|name| !rules::is_built_in(name));
            let names: Vec<String> = own.cloned().collect();
            let settings = &mut workspace.settings;
            settings.set_more_choices("segment_model", names.clone())?;
            let state = ctx.state_ref();
            let mut state = state.write();
            let options = state.config_mut().options_mut();
            if let Some(settings) = options.extensions.get_mut::<Settings>() {
                settings.set_more_choices("segment_model", names)?;
            }
        }
        names.set_rules(
            rules
                .iter()
                .filter_map(|(n, t)| Some((n.clone(), Arc::clone(t.provider.as_ref()?))))
                .collect(),
        );
        Ok(Engine {
            ctx,
            names,
            rules,
            workspace,
            places: Arc::new(Places::of(sources.iter())),
            sources,
            tables,
            used: Mutex::default(),
        })
    }

    /// Reads a workspace file and opens it.
    pub async fn open_file(path: &Path, mut options: Options) -> Result<Self> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| Error::Workspace {
            at: None,
            message: format!("cannot read {file}: {e}"),
            hint: None,
        })?;
        if options.stores.base.is_empty() {
            options.stores.base = path
                .parent()
                .map(|p| p.display().to_string())
                .unwrap_or_default();
        }
        let workspace = Workspace::parse(&file, &text, CanonicalTables::get())?;
        Engine::open(workspace, options).await
    }

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
        let planning = Planning::new(settings, parameters.clone()).sharing();
        let in_views = Arc::clone(&planning.used);
        let plan = planning.scope(state.statement_to_plan(statement)).await;
        let plan = plan.and_then(|plan| shared::settle(plan, state));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.clear();
        used.extend(own);
        used.extend(
            in_views
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned(),
        );
        plan
    }

    /// Returns whether the last statement depends on the report day.
    pub fn used_report_day(&self) -> bool {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// `set`, `reset` and `show` of our settings, which DataFusion does not know or only half.
    fn own_statement(&self, statement: &Statement) -> Result<Option<Outcome>, DataFusionError> {
        let as_plan = |e: Error| DataFusionError::Plan(with_hint(&e));
        match statement {
            Statement::Reset(ResetStatement::Variable(name)) => {
                let Some(name) = own_setting(&parts(name)) else {
                    return Ok(None);
                };
                self.reset(&name).map_err(as_plan)?;
                Ok(Some(Outcome::Done(format!(
                    "{name} = {}",
                    self.shown(&name)
                ))))
            }
            Statement::Statement(inner) => match inner.as_ref() {
                Sql::Set(Set::SingleAssignment {
                    variable, values, ..
                }) => {
                    let Some(name) = own_setting(&parts(variable)) else {
                        return Ok(None);
                    };
                    let [value] = values.as_slice() else {
                        return datafusion::common::plan_err!("`{name}` takes one value");
                    };
                    self.set(&name, &setting_text(value)).map_err(as_plan)?;
                    Ok(Some(Outcome::Done(format!(
                        "{name} = {}",
                        self.shown(&name)
                    ))))
                }
                Sql::ShowVariable { variable } => {
                    let Some(name) = own_setting(&idents(variable)) else {
                        return Ok(None);
                    };
                    if name == "settings" {
                        return Ok(Some(Outcome::Rows(self.settings_rows(None)?)));
                    }
                    if name == "tables" || name == "all" {
                        return Ok(None);
                    }
                    self.settings().get(&name).map_err(as_plan)?;
                    Ok(Some(Outcome::Rows(self.settings_rows(Some(&name))?)))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn shown(&self, name: &str) -> String {
        let settings = self.settings();
        settings
            .get(name)
            .ok()
            .flatten()
            .unwrap_or("null")
            .to_owned()
    }

    fn settings_rows(&self, only: Option<&str>) -> Result<Rows, DataFusionError> {
        let settings = self.settings();
        let mut columns: [Vec<Option<String>>; 5] = Default::default();
        for setting in settings
            .declarations()
            .filter(|s| only.is_none_or(|name| s.name == name))
        {
            let value = settings
                .get(&setting.name)
                .ok()
                .flatten()
                .map(str::to_owned);
            let row = [
                Some(setting.name.clone()),
                value,
                setting.default.clone(),
                Some(setting.ty.name()),
                Some(setting.doc.clone()),
            ];
            for (column, cell) in columns.iter_mut().zip(row) {
                column.push(cell);
            }
        }
        let names = ["name", "value", "default", "type", "meaning"];
        let fields: Vec<Field> = names
            .iter()
            .map(|n| Field::new(*n, DataType::Utf8, true))
            .collect();
        let arrays = columns
            .into_iter()
            .map(|c| Arc::new(StringArray::from(c)) as ArrayRef);
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect())?;
        let stream = futures::stream::iter([Ok(batch)]);
        let stream = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream));
        Ok(Rows {
            schema,
            stream,
            plan: None,
        })
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
        for statement in bind::parse(&view.sql).map_err(failed)? {
            let found = state.resolve_table_references(&statement);
            for reference in found.map_err(failed)? {
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
    }
    let known = CanonicalTables::get().iter().map(|t| t.name.clone());
    Ok(known.filter(|name| tables.contains(name)).collect())
}

/// Reads the rule files of a workspace and computes the rule tables that are built in.
///
/// The built-in ones are computed once here and not planned into every query.
async fn load_rules(
    ctx: &SessionContext,
    names: &Names,
    workspace: &Workspace,
    folder: &Path,
    more: &[(String, String)],
) -> Result<RuleTables> {
    let state = ctx.state();
    let mut tables = RuleTables::new();
    let more: IndexMap<&str, RuleSpec> = more
        .iter()
        .map(|(name, file)| (name.as_str(), RuleSpec::of_file(file)))
        .collect();
    let currency = workspace.settings.get("currency")?;
    for view in names.views().iter().filter(|v| v.schema == rules::SCHEMA) {
        if view.name == rules::thresholds::NAME {
            continue;
        }
        // A view that cannot be parsed says so when it is asked.
        if !reads_nothing(&state, view).unwrap_or(false) {
            continue;
        }
        let planning = Planning::new(workspace.settings.clone(), Parameters::new());
        let used = Arc::clone(&planning.used);
        let failed = |e| Error::query(&view.sql, e);
        let planned = planning.scope(names.plan_view(view)).await;
        let beside = workspace.rules.get(&view.name).map(|spec| (spec, folder));
        let brought = more.get(view.name.as_str()).map(|s| (s, Path::new("")));
        let table = match brought.or(beside) {
            Some((spec, folder)) => {
                let planned = planned.map_err(failed)?;
                let schema = planned.schema();
                let built_in = ctx.read_table(planned).map_err(failed)?.collect().await;
                let expected = Expected {
                    view,
                    schema: &schema,
                    built_in: &built_in.map_err(failed)?,
                    views: names.views(),
                    currency,
                };
                rules::load(spec, &expected, folder)?
            }
            // It says what is wrong with it when somebody asks for it.
            None if planned.is_err() => continue,
            // What settings change is no table to keep.
            None if !lock(&used).is_empty() => continue,
            None => {
                let rows = names.compute(planned.map_err(failed)?).await;
                rules::built_in(view, rows.map_err(failed)?)
            }
        };
        tables.insert(view.name.clone(), table);
    }
    Ok(tables)
}

/// Whether a view reads no table at all, as a list of values does.
fn reads_nothing(state: &SessionState, view: &View) -> Result<bool, DataFusionError> {
    for statement in bind::parse(&view.sql)? {
        if !state.resolve_table_references(&statement)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.to_string().split('.').map(str::to_lowercase).collect()
}

fn idents(names: &[Ident]) -> Vec<String> {
    names
        .iter()
        .flat_map(|n| {
            n.value
                .split('.')
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the setting a variable means; `datafusion.*` and SQL's own variables are none of ours.
fn own_setting(parts: &[String]) -> Option<String> {
    match parts {
        [name] if !matches!(name.as_str(), "timezone" | "time.zone") => Some(name.clone()),
        [prefix, name] if prefix == "aftersight" => Some(name.clone()),
        _ => None,
    }
}

/// Returns a setting's value as written: quoted, bare, `date '...'` or a number.
fn setting_text(value: &SqlExpr) -> String {
    match value {
        SqlExpr::Value(value) => value_text(&value.value),
        SqlExpr::TypedString(typed) => value_text(&typed.value.value),
        SqlExpr::Cast { expr, .. } => setting_text(expr),
        SqlExpr::Identifier(name) => name.value.clone(),
        // An unquoted 2026-10-01 reads as a subtraction.
        other => other.to_string().replace(" - ", "-"),
    }
}

fn value_text(value: &Value) -> String {
    match value.clone().into_string() {
        Some(text) => text,
        None => value.to_string(),
    }
}

/// Returns a report parameter's value in text.
pub fn parameter_text(value: &ScalarValue) -> String {
    if value.is_null() {
        "null".to_owned()
    } else {
        value.to_string()
    }
}
