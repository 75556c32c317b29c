//! From sources that were looked at to guesses of canonical tables.
//!
//! A file usually is one table; a file of lines is also the orders, articles
//! and buyers it repeats, and a questionnaire with a column per question is
//! turned into one row per answer.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::{Fitting, Match, Preferred, assign, best_anywhere, fitting, is_answer};
use super::dictionary::{Dictionary, Name};
use super::fit::quoted;
use super::look::{ColumnLook, Found, SourceLook};
use crate::table::{CanonicalColumn, CanonicalTable, CanonicalTables, Type};

/// Below this a source is none of the canonical tables.
const MIN_TABLE_SCORE: f64 = 0.42;
/// Keys that repeat more rarely than this are copies of rows.
const MAX_COPIES: f64 = 0.1;

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

/// A source in which every key has its day.
struct Days {
    source: String,
    key: String,
    day: String,
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
    derive(found, &tables, preferred, &days, &mut guesses);
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

fn has(matches: &[Match], column: &str) -> bool {
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
fn key_hints(
    found: &Found,
    source: &SourceLook,
    tables: &[&'static CanonicalTable],
) -> BTreeMap<String, f64> {
    let mut hints = BTreeMap::new();
    for table in tables.iter().filter(|t| t.owned_domain().is_some()) {
        let key = &table.key[0];
        let likes = |column: &ColumnLook, table: &str| {
            let found = Dictionary::get().column(&column.words, table, key);
            found.is_some_and(|l| l.score >= 0.6)
        };
        let candidates: Vec<&ColumnLook> = source
            .columns
            .iter()
            .filter(|c| likes(c, &table.name))
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
            hints.insert(candidate.name.clone(), shares.fold(0.0, f64::max));
        }
    }
    hints
}

/// Finds a table of days, as date_dim is one.
fn days(found: &Found) -> Option<Days> {
    found.sources.iter().find_map(|source| {
        let is_key = |c: &&ColumnLook| {
            c.words.words == ["at", "id"] && c.shape.is_unique() && c.data_type.is_integer()
        };
        let key = source.columns.iter().find(is_key)?;
        let is_day = |c: &&ColumnLook| {
            let is_time = c.data_type.is_temporal() || c.shape.time_format == Some("%Y-%m-%d");
            c.words.words == ["at"] && is_time
        };
        let day = source.columns.iter().find(is_day)?;
        Some(Days {
            source: source.name.clone(),
            key: key.name.clone(),
            day: if day.data_type.is_temporal() {
                quoted(&day.name)
            } else {
                format!("cast({} as date)", quoted(&day.name))
            },
        })
    })
}

fn of_match(source: &SourceLook, found: &Match) -> ColumnGuess {
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
fn plain(
    found: &Found,
    at: usize,
    table: &'static CanonicalTable,
    matches: &[Match],
    affinity: f64,
    days: &Option<Days>,
) -> TableGuess {
    let source = &found.sources[at];
    let mut guess = TableGuess {
        table,
        source: at,
        confidence: 0.0,
        columns: matches.iter().map(|m| of_match(source, m)).collect(),
        problem: None,
        notes: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        dedupe: None,
        joins: Vec::new(),
        answers: Vec::new(),
    };
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
fn judge(affinity: f64, guess: &mut TableGuess) {
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

fn expr_of<'g>(guess: &'g TableGuess, column: &str) -> Option<&'g ColumnGuess> {
    guess.columns.iter().find(|c| c.column.name == column)
}

/// Adds a column that no source column is.
fn add(guess: &mut TableGuess, column: &str, expr: String, confidence: f64, why: &str) {
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

/// Makes required columns of others where that is sound.
fn complete(source: &SourceLook, guess: &mut TableGuess) {
    let missing: Vec<&str> = guess
        .table
        .columns
        .iter()
        .filter(|c| c.is_required && expr_of(guess, &c.name).is_none())
        .map(|c| c.name.as_str())
        .collect();
    for column in missing {
        match (guess.table.name.as_str(), column) {
            ("order_items", "line_no") => line_no(source, guess),
            ("order_items", "quantity") => {
                let why = "no column looks like a number of units: one unit a line";
                add(guess, "quantity", "1".to_owned(), 0.3, why);
            }
            ("interactions", "source") => {
                let name = Name::of(&source.name);
                if ["review", "评价", "评论"]
                    .iter()
                    .any(|w| source.name.contains(w))
                    || name.words.contains(&"review".to_owned())
                {
                    add(
                        guess,
                        "source",
                        "'review'".to_owned(),
                        0.8,
                        "by the files' name",
                    );
                }
            }
            ("surveys", "kind") if guess.answers.is_empty() => survey_kind(source, guess),
            (_, id) if guess.table.key.contains(&id.to_owned()) && id.ends_with("_id") => {
                composite_id(source, guess, id);
            }
            _ => {}
        }
    }
}

fn column_of<'s>(source: &'s SourceLook, guess: &TableGuess, name: &str) -> Option<&'s ColumnLook> {
    let found = expr_of(guess, name)?;
    found.from.map(|from| &source.columns[from])
}

fn line_no(source: &SourceLook, guess: &mut TableGuess) {
    let Some(order) = column_of(source, guess, "order_id") else {
        return;
    };
    if order.shape.is_unique() {
        add(
            guess,
            "line_no",
            "1".to_owned(),
            0.8,
            "every order stands once",
        );
        return;
    }
    let Some(order_expr) = expr_of(guess, "order_id").map(|g| g.expr.clone()) else {
        return;
    };
    if let (Some(sku), Some(found)) = (column_of(source, guess, "sku"), expr_of(guess, "sku")) {
        let (n_distinct, n) = source.distinct(&[order, sku]);
        if n > 0 && n_distinct == n && sku.data_type.is_integer() {
            let expr = found.expr.clone();
            let why = "made: an article stands once in an order, so it numbers the lines";
            add(guess, "line_no", expr, 0.8, why);
            return;
        }
    }
    let by: Vec<String> = ["sku", "unit_price", "quantity"]
        .iter()
        .filter_map(|c| expr_of(guess, c).map(|g| g.expr.clone()))
        .collect();
    if by.is_empty() {
        return;
    }
    let expr = format!(
        "row_number() over (partition by {order_expr} order by {})",
        by.join(", ")
    );
    let why = "made: lines are counted within their order, which sorts them all at every question";
    add(guess, "line_no", expr, 0.6, why);
}

fn survey_kind(source: &SourceLook, guess: &mut TableGuess) {
    let Some(score) = column_of(source, guess, "score") else {
        return;
    };
    let name = source.name.to_lowercase();
    let named = ["nps", "csat", "ces"]
        .into_iter()
        .find(|k| name.contains(k));
    let is_within = |low, high| score.shape.is_within(low, high);
    let high = score.shape.range.map_or(0.0, |(_, high)| high);
    let (kind, confidence, why) = match named {
        Some(kind) => (kind, 0.8, "by the files' name"),
        None if is_within(0.0, 10.0) && high > 7.0 => ("nps", 0.55, "answers from 0 to 10"),
        None if is_within(1.0, 7.0) => ("csat", 0.55, "answers from 1 to 5 or 7"),
        None => return,
    };
    add(guess, "kind", format!("'{kind}'"), confidence, why);
    if kind != "nps"
        && let Some(scale) = scale_of(score)
    {
        add(
            guess,
            "scale",
            scale.to_string(),
            0.6,
            "the highest answer in the sample",
        );
    }
}

fn scale_of(column: &ColumnLook) -> Option<i64> {
    let (_, high) = column.shape.range?;
    [5, 7, 10].into_iter().find(|scale| high <= *scale as f64)
}

/// Makes an id of columns that together are different in every sampled row.
fn composite_id(source: &SourceLook, guess: &mut TableGuess, id: &str) {
    let combinations: [&[&str]; 6] = [
        &["order_id", "line_no"],
        &["order_id", "sku"],
        &["order_id", "requested_at"],
        &["order_id", "refunded_at"],
        &["customer_id", "sku", "occurred_at"],
        &["customer_id", "responded_at"],
    ];
    for columns in combinations {
        let looks: Option<Vec<&ColumnLook>> = columns
            .iter()
            .map(|c| column_of(source, guess, c))
            .collect();
        let Some(looks) = looks else { continue };
        let (n_distinct, n) = source.distinct(&looks);
        if n == 0 || n_distinct < n || n < source.n_sampled {
            continue;
        }
        let parts: Vec<String> = looks
            .iter()
            .map(|look| format!("cast({} as varchar)", quoted(&look.name)))
            .collect();
        let expr = format!("concat({})", parts.join(", '/', "));
        let names = columns.join(" and ");
        let why = format!("made: {names} together are different in every sampled row");
        add(guess, id, expr, 0.6, &why);
        return;
    }
}

/// Takes the columns of a questionnaire that are questions.
fn answers(source: &SourceLook, guess: &mut TableGuess) {
    let questions: Vec<(usize, &ColumnLook)> = source
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| is_answer(c))
        .collect();
    if questions.is_empty() || expr_of(guess, "kind").is_some() {
        return;
    }
    guess.columns.retain(|c| c.column.name != "score");
    for (_, column) in &questions {
        let Some(kind) = Dictionary::get().answer(&column.words) else {
            continue;
        };
        guess.answers.push(Answer {
            kind: kind.to_owned(),
            name: quoted(&column.name),
            scale: (kind != "nps").then(|| scale_of(column)).flatten(),
        });
    }
    if guess.answers.iter().any(|a| a.kind == "ces") {
        guess.notes.push(
            "ces: whether a high answer means ease or effort the files do not say; add 'ease' or 'effort' as direction"
                .to_owned(),
        );
    }
}

/// Whether a column is a question that became rows.
pub(super) fn is_asked(guess: &TableGuess, column: &ColumnLook) -> bool {
    !guess.answers.is_empty() && is_answer(column)
}

/// Lines with negative units are no sales.
fn sales_only(source: &SourceLook, guess: &mut TableGuess) {
    let Some(quantity) = column_of(source, guess, "quantity") else {
        return;
    };
    let n_negative = quantity.shape.n_negative;
    if n_negative > 0 {
        let expr = quoted(&quantity.name);
        guess.filter = Some(format!("{expr} > 0"));
        guess.notes.push(format!(
            "{n_negative} of {} sampled rows have a negative {}: they are left out here",
            quantity.shape.n, quantity.name
        ));
    }
}

/// Replaces keys of days by the days, where the table of days is there.
fn read_days(source: &SourceLook, matches: &[Match], days: &Option<Days>, guess: &mut TableGuess) {
    for found in matches.iter().filter(|m| m.fit.is_date_key) {
        let name = source.columns[found.from].name.clone();
        let canonical = found.column;
        let Some(column) = guess
            .columns
            .iter_mut()
            .find(|c| c.column.name == canonical.name)
        else {
            continue;
        };
        match days {
            Some(days) => {
                let alias = format!("day_{}", guess.joins.len() + 1);
                column.expr = format!("{alias}.{}", days.day);
                if let Some(inner) = days.day.strip_prefix("cast(") {
                    column.expr = format!("cast({alias}.{inner}");
                }
                column.why = format!("{}, a key of {}", column.why, days.source);
                // The table says what the number means, so it is as good as a date.
                column.confidence = (column.confidence / 0.8).min(1.0);
                guess.joins.push(Join {
                    source: days.source.clone(),
                    alias,
                    key: days.key.clone(),
                    of: name,
                });
            }
            None => {
                let text = format!(
                    "`{name}` looks like `{}` and is no date but the key of one; the table of days it points into (date_dim in TPC-DS) is not among the files",
                    canonical.name
                );
                guess.columns.retain(|c| c.column.name != canonical.name);
                if canonical.is_required {
                    guess.problem = Some(text);
                } else {
                    guess.notes.push(text);
                }
            }
        }
    }
}

/// Finds copies of rows, and keys that are none.
fn copies(source: &SourceLook, guess: &mut TableGuess) {
    let keys: Option<Vec<&ColumnLook>> = guess
        .table
        .key
        .iter()
        .map(|key| column_of(source, guess, key))
        .collect();
    let Some(keys) = keys else { return };
    let (n_distinct, n) = source.distinct(&keys);
    if n_distinct == n {
        return;
    }
    let key = guess.table.key.join(", ");
    let n_copies = n - n_distinct;
    if n_copies as f64 <= MAX_COPIES * n as f64 {
        let kept = if expr_of(guess, "recorded_at").is_some() {
            "the row recorded last counts"
        } else {
            "one of them counts"
        };
        guess.dedupe = Some(format!(
            "{n_copies} of {n} sampled rows repeat a key; {kept}"
        ));
    } else {
        guess.notes.push(format!(
            "({key}) is no key of it: {n} sampled rows have {n_distinct} values. One row is: {}",
            guess.table.doc
        ));
        if (n_distinct as f64) < 0.5 * n as f64 {
            guess.problem = guess.notes.pop();
            return;
        }
        let column = &guess.table.key[guess.table.key.len() - 1];
        if let Some(found) = guess.columns.iter_mut().find(|c| c.column.name == *column) {
            found.confidence *= 0.5;
        }
    }
}

/// Derives tables from sources that hold more than one.
fn derive(
    found: &Found,
    tables: &[&'static CanonicalTable],
    preferred: &Preferred,
    days: &Option<Days>,
    guesses: &mut Vec<TableGuess>,
) {
    let none = BTreeMap::new();
    let find = |name: &str| tables.iter().copied().find(|t| t.name == name);
    let is_there = |guesses: &[TableGuess], name: &str| {
        guesses
            .iter()
            .any(|g| g.table.name == name && g.problem.is_none())
    };
    let source_of = |guesses: &[TableGuess], name: &str| {
        guesses
            .iter()
            .find(|g| g.table.name == name)
            .map(|g| g.source)
    };
    let matches_of = |at: usize, table: &'static CanonicalTable| {
        assign(&found.sources[at], table, &none, preferred)
    };
    // Orders that name an article are their own lines.
    if source_of(guesses, "order_items").is_none()
        && let (Some(at), Some(items)) = (source_of(guesses, "orders"), find("order_items"))
    {
        let matches = matches_of(at, items);
        if has(&matches, "sku") {
            let mut guess = plain(found, at, items, &matches, 0.5, days);
            guess
                .notes
                .push("made of the orders, which name an article".to_owned());
            guesses.push(guess);
        }
    }
    if let Some(lines) = source_of(guesses, "order_items") {
        if source_of(guesses, "orders").is_none()
            && let Some(orders) = find("orders")
        {
            let matches = matches_of(lines, orders);
            let items = find("order_items")
                .map(|t| matches_of(lines, t))
                .unwrap_or_default();
            let mut guess = grouped(found, lines, orders, &matches, days);
            gross_amount(&found.sources[lines], &matches, &items, &mut guess);
            judge(0.5, &mut guess);
            guesses.push(guess);
        }
        if source_of(guesses, "products").is_none()
            && let Some(products) = find("products")
        {
            let matches = matches_of(lines, products);
            if has(&matches, "sku") && ["name", "category"].iter().any(|c| has(&matches, c)) {
                let mut guess = grouped(found, lines, products, &matches, days);
                judge(0.5, &mut guess);
                guesses.push(guess);
            }
        }
        if !is_there(guesses, "returns") {
            credit_notes(found, lines, tables, preferred, guesses);
        }
    }
    let buyers = source_of(guesses, "orders").filter(|_| source_of(guesses, "customers").is_none());
    if let (Some(at), Some(customers)) = (buyers, find("customers")) {
        let mut matches = matches_of(at, customers);
        // The channel of an order is not that of its buyer.
        matches.retain(|m| !matches!(m.column.name.as_str(), "channel" | "recorded_at"));
        if has(&matches, "customer_id") && matches.len() > 1 {
            let mut guess = grouped(found, at, customers, &matches, days);
            if let Some(id) = expr_of(&guess, "customer_id").map(|c| c.expr.clone())
                && column_of(&found.sources[at], &guess, "customer_id")
                    .is_some_and(|c| c.shape.n_null > 0)
            {
                guess.filter = Some(format!("{id} is not null"));
            }
            judge(0.5, &mut guess);
            guesses.push(guess);
        }
    }
}

/// Maps rows of a finer grain: one row per key of the table.
fn grouped(
    found: &Found,
    at: usize,
    table: &'static CanonicalTable,
    matches: &[Match],
    days: &Option<Days>,
) -> TableGuess {
    let source = &found.sources[at];
    let mut guess = TableGuess {
        table,
        source: at,
        confidence: 0.0,
        columns: matches.iter().map(|m| of_match(source, m)).collect(),
        problem: None,
        notes: Vec::new(),
        filter: None,
        group_by: table.key.clone(),
        dedupe: None,
        joins: Vec::new(),
        answers: Vec::new(),
    };
    read_days(source, matches, days, &mut guess);
    let quantity = |c: &&ColumnLook| {
        let likeness = Dictionary::get().column(&c.words, "order_items", "quantity");
        likeness.is_some_and(|l| l.score >= 0.9) && c.shape.n_negative > 0
    };
    if let Some(quantity) = source.columns.iter().find(quantity) {
        guess.filter = Some(format!("{} > 0", quoted(&quantity.name)));
    }
    for column in &mut guess.columns {
        if table.key.contains(&column.column.name) {
            continue;
        }
        let aggregate = match column.column.ty {
            Type::Instant | Type::Date => "min",
            Type::Boolean => "bool_or",
            Type::Money if !is_constant(source, matches, &table.key[0], column.from) => "sum",
            _ => "max",
        };
        column.expr = format!("{aggregate}({})", column.expr);
        column.confidence *= 0.95;
    }
    guess.notes.push(format!(
        "made of the rows of {}, one per {}",
        source.name, table.key[0]
    ));
    guess
}

/// Whether a column has one value per key throughout the sample.
fn is_constant(source: &SourceLook, matches: &[Match], key: &str, column: Option<usize>) -> bool {
    let (Some(key), Some(column)) = (matches.iter().find(|m| m.column.name == key), column) else {
        return false;
    };
    let (key, column) = (&source.columns[key.from], &source.columns[column]);
    let (n_pairs, _) = source.distinct(&[key, column]);
    let (n_keys, n) = source.distinct(&[key]);
    n_pairs <= n_keys && n_keys < n
}

/// The value of an order from its lines, where they have a price.
fn gross_amount(source: &SourceLook, orders: &[Match], items: &[Match], guess: &mut TableGuess) {
    if let Some(found) = orders.iter().find(|m| m.column.name == "gross_amount") {
        if is_constant(source, orders, "order_id", Some(found.from)) {
            return;
        }
        let is_price = items.iter().any(|m| m.from == found.from);
        if !is_price {
            return;
        }
    }
    let of = |name: &str| items.iter().find(|m| m.column.name == name);
    let (Some(quantity), Some(price)) = (of("quantity"), of("unit_price")) else {
        return;
    };
    let is_exact = !source.columns[price.from].data_type.is_floating();
    let each = if is_exact {
        price.fit.expr.clone()
    } else {
        format!("cast({} as decimal(18, 3))", price.fit.expr)
    };
    guess.columns.retain(|c| c.column.name != "gross_amount");
    let expr = format!("sum({} * {each})", quantity.fit.expr);
    let confidence = 0.9 * quantity.score.min(price.score);
    add(
        guess,
        "gross_amount",
        expr,
        confidence,
        "made: units times price of every line",
    );
}

/// Returns of a file in which goods that came back are lines of negative units.
fn credit_notes(
    found: &Found,
    lines: usize,
    tables: &[&'static CanonicalTable],
    preferred: &Preferred,
    guesses: &mut Vec<TableGuess>,
) {
    let source = &found.sources[lines];
    let find = |name: &str| tables.iter().copied().find(|t| t.name == name);
    let (Some(returns), Some(items), Some(orders)) =
        (find("returns"), find("order_items"), find("orders"))
    else {
        return;
    };
    let none = BTreeMap::new();
    let items = assign(source, items, &none, preferred);
    let orders = assign(source, orders, &none, preferred);
    let of = |matches: &[Match], name: &str| {
        let found = matches.iter().find(|m| m.column.name == name);
        found.map(|m| (m.fit.expr.clone(), m.from, m.fit.is_date_key))
    };
    let (Some(id), Some(sku), Some(quantity), Some(at)) = (
        of(&items, "order_id"),
        of(&items, "sku"),
        of(&items, "quantity"),
        of(&orders, "ordered_at"),
    ) else {
        return;
    };
    if source.columns[quantity.1].shape.n_negative == 0 || at.2 {
        return;
    }
    let mut guess = TableGuess {
        table: returns,
        source: lines,
        confidence: 0.0,
        columns: Vec::new(),
        problem: None,
        notes: vec![format!(
            "made of the lines with a negative {}; which order the goods came from they do not say",
            quantity.0
        )],
        filter: Some(format!("{} < 0", quantity.0)),
        group_by: vec!["return_id".to_owned()],
        dedupe: None,
        joins: Vec::new(),
        answers: Vec::new(),
    };
    let key = format!(
        "concat(cast({} as varchar), '/', cast({} as varchar))",
        id.0, sku.0
    );
    add(
        &mut guess,
        "return_id",
        key,
        0.5,
        "made: document and article",
    );
    if let Some(customer) = of(&orders, "customer_id") {
        let expr = format!("max({})", customer.0);
        add(&mut guess, "customer_id", expr, 0.6, "of the document");
        if let Some(last) = guess
            .columns
            .iter_mut()
            .find(|c| c.column.name == "customer_id")
        {
            last.is_text = orders
                .iter()
                .any(|m| m.column.name == "customer_id" && m.fit.is_text);
        }
    }
    add(
        &mut guess,
        "sku",
        format!("max({})", sku.0),
        0.8,
        "of the line",
    );
    if let Some(last) = guess.columns.iter_mut().find(|c| c.column.name == "sku") {
        last.is_text = items
            .iter()
            .any(|m| m.column.name == "sku" && m.fit.is_text);
    }
    let units = format!("cast(-sum({}) as bigint)", quantity.0);
    add(&mut guess, "quantity", units, 0.6, "units that came back");
    if let Some(price) = of(&items, "unit_price") {
        let expr = format!("-sum({} * cast({} as decimal(18, 3)))", quantity.0, price.0);
        add(&mut guess, "refund_amount", expr, 0.5, "units times price");
    }
    let expr = format!("min({})", at.0);
    add(
        &mut guess,
        "requested_at",
        expr,
        0.5,
        "the day of the document",
    );
    judge(0.2, &mut guess);
    guesses.push(guess);
}

/// Where lines are numbered by their article, so are those that returns and parcels name.
fn lines_by_article(guesses: &mut [TableGuess]) {
    let is_by_article = guesses.iter().any(|g| {
        let of = |name: &str| expr_of(g, name).map(|c| c.expr.clone());
        g.table.name == "order_items" && of("sku").is_some() && of("sku") == of("line_no")
    });
    for guess in guesses
        .iter_mut()
        .filter(|g| is_by_article && g.table.name != "order_items")
    {
        let has = |name: &str| expr_of(guess, name).is_some();
        let sku = expr_of(guess, "sku").filter(|_| has("order_id") && !has("line_no"));
        if let Some(expr) = sku.map(|c| c.expr.clone()) {
            let why = "made: order_items numbers its lines by article";
            add(guess, "line_no", expr, 0.8, why);
        }
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
