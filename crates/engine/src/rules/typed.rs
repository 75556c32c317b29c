//! Rows of a rule file as columns of the types that are promised; every cell that is none is located.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::{Cell, RuleRow, RuleRows, mistake};
use crate::error::{Error, Result};
use crate::suggest::did_you_mean;
use crate::table::CanonicalTable;
use crate::view::View;

/// What the rows of a file have to be.
pub(super) struct Promise<'a> {
    /// Table they are of.
    name: &'a str,
    /// Columns that identify a row.
    key: &'a [String],
    columns: Vec<Promised<'a>>,
}

struct Promised<'a> {
    field: Field,
    meaning: &'a str,
    is_needed: bool,
}

impl<'a> Promise<'a> {
    /// What the header of a view promises; texts outside the key may be left out.
    pub(super) fn of_view(view: &'a View, schema: &SchemaRef) -> Self {
        let columns = schema.fields().iter().map(|field| {
            let is_key = view.header.grain.contains(field.name());
            Promised {
                field: field.as_ref().clone().with_nullable(true),
                meaning: view.header.columns.get(field.name()).map_or("", |m| m),
                is_needed: is_key || !field.data_type().is_string(),
            }
        });
        Promise {
            name: &view.name,
            key: &view.header.grain,
            columns: columns.collect(),
        }
    }

    /// What a canonical table promises.
    pub(super) fn of_table(table: &'a CanonicalTable, schema: &SchemaRef) -> Self {
        let columns = table.columns.iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| Promised {
            field: field.as_ref().clone(),
            meaning: &column.doc,
            is_needed: column.is_required,
        });
        Promise {
            name: &table.name,
            key: &table.key,
            columns: columns.collect(),
        }
    }
}

/// Makes the promised columns.
pub(super) fn typed(rows: &RuleRows, promise: &Promise<'_>) -> Result<RecordBatch> {
    let names: Vec<&str> = promise
        .columns
        .iter()
        .map(|c| c.field.name().as_str())
        .collect();
    for (name, at) in &rows.columns {
        if !names.contains(&name.as_str()) {
            let message = format!("{} has no column `{name}`", promise.name);
            return Err(mistake(at, message, did_you_mean(name, names)));
        }
    }
    let columns = promise.columns.iter();
    let columns: Vec<ArrayRef> = columns
        .map(|promised| column(rows, promise, promised))
        .collect::<Result<_>>()?;
    let fields = promise.columns.iter().map(|c| c.field.clone());
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, columns);
    let batch = batch.map_err(|e| Error::query(promise.name, e.into()))?;
    unique(rows, promise.key)?;
    Ok(batch)
}

fn column(rows: &RuleRows, promise: &Promise<'_>, promised: &Promised<'_>) -> Result<ArrayRef> {
    let (name, data_type) = (promised.field.name(), promised.field.data_type());
    let is_key = promise.key.contains(name);
    if !rows.has(name) && promised.is_needed {
        let message = format!(
            "{} needs a column `{name}`: {}",
            promise.name, promised.meaning
        );
        return Err(mistake(&rows.start, message, None));
    }
    let cells: Vec<Option<&Cell>> = rows.rows.iter().map(|row| row.get(name)).collect();
    let texts: StringArray = cells.iter().map(|c| c.map(|c| c.text.as_str())).collect();
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let values = cast_with_options(&texts, data_type, &options)
        .map_err(|e| Error::query(promise.name, e.into()))?;
    for (i, cell) in cells.iter().enumerate() {
        match cell {
            Some(cell) if values.is_null(i) => {
                let message = format!("`{name}` takes {}, not '{}'", kind(data_type), cell.text);
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

fn kind(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "true or false",
        DataType::Date32 => "a date, as 2026-11-16",
        t if t.is_integer() => "a whole number",
        t if t.is_numeric() => "a number",
        _ => "a text",
    }
}

/// Refuses a key that stands in two rows, and names both.
pub(super) fn unique(rows: &RuleRows, key: &[String]) -> Result<()> {
    let mut seen: HashMap<Vec<&str>, &RuleRow> = HashMap::new();
    for row in &rows.rows {
        let text = |name: &String| row.get(name).map_or("", |cell| cell.text.as_str());
        let values: Vec<&str> = key.iter().map(text).collect();
        let shown = values.join(", ");
        if let Some(first) = seen.insert(values, row) {
            let message = format!(
                "({}) = ({shown}) stands here and in line {}",
                key.join(", "),
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
