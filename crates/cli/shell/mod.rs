//! The interactive shell: rustyline, history, completion, and commands with a backslash or dot.

mod commands;
mod editor;

use std::time::Instant;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::failure::Failure;
use crate::machine;
use crate::run::{Runner, Script};
use editor::SqlHelper;

/// Runs until the user leaves.
pub(crate) async fn run(mut runner: Runner<'_>) -> Result<(), Failure> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .build();
    let failed = |e: ReadlineError| Failure::failed(format!("cannot read the terminal: {e}"));
    let mut editor: Editor<SqlHelper, FileHistory> = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(SqlHelper::new(runner.engine)));
    let history = machine::history_file();
    if let Some(file) = &history {
        // A first session has no history.
        let _ = editor.load_history(file);
    }
    banner(&runner);
    loop {
        let line = tokio::task::block_in_place(|| editor.readline("aftersight> "));
        let line = match line {
            Ok(line) => line,
            // Ctrl-C clears the line, Ctrl-D leaves.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(e) => return Err(failed(e)),
        };
        if line.trim().is_empty() {
            continue;
        }
        // A history that cannot be kept is no reason to stop.
        let _ = editor.add_history_entry(&line);
        if let Some(file) = &history {
            let _ = editor.append_history(file);
        }
        if commands::is_command(&line) {
            match commands::run(&mut runner, &line).await {
                Ok(commands::Then::GoOn) => {}
                Ok(commands::Then::Leave) => return Ok(()),
                Err(failure) => complain(failure),
            }
            continue;
        }
        let start = Instant::now();
        match runner
            .run(&Script {
                sql: &line,
                file: None,
            })
            .await
        {
            Ok(()) => runner.note(&format!("{} ms", start.elapsed().as_millis())),
            Err(failure) => complain(failure),
        }
        // `create` and `set` change what can be completed.
        if let Some(helper) = editor.helper_mut() {
            helper.refresh(runner.engine);
        }
    }
}

fn banner(runner: &Runner<'_>) {
    let engine = runner.engine;
    let workspace = engine.workspace();
    let mapped = engine
        .tables()
        .values()
        .filter(|table| table.is_mapped)
        .count();
    let place = match (workspace.file.is_empty(), workspace.name.is_empty()) {
        (true, _) => "no workspace".to_owned(),
        (false, true) => workspace.file.clone(),
        (false, false) => format!("{} ({})", workspace.name, workspace.file),
    };
    runner.note(&format!(
        "aftersight {} · {place} · {mapped} tables, {} views\n\\? for help, \\q to leave",
        env!("CARGO_PKG_VERSION"),
        engine.views().iter().count(),
    ));
}

#[expect(clippy::print_stderr, reason = "the shell speaks here")]
fn complain(failure: Failure) {
    eprintln!("error: {}", failure.into_text());
}
