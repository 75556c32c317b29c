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
    /// The view whose SQL the mistake is in, `schema.name`; none when it is in the statement itself.
    pub view: Option<String>,
    /// Line and column in the statement or the view's file, from 1, and the length in characters.
    pub span: Option<(usize, usize, usize)>,
    /// What would be right.
    pub help: Option<String>,
}

impl Engine {
    /// Explains an error of a statement.
    pub fn diagnose(&self, sql: &str, error: &DataFusionError) -> Diagnosis {
        let text = plain(error);
        let view = view_of(error).and_then(|name| {
            let (schema, name) = name.split_once('.')?;
            self.views().get(schema, name)
        });
        let sql = view.map_or(sql, |view| view.sql.as_str());
        let mut diagnosis = Diagnosis {
            message: text.clone(),
            view: view.map(|view| view.qualified()),
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
        if let Some(name) = text
            .split_once("Invalid function '")
            .and_then(|(_, rest)| rest.split_once('\''))
        {
            diagnosis.message = format!("there is no function `{}`", name.0);
            let nearest = text.split_once("\nDid you mean '");
            let nearest = nearest.and_then(|(_, rest)| rest.split_once('\''));
            diagnosis.help = nearest.map(|(near, _)| format!("did you mean `{near}`?"));
        }
        if let Some((message, help)) = other_arguments(&text) {
            diagnosis.message = message;
            diagnosis.help = Some(help);
        }
        if diagnosis.span.is_none() {
            diagnosis.span = position_in(&text).or_else(|| end_of(sql, &text));
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
fn plain(error: &DataFusionError) -> String {
    let text = innermost(error).strip_backtrace();
    let mut text = text.as_str();
    for prefix in [
        "SQL error: ",
        "ParserError(\"",
        "TokenizerError(\"",
        "Error during planning: ",
        "Execution error: ",
        "Schema error: ",
        "Arrow error: ",
        "External error: ",
        "Cast error: ",
    ] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    text.trim_end_matches("\")").to_owned()
}

/// Says shortly what DataFusion's own functions say of arguments they do not take: at length,
/// and as if it were a bug.
fn other_arguments(text: &str) -> Option<(String, String)> {
    let (_, call) = text.split_once("No function matches the given name and argument types '")?;
    let (call, rest) = call.split_once('\'')?;
    let (name, given) = call.split_once('(')?;
    let given = given.strip_suffix(')')?;
    let forms = rest.lines().map(str::trim);
    let forms = forms.filter(|line| line.starts_with(&format!("{name}(")));
    let help = match (name, given) {
        ("sum" | "avg", "Boolean") => {
            "to count the rows for which a condition holds: count(*) filter (where ..)".to_owned()
        }
        _ => {
            let forms: Vec<&str> = forms.collect();
            format!("it is called as {}", forms.join(", "))
        }
    };
    Some((format!("'{name}' does not take ({given})"), help))
}

/// Returns the innermost view that was being planned.
fn view_of(error: &DataFusionError) -> Option<&str> {
    match error {
        DataFusionError::Context(context, inner) => {
            view_of(inner).or_else(|| context.strip_prefix("in view "))
        }
        DataFusionError::Diagnostic(_, inner) => view_of(inner),
        DataFusionError::Shared(inner) => view_of(inner),
        _ => None,
    }
}

/// Steps inside what rules wrap around an error: which of them failed is of no use.
fn innermost(error: &DataFusionError) -> &DataFusionError {
    match error {
        DataFusionError::Context(context, inner)
            if context.starts_with("Optimizer rule")
                || context.starts_with("in view ")
                || is_name(context) =>
        {
            innermost(inner)
        }
        DataFusionError::Diagnostic(_, inner) => innermost(inner),
        DataFusionError::Shared(inner) => innermost(inner),
        other => other,
    }
}

/// Whether a text is a name of rules, as the analyzer says it alone.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Reads the position that sqlparser writes into its messages.
fn position_in(text: &str) -> Option<(usize, usize, usize)> {
    let (_, rest) = text.split_once(" at Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let column: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((line.parse().ok()?, column.parse().ok()?, 1))
}

/// A statement that stops too early is marked at its end.
fn end_of(sql: &str, text: &str) -> Option<(usize, usize, usize)> {
    if !text.ends_with("found: EOF") {
        return None;
    }
    let place = crate::error::Location::of_offset("", sql, sql.trim_end().len());
    Some((place.line, place.column, 1))
}

/// Finds the name a message quotes in the statement, when the planner gave no position.
fn quoted_word(sql: &str, message: &str) -> Option<(usize, usize, usize)> {
    let quoted = message.split(['\'', '`']).nth(1)?;
    // A message that opens with a name is a function's own.
    let is_function = message.starts_with('\'');
    let last = quoted.rsplit('.').next().unwrap_or(quoted);
    let found = [quoted, last]
        .into_iter()
        .filter(|word| !word.is_empty())
        .find_map(|word| Some((word, whole_word(sql, word, is_function)?)));
    let (word, at) = found?;
    let place = crate::error::Location::of_offset("", sql, at);
    Some((place.line, place.column, word.chars().count()))
}

/// Finds a word that is not part of a longer one.
fn whole_word(sql: &str, word: &str, is_function: bool) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    // ASCII case only, so that offsets stay those of the statement.
    let (sql, word) = (sql.to_ascii_lowercase(), word.to_ascii_lowercase());
    let mut whole = sql.match_indices(&word).filter(|(at, _)| {
        let after = &sql[at + word.len()..];
        !sql[..*at].ends_with(is_part)
            && !after.starts_with(is_part)
            && (!is_function || after.trim_start().starts_with('('))
    });
    whole.next().map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_functions_do_not_take_is_said_shortly() {
        let check = |text: &str, message: &str, help: &str| {
            let expected = Some((message.to_owned(), help.to_owned()));
            assert_eq!(other_arguments(text), expected, "{text}");
        };
        let round = "Internal error: Function 'round' failed to match any signature.\nThis issue was \
             likely caused by a bug. No function matches the given name and argument types \
             'round(Utf8)'. You might need to add explicit type casts.\n\tCandidate functions:\n\t\
             round(Decimal, Int32)\n\tround(Decimal)";
        check(
            round,
            "'round' does not take (Utf8)",
            "it is called as round(Decimal, Int32), round(Decimal)",
        );
        check(
            "No function matches the given name and argument types 'sum(Boolean)'.",
            "'sum' does not take (Boolean)",
            "to count the rows for which a condition holds: count(*) filter (where ..)",
        );
        assert_eq!(other_arguments("something else"), None);
    }

    #[test]
    fn only_whole_words_are_marked() {
        let check = |sql: &str, message: &str, expected| {
            assert_eq!(quoted_word(sql, message), expected, "{sql}");
        };
        check("select a from orders", "source 'o' is ragged", None);
        check("select nps from t", "'nps' is wrong", None);
        check(
            "select x as nps, nps(x)",
            "'nps' is wrong",
            Some((1, 18, 3)),
        );
        check("select\n x", "no `t.x`", Some((2, 2, 1)));
        check("from 'a.csv'", "there is no file 'a.csv'", Some((1, 7, 5)));
    }
}
