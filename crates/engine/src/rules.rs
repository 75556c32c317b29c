//! Rules as data: reason codes, segment models, playbooks a workspace brings itself.
//!
//! A view that reads no table is a rule table: its `VALUES` are the built-in
//! rules. `[rules]` of the workspace file names a CSV or TOML file whose rows
//! stand in for them, with the columns and the grain the view's header promises.
//! Everything is checked when the workspace is opened, because a report of wrong
//! rules looks like any other report.

pub(crate) mod check_rules;
mod file;
pub(crate) mod finance_totals;
pub(crate) mod segment_models;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use aftersight_functions::segments::models;
use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use indexmap::IndexMap;

use crate::error::{Error, Location, Result};
use crate::suggest::did_you_mean;
use crate::table::CanonicalTables;
use crate::view::View;
use crate::workspace::RuleSpec;

pub(crate) use file::{Cell, RuleRow, RuleRows};

/// Schema of the views that rules stand in for.
pub(crate) const SCHEMA: &str = "intermediate";

/// A rule table of the workspace.
#[derive(Debug, Clone)]
pub struct RuleTable {
    /// Its rows.
    pub provider: Arc<dyn TableProvider>,
    /// File it was read from, as the workspace file names it; none for the built-in rules.
    pub file: Option<String>,
    /// Values of the first column of its grain, sorted.
    pub keys: BTreeSet<String>,
    /// Where each of these stands first; empty for the built-in rules.
    pub places: HashMap<String, Location>,
    /// The bytes of the file, or of the view, for the hash that goes into reports.
    pub bytes: Vec<u8>,
}

/// Rule tables by name.
pub type RuleTables = IndexMap<String, RuleTable>;

/// What a rule file is held against.
pub(crate) struct Expected<'a> {
    /// What it stands in for.
    pub(crate) view: &'a View,
    /// What that returns.
    pub(crate) schema: &'a SchemaRef,
    /// Values of the first column of the grain that the built-in rules have.
    pub(crate) keys: Vec<String>,
    /// The workspace's currency.
    pub(crate) currency: Option<&'a str>,
}

/// Reads one rule file; its path starts from the folder.
pub(crate) fn load(spec: &RuleSpec, expected: &Expected<'_>, folder: &Path) -> Result<RuleTable> {
    let (view, schema) = (expected.view, expected.schema);
    let path = folder.join(&spec.file.value);
    let bytes = std::fs::read(&path).map_err(|e| {
        let message = format!("cannot read {}: {e}", path.display());
        mistake(&spec.file.at, message, None)
    })?;
    let shown = path.display().to_string();
    let mut rows = file::parse(&shown, &bytes)?;
    if view.name == segment_models::NAME {
        rows = segment_models::cells(rows)?;
    }
    if view.name == finance_totals::NAME {
        rows = finance_totals::months(rows, expected.currency)?;
    }
    let batch = typed(&rows, view, schema)?;
    if view.name == REASON_CODES {
        has_unknown(&rows, &batch)?;
    }
    if view.name == check_rules::NAME {
        let tables: Vec<&str> = CanonicalTables::get()
            .iter()
            .map(|t| t.name.as_str())
            .collect();
        check_rules::validate(&rows, &expected.keys, &tables)?;
    }
    let schema = batch.schema();
    let table = MemTable::try_new(schema, vec![vec![batch]]);
    let table = table.map_err(|e| Error::query(&view.sql, e))?;
    let key = view.header.grain.first();
    let mut places = HashMap::new();
    for row in &rows.rows {
        if let Some(cell) = key.and_then(|key| row.get(key)) {
            let place = places.entry(cell.text.clone());
            place.or_insert_with(|| cell.at.clone());
        }
    }
    Ok(RuleTable {
        provider: Arc::new(table),
        keys: places.keys().cloned().collect(),
        places,
        file: Some(spec.file.value.clone()),
        bytes,
    })
}

/// Makes a rule table of the rows of a view.
pub(crate) fn built_in(view: &View, provider: Arc<dyn TableProvider>) -> RuleTable {
    RuleTable {
        provider,
        keys: BTreeSet::new(),
        places: HashMap::new(),
        file: None,
        bytes: view.sql.clone().into_bytes(),
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

/// Makes columns of the types the view has; every cell that is none is located.
fn typed(rows: &RuleRows, view: &View, schema: &SchemaRef) -> Result<RecordBatch> {
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    for (name, at) in &rows.columns {
        if !names.contains(&name.as_str()) {
            let message = format!("{} has no column `{name}`", view.name);
            return Err(mistake(at, message, did_you_mean(name, names)));
        }
    }
    let mut columns = Vec::new();
    for field in schema.fields() {
        columns.push(column(rows, view, field)?);
    }
    let fields = schema.fields().iter();
    let fields: Vec<Field> = fields
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns);
    let batch = batch.map_err(|e| Error::query(&view.sql, e.into()))?;
    unique(rows, view)?;
    Ok(batch)
}

fn column(rows: &RuleRows, view: &View, field: &Field) -> Result<ArrayRef> {
    let name = field.name();
    let is_key = view.header.grain.contains(name);
    // What is only said to people may be left out.
    if !rows.has(name) && (is_key || !field.data_type().is_string()) {
        let message = format!(
            "{} needs a column `{name}`: {}",
            view.name, view.header.columns[name]
        );
        return Err(mistake(&rows.start, message, None));
    }
    let cells: Vec<Option<&Cell>> = rows.rows.iter().map(|row| row.get(name)).collect();
    let texts: StringArray = cells.iter().map(|c| c.map(|c| c.text.as_str())).collect();
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let values = cast_with_options(&texts, field.data_type(), &options)
        .map_err(|e| Error::query(&view.sql, e.into()))?;
    for (i, cell) in cells.iter().enumerate() {
        match cell {
            Some(cell) if values.is_null(i) => {
                let message = format!(
                    "`{name}` takes {}, not '{}'",
                    kind(field.data_type()),
                    cell.text
                );
                return Err(mistake(&cell.at, message, None));
            }
            None if is_key => {
                let message = format!("`{name}` is empty, and it is part of the key");
                return Err(mistake(&rows.rows[i].at, message, None));
            }
            _ => {}
        }
    }
    Ok(values)
}

fn kind(ty: &DataType) -> &'static str {
    match ty {
        DataType::Boolean => "true or false",
        DataType::Date32 => "a date, as 2026-11-16",
        t if t.is_integer() => "a whole number",
        t if t.is_numeric() => "a number",
        _ => "a text",
    }
}

/// Refuses a key that stands in two rows, and names both.
fn unique(rows: &RuleRows, view: &View) -> Result<()> {
    let mut seen: HashMap<Vec<&str>, &RuleRow> = HashMap::new();
    for row in &rows.rows {
        let text = |name: &String| row.get(name).map_or("", |cell| cell.text.as_str());
        let key: Vec<&str> = view.header.grain.iter().map(text).collect();
        let shown = key.join(", ");
        if let Some(first) = seen.insert(key, row) {
            let message = format!(
                "({}) = ({shown}) stands here and in line {}",
                view.header.grain.join(", "),
                first.at.line
            );
            return Err(mistake(
                &row.at,
                message,
                Some("every key stands once".into()),
            ));
        }
    }
    Ok(())
}

const REASON_CODES: &str = "reason_codes";

/// Codes that nobody knows are counted under `unknown`, which therefore must be there.
fn has_unknown(rows: &RuleRows, batch: &RecordBatch) -> Result<()> {
    let reasons = batch.column_by_name("reason");
    let reasons =
        reasons.and_then(|c| cast_with_options(c, &DataType::Utf8, &CastOptions::default()).ok());
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
