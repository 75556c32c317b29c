//! Rules as data: reason codes, segment models, playbooks a workspace brings itself.
//!
//! A view that reads no table is a rule table: its `VALUES` are the built-in
//! rules. `[rules]` of the workspace file names a CSV or TOML file whose rows
//! stand in for them, with the columns and the grain the view's header promises.
//! Everything is checked when the workspace is opened, because a report of wrong
//! rules looks like any other report. Three kinds of rules are something else
//! underneath: thresholds are settings, labels stand beside the built-in ones, and
//! holidays, shifts, cost and exchange rates are canonical tables.

pub(crate) mod check_rules;
pub(crate) mod codes;
mod file;
pub(crate) mod finance_totals;
pub(crate) mod keyed;
mod labels;
pub(crate) mod segment_models;
pub(crate) mod tables;
pub(crate) mod thresholds;
mod typed;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use aftersight_functions::segments::models;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use indexmap::IndexMap;

use crate::error::{Error, Location, Result};
use crate::suggest::did_you_mean;
use crate::table::CanonicalTables;
use crate::view::{View, Views};
use crate::workspace::{RuleSpec, Workspace};

pub(crate) use file::{Cell, RuleRow, RuleRows};
use keyed::Keyed;
use typed::{Promise, typed};

/// Schema of the views that rules stand in for.
pub(crate) const SCHEMA: &str = "intermediate";

/// A rule table of the workspace.
#[derive(Debug, Clone)]
pub struct RuleTable {
    /// Its rows; none where they are settings or those of a canonical table.
    pub provider: Option<Arc<dyn TableProvider>>,
    /// File it was read from, as the workspace file names it; none for the built-in rules.
    pub file: Option<String>,
    /// Values of the first column of its grain, sorted.
    pub keys: BTreeSet<String>,
    /// Where each of these stands first; empty for the built-in rules.
    pub places: HashMap<String, Location>,
    /// The bytes of the file, or of the view, for the hash that goes into reports.
    pub bytes: Vec<u8>,
    /// The rows as the file has them; none for the built-in rules.
    pub(crate) own: Option<RuleRows>,
}

/// Rule tables by name.
pub type RuleTables = IndexMap<String, RuleTable>;

/// What a rule file is held against.
pub(crate) struct Expected<'a> {
    /// What it stands in for.
    pub(crate) view: &'a View,
    /// What that returns.
    pub(crate) schema: &'a SchemaRef,
    /// The built-in rules.
    pub(crate) built_in: &'a [RecordBatch],
    /// Every view, for the names of columns.
    pub(crate) views: &'a Views,
    /// The workspace's currency.
    pub(crate) currency: Option<&'a str>,
}

/// Reads one rule file; its path starts from the folder.
pub(crate) fn load(spec: &RuleSpec, expected: &Expected<'_>, folder: &Path) -> Result<RuleTable> {
    let (view, schema) = (expected.view, expected.schema);
    let (own, bytes) = read(spec, folder)?;
    let mut rows = own.clone();
    if view.name == segment_models::NAME {
        rows = segment_models::cells(rows)?;
    }
    if view.name == finance_totals::NAME {
        rows = finance_totals::months(rows, expected.currency)?;
    }
    if view.name == labels::NAME {
        let built_in = file::of_batches(&rows.start, expected.built_in);
        let built_in = built_in.map_err(|e| Error::query(&view.sql, e.into()))?;
        rows = labels::beside(rows, &built_in, expected.views)?;
    }
    if view.name == check_rules::NAME {
        // Before types, so that a wrong row is the file's and not one of the built-in ones.
        check_rules::validate(&rows, &first_keys(expected)?, &table_names())?;
        let built_in = file::of_batches(&rows.start, expected.built_in);
        let built_in = built_in.map_err(|e| Error::query(&view.sql, e.into()))?;
        rows = check_rules::beside(rows, &built_in);
    }
    let batch = typed(&rows, &Promise::of_view(view, schema))?;
    if view.name == REASON_CODES {
        has_unknown(&rows, &batch)?;
    }
    let schema = batch.schema();
    let failed = |e| Error::query(&view.sql, e);
    let table = MemTable::try_new(schema, vec![vec![batch.clone()]]).map_err(failed)?;
    let table = Keyed::wrap(Arc::new(table), &[batch], &view.header.grain).map_err(failed)?;
    let key = view.header.grain.first();
    let mut places = HashMap::new();
    for row in &rows.rows {
        if let Some(cell) = key.and_then(|key| row.get(key)) {
            let place = places.entry(cell.text.clone());
            place.or_insert_with(|| cell.at.clone());
        }
    }
    Ok(RuleTable {
        provider: Some(table),
        keys: places.keys().cloned().collect(),
        places,
        file: Some(spec.file.value.clone()),
        bytes,
        own: Some(own),
    })
}

/// Names of the canonical tables.
fn table_names() -> Vec<&'static str> {
    let tables = CanonicalTables::get().iter();
    tables.map(|table| table.name.as_str()).collect()
}

/// Reads the file of an entry; its path starts from the folder.
fn read(spec: &RuleSpec, folder: &Path) -> Result<(RuleRows, Vec<u8>)> {
    let path = folder.join(&spec.file.value);
    let bytes = std::fs::read(&path).map_err(|e| {
        let message = format!("cannot read {}: {e}", path.display());
        mistake(&spec.file.at, message, None)
    })?;
    let rows = file::parse(&path.display().to_string(), &bytes)?;
    Ok((rows, bytes))
}

/// Refuses an entry of `[rules]` that no rule table has the name of.
pub(crate) fn exist(workspace: &Workspace, tables: &RuleTables) -> Result<()> {
    for (name, spec) in &workspace.rules {
        if tables::NAMES.contains(&name.as_str()) && workspace.tables.contains_key(name) {
            let message = format!("{name} is mapped under [tables] already");
            return Err(mistake(&spec.at, message, Some("one of the two".into())));
        }
        if !tables.contains_key(name) {
            let message = format!("there is no rule table `{name}`");
            let known = tables.keys().map(String::as_str);
            let known = known.chain([thresholds::NAME]).chain(tables::NAMES);
            return Err(mistake(&spec.at, message, did_you_mean(name, known)));
        }
    }
    Ok(())
}

/// The values the built-in rules have in the first column of their grain.
fn first_keys(expected: &Expected<'_>) -> Result<Vec<String>> {
    let mut keys = BTreeSet::new();
    if let Some(key) = expected.view.header.grain.first() {
        for batch in expected.built_in {
            let Some(column) = batch.column_by_name(key) else {
                continue;
            };
            let texts = cast(column, &DataType::Utf8);
            let texts = texts.map_err(|e| Error::query(&expected.view.sql, e.into()))?;
            keys.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
        }
    }
    Ok(keys.into_iter().collect())
}

/// Makes a rule table of the rows of a view.
pub(crate) fn built_in(view: &View, provider: Arc<dyn TableProvider>) -> RuleTable {
    RuleTable {
        provider: Some(provider),
        keys: BTreeSet::new(),
        places: HashMap::new(),
        file: None,
        bytes: view.sql.clone().into_bytes(),
        own: None,
    }
}

/// Whether a segment model is one of the published ones.
pub(crate) fn is_built_in(model: &str) -> bool {
    models().iter().any(|built_in| built_in.name == model)
}

/// An error at a place of a file a person wrote.
pub(crate) fn mistake(at: &Location, message: String, hint: Option<String>) -> Error {
    Error::Workspace {
        at: Some(at.clone()),
        message,
        hint,
    }
}

const REASON_CODES: &str = "reason_codes";

/// Codes that nobody knows are counted under `unknown`, which therefore must be there.
fn has_unknown(rows: &RuleRows, batch: &RecordBatch) -> Result<()> {
    let reasons = batch.column_by_name("reason");
    let reasons = reasons.and_then(|c| cast(c, &DataType::Utf8).ok());
    let found = reasons.is_some_and(|c| {
        c.as_string::<i32>()
            .iter()
            .flatten()
            .any(|r| r == "unknown")
    });
    if found {
        return Ok(());
    }
    Err(mistake(
        &rows.start,
        "reason_codes has no row `unknown`".into(),
        Some("codes that are not in the table are counted under it".into()),
    ))
}
