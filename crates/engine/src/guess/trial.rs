//! Opens a proposal, and leaves as a comment what does not open.
//!
//! Then reads a few rows of every table, looks a few ids up in the table that
//! owns them, and finds the newest order, all on files small enough for it.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::util::display::array_value_to_string;

use super::propose::TableGuess;
use super::write::{Written, percent};
use super::{Overlap, Proposal, Wishes, domain};
use crate::engine::{Engine, Options};
use crate::error::{Error, Location, Result};
use crate::table::CanonicalTables;
use crate::workspace::Workspace;

/// Name of the file in complaints.
const FILE: &str = "aftersight.toml";
/// Sources larger than this are only opened.
const MAX_BYTES: u64 = 256 << 20;
/// Rows read of every table.
const ROWS: usize = 1000;
/// Ids looked up of every column.
const IDS: usize = 200;
/// Fewer found ids than this speak against a guess.
const MIN_FOUND: f64 = 0.1;

/// Tries the proposal until it opens; its text is then final.
pub(super) async fn run(proposal: &mut Proposal, wishes: &Wishes, options: &Options) {
    let mut options = options.clone();
    if !wishes.folder.is_empty() {
        options.stores.base = wishes.folder.clone();
    }
    // Every round takes at least one column or table away.
    let n_rounds: usize = proposal.tables.iter().map(|t| t.columns.len() + 1).sum();
    for _ in 0..=n_rounds {
        let written = proposal.write(wishes);
        proposal.text.clone_from(&written.text);
        let engine = match open(&written.text, &options).await {
            Ok(engine) => engine,
            Err(error) => {
                if !blame(proposal, &written, &error) {
                    proposal.broken = Some(error.to_string());
                    return;
                }
                continue;
            }
        };
        if read_rows(proposal, &engine).await {
            continue;
        }
        if find_copies(proposal, &engine).await {
            continue;
        }
        compare_ids(proposal, &engine).await;
        newest_order(proposal, &engine).await;
        // Only comments and figures behind guesses are new.
        proposal.text = proposal.write(wishes).text;
        return;
    }
    proposal.broken = Some("no part of the proposal opens".to_owned());
}

async fn open(text: &str, options: &Options) -> Result<Engine> {
    let mut workspace = Workspace::parse(FILE, text, CanonicalTables::get())?;
    // Views that may lie beside it are not what is tried here.
    workspace.file.clear();
    Engine::open(workspace, options.clone()).await
}

fn words(error: &Error) -> String {
    let text = error.to_string();
    let plain = match text.split_once(": ") {
        Some((place, rest)) if place.starts_with(FILE) => rest.to_owned(),
        _ => text,
    };
    match error.hint() {
        Some(hint) => format!("{plain} ({hint})"),
        None => plain,
    }
}

/// Takes the column or table away that an error is about; `false` if that cannot be told.
fn blame(proposal: &mut Proposal, written: &Written, error: &Error) -> bool {
    let line = |at: &Location| {
        written
            .lines
            .get(at.line.wrapping_sub(1))
            .cloned()
            .flatten()
    };
    let found = match error {
        Error::Workspace { at: Some(at), .. } => line(at),
        Error::Query {
            file: Some(file), ..
        } => {
            let name = file
                .rsplit_once("[tables.")
                .map(|(_, name)| name.trim_end_matches(']'));
            let table = proposal
                .tables
                .iter()
                .position(|t| Some(t.table.name.as_str()) == name);
            table.map(|at| (at, None))
        }
        _ => None,
    };
    let Some((at, column)) = found else {
        return false;
    };
    let reason = words(error);
    let Some(table) = proposal.tables.get_mut(at).filter(|t| t.problem.is_none()) else {
        return false;
    };
    let optional = column.filter(|name| {
        let mut columns = table.columns.iter();
        columns.any(|c| c.column.name == *name && !c.column.is_required)
    });
    match optional {
        Some(name) => {
            table.columns.retain(|c| c.column.name != name);
            table.notes.push(format!("{name} was left out: {reason}"));
        }
        None => table.problem = Some(format!("it does not open: {reason}")),
    }
    true
}

fn is_small(proposal: &Proposal, table: &TableGuess) -> bool {
    proposal.found.sources[table.source].n_bytes <= MAX_BYTES
}

/// Reads rows of every table; whether one of them could not be read.
async fn read_rows(proposal: &mut Proposal, engine: &Engine) -> bool {
    let mut failed = Vec::new();
    for (at, table) in proposal.tables.iter().enumerate() {
        if table.problem.is_some() || !is_small(proposal, table) {
            continue;
        }
        let sql = format!("select * from raw.{} limit {ROWS}", table.table.name);
        if let Err(error) = engine.query(&sql).await {
            failed.push((at, words(&error)));
        }
    }
    let is_failed = !failed.is_empty();
    for (at, reason) in failed {
        proposal.tables[at].problem = Some(format!("its rows cannot be read: {reason}"));
    }
    is_failed
}

/// Counts rows that repeat a key where the sample had none; whether a table changed.
async fn find_copies(proposal: &mut Proposal, engine: &Engine) -> bool {
    let mut found = Vec::new();
    for (at, table) in proposal.tables.iter().enumerate() {
        let is_known = table.dedupe.is_some() || !table.group_by.is_empty();
        // Counted lines are different by construction.
        let is_counted = table
            .columns
            .iter()
            .any(|c| c.expr.starts_with("row_number()"));
        if table.problem.is_some() || is_known || is_counted || !is_small(proposal, table) {
            continue;
        }
        let sql = format!(
            "select coalesce(sum(n - 1), 0) as n_copies from (select count(*) as n from raw.{} group by {} having count(*) > 1)",
            table.table.name,
            table.table.key.join(", ")
        );
        if let Ok(batches) = engine.query(&sql).await {
            let n_copies = count(&batches);
            let n_rows = proposal.found.sources[table.source]
                .n_rows
                .unwrap_or_default();
            if n_copies > 0 && (n_copies as u64).saturating_mul(10) <= n_rows {
                found.push((at, format!("{n_copies} of {n_rows} rows repeat a key")));
            }
        }
    }
    let is_changed = !found.is_empty();
    for (at, why) in found {
        let table = &mut proposal.tables[at];
        let has_recorded = table.columns.iter().any(|c| c.column.name == "recorded_at");
        let kept = if has_recorded {
            "the row recorded last counts"
        } else {
            "one of them counts"
        };
        table.dedupe = Some(format!("{why}; {kept}"));
    }
    is_changed
}

/// Looks ids up in the tables that own them.
async fn compare_ids(proposal: &mut Proposal, engine: &Engine) {
    let mut overlaps = Vec::new();
    let live = |t: &&TableGuess| t.problem.is_none();
    for table in proposal.tables.iter().filter(live) {
        for column in &table.columns {
            let (Some(domain), Some(from)) = (domain(&column.column.ty), column.from) else {
                continue;
            };
            let owner = proposal.tables.iter().filter(live).find(|o| {
                o.table.owned_domain() == Some(domain) && o.table.name != table.table.name
            });
            let Some(owner) = owner.filter(|o| is_small(proposal, o)) else {
                continue;
            };
            // A table made of the same rows has the same ids.
            if owner.source == table.source {
                continue;
            }
            let look = &proposal.found.sources[table.source].columns[from];
            if look.data_type.is_floating() {
                continue;
            }
            let values: BTreeSet<&String> = look.values.iter().flatten().collect();
            let step = (values.len() / IDS).max(1);
            let picked: Vec<String> = values
                .iter()
                .step_by(step)
                .take(IDS)
                .map(|v| format!("'{}'", v.replace('\'', "''")))
                .collect();
            if picked.is_empty() {
                continue;
            }
            let key = &owner.table.key[0];
            let sql = format!(
                "select count(distinct {key}) as n from raw.{} where cast({key} as varchar) in ({})",
                owner.table.name,
                picked.join(", ")
            );
            let Ok(batches) = engine.query(&sql).await else {
                continue;
            };
            overlaps.push(Overlap {
                from: format!("{}.{}", table.table.name, column.column.name),
                to: format!("{}.{key}", owner.table.name),
                n: picked.len(),
                n_found: count(&batches),
            });
        }
    }
    for overlap in &overlaps {
        let share = overlap.n_found as f64 / overlap.n as f64;
        let Some((table, column)) = overlap.from.split_once('.') else {
            continue;
        };
        let columns = proposal
            .tables
            .iter_mut()
            .filter(|t| t.table.name == table)
            .flat_map(|t| &mut t.columns);
        for column in columns.filter(|c| c.column.name == column) {
            column.why = format!("{}; {} are in {}", column.why, percent(share), overlap.to);
            if share < MIN_FOUND {
                column.confidence *= 0.5;
            }
        }
    }
    proposal.overlaps = overlaps;
}

fn count(batches: &[RecordBatch]) -> usize {
    let first = batches.first().filter(|b| b.num_rows() == 1);
    let value = first.and_then(|b| {
        b.column(0)
            .as_primitive_opt::<Int64Type>()
            .map(|c| c.value(0))
    });
    value
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or_default()
}

/// Finds the day after the newest order.
async fn newest_order(proposal: &mut Proposal, engine: &Engine) {
    let orders = proposal
        .tables
        .iter()
        .find(|t| t.table.name == "orders" && t.problem.is_none());
    if !orders.is_some_and(|t| is_small(proposal, t)) {
        return;
    }
    let sql = "select cast(max(ordered_at) as date) + interval '1 day' as day from raw.orders";
    let Ok(batches) = engine.query(sql).await else {
        return;
    };
    let first = batches
        .first()
        .filter(|b| b.num_rows() == 1 && b.column(0).null_count() == 0);
    let day = first.and_then(|b| array_value_to_string(b.column(0), 0).ok());
    proposal.last_day = day.map(|day| day.chars().take(10).collect());
}
