//! Proposes a workspace file for files that are there.
//!
//! Looks at what a location holds (`look`), says which columns could be which
//! canonical ones (`dictionary`, `shape`, `fit`, `assign`), puts tables together
//! (`propose`), writes the file (`write`), and opens it (`trial`): what does not
//! open is left as a comment with the reason. Nothing is asked and nothing is
//! written here; the same files give the same text.

mod assign;
mod codes;
mod complete;
mod derive;
mod dictionary;
mod fit;
mod gather;
mod head;
mod look;
mod propose;
mod shape;
mod surveys;
mod trial;
mod write;

use arrow::datatypes::DataType;

pub use assign::Preferred;
pub use look::{ColumnLook, Found, SourceLook};
pub use propose::{ColumnGuess, TableGuess};

use crate::engine::{Engine, Options};
use crate::error::Result;
use crate::table::Type;
use crate::workspace::Workspace;

/// What a person knows better than a guess.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Name people know the workspace by.
    pub name: String,
    /// Time zone of the workspace.
    pub time_zone: Option<String>,
    /// ISO 4217 code of the amounts.
    pub currency: Option<String>,
    /// Columns chosen where several compete.
    pub preferred: Preferred,
    /// Folder the workspace file will be in, absolute; locations below it are written
    /// relative to it. Empty where all locations are written in full.
    pub folder: String,
    /// The command that is said to have proposed the file.
    pub command: String,
}

/// A value and why it was taken.
#[derive(Debug, Clone)]
pub struct Reasoned {
    /// The value.
    pub value: String,
    /// Where it comes from.
    pub why: String,
}

/// A workspace file that opens, and what it was made of.
#[derive(Debug)]
pub struct Proposal {
    /// The text of the workspace file.
    pub text: String,
    /// What was found.
    pub found: Found,
    /// The tables that were guessed, with those left as comments.
    pub tables: Vec<TableGuess>,
    /// Time zone.
    pub time_zone: Reasoned,
    /// Currency, where anything tells it.
    pub currency: Option<Reasoned>,
    /// How many values of one table's ids are in the table that owns them.
    pub overlaps: Vec<Overlap>,
    /// The day after the newest order, for the report day.
    pub last_day: Option<String>,
    /// Why the text does not open, if it does not.
    pub broken: Option<String>,
}

/// Ids of one table looked up in the table that owns them.
#[derive(Debug, Clone)]
pub struct Overlap {
    /// Table and column that refer.
    pub from: String,
    /// Table and column referred to.
    pub to: String,
    /// Different sampled values looked up.
    pub n: usize,
    /// Values that were found.
    pub n_found: usize,
}

/// Looks at a location.
pub async fn look(location: &str, options: &Options) -> Result<Found> {
    let mut options = options.clone();
    // With one partition files are read in order, so the sample is always the same.
    options.limits.target_partitions = Some(1);
    let engine = Engine::open(Workspace::default(), options.clone()).await?;
    look::look(engine.context(), location, &options.stores).await
}

/// Proposes a workspace file for what was found, and tries it.
pub async fn propose(found: Found, wishes: &Wishes, options: &Options) -> Proposal {
    let tables = propose::guess(&found, &wishes.preferred);
    let is_chinese = is_chinese(&found);
    let time_zone = match &wishes.time_zone {
        Some(zone) => reasoned(zone, "as told"),
        None if is_chinese => reasoned("Asia/Shanghai", "a guess: the names are Chinese"),
        None => reasoned("UTC", "nothing tells it: say where the shop is"),
    };
    let currency = match &wishes.currency {
        Some(code) => Some(reasoned(code, "as told")),
        None => currency(&found, &tables, is_chinese),
    };
    let mut proposal = Proposal {
        text: String::new(),
        found,
        tables,
        time_zone,
        currency,
        overlaps: Vec::new(),
        last_day: None,
        broken: None,
    };
    trial::run(&mut proposal, wishes, options).await;
    proposal
}

fn reasoned(value: &str, why: &str) -> Reasoned {
    Reasoned {
        value: value.to_owned(),
        why: why.to_owned(),
    }
}

fn is_chinese(found: &Found) -> bool {
    let columns = found.sources.iter().flat_map(|s| &s.columns);
    let is_cjk = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let n_chinese = columns
        .clone()
        .filter(|c| c.name.chars().any(is_cjk))
        .count();
    n_chinese * 2 > columns.count()
}

fn currency(found: &Found, tables: &[TableGuess], is_chinese: bool) -> Option<Reasoned> {
    let mapped = tables.iter().filter(|t| t.problem.is_none()).find_map(|t| {
        let column = t.columns.iter().find(|c| c.column.name == "currency")?;
        let look = &found.sources[t.source].columns[column.from?];
        let words = look.shape.words.as_ref()?;
        // The code most rows have.
        let mut counts: Vec<(usize, &String)> = words
            .iter()
            .map(|w| {
                let is_it = |v: &&String| v.eq_ignore_ascii_case(w);
                (look.values.iter().flatten().filter(is_it).count(), w)
            })
            .collect();
        counts.sort();
        let (_, code) = counts.pop()?;
        Some(reasoned(
            &code.to_uppercase(),
            &format!("most rows of {} say so", t.table.name),
        ))
    });
    let named = || {
        let columns = found.sources.iter().flat_map(|s| &s.columns);
        let codes = ["usd", "eur", "gbp", "cny"];
        columns.clone().find_map(|column| {
            let name = column.name.to_lowercase();
            let mut words = name.split(|c: char| !c.is_alphanumeric());
            let code = words.find(|w| codes.contains(w))?;
            let why = format!("by the name of the column {}", column.name);
            Some(reasoned(&code.to_uppercase(), &why))
        })
    };
    mapped
        .filter(|c| c.value.len() == 3 && c.value != "RMB")
        .or_else(named)
        .or_else(|| is_chinese.then(|| reasoned("CNY", "a guess: the names are Chinese")))
}

/// The type of a column in the words of the workspace file.
pub fn type_words(ty: &DataType) -> &'static str {
    match ty {
        DataType::Null => "empty",
        DataType::Boolean => "boolean",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(_, Some(_)) => "instant",
        DataType::Timestamp(_, None) => "timestamp",
        ty if ty.is_integer() => "integer",
        ty if ty.is_floating() => "float",
        ty if ty.is_numeric() => "decimal",
        DataType::Struct(_) | DataType::List(_) | DataType::Map(..) => "nested",
        _ => "text",
    }
}

impl Proposal {
    /// Returns columns where several fit nearly as well: table, column, candidates.
    pub fn contested(&self) -> Vec<(String, String, Vec<String>)> {
        let mut contested = Vec::new();
        for table in self.tables.iter().filter(|t| t.problem.is_none()) {
            for column in table.columns.iter().filter(|c| !c.also.is_empty()) {
                let Some(from) = column.from else { continue };
                let first = self.found.sources[table.source].columns[from].name.clone();
                let others = column.also.iter().map(|(name, _)| name.clone());
                let names = std::iter::once(first).chain(others).collect();
                contested.push((table.table.name.clone(), column.column.name.clone(), names));
            }
        }
        contested
    }

    /// Returns the columns of a source that no table uses.
    pub fn unmapped(&self, source: usize) -> Vec<&ColumnLook> {
        let users: Vec<&TableGuess> = self
            .tables
            .iter()
            .filter(|t| t.source == source && t.problem.is_none())
            .collect();
        let name = &self.found.sources[source].name;
        let is_joined = |column: &ColumnLook| {
            let mut joins = self
                .tables
                .iter()
                .filter(|t| t.problem.is_none())
                .flat_map(|t| &t.joins);
            joins.any(|j| {
                j.source == *name && (j.key == column.name || column.words.words == ["at"])
            })
        };
        let columns = self.found.sources[source].columns.iter().enumerate();
        columns
            .filter(|(at, column)| {
                let is_used = users.iter().any(|table| {
                    table.columns.iter().any(|c| c.from == Some(*at))
                        || surveys::is_asked(table, column)
                });
                !is_used && !is_joined(column)
            })
            .map(|(_, column)| column)
            .collect()
    }
}

/// Whether a canonical column is an id of a domain.
fn domain(ty: &Type) -> Option<&str> {
    match ty {
        Type::Id(domain) => Some(domain),
        _ => None,
    }
}
