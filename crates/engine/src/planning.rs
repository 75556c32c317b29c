//! How a view is planned that a query names, and what is known meanwhile.
//!
//! A view is planned when it is looked up, with the settings of that moment, so
//! a view follows a later `set`. Within one statement a view is planned once.
//!
//! Statements ask the same views again and again, and to make plans of their texts
//! is a third of planning. So the analyzed plan of a view serves later statements
//! too, as long as it would be made the same: [`Depends`] is what it was made of
//! beside the workspace, which does not change.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use datafusion::catalog::TableProvider;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::datasource::ViewTable;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;

use crate::bind::{self, Parameters};
use crate::catalog::Names;
use crate::engine::lock;
use crate::settings::Settings;
use crate::shared::SharedView;
use crate::view::View;

/// What is known while a statement is planned.
#[derive(Clone)]
pub(crate) struct Planning {
    /// Views being planned, outermost first.
    stack: Vec<String>,
    /// Views this statement has planned already.
    planned: Arc<Mutex<HashMap<String, Planned>>>,
    /// Settings that views are bound with.
    pub(crate) settings: Arc<Settings>,
    /// Values beside the settings.
    parameters: Arc<Parameters>,
    /// What the innermost view, or the statement, depends on.
    depends: Arc<Mutex<Depends>>,
    /// The session as the statement has it, where views stay leaves, to be settled when the
    /// statement is planned.
    shares: Option<Arc<SessionState>>,
}

/// What a plan was made of beside the workspace, all that it stands on included.
#[derive(Debug, Clone, Default)]
struct Depends {
    /// Placeholders: settings, or parameters of a report.
    placeholders: BTreeSet<String>,
    /// Bare names that led to the workspace, which a table of the session would take over.
    bare: BTreeSet<String>,
    /// Whether another statement may find other things under its names.
    on_statement: bool,
}

impl Depends {
    fn add(&mut self, other: &Depends) {
        self.placeholders.extend(other.placeholders.iter().cloned());
        self.bare.extend(other.bare.iter().cloned());
        self.on_statement |= other.on_statement;
    }
}

/// A view that was planned.
#[derive(Clone)]
struct Planned {
    table: Arc<dyn TableProvider>,
    depends: Arc<Depends>,
}

tokio::task_local! {
    static PLANNING: Planning;
}

impl Planning {
    /// Starts the planning of a statement.
    pub(crate) fn new(settings: Settings, parameters: Parameters) -> Self {
        Planning {
            stack: Vec::new(),
            planned: Arc::default(),
            settings: Arc::new(settings),
            parameters: Arc::new(parameters),
            depends: Arc::default(),
            shares: None,
        }
    }

    /// Makes views above staging leaves: the plan is to be settled afterwards.
    pub(crate) fn sharing(self, state: &SessionState) -> Self {
        Planning {
            shares: Some(Arc::new(state.clone())),
            ..self
        }
    }

    /// Runs planning work that may look up views.
    pub(crate) async fn scope<F: Future>(self, work: F) -> F::Output {
        PLANNING.scope(self, work).await
    }

    /// Returns the planning under way, if there is one.
    pub(crate) fn current() -> Option<Self> {
        PLANNING.try_with(Planning::clone).ok()
    }

    /// The placeholders that were asked for.
    pub(crate) fn placeholders(&self) -> BTreeSet<String> {
        self.depends().placeholders.clone()
    }

    /// Views being planned, outermost first.
    pub(crate) fn stack(&self) -> &[String] {
        &self.stack
    }

    /// Whether views stay leaves, to be settled when the statement is planned.
    pub(crate) fn shares(&self) -> bool {
        self.shares.is_some()
    }

    /// Notes that a bare name led to the workspace, and not to a table of the session.
    pub(crate) fn led_to_workspace(&self, name: &str) {
        self.depends().bare.insert(name.to_owned());
    }

    /// Notes that another statement may find other things under the same names.
    pub(crate) fn is_of_this_statement(&self) {
        self.depends().on_statement = true;
    }

    fn depends(&self) -> MutexGuard<'_, Depends> {
        lock(&self.depends)
    }

    /// The planning of a view that this one reads.
    fn of_view(&self, name: &str) -> Self {
        let mut inner = self.clone();
        inner.stack.push(name.to_owned());
        inner.depends = Arc::default();
        inner
    }
}

/// Views as earlier statements have analyzed them.
#[derive(Default)]
pub(crate) struct Analyzed(Mutex<Generation>);

#[derive(Default)]
struct Generation {
    /// Every change makes options anew, since these are held here.
    options: Option<Arc<ConfigOptions>>,
    views: HashMap<String, Planned>,
}

impl Analyzed {
    /// The views as they are with these options: none yet, where they were asked with others.
    fn with(&self, options: &Arc<ConfigOptions>) -> MutexGuard<'_, Generation> {
        let mut now = lock(&self.0);
        let held = now.options.as_ref();
        if !held.is_some_and(|held| Arc::ptr_eq(held, options)) {
            *now = Generation {
                options: Some(Arc::clone(options)),
                views: HashMap::new(),
            };
        }
        now
    }
}

impl Names {
    /// Plans a view with the settings of the statement that names it.
    pub(crate) async fn plan_view(&self, view: &View) -> Result<Arc<dyn TableProvider>> {
        if let Some(table) = self.rows_of_rule(view) {
            return Ok(table);
        }
        let planning = Planning::current();
        let state = match planning
            .as_ref()
            .and_then(|planning| planning.shares.clone())
        {
            Some(state) => state,
            None => Arc::new(self.state()?),
        };
        let planning =
            planning.unwrap_or_else(|| Planning::new(bind::settings(&state), Parameters::new()));
        let name = view.qualified();
        if let Some(at) = planning.stack.iter().position(|v| *v == name) {
            let cycle = planning.stack[at..].join(" -> ");
            return plan_err!("view {name} reads itself: {cycle} -> {name}");
        }
        let known = lock(&planning.planned).get(&name).cloned();
        let planned = match known.or_else(|| self.analyzed_before(&name, &planning)) {
            Some(planned) => planned,
            None => {
                let planned = self.plan_anew(view, &planning, &state).await;
                planned.map_err(|e: DataFusionError| e.context(format!("in view {name}")))?
            }
        };
        planning.depends().add(&planned.depends);
        let table = Arc::clone(&planned.table);
        lock(&planning.planned).insert(name, planned);
        Ok(table)
    }

    /// The view as an earlier statement analyzed it, where this one would do the same.
    fn analyzed_before(&self, name: &str, planning: &Planning) -> Option<Planned> {
        let options = planning.shares.as_ref()?.config_options();
        let planned = self.analyzed().with(options).views.get(name).cloned()?;
        let Depends {
            placeholders, bare, ..
        } = planned.depends.as_ref();
        let mut parameters = planning.parameters.keys();
        let is_same = !parameters.any(|name| placeholders.contains(name))
            && !bare.iter().any(|name| self.is_own(name));
        is_same.then_some(planned)
    }

    async fn plan_anew(
        &self,
        view: &View,
        planning: &Planning,
        state: &SessionState,
    ) -> Result<Planned> {
        let name = view.qualified();
        let inner = planning.of_view(&name);
        let depends = Arc::clone(&inner.depends);
        let plan = async {
            let mut statement = view.query()?.clone();
            let used = bind::bind_with(&planning.settings, &planning.parameters, &mut statement)?;
            lock(&depends).placeholders.extend(used);
            let plan = state.statement_to_plan(statement).await?;
            let returned = plan.schema().fields().iter().map(|f| f.name().as_str());
            let checked = view.check_columns(returned);
            checked.map_err(DataFusionError::Plan)?;
            Ok(plan)
        };
        // Boxed, because views plan views.
        let plan: Pin<Box<dyn Future<Output = Result<LogicalPlan>> + Send>> = Box::pin(plan);
        let plan = inner.scope(plan).await?;
        let table: Arc<dyn TableProvider> = if planning.shares() {
            let passes_on = view.schema == "staging";
            Arc::new(SharedView::new(name.clone(), plan, passes_on, state)?)
        } else {
            Arc::new(ViewTable::new(plan, Some(view.sql.clone())))
        };
        let depends = Arc::new(lock(&depends).clone());
        let planned = Planned { table, depends };
        let is_given = |name: &String| planning.parameters.contains_key(name);
        let holds_later =
            !planned.depends.on_statement && !planned.depends.placeholders.iter().any(is_given);
        if planning.shares() && holds_later {
            let mut analyzed = self.analyzed().with(state.config_options());
            analyzed.views.insert(name, planned.clone());
        }
        Ok(planned)
    }
}
