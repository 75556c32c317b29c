//! `aftersight report list|run`: reports, published whole or not at all.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aftersight_engine::{Engine, did_you_mean};
use aftersight_report::builtin;
use aftersight_report::{Lang, RunOptions, Spec};

use super::print;
use crate::args::{ReportCommand, WorkspaceArgs};
use crate::failure::{Failure, chain};
use crate::open::{ReportDay, ensure_report_day, open};

/// How to publish a report.
#[derive(Debug, Clone, Default)]
pub(super) struct Publish {
    out: Option<PathBuf>,
    langs: Vec<Lang>,
    parameters: Vec<(String, String)>,
}

pub(super) async fn run(args: &WorkspaceArgs, command: &ReportCommand) -> Result<(), Failure> {
    match command {
        ReportCommand::List => list(&open(args).await?),
        ReportCommand::Run {
            name,
            out,
            lang,
            parameters,
        } => {
            let mut how = Publish {
                out: out.clone(),
                ..Publish::default()
            };
            for code in lang {
                let lang = Lang::from_code(code).ok_or_else(|| {
                    Failure::usage(
                        format!("there is no language '{code}'"),
                        Some("one of: en, zh".into()),
                    )
                })?;
                how.langs.push(lang);
            }
            for pair in parameters {
                let (name, value) = pair.split_once('=').ok_or_else(|| {
                    Failure::usage(format!("--param takes NAME=VALUE, not '{pair}'"), None)
                })?;
                how.parameters
                    .push((name.trim().to_owned(), value.to_owned()));
            }
            let page = publish(args, name, &how).await?;
            print(&page.display().to_string());
            Ok(())
        }
    }
}

fn list(engine: &Engine) -> Result<(), Failure> {
    for name in builtin::names(own_folder(engine).as_deref()) {
        let spec = spec(engine, &name)?;
        let title = spec
            .title
            .template(Lang::En)
            .map(|t| t.fixed_text())
            .unwrap_or_default();
        print(&format!("{name:28} {title}"));
    }
    Ok(())
}

/// Where a workspace keeps reports of its own.
pub(super) fn own_folder(engine: &Engine) -> Option<PathBuf> {
    let file = Path::new(&engine.workspace().file);
    let folder = file.parent()?;
    Some(folder.join("reports"))
}

pub(super) fn spec(engine: &Engine, name: &str) -> Result<Spec, Failure> {
    let folder = own_folder(engine);
    let files = builtin::files(folder.as_deref(), name)
        .map_err(|e| Failure::failed(format!("cannot read report {name}: {e}")))?;
    let Some(files) = files else {
        let names = builtin::names(folder.as_deref());
        let hint = did_you_mean(name, names.iter().map(String::as_str));
        return Err(Failure::usage(format!("there is no report `{name}`"), hint));
    };
    Spec::parse(&files).map_err(|e| Failure::usage(format!("report {name}: {}", chain(&e)), None))
}

/// Takes the report day of a report of whole periods back to the end of the last complete one,
/// and says so.
#[expect(clippy::print_stderr, reason = "notes go to standard error")]
pub(super) fn tell_of_whole_period(
    engine: &Engine,
    spec: &Spec,
    is_quiet: bool,
) -> Result<(), Failure> {
    let asked = engine.settings().as_of();
    let taken = aftersight_report::take_period(engine, spec);
    let taken = taken.map_err(|e| Failure::of_run(engine, e))?;
    if let (Some(day), Some(asked), Some(period), false) = (taken, asked, spec.period, is_quiet) {
        let (name, period) = (&spec.name, aftersight_report::period_name(period));
        eprintln!("as_of = {day}, since {name} is of whole {period}s and {asked} is within one");
    }
    Ok(())
}

/// Runs a report, publishes it and returns where its page is.
pub(super) async fn publish(
    args: &WorkspaceArgs,
    name: &str,
    how: &Publish,
) -> Result<PathBuf, Failure> {
    let start = Instant::now();
    let engine = open(args).await?;
    let spec = spec(&engine, name)?;
    if let Some(period) = spec.period {
        // The report day a program assumes is the end of the report's own period.
        let set = engine.set("period", aftersight_report::period_name(period));
        set.map_err(|e| Failure::of(Some(&engine), e))?;
    }
    let report_day = ensure_report_day(&engine)?;
    tell_of_whole_period(&engine, &spec, args.quiet)?;
    let options = RunOptions {
        parameters: how.parameters.clone(),
        langs: how.langs.clone(),
        program: format!("aftersight {}", env!("CARGO_PKG_VERSION")),
    };
    let run = aftersight_report::run(&engine, &spec, &options).await;
    let mut run = run.map_err(|e| Failure::of_run(&engine, e))?;
    let rows: serde_json::Map<String, serde_json::Value> = run
        .rows
        .iter()
        .map(|(name, n)| (name.clone(), (*n).into()))
        .collect();
    let facts = serde_json::json!({
        "version": 1,
        "program": options.program,
        "seconds": start.elapsed().as_secs_f64(),
        "report_day": match report_day { ReportDay::Given => "given", ReportDay::Assumed => "assumed" },
        "rows": rows,
    });
    run.publication.set_run(format!("{facts:#}\n").into_bytes());
    let root = match &how.out {
        Some(out) => out.clone(),
        None => Path::new(&engine.workspace().file)
            .parent()
            .unwrap_or(Path::new(""))
            .join("dist"),
    };
    let published = run.publication.publish(&root);
    let published = published.map_err(|e| Failure::failed(chain(&e)))?;
    Ok(published.folder.join("index.html"))
}
