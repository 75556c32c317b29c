//! What a table still needs once its columns are found: keys, line numbers, days, one row a key.
//!
//! Each step adds expressions that the source's own columns allow, with why, and
//! leaves the table as it is where they do not.

use super::assign::Match;
use super::dictionary::Name;
use super::fit::quoted;
use super::look::{ColumnLook, Found, SourceLook};
use super::propose::{Join, TableGuess, add, expr_of};
use super::surveys::survey_kind;

/// Keys that repeat more rarely than this are copies of rows.
pub(super) const MAX_COPIES: f64 = 0.1;

/// A source in which every key has its day.
pub(super) struct Days {
    pub(super) source: String,
    pub(super) key: String,
    pub(super) day: String,
}

/// Finds a table of days, as date_dim is one.
pub(super) fn days(found: &Found) -> Option<Days> {
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

/// Makes required columns of others where that is sound.
pub(super) fn complete(source: &SourceLook, guess: &mut TableGuess) {
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

pub(super) fn column_of<'s>(
    source: &'s SourceLook,
    guess: &TableGuess,
    name: &str,
) -> Option<&'s ColumnLook> {
    let found = expr_of(guess, name)?;
    found.from.map(|from| &source.columns[from])
}

pub(super) fn line_no(source: &SourceLook, guess: &mut TableGuess) {
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

/// Makes an id of columns that together are different in every sampled row.
pub(super) fn composite_id(source: &SourceLook, guess: &mut TableGuess, id: &str) {
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

/// Lines with negative units are no sales.
pub(super) fn sales_only(source: &SourceLook, guess: &mut TableGuess) {
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
pub(super) fn read_days(
    source: &SourceLook,
    matches: &[Match],
    days: &Option<Days>,
    guess: &mut TableGuess,
) {
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
pub(super) fn copies(source: &SourceLook, guess: &mut TableGuess) {
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
