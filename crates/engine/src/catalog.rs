//! Where a name in a query leads: files, canonical tables, views, the session's own tables.
//!
//! A view is planned when it is looked up: see [`crate::planning`].
//! A bare name is, after CTEs, the session's own table or a query of the running
//! report, then marts, intermediate, staging, raw, source. A view never sees
//! itself: its own name leads on to the next layer.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::common::{DataFusionError, Result, exec_err, plan_err};
use datafusion::datasource::{MemTable, TableType};
use datafusion::execution::context::SessionState;
use datafusion::prelude::SessionContext;
use indexmap::IndexMap;
use tokio::sync::OnceCell;

use crate::error::Error;
use crate::planning::{Analyzed, Planning};
use crate::rules;
use crate::settings::with_hint;
use crate::source::{StoreOptions, open_source};
use crate::suggest::did_you_mean;
use crate::view::{VIEW_SCHEMAS, View, Views};
use crate::workspace::SourceSpec;

/// Name of the catalog; it shows up only in `information_schema`.
pub(crate) const CATALOG: &str = "aftersight";
/// The schema of bare names: what the session made itself, and the way to everything else.
pub(crate) const MAIN: &str = "main";

/// `raw.orders_with_copies` is `raw.orders` before `dedupe`; it is in no listing.
pub(crate) const WITH_COPIES: &str = "_with_copies";

type Tables = IndexMap<String, Arc<dyn TableProvider>>;

/// Everything names can lead to.
pub(crate) struct Names {
    sources: OnceLock<Tables>,
    raw: OnceLock<Tables>,
    /// Canonical tables as they were before copies of rows were dropped.
    copies: OnceLock<Tables>,
    /// Canonical tables as statements read them that share what they read several times.
    to_share: OnceLock<Tables>,
    /// Tables whose rows are kept, filled when a query first names them.
    kept: IndexMap<String, OnceCell<Arc<dyn TableProvider>>>,
    views: Views,
    /// Rows that stand in for views of rules.
    rules: OnceLock<Tables>,
    own: MemorySchemaProvider,
    files: OnceLock<StoreOptions>,
    state: OnceLock<Box<dyn Fn() -> Option<SessionState> + Send + Sync>>,
    analyzed: Analyzed,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl Names {
    /// Makes the names of a workspace; `kept` are the tables whose rows are computed once.
    pub(crate) fn new(views: Views, kept: impl IntoIterator<Item = String>) -> Arc<Self> {
        Arc::new(Names {
            kept: kept
                .into_iter()
                .map(|name| (name, OnceCell::new()))
                .collect(),
            sources: OnceLock::new(),
            raw: OnceLock::new(),
            copies: OnceLock::new(),
            to_share: OnceLock::new(),
            views,
            rules: OnceLock::new(),
            own: MemorySchemaProvider::new(),
            files: OnceLock::new(),
            state: OnceLock::new(),
            analyzed: Analyzed::default(),
        })
    }

    /// Connects the names with the session that asks for them.
    pub(crate) fn attach(self: &Arc<Self>, ctx: &SessionContext) {
        let state = ctx.state_weak_ref();
        let _ = self
            .state
            .set(Box::new(move || Some(state.upgrade()?.read().clone())));
        let catalog = Catalog {
            names: Arc::clone(self),
        };
        ctx.register_catalog(CATALOG, Arc::new(catalog));
    }

    pub(crate) fn set_sources(&self, sources: Tables) {
        let _ = self.sources.set(sources);
    }

    pub(crate) fn set_raw(&self, raw: Tables) {
        let _ = self.raw.set(raw);
    }

    /// Says which tables had copies dropped, and what they were before.
    pub(crate) fn set_copies(&self, copies: Tables) {
        let _ = self.copies.set(copies);
    }

    /// Says which tables have something that their readers can share.
    pub(crate) fn set_to_share(&self, tables: Tables) {
        let _ = self.to_share.set(tables);
    }

    pub(crate) fn set_rules(&self, rules: Tables) {
        let _ = self.rules.set(rules);
    }

    /// Lets queries name files and URLs as tables.
    pub(crate) fn allow_files(&self, options: StoreOptions) {
        let _ = self.files.set(options);
    }

    /// Makes a table of the session, replacing one of the same name.
    pub(crate) fn register_own(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
        self.remove_own(name);
        self.own.register_table(name.to_owned(), table).map(drop)
    }

    /// Forgets a table of the session.
    pub(crate) fn remove_own(&self, name: &str) {
        // Forgetting what is not there is no failure.
        let _ = self.own.deregister_table(name);
    }

    /// Returns whether the session made this table itself.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        self.own.table_exist(name)
    }

    pub(crate) fn views(&self) -> &Views {
        &self.views
    }

    /// Returns every name a bare reference can mean, for suggestions and completion.
    pub(crate) fn bare_names(&self) -> Vec<String> {
        let mut names = self.own.table_names();
        for schema in VIEW_SCHEMAS {
            names.extend(self.views.names(schema));
        }
        for tables in [self.raw.get(), self.sources.get()].into_iter().flatten() {
            names.extend(tables.keys().cloned());
        }
        names.sort();
        names.dedup();
        names
    }

    /// Views as earlier statements have analyzed them.
    pub(crate) fn analyzed(&self) -> &Analyzed {
        &self.analyzed
    }

    /// The rows that stand in for a view of rules.
    pub(crate) fn rows_of_rule(&self, view: &View) -> Option<Arc<dyn TableProvider>> {
        let brought = self.rules.get().filter(|_| view.schema == rules::SCHEMA)?;
        brought.get(&view.name).map(Arc::clone)
    }

    pub(crate) fn state(&self) -> Result<SessionState> {
        match self.state.get().and_then(|state| state()) {
            Some(state) => Ok(state),
            None => exec_err!("the session is closed"),
        }
    }

    async fn lookup(&self, schema: &str, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let of = |tables: Option<&Tables>| tables.and_then(|t| t.get(name)).map(Arc::clone);
        match schema {
            "source" => Ok(of(self.sources.get())),
            // Where nothing was dropped, the two are one.
            "raw" if let Some(table) = name.strip_suffix(WITH_COPIES) => {
                match self.copies.get().and_then(|copies| copies.get(table)) {
                    Some(copies) => Ok(Some(Arc::clone(copies))),
                    None => Box::pin(self.lookup(schema, table)).await,
                }
            }
            "raw" => match (of(self.raw.get()), self.kept.get(name)) {
                (Some(table), Some(rows)) => {
                    let kept = rows.get_or_try_init(|| self.compute(table)).await?;
                    Ok(Some(Arc::clone(kept)))
                }
                (table, _) => {
                    let shares = Planning::current().is_some_and(|planning| planning.shares());
                    Ok(of(self.to_share.get()).filter(|_| shares).or(table))
                }
            },
            MAIN => self.lookup_bare(name).await,
            _ => match self.views.get(schema, name) {
                Some(view) => self.plan_view(view).await.map(Some),
                None => Ok(None),
            },
        }
    }

    /// Computes the rows of a table and keeps them in memory.
    pub(crate) async fn compute(
        &self,
        table: Arc<dyn TableProvider>,
    ) -> Result<Arc<dyn TableProvider>> {
        let ctx = SessionContext::new_with_state(self.state()?);
        let schema = table.schema();
        let frame = ctx.read_table(table)?;
        let n_partitions = ctx.state().config().target_partitions();
        let batches = frame.collect().await?;
        // Dealt out, so that later scans run in parallel.
        let mut partitions = vec![Vec::new(); n_partitions.max(1)];
        for (i, batch) in batches.into_iter().enumerate() {
            let at = i % partitions.len();
            partitions[at].push(batch);
        }
        Ok(Arc::new(MemTable::try_new(schema, partitions)?))
    }

    async fn lookup_bare(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let planning = Planning::current();
        if let Some(table) = self.own.table(name).await? {
            if let Some(planning) = &planning {
                planning.is_of_this_statement();
            }
            return Ok(Some(table));
        }
        if let Some(planning) = &planning {
            planning.led_to_workspace(name);
        }
        let stack = planning.as_ref().map(Planning::stack).unwrap_or_default();
        // Within the view of that name, the name means a layer below.
        let inside = stack.last().and_then(|view| view.split_once('.'));
        let below = match inside {
            Some((schema, own)) if own == name => {
                1 + VIEW_SCHEMAS.iter().position(|s| *s == schema).unwrap_or(0)
            }
            _ => 0,
        };
        for schema in &VIEW_SCHEMAS[below..] {
            let Some(view) = self.views.get(schema, name) else {
                continue;
            };
            if !stack.contains(&view.qualified()) {
                return self.plan_view(view).await.map(Some);
            }
            // Asked for by another reader, it would have been found.
            if let Some(planning) = &planning {
                planning.is_of_this_statement();
            }
        }
        for schema in ["raw", "source"] {
            if let Some(table) = Box::pin(self.lookup(schema, name)).await? {
                return Ok(Some(table));
            }
        }
        match self.files.get() {
            Some(options) if is_location(name) => {
                if let Some(planning) = &planning {
                    planning.is_of_this_statement();
                }
                self.open_file(name, options).await.map(Some)
            }
            // The name was left out above because it is being planned.
            _ => match stack.iter().position(|v| v.ends_with(&format!(".{name}"))) {
                Some(at) => {
                    let cycle = stack[at..].join(" -> ");
                    plan_err!("view {0} reads itself: {cycle} -> {0}", stack[at])
                }
                None => Ok(None),
            },
        }
    }

    /// Opens a file, folder, glob or URL that a query names as a table.
    ///
    /// It is opened anew for every statement, so that it is read as it is now.
    async fn open_file(
        &self,
        location: &str,
        options: &StoreOptions,
    ) -> Result<Arc<dyn TableProvider>> {
        let ctx = SessionContext::new_with_state(self.state()?);
        // A path in a query starts from where the user is, not from the workspace.
        let here = StoreOptions {
            base: String::new(),
            ..options.clone()
        };
        let spec = SourceSpec::of_location(location);
        let opened = open_source(&ctx, location, &spec, &here).await;
        let opened = opened.map_err(|e| {
            DataFusionError::Plan(match &e {
                // The place of a source is the query, which the user is looking at.
                Error::SourceMissing { location, .. } => format!("there is no file '{location}'"),
                Error::SourceUnreadable { file, reason, .. } => {
                    format!("cannot read {file}: {reason}")
                }
                _ => with_hint(&e),
            })
        })?;
        Ok(opened.provider)
    }

    fn table_names(&self, schema: &str) -> Vec<String> {
        let of = |tables: Option<&Tables>| tables.map(|t| t.keys().cloned().collect());
        match schema {
            "source" => of(self.sources.get()).unwrap_or_default(),
            "raw" => of(self.raw.get()).unwrap_or_default(),
            MAIN => self.own.table_names(),
            _ => self.views.names(schema),
        }
    }
}

/// A table name with a slash or a data file's extension is a location.
fn is_location(name: &str) -> bool {
    let ends = [
        ".parquet", ".pq", ".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".gz", ".zst",
    ];
    name.contains('/') || ends.iter().any(|end| name.ends_with(end))
}

/// Returns what to try instead of a table that does not exist.
pub(crate) fn table_hint(names: &Names, missing: &str) -> Option<String> {
    let bare = missing.rsplit('.').next().unwrap_or(missing);
    let known = names.bare_names();
    did_you_mean(bare, known.iter().map(String::as_str)).filter(|hint| hint.starts_with("did"))
}

#[derive(Debug)]
struct Catalog {
    names: Arc<Names>,
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names = vec![MAIN.to_owned()];
        names.extend(VIEW_SCHEMAS.map(str::to_owned));
        names.extend(["raw".to_owned(), "source".to_owned()]);
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let known = self.schema_names().iter().any(|schema| schema == name);
        known.then(|| {
            let schema = Schema {
                names: Arc::clone(&self.names),
                schema: name.to_owned(),
            };
            Arc::new(schema) as Arc<dyn SchemaProvider>
        })
    }
}

#[derive(Debug)]
struct Schema {
    names: Arc<Names>,
    schema: String,
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        self.names.table_names(&self.schema)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.names.lookup(&self.schema, name).await
    }

    // Listings ask for the type of every name; none of them is worth a planning.
    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        if self.schema == MAIN {
            return self.names.own.table_type(name).await;
        }
        let is_there = self.table_exist(name);
        let ty = if self.schema == "source" || self.schema == "raw" {
            TableType::Base
        } else {
            TableType::View
        };
        Ok(is_there.then_some(ty))
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.schema != MAIN {
            return exec_err!(
                "schema {} belongs to the workspace: create {name} without it",
                self.schema
            );
        }
        self.names.own.register_table(name, table)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.schema != MAIN {
            return exec_err!(
                "{}.{name} belongs to the workspace and cannot be dropped",
                self.schema
            );
        }
        self.names.own.deregister_table(name)
    }

    fn table_exist(&self, name: &str) -> bool {
        if self.schema == MAIN {
            return self.names.own.table_exist(name);
        }
        self.names
            .table_names(&self.schema)
            .iter()
            .any(|table| table == name)
    }
}
