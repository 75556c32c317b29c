//! Opening the workspace that the flags and the current folder name.

use std::path::PathBuf;

use aftersight_engine::settings::last_complete_period_end;
use aftersight_engine::{Engine, Options, StoreOptions, Workspace};

use crate::args::WorkspaceArgs;
use crate::failure::Failure;
use crate::machine;

/// Name of the workspace file.
pub(crate) const WORKSPACE_FILE: &str = "aftersight.toml";

/// Returns the workspace file the flags or the current folder name.
pub(crate) fn workspace_file(args: &WorkspaceArgs) -> Result<Option<PathBuf>, Failure> {
    match &args.workspace {
        Some(path) if path.is_dir() => {
            let file = path.join(WORKSPACE_FILE);
            if !file.is_file() {
                let text = format!("there is no {WORKSPACE_FILE} in {}", path.display());
                return Err(Failure::usage(text, None));
            }
            Ok(Some(file))
        }
        Some(path) => Ok(Some(path.clone())),
        None => Ok(Some(PathBuf::from(WORKSPACE_FILE)).filter(|file| file.is_file())),
    }
}

/// Returns how the flags want a workspace opened.
pub(crate) fn options(args: &WorkspaceArgs) -> Options {
    Options {
        limits: machine::limits(args),
        stores: StoreOptions {
            base: args.data.clone().unwrap_or_default(),
            options: machine::store_options(),
        },
        allow_files: true,
        rules: Vec::new(),
    }
}

/// Opens the workspace and applies the flags. Without one, an empty workspace.
pub(crate) async fn open(args: &WorkspaceArgs) -> Result<Engine, Failure> {
    open_with(args, options(args)).await
}

/// Opens the workspace as `open` does, but with these options.
pub(crate) async fn open_with(args: &WorkspaceArgs, options: Options) -> Result<Engine, Failure> {
    let opened = match workspace_file(args)? {
        Some(file) => Engine::open_file(&file, options).await,
        None => Engine::open(Workspace::default(), options).await,
    };
    let engine = opened.map_err(|e| Failure::of(None, e))?;
    let mut left: Vec<(&str, &str)> = Vec::new();
    for pair in &args.settings {
        let Some((name, value)) = pair.split_once('=') else {
            let text = format!("--set takes NAME=VALUE, not '{pair}'");
            return Err(Failure::usage(text, None));
        };
        left.push((name.trim(), value));
    }
    // Limits may move past each other: what is refused now can be right once others are set.
    while !left.is_empty() {
        let (before, mut first) = (left.len(), None);
        left.retain(|(name, value)| match engine.set(name, value) {
            Ok(()) => false,
            Err(error) => {
                first.get_or_insert(error);
                true
            }
        });
        if let Some(error) = first.filter(|_| left.len() == before) {
            return Err(Failure::of(None, error));
        }
    }
    if let Some(day) = &args.as_of {
        engine.set("as_of", day).map_err(|e| Failure::of(None, e))?;
    }
    Ok(engine)
}

/// Where the report day came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportDay {
    /// Somebody gave it.
    Given,
    /// It is the end of the last complete period, by the clock.
    Assumed,
}

/// Gives the session a report day when nobody else did.
pub(crate) fn ensure_report_day(engine: &Engine) -> Result<ReportDay, Failure> {
    let settings = engine.settings();
    if settings.as_of().is_some() {
        return Ok(ReportDay::Given);
    }
    let period = settings
        .get("period")
        .ok()
        .flatten()
        .unwrap_or("week")
        .to_owned();
    let day = last_complete_period_end(machine::today(settings.time_zone()), &period);
    engine
        .set("as_of", &day.to_string())
        .map_err(|e| Failure::of(None, e))?;
    Ok(ReportDay::Assumed)
}
