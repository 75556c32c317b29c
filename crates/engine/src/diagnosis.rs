//! From a DataFusion error to what a person needs: what is wrong, where, what would be right.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::catalog::table_hint;
use crate::engine::Engine;
use crate::suggest::nearest;

/// An error, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Line and column in the statement, from 1, and the length in characters.
    pub span: Option<(usize, usize, usize)>,
    /// What would be right.
    pub help: Option<String>,
}

impl Engine {
    /// Explains an error of a statement.
    pub fn diagnose(&self, sql: &str, error: &DataFusionError) -> Diagnosis {
        let text = plain(error);
        let mut diagnosis = Diagnosis {
            message: text.clone(),
            span: None,
            help: None,
        };
        let root = error.find_root();
        if let Some(found) = error.diagnostic() {
            if let Some(span) = found.span.filter(|span| span.start.line > 0) {
                let length = if span.end.line == span.start.line {
                    span.end.column.saturating_sub(span.start.column).max(1)
                } else {
                    1
                };
                diagnosis.span = Some((
                    span.start.line as usize,
                    span.start.column as usize,
                    length as usize,
                ));
            }
            let notes = found
                .helps
                .iter()
                .map(|h| &h.message)
                .chain(found.notes.iter().map(|n| &n.message));
            diagnosis.help = notes.map(|note| note.to_owned()).next();
        }
        if let Some(name) = text
            .split_once("table '")
            .and_then(|(_, rest)| rest.split_once("' not found"))
        {
            let name = name
                .0
                .trim_start_matches("aftersight.")
                .trim_start_matches("main.");
            diagnosis.message = format!("there is no table `{name}`");
            diagnosis.help = table_hint(self.names(), name);
        }
        if let DataFusionError::SchemaError(schema, _) = root
            && let SchemaError::FieldNotFound {
                field,
                valid_fields,
            } = schema.as_ref()
        {
            diagnosis.message = format!("there is no column `{}`", field.flat_name());
            let names: Vec<String> = valid_fields.iter().map(|f| f.name.clone()).collect();
            diagnosis.help = match nearest(&field.name, names.iter().map(String::as_str)) {
                Some(name) => Some(format!("did you mean `{name}`?")),
                None if names.is_empty() => None,
                None => Some(format!("the tables here have: {}", names.join(", "))),
            };
        }
        if let Some((message, help)) = text.split_once("\nDid you mean ") {
            let message = message.trim_start_matches("Error during planning: ");
            diagnosis.message = message.trim_end_matches('.').to_owned();
            diagnosis.help = Some(format!("did you mean {help}"));
        }
        if diagnosis.span.is_none() {
            diagnosis.span = position_in(&text);
        }
        if let Some((message, _)) = diagnosis.message.split_once(" at Line: ") {
            diagnosis.message = message.to_owned();
        }
        if diagnosis.span.is_none() {
            diagnosis.span = quoted_word(sql, &diagnosis.message);
        }
        diagnosis
    }
}

/// Returns the message without DataFusion's prefixes, which say nothing to a user.
///
/// Of a chain of causes the views stay, which say where, and the last one, which says what.
fn plain(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let mut causes = text.split("\ncaused by\n").collect::<Vec<_>>();
    let last = causes.pop().unwrap_or_default();
    let views = causes.into_iter().filter(|cause| cause.starts_with("in view "));
    let words: Vec<String> = views.map(str::to_owned).chain([without_prefixes(last)]).collect();
    words.join(": ")
}

fn without_prefixes(mut text: &str) -> String {
    for prefix in [
        "SQL error: ",
        "ParserError(\"",
        "TokenizerError(\"",
        "Error during planning: ",
        "Execution error: ",
        "Schema error: ",
        "Arrow error: ",
        "External error: ",
    ] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    text.trim_end_matches("\")").to_owned()
}

/// Reads the position that sqlparser writes into its messages.
fn position_in(text: &str) -> Option<(usize, usize, usize)> {
    let (_, rest) = text.split_once(" at Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?, 1))
}

/// Finds the first word a message quotes in the statement, when the planner gave no position.
fn quoted_word(sql: &str, message: &str) -> Option<(usize, usize, usize)> {
    let quoted = message.split(['\'', '`']).nth(1)?;
    let word = quoted.rsplit('.').next().filter(|w| !w.is_empty())?;
    let at = sql.to_lowercase().find(&word.to_lowercase())?;
    let place = crate::error::Location::of_offset("", sql, at);
    Some((place.line, place.column, word.chars().count()))
}
