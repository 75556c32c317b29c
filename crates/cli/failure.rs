//! From errors to words on standard error and an exit code.

use std::fmt::Write as _;
use std::process::ExitCode;

use aftersight_engine::{Diagnosis, Engine, Error, ErrorKind};
use aftersight_report::RunError;
use datafusion::error::DataFusionError;
use unicode_width::UnicodeWidthStr;

/// Why the program stops.
#[derive(Debug)]
pub(crate) struct Failure {
    text: String,
    code: u8,
}

/// Exit codes, a contract with schedulers: PRODUCT.md 5.
mod code {
    pub(super) const FAILED: u8 = 1;
    pub(super) const SPECIFICATION: u8 = 2;
    pub(super) const MISSING_DATA: u8 = 5;
    /// What a panic exits with in any Rust program.
    pub(super) const INTERNAL: u8 = 101;
}

impl Failure {
    /// A query, an input or an output failed.
    pub(crate) fn failed(text: String) -> Self {
        Failure {
            text,
            code: code::FAILED,
        }
    }

    /// Data that should be there is stale or missing.
    pub(crate) fn missing_data(text: String) -> Self {
        Failure {
            text,
            code: code::MISSING_DATA,
        }
    }

    /// A flag or a specification is wrong.
    pub(crate) fn usage(text: String, hint: Option<String>) -> Self {
        let mut text = text;
        if let Some(hint) = hint {
            let _ = write!(text, "\n  help: {hint}");
        }
        Failure {
            text,
            code: code::SPECIFICATION,
        }
    }

    /// A mistake of ours.
    pub(crate) fn internal(text: &str) -> Self {
        let text = format!("this is a bug in aftersight, please report it: {text}");
        Failure {
            text,
            code: code::INTERNAL,
        }
    }

    /// Prints what went wrong and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the program speaks here")]
    pub(crate) fn report(self) -> ExitCode {
        eprintln!("error: {}", self.text);
        ExitCode::from(self.code)
    }

    /// Returns the words, for the shell, which goes on.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Explains an error of the engine.
    pub(crate) fn of(engine: Option<&Engine>, error: Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Failed => code::FAILED,
            ErrorKind::Specification => code::SPECIFICATION,
            ErrorKind::MissingData => code::MISSING_DATA,
        };
        if let (Error::Query { sql, file, source }, Some(engine)) = (&error, engine) {
            let diagnosis = engine.diagnose(sql, source);
            let view = diagnosis.view.as_deref().and_then(|name| {
                let (schema, name) = name.split_once('.')?;
                engine.views().get(schema, name)
            });
            let text = match view {
                // A mistake within a view is shown in the view.
                Some(view) => {
                    let place = format!("view {}", view.qualified());
                    show(&view.sql, Some(&place), &diagnosis)
                }
                None => show(sql, file.as_deref(), &diagnosis),
            };
            return Failure { text, code };
        }
        let mut text = error.to_string();
        if let Some(hint) = error.hint() {
            let _ = write!(text, "\n  help: {hint}");
        }
        Failure { text, code }
    }

    /// Explains why a report was not published.
    pub(crate) fn of_run(engine: &Engine, error: RunError) -> Self {
        let code = match &error {
            RunError::MissingTable { .. } => code::MISSING_DATA,
            RunError::Output(_) => code::FAILED,
            _ => code::SPECIFICATION,
        };
        match error {
            RunError::Engine(error) => Failure::of(Some(engine), error),
            other => Failure {
                text: chain(&other),
                code,
            },
        }
    }

    /// Explains an error of a statement within a script.
    pub(crate) fn of_statement(
        engine: &Engine,
        sql: &str,
        file: Option<&str>,
        error: DataFusionError,
    ) -> Self {
        let error = Error::query(sql, error);
        Failure::of(
            Some(engine),
            match file {
                Some(file) => error.in_file(file),
                None => error,
            },
        )
    }
}

/// Returns an error with its causes, each said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        cause = inner.source();
    }
    text
}

/// Draws the message, the line of SQL and a caret below the mistake.
fn show(sql: &str, file: Option<&str>, diagnosis: &Diagnosis) -> String {
    let mut text = diagnosis.message.clone();
    if let Some((line_no, column, length)) = diagnosis.span
        && let Some(line) = sql.lines().nth(line_no - 1)
    {
        if let Some(file) = file {
            let _ = write!(text, "\n  --> {file}:{line_no}:{column}");
        }
        let before: String = line.chars().take(column.saturating_sub(1)).collect();
        let marked: String = line
            .chars()
            .skip(column.saturating_sub(1))
            .take(length)
            .collect();
        let gutter = line_no.to_string().len();
        let _ = write!(
            text,
            "\n  {line_no} | {line}\n  {:gutter$} | {}{}",
            "",
            " ".repeat(before.width()),
            "^".repeat(marked.width().max(1)),
        );
    } else if let Some(file) = file {
        let _ = write!(text, "\n  --> {file}");
    }
    if let Some(help) = &diagnosis.help {
        let _ = write!(text, "\n  help: {help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_mistake_after_wide_characters() {
        let diagnosis = Diagnosis {
            message: "there is no column `x`".into(),
            view: None,
            span: Some((2, 6, 1)),
            help: Some("did you mean `y`?".into()),
        };
        let text = show("select\n  '渠', x", Some("a.sql"), &diagnosis);
        let expected = "there is no column `x`\n  --> a.sql:2:6\n  2 |   '渠', x\n    |       ^\n  help: did you mean `y`?";
        assert_eq!(text, expected);
    }
}
