//! Opening a workspace: sources, tables and rule tables in this order, so that each may read those before it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::prelude::SessionContext;
use indexmap::IndexMap;

use super::{Engine, Options};
use crate::bind::Parameters;
use crate::blame::Places;
use crate::catalog::Names;
use crate::error::{Error, Result};
use crate::planning::Planning;
use crate::rules::keyed::Keyed;
use crate::rules::{self, Expected, RuleTables};
use crate::session::session;
use crate::settings::Settings;
use crate::source::open_source;
use crate::table::{CanonicalTables, Mapper};
use crate::view::{View, Views};
use crate::workspace::{RuleSpec, Workspace};

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
        let to_share = tables.iter().filter_map(|(name, table)| {
            let provider = table.to_share.as_ref()?;
            Some((name.clone(), Arc::clone(provider)))
        });
        names.set_to_share(to_share.collect());
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
        let failed = |e| Error::query(&view.sql, e);
        let planned = planning.clone().scope(names.plan_view(view)).await;
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
            None if !planning.placeholders().is_empty() => continue,
            None => {
                let table = names.compute(planned.map_err(failed)?).await;
                let table = table.map_err(failed)?;
                let rows = ctx.read_table(Arc::clone(&table)).map_err(failed)?;
                let rows = rows.collect().await.map_err(failed)?;
                let table = Keyed::wrap(table, &rows, &view.header.grain);
                rules::built_in(view, table.map_err(failed)?)
            }
        };
        tables.insert(view.name.clone(), table);
    }
    Ok(tables)
}

/// Whether a view reads no table at all, as a list of values does.
fn reads_nothing(state: &SessionState, view: &View) -> Result<bool, DataFusionError> {
    let read = state.resolve_table_references(view.query()?)?;
    Ok(read.is_empty())
}
