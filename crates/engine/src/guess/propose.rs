//! From sources that were looked at to guesses of canonical tables.
//!
//! A file usually is one table; a file of lines is also the orders, articles
//! and buyers it repeats, and a questionnaire with a column per question is
//! turned into one row per answer.

use std::collections::BTreeSet;

use super::assign::{Fitting, KeyHints, Match, Preferred, best_anywhere, fitting};
use super::complete::{Days, MAX_COPIES, complete, copies, days, read_days, sales_only};
use super::derive::{lines_by_article, lying_in_others};
use super::dictionary::{Dictionary, Name};
use super::look::{ColumnLook, Found, SourceLook};
use super::surveys::answers;
use crate::table::{CanonicalColumn, CanonicalTable, CanonicalTables, Type};

/// Below this a source is none of the canonical tables.
const MIN_TABLE_SCORE: f64 = 0.42;

/// A canonical table as it could be mapped.
#[derive(Debug)]
pub struct TableGuess {
    /// The table.
    pub table: &'static CanonicalTable,
    /// Position of its source.
    pub source: usize,
    /// 0 to 1.
    pub confidence: f64,
    /// Its columns.
    pub columns: Vec<ColumnGuess>,
    /// Why it cannot be mapped; it is then only written as a comment.
    pub problem: Option<String>,
    /// What is worth knowing about it.
    pub notes: Vec<String>,
    pub(super) filter: Option<String>,
    /// Canonical columns whose expressions make a row.
    pub(super) group_by: Vec<String>,
    pub(super) dedupe: Option<String>,
    pub(super) joins: Vec<Join>,
    pub(super) answers: Vec<Answer>,
}

impl TableGuess {
    /// A guess that has no columns yet.
    pub(super) fn of_source(table: &'static CanonicalTable, source: usize) -> Self {
        Self {
            table,
            source,
            confidence: 0.0,
            columns: Vec::new(),
            problem: None,
            notes: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            dedupe: None,
            joins: Vec::new(),
            answers: Vec::new(),
        }
    }
}

/// A column of a canonical table as it could be mapped.
#[derive(Debug)]
pub struct ColumnGuess {
    /// The column.
    pub column: &'static CanonicalColumn,
    /// Expression over the source.
    pub expr: String,
    /// 0 to 1.
    pub confidence: f64,
    /// What speaks for it.
    pub why: String,
    /// Other columns that fit nearly as well, with how well.
    pub also: Vec<(String, f64)>,
    pub(super) from: Option<usize>,
    pub(super) is_text: bool,
}

/// A table of days that a key points into.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) source: String,
    pub(super) alias: String,
    pub(super) key: String,
    pub(super) of: String,
}

/// A column that is one question of a wide survey.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) scale: Option<i64>,
}

/// Guesses the tables of all sources.
pub(super) fn guess(found: &Found, preferred: &Preferred) -> Vec<TableGuess> {
    let tables: Vec<&'static CanonicalTable> = CanonicalTables::get().iter().collect();
    let position = |name: &str| tables.iter().position(|t| t.name == name);
    let fits: Vec<Vec<Fitting>> = found
        .sources
        .iter()
        .map(|source| {
            let best = best_anywhere(source, tables.iter().copied());
            let name = Name::of(&source.name);
            let is_named = tables
                .iter()
                .any(|t| Dictionary::get().table(&name, &t.name) >= 0.6);
            let hints = key_hints(found, source, &tables);
            let fit = |table: &&'static CanonicalTable| {
                fitting(source, table, &best, &hints, preferred, is_named)
            };
            tables.iter().map(fit).collect()
        })
        .collect();

    // The best table of each source; where lines are called orders they are lines.
    let mut primary: Vec<Option<usize>> = fits.iter().map(|fits| best_table(fits)).collect();
    if let (Some(orders), Some(items)) = (position("orders"), position("order_items")) {
        for (source, primary) in primary.iter_mut().enumerate() {
            let fit = &fits[source];
            let is_repeated = repeats(&found.sources[source], &fit[orders].matches, "order_id");
            let has_lines = ["sku", "quantity"]
                .iter()
                .any(|c| has(&fit[items].matches, c));
            if *primary == Some(orders) && is_repeated && has_lines {
                *primary = Some(items);
            }
        }
    }
    let days = days(found);
    if let Some(days) = &days {
        // A table of days is read through the keys of others.
        let is_days = |at: usize| found.sources[at].name == days.source;
        for (_, primary) in primary
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| is_days(*at))
        {
            *primary = None;
        }
    }
    let mut guesses: Vec<TableGuess> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let mut rivals: Vec<usize> = (0..fits.len())
            .filter(|s| primary[*s] == Some(at))
            .collect();
        rivals.sort_by(|a, b| fits[*b][at].score.total_cmp(&fits[*a][at].score));
        let Some((&source, others)) = rivals.split_first() else {
            continue;
        };
        let fit = &fits[source][at];
        let mut guess = plain(found, source, table, &fit.matches, fit.affinity, &days);
        if !others.is_empty() {
            let names: Vec<&str> = others
                .iter()
                .map(|s| found.sources[*s].name.as_str())
                .collect();
            guess.notes.push(format!(
                "{} could be {} as well: one query can read several, sql = \"\"\"select ... union all select ...\"\"\"",
                names.join(", "),
                table.name
            ));
            guess.confidence *= 0.9;
        }
        guesses.push(guess);
    }
    lying_in_others(found, &tables, preferred, &days, &mut guesses);
    lines_by_article(&mut guesses);
    guesses.sort_by_key(|g| position(&g.table.name));
    unify_ids(&mut guesses);
    guesses
}

fn best_table(fits: &[Fitting]) -> Option<usize> {
    let best = (0..fits.len()).max_by(|a, b| {
        // The first of equals.
        fits[*a].score.total_cmp(&fits[*b].score).then(b.cmp(a))
    })?;
    (fits[best].likely >= MIN_TABLE_SCORE).then_some(best)
}

pub(super) fn has(matches: &[Match], column: &str) -> bool {
    matches.iter().any(|m| m.column.name == column)
}

fn repeats(source: &SourceLook, matches: &[Match], column: &str) -> bool {
    let found = matches.iter().find(|m| m.column.name == column);
    found.is_some_and(|m| {
        let shape = &source.columns[m.from].shape;
        (shape.n_distinct as f64) < (1.0 - MAX_COPIES) * shape.n as f64
    })
}

/// Where several columns could be the key of a table, says how many of the values
/// that other files refer to each of them has.
fn key_hints(found: &Found, source: &SourceLook, tables: &[&'static CanonicalTable]) -> KeyHints {
    let mut hints = KeyHints::new();
    for table in tables.iter().filter(|t| t.owned_domain().is_some()) {
        let key = &table.key[0];
        let likes = |column: &ColumnLook, table: &str| {
            let found = Dictionary::get().column(&column.words, table, key);
            found.is_some_and(|l| l.score >= 0.6)
        };
        // The id of the return in a table of refunds is no rival of the refund's own.
        let is_key = |column: &&ColumnLook| {
            let like = |canonical: &str| {
                let found = Dictionary::get().column(&column.words, &table.name, canonical);
                found.map_or(0.0, |l| l.score)
            };
            let of_key = like(key);
            table.columns.iter().all(|c| like(&c.name) <= of_key)
        };
        let candidates: Vec<&ColumnLook> = source
            .columns
            .iter()
            .filter(|c| likes(c, &table.name))
            .filter(is_key)
            .collect();
        if candidates.len() < 2 {
            continue;
        }
        for candidate in candidates {
            let own: BTreeSet<&String> = candidate.values.iter().flatten().collect();
            let others = found.sources.iter().filter(|s| s.name != source.name);
            let shares = others
                .flat_map(|s| &s.columns)
                .filter(|c| likes(c, ""))
                .map(|c| {
                    let values: BTreeSet<&String> = c.values.iter().flatten().collect();
                    let n = values.iter().filter(|v| own.contains(*v)).count();
                    n as f64 / values.len().max(1) as f64
                });
            let at = (table.name.clone(), candidate.name.clone());
            hints.insert(at, shares.fold(0.0, f64::max));
        }
    }
    hints
}

pub(super) fn of_match(source: &SourceLook, found: &Match) -> ColumnGuess {
    let mut why = found.why.clone();
    if let Some(note) = &found.fit.note {
        why = format!("{why}; {note}");
    }
    if let Some(low) = source.columns[found.from].shape.range
        && matches!(found.column.name.as_str(), "score" | "rating")
    {
        why = format!("{why}; values {} to {}", low.0, low.1);
    }
    ColumnGuess {
        column: found.column,
        expr: found.fit.expr.clone(),
        confidence: found.score,
        why,
        also: found.also.clone(),
        from: Some(found.from),
        is_text: found.fit.is_text,
    }
}

/// Maps a source onto the table it is, row by row.
pub(super) fn plain(
    found: &Found,
    at: usize,
    table: &'static CanonicalTable,
    matches: &[Match],
    affinity: f64,
    days: &Option<Days>,
) -> TableGuess {
    let source = &found.sources[at];
    let mut guess = TableGuess::of_source(table, at);
    guess.columns = matches.iter().map(|m| of_match(source, m)).collect();
    if table.name == "surveys" {
        answers(source, &mut guess);
    }
    if table.name == "order_items" {
        sales_only(source, &mut guess);
    }
    read_days(source, matches, days, &mut guess);
    complete(source, &mut guess);
    copies(source, &mut guess);
    judge(affinity, &mut guess);
    guess
}

/// Says how sure a guess is, and what is missing for it.
pub(super) fn judge(affinity: f64, guess: &mut TableGuess) {
    let required: Vec<(&CanonicalColumn, Option<f64>)> = guess
        .table
        .columns
        .iter()
        .filter(|c| c.is_required)
        .map(|c| {
            let found = guess.columns.iter().find(|g| g.column.name == c.name);
            let is_answered = !guess.answers.is_empty() && c.name == "kind";
            (
                c,
                found.map(|g| g.confidence).or(is_answered.then_some(0.9)),
            )
        })
        .collect();
    let sum: f64 = required
        .iter()
        .filter_map(|(_, confidence)| *confidence)
        .sum();
    let mean = sum / required.len().max(1) as f64;
    guess.confidence = mean * (0.85 + 0.15 * affinity);
    if guess.problem.is_none()
        && let Some((column, _)) = required.iter().find(|(_, confidence)| confidence.is_none())
    {
        guess.problem = Some(format!(
            "no column looks like `{}` ({}): {}",
            column.name,
            column.ty.name(),
            column.doc
        ));
    }
}

pub(super) fn expr_of<'g>(guess: &'g TableGuess, column: &str) -> Option<&'g ColumnGuess> {
    guess.columns.iter().find(|c| c.column.name == column)
}

/// Adds a column that no source column is.
pub(super) fn add(guess: &mut TableGuess, column: &str, expr: String, confidence: f64, why: &str) {
    let canonical = guess.table.columns.iter().find(|c| c.name == column);
    if let Some(column) = canonical {
        guess.columns.push(ColumnGuess {
            column,
            expr,
            confidence,
            why: why.to_owned(),
            also: Vec::new(),
            from: None,
            is_text: true,
        });
        let order = &guess.table.columns;
        let place = |c: &ColumnGuess| order.iter().position(|o| o.name == c.column.name);
        guess.columns.sort_by_key(place);
    }
}

/// Makes ids of one domain text where one of them is.
fn unify_ids(guesses: &mut [TableGuess]) {
    let mut text: BTreeSet<String> = BTreeSet::new();
    for column in guesses
        .iter()
        .filter(|g| g.problem.is_none())
        .flat_map(|g| &g.columns)
    {
        if let Type::Id(domain) = &column.column.ty
            && column.is_text
        {
            text.insert(domain.clone());
        }
    }
    for column in guesses.iter_mut().flat_map(|g| &mut g.columns) {
        if let Type::Id(domain) = &column.column.ty
            && !column.is_text
            && text.contains(domain)
        {
            column.expr = format!("cast({} as varchar)", column.expr);
            column.why += "; text, as the same id is elsewhere";
            column.is_text = true;
        }
    }
}
