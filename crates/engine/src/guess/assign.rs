//! Which columns of a source could be which of a canonical table, and how well the whole fits.

use std::collections::BTreeMap;

use super::dictionary::{Dictionary, Name};
use super::fit::{Fit, fit};
use super::look::{ColumnLook, SourceLook};
use crate::table::{CanonicalColumn, CanonicalTable, Type};

/// Below this a name is no reason to map a column.
pub(super) const MIN_SCORE: f64 = 0.5;
/// A second column this close to the best competes with it.
const CLOSE: f64 = 0.85;

/// A column of a source for a canonical one.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) column: &'static CanonicalColumn,
    /// Position in the source.
    pub(super) from: usize,
    pub(super) score: f64,
    pub(super) why: String,
    pub(super) fit: Fit,
    /// Other columns that fit nearly as well.
    pub(super) also: Vec<(String, f64)>,
}

/// A source seen as a canonical table.
#[derive(Debug)]
pub(super) struct Fitting {
    pub(super) matches: Vec<Match>,
    /// How well name and columns fit together, 0 to 1.
    pub(super) score: f64,
    /// The score without the discount for required columns that are missing.
    pub(super) likely: f64,
    /// How much the name of the files is that of the table.
    pub(super) affinity: f64,
}

/// How many of the values that other files refer to a column has, by the table whose key it
/// could be and its name.
pub(super) type KeyHints = BTreeMap<(String, String), f64>;

/// What a person prefers where several columns compete: by table and canonical column.
pub type Preferred = BTreeMap<(String, String), String>;

/// Says how likely a column is a canonical one.
fn score(
    table: &CanonicalTable,
    canonical: &CanonicalColumn,
    column: &ColumnLook,
    hints: &KeyHints,
) -> Option<(f64, String, Fit)> {
    let mut likeness = Dictionary::get().column(&column.words, &table.name, &canonical.name);
    let shape = &column.shape;
    // A few kinds of values tell by themselves what they are.
    let by_value = match canonical.name.as_str() {
        "currency" if shape.are_currencies() => Some((0.75, "all values are currency codes")),
        "email" if shape.n > 0 && column.values.iter().flatten().all(|v| v.contains('@')) => {
            Some((0.8, "all values are e-mail addresses"))
        }
        _ => None,
    };
    let mut why = match &likeness {
        Some(l) if l.score >= 1.0 => "the same name".to_owned(),
        Some(l) => format!("like `{}`", l.like),
        None => String::new(),
    };
    if let Some((score, words)) = by_value
        && likeness.as_ref().is_none_or(|l| l.score < score)
    {
        why = words.to_owned();
        likeness = Some(super::dictionary::Likeness {
            score,
            like: String::new(),
        });
    }
    let mut score = likeness?.score;
    let fit = fit(&canonical.ty, column)?;
    let is_day = ["at", "id"]
        .iter()
        .all(|w| column.words.words.iter().any(|word| word == w));
    if is_day && matches!(canonical.ty, Type::Id(_)) {
        // The key of a date is no id of anything else.
        return None;
    }
    score *= fit.quality;
    let halved = match canonical.name.as_str() {
        "currency" => shape.n > 0 && !shape.are_currencies(),
        "reason_code" => shape.words.is_none() && !column.data_type.is_integer(),
        "rating" | "score" => shape.range.is_some() && !shape.is_within(-10.0, 100.0),
        _ => false,
    };
    if halved {
        score *= 0.5;
        why += ", its values do not look like it";
    }
    if column.is_partition {
        score *= 0.9;
    }
    if let Some(hint) = hints.get(&(table.name.clone(), column.name.clone()))
        && table.key == [canonical.name.clone()]
    {
        score = (score * (0.9 + 0.1 * hint)).min(1.0);
    }
    Some((score, why, fit))
}

/// Gives each canonical column the column that fits best, each column once.
pub(super) fn assign(
    source: &SourceLook,
    table: &'static CanonicalTable,
    hints: &KeyHints,
    preferred: &Preferred,
) -> Vec<Match> {
    let mut pairs = Vec::new();
    for (at, canonical) in table.columns.iter().enumerate() {
        for (from, column) in source.columns.iter().enumerate() {
            let Some((mut value, why, fit)) = score(table, canonical, column, hints) else {
                continue;
            };
            let key = (table.name.clone(), canonical.name.clone());
            if preferred.get(&key) == Some(&column.name) {
                value = 1.01;
            }
            if value >= MIN_SCORE {
                pairs.push((value, at, from, why, fit));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut matches: Vec<(usize, Match)> = Vec::new();
    for (value, at, from, why, fit) in &pairs {
        if let Some((_, taken)) = matches.iter_mut().find(|(a, _)| a == at) {
            // A column that is something else for sure does not compete.
            let is_close = *value >= taken.score * CLOSE;
            let best_elsewhere = pairs.iter().filter(|p| p.2 == *from && p.1 != *at);
            let is_free = best_elsewhere.map(|p| p.0).fold(0.0, f64::max) < *value;
            if is_close && is_free && *from != taken.from {
                taken
                    .also
                    .push((source.columns[*from].name.clone(), value.min(1.0)));
            }
            continue;
        }
        if matches.iter().any(|(_, m)| m.from == *from) {
            continue;
        }
        let found = Match {
            column: &table.columns[*at],
            from: *from,
            score: value.min(1.0),
            why: why.clone(),
            fit: fit.clone(),
            also: Vec::new(),
        };
        matches.push((*at, found));
    }
    matches.sort_by_key(|(at, _)| *at);
    let mut matches: Vec<Match> = matches.into_iter().map(|(_, m)| m).collect();
    for found in &mut matches {
        let key = (table.name.clone(), found.column.name.clone());
        if preferred.contains_key(&key) {
            found.also.clear();
            found.why = "chosen".to_owned();
        } else if !found.also.is_empty() {
            found.score *= CLOSE;
            for (_, score) in &mut found.also {
                *score *= CLOSE;
            }
        }
    }
    matches
}

/// Required columns that can be made of others.
fn can_be_made(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("order_items", "line_no")
            | ("returns", "return_id")
            | ("refunds", "refund_id")
            | ("shipments", "shipment_id")
            | ("surveys", "response_id" | "kind")
            | ("interactions", "interaction_id" | "source")
    )
}

/// Looks at a source as a canonical table.
pub(super) fn fitting(
    source: &SourceLook,
    table: &'static CanonicalTable,
    best_anywhere: &[f64],
    hints: &KeyHints,
    preferred: &Preferred,
    // Whether the files' name says anything at all.
    is_named: bool,
) -> Fitting {
    let mut matches = assign(source, table, hints, preferred);
    let affinity = Dictionary::get().table(&Name::of(&source.name), &table.name);
    // A column nobody knows says little; one that another table explains says a lot.
    let weight = |from: usize| {
        if best_anywhere[from] >= MIN_SCORE {
            1.0
        } else {
            0.2
        }
    };
    let explained: f64 = matches.iter().map(|m| m.score * weight(m.from)).sum();
    let all: f64 = (0..source.columns.len()).map(weight).sum();
    let n_answers = source.columns.iter().filter(|c| is_answer(c)).count();
    let explained = if table.name == "surveys" {
        explained + n_answers as f64
    } else {
        explained
    };
    let cover = explained / all.max(1.0);
    let required: Vec<f64> = table
        .columns
        .iter()
        .filter(|c| c.is_required)
        .map(|c| match matches.iter().find(|m| m.column.name == c.name) {
            Some(m) => m.score,
            None if can_be_made(&table.name, &c.name) => 0.6,
            None => 0.0,
        })
        .collect();
    let has = required.iter().sum::<f64>() / required.len().max(1) as f64;
    let is_complete = required.iter().all(|score| *score > 0.0);
    let mut score = if is_named {
        0.4 * affinity + 0.35 * cover.min(1.0) + 0.25 * has
    } else {
        0.55 * cover.min(1.0) + 0.45 * has
    };
    // Only ids that everything has: such a table is everything and nothing.
    let own = matches
        .iter()
        .filter(|m| !matches!(m.column.ty, Type::Id(_)))
        .count();
    if own == 0 && affinity < 0.7 {
        score *= 0.5;
    }
    let keys: Vec<&ColumnLook> = table
        .key
        .iter()
        .filter_map(|key| matches.iter().find(|m| m.column.name == *key))
        .map(|m| &source.columns[m.from])
        .collect();
    if keys.len() == table.key.len() {
        let (n_distinct, n) = source.distinct(&keys);
        if n > 0 && (n_distinct as f64) < 0.9 * n as f64 {
            score *= 0.7;
        }
        if let ([key], true) = (keys.as_slice(), n_distinct == n && n > 1) {
            let name = &key.name;
            let found = matches
                .iter_mut()
                .find(|m| source.columns[m.from].name == *name);
            if let Some(found) = found {
                found.why += ", unique in the sample";
            }
        }
    }
    Fitting {
        matches,
        score: if is_complete { score } else { 0.6 * score },
        likely: score,
        affinity,
    }
}

/// Whether a column is the answer to a question of a survey.
pub(super) fn is_answer(column: &ColumnLook) -> bool {
    Dictionary::get().answer(&column.words).is_some() && column.shape.is_within(0.0, 100.0)
}

/// Returns for each column of a source how well any canonical column knows it.
pub(super) fn best_anywhere(
    source: &SourceLook,
    tables: impl Iterator<Item = &'static CanonicalTable>,
) -> Vec<f64> {
    let mut best = vec![0.0_f64; source.columns.len()];
    let none = KeyHints::new();
    for table in tables {
        for canonical in &table.columns {
            for (column, best) in source.columns.iter().zip(&mut best) {
                if let Some((value, _, _)) = score(table, canonical, column, &none) {
                    *best = best.max(value);
                }
            }
        }
    }
    for (column, best) in source.columns.iter().zip(&mut best) {
        if is_answer(column) {
            *best = 1.0;
        }
    }
    best
}
