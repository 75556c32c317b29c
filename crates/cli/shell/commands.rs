//! Shell commands: psql's letters and SQLite's words for the same things.

use std::path::PathBuf;

use crate::commands::print;
use crate::failure::Failure;
use crate::run::{Runner, Script};

/// Whether the shell goes on.
pub(crate) enum Then {
    GoOn,
    Leave,
}

/// Every command: names, argument, meaning. Help and completion walk this list.
pub(crate) const COMMANDS: &[(&[&str], &str, &str)] = &[
    (&["\\?", ".help"], "", "show this help"),
    (&["\\q", ".quit", ".exit"], "", "leave"),
    (
        &["\\d", ".tables"],
        "[NAME]",
        "list tables and views, or show the columns of one",
    ),
    (
        &["\\d+", ".schema"],
        "NAME",
        "show a view's file, or a table's columns and meaning",
    ),
    (
        &["\\f", ".functions"],
        "[NAME]",
        "list the after-sales functions, or show one with an example",
    ),
    (
        &["\\s", ".settings"],
        "",
        "list the settings; `set name = value` changes one",
    ),
    (&["\\i", ".read"], "FILE", "run the SQL of a file"),
    (
        &["\\o", ".output"],
        "[FILE]",
        "write results to a file; without FILE back to the screen",
    ),
];

/// Whether a line is a command and not SQL.
pub(crate) fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(['\\', '.'])
}

/// Runs a command.
pub(crate) async fn run(runner: &mut Runner<'_>, line: &str) -> Result<Then, Failure> {
    let line = line.trim().trim_end_matches(';');
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = Some(argument.trim()).filter(|a| !a.is_empty());
    let known = COMMANDS.iter().find(|(names, ..)| names.contains(&name));
    let Some((names, ..)) = known else {
        let all = COMMANDS
            .iter()
            .flat_map(|(names, ..)| names.iter().copied());
        let hint =
            aftersight_engine::did_you_mean(name, all).or(Some("\\? lists the commands".into()));
        return Err(Failure::usage(format!("there is no command {name}"), hint));
    };
    match names[0] {
        "\\q" => return Ok(Then::Leave),
        "\\?" => help(),
        "\\d" => match argument {
            None => tables(runner),
            Some(name) => columns(runner, name).await?,
        },
        "\\d+" => match argument.and_then(|name| view_text(runner, name)) {
            Some(text) => print(&text),
            None => columns(runner, argument.unwrap_or_default()).await?,
        },
        "\\f" => crate::commands::functions::run(argument)?,
        "\\s" => {
            let sql = "show settings";
            runner.run(&Script { sql, file: None }).await?;
        }
        "\\i" => {
            let file = argument.ok_or_else(|| Failure::usage("\\i takes a file".into(), None))?;
            let sql = std::fs::read_to_string(file)
                .map_err(|e| Failure::failed(format!("cannot read {file}: {e}")))?;
            runner
                .run(&Script {
                    sql: &sql,
                    file: Some(file),
                })
                .await?;
        }
        _ => runner.output.output = argument.map(PathBuf::from),
    }
    Ok(Then::GoOn)
}

fn help() {
    for (names, argument, meaning) in COMMANDS {
        print(&format!(
            "{:28} {meaning}",
            format!("{} {argument}", names.join(" "))
        ));
    }
    print("SQL ends with a semicolon. Tab completes, Ctrl-C stops a query, Ctrl-D leaves.");
}

fn tables(runner: &Runner<'_>) {
    let engine = runner.engine;
    for view in engine.views().iter().filter(|v| v.schema == "marts") {
        print(&format!("{:32} {}", view.qualified(), view.header.question));
    }
    for (name, table) in engine.tables().iter().filter(|(_, table)| table.is_mapped) {
        let doc = aftersight_engine::table::CanonicalTables::get()
            .table(name)
            .map(|t| t.doc.as_str());
        let left_out = match table.absent.len() {
            0 => String::new(),
            n => format!(" ({n} columns without source)"),
        };
        print(&format!(
            "{:32} {}{left_out}",
            format!("raw.{name}"),
            doc.unwrap_or_default()
        ));
    }
    for (name, source) in engine.sources() {
        print(&format!(
            "{:32} {}",
            format!("source.{name}"),
            source.locations.join(", ")
        ));
    }
}

/// Shows the columns of a table, with the meaning a view's header or the canonical table gives them.
async fn columns(runner: &mut Runner<'_>, name: &str) -> Result<(), Failure> {
    let sql = format!("describe {name}");
    runner
        .run(&Script {
            sql: &sql,
            file: None,
        })
        .await
}

fn view_text(runner: &Runner<'_>, name: &str) -> Option<String> {
    let views = runner.engine.views();
    let view = match name.split_once('.') {
        Some((schema, name)) => views.get(schema, name),
        None => views.find(name),
    };
    view.map(|view| view.sql.trim_end().to_owned())
}
