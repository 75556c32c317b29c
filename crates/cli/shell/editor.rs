//! What rustyline asks: is the statement complete, what could come next.

use std::borrow::Cow;

use aftersight_engine::Engine;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::HistoryHinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::commands::{COMMANDS, is_command};

/// Completion, hints and validation over a snapshot of the catalogue.
pub(super) struct SqlHelper {
    tables: Vec<String>,
    columns: Vec<String>,
    functions: Vec<String>,
    hinter: HistoryHinter,
}

impl SqlHelper {
    /// Takes a snapshot of names.
    pub(super) fn new(engine: &Engine) -> Self {
        let mut helper = SqlHelper {
            tables: Vec::new(),
            columns: Vec::new(),
            functions: Vec::new(),
            hinter: HistoryHinter::new(),
        };
        helper.refresh(engine);
        helper
    }

    /// Takes the snapshot again. Reads headers and promises, plans nothing.
    pub(super) fn refresh(&mut self, engine: &Engine) {
        self.tables = engine.table_names();
        let in_views = engine
            .views()
            .iter()
            .flat_map(|v| v.header.columns.keys().cloned());
        let in_tables = engine.tables().values().flat_map(|t| {
            let fields: Vec<String> = t
                .provider
                .schema()
                .fields()
                .iter()
                .map(|f| f.name().clone())
                .collect();
            fields
        });
        self.columns = in_views.chain(in_tables).collect();
        self.columns.sort();
        self.columns.dedup();
        let state = engine.context().state();
        self.functions = state.scalar_functions().keys().cloned().collect();
        self.functions
            .extend(state.aggregate_functions().keys().cloned());
        self.functions
            .extend(state.window_functions().keys().cloned());
        self.functions.sort();
        self.functions.dedup();
    }

    /// Returns what can follow `line`, and where the word being completed starts.
    fn candidates(&self, line: &str) -> (usize, Vec<Pair>) {
        if is_command(line) && !line.contains(char::is_whitespace) {
            let names = COMMANDS.iter().flat_map(|(names, ..)| names.iter());
            let found = names.filter(|name| name.starts_with(line));
            return (0, found.map(|name| pair(name, name)).collect());
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let start = line.rfind(|c| !is_word(c)).map_or(0, |at| {
            at + line[at..].chars().next().map_or(1, char::len_utf8)
        });
        let word = line[start..].to_lowercase();
        let before = line[..start].trim_end().to_lowercase();
        let wants_table = ["from", "join", "into", "describe", "\\d", ".schema"]
            .iter()
            .any(|keyword| before.ends_with(keyword));
        let matching = |names: &[String], kind: &str| -> Vec<Pair> {
            let found = names.iter().filter(|name| name.starts_with(&word));
            found
                .map(|name| pair(&format!("{name}  {kind}"), name))
                .collect()
        };
        let mut pairs = matching(&self.tables, "table");
        if !wants_table && !word.is_empty() {
            let mut others = matching(&self.columns, "column");
            others.extend(matching(&self.functions, "function"));
            others.append(&mut pairs);
            // Keywords in the case the user types.
            let is_upper = line[start..].chars().next().is_some_and(char::is_uppercase);
            let keywords = ALL_KEYWORDS
                .iter()
                .filter(|k| k.to_lowercase().starts_with(&word));
            others.extend(keywords.map(|k| {
                let text = if is_upper {
                    (*k).to_owned()
                } else {
                    k.to_lowercase()
                };
                pair(&text, &text)
            }));
            pairs = others;
        }
        (start, pairs)
    }
}

fn pair(display: &str, replacement: &str) -> Pair {
    Pair {
        display: display.to_owned(),
        replacement: replacement.to_owned(),
    }
}

/// Whether a text is a whole statement: it ends with a semicolon outside strings and comments.
fn is_complete(text: &str) -> bool {
    if text.trim().is_empty() || is_command(text) {
        return true;
    }
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else {
        // An open quote; the next line may close it.
        return false;
    };
    let last = tokens
        .iter()
        .rev()
        .find(|token| !matches!(token, Token::Whitespace(_)));
    matches!(last, Some(Token::SemiColon))
}

impl Completer for SqlHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.candidates(&line[..pos]))
    }
}

impl rustyline::hint::Hinter for SqlHelper {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        self.hinter.hint(line, pos, context)
    }
}

impl Highlighter for SqlHelper {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

impl Validator for SqlHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_complete(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Helper for SqlHelper {}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper() -> SqlHelper {
        SqlHelper {
            tables: vec!["orders".into(), "rfm".into()],
            columns: vec!["order_id".into()],
            functions: vec!["nps".into()],
            hinter: HistoryHinter::new(),
        }
    }

    fn complete(line: &str) -> Vec<String> {
        let (_, pairs) = helper().candidates(line);
        pairs.into_iter().map(|p| p.replacement).collect()
    }

    #[test]
    fn tables_follow_from_and_columns_follow_select() {
        assert_eq!(complete("select * from or"), ["orders"]);
        assert!(complete("select or").starts_with(&["order_id".to_owned(), "orders".to_owned()]));
        assert!(complete("select np").contains(&"nps".to_owned()));
        assert!(complete("SEL").contains(&"SELECT".to_owned()));
        assert_eq!(complete("\\d+"), ["\\d+"]);
        // Multi-byte text before the word must not move its start into a character.
        assert_eq!(complete("select '渠' from rf"), ["rfm"]);
    }

    #[test]
    fn a_semicolon_in_a_string_does_not_end_a_statement() {
        assert!(is_complete("select 1;"));
        assert!(is_complete("select 1; -- done\n"));
        assert!(!is_complete("select ';"));
        assert!(!is_complete("select ';'"));
        assert!(is_complete("\\d"));
    }
}
