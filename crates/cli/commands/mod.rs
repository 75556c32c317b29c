//! Commands, one file each.

mod check;
mod demo;
pub(crate) mod functions;
mod init;
mod reconcile;
mod report;
mod rows;
mod settings;
mod views;
mod views_test;

use std::io::{IsTerminal, Read};

use aftersight_engine::Engine;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::open::{WORKSPACE_FILE, ensure_report_day, open};
use crate::run::{Runner, Script};
use crate::shell;

/// Runs what the flags ask for.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    if let Some(command) = &args.command {
        return match command {
            Command::Demo { dir, orders, seed } => {
                demo::run(&args.workspace, dir, *orders, *seed).await
            }
            Command::Check {
                output,
                fail_on,
                all,
            } => {
                let output = output.or(&args.output);
                check::run(&args.workspace, &output, fail_on == "warn", *all).await
            }
            Command::Reconcile { output, finance } => {
                let output = output.or(&args.output);
                reconcile::run(&args.workspace, &output, finance.as_deref()).await
            }
            Command::Init(init) => init::run(&args.workspace, init).await,
            Command::Report { command } => report::run(&args.workspace, command).await,
            Command::Views {
                name,
                test: true,
                update,
            } => views_test::run(&args.workspace, name.as_deref(), *update).await,
            Command::Views { name, .. } => views::run(&args.workspace, name.as_deref()).await,
            Command::Rows {
                name,
                cells,
                output,
            } => rows::run(&args.workspace, output.or(&args.output), name, cells).await,
            Command::Functions { name } => functions::run(name.as_deref()),
            Command::Settings { name } => settings::run(&args.workspace, name.as_deref()).await,
        };
    }
    let engine = open(&args.workspace).await?;
    let report_day = ensure_report_day(&engine)?;
    let is_quiet = args.workspace.quiet;
    let mut runner = Runner {
        engine: &engine,
        output: args.output.clone(),
        report_day,
        is_quiet,
    };
    for sql in &args.commands {
        tell_no_workspace(&engine, sql, is_quiet);
        runner.run(&Script { sql, file: None }).await?;
    }
    for path in &args.files {
        let file = path.display().to_string();
        let sql = std::fs::read_to_string(path)
            .map_err(|e| Failure::failed(format!("cannot read {file}: {e}")))?;
        tell_no_workspace(&engine, &sql, is_quiet);
        runner
            .run(&Script {
                sql: &sql,
                file: Some(&file),
            })
            .await?;
    }
    if !args.commands.is_empty() || !args.files.is_empty() {
        return Ok(());
    }
    if std::io::stdin().is_terminal() {
        return shell::run(runner).await;
    }
    let mut sql = String::new();
    std::io::stdin()
        .read_to_string(&mut sql)
        .map_err(|e| Failure::failed(format!("cannot read standard input: {e}")))?;
    tell_no_workspace(&engine, &sql, is_quiet);
    runner
        .run(&Script {
            sql: &sql,
            file: None,
        })
        .await
}

/// Prints a line of a command's result.
pub(crate) fn print(text: &str) {
    // A closed pipe ends the output, not the program with a panic.
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says that tables are empty for want of a workspace: a job in the wrong folder would take
/// their zeros for an answer.
#[expect(clippy::print_stderr, reason = "notes go to standard error")]
fn tell_no_workspace(engine: &Engine, sql: &str, is_quiet: bool) {
    if is_quiet || !engine.workspace().file.is_empty() {
        return;
    }
    let state = engine.context().state();
    // What cannot be parsed says so when it is run.
    let statements = engine.parse(sql).unwrap_or_default();
    let read = statements.iter().find_map(|statement| {
        let references = state.resolve_table_references(statement).ok()?;
        references.into_iter().find(|reference| {
            let name = reference.table();
            let view = engine.views().find(name);
            // Rules are there without a workspace.
            let reads = |view| engine.inputs(view).is_ok_and(|read| !read.is_empty());
            engine.tables().contains_key(name) || view.is_some_and(reads)
        })
    });
    if let Some(read) = read {
        let name = read.table();
        eprintln!(
            "there is no {WORKSPACE_FILE} here, so {name} has no rows; name a workspace with -w"
        );
    }
}
