//! `set`, `reset` and `show` of our settings, as statements.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::parser::{ResetStatement, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr as SqlExpr, Ident, ObjectName, Set, Statement as Sql, Value,
};

use super::{Engine, Outcome, Rows};
use crate::error::Error;
use crate::settings::with_hint;

impl Engine {
    /// `set`, `reset` and `show` of our settings, which DataFusion does not know or only half.
    pub(super) fn own_statement(
        &self,
        statement: &Statement,
    ) -> Result<Option<Outcome>, DataFusionError> {
        let as_plan = |e: Error| DataFusionError::Plan(with_hint(&e));
        match statement {
            Statement::Reset(ResetStatement::Variable(name)) => {
                let Some(name) = own_setting(&parts(name)) else {
                    return Ok(None);
                };
                self.reset(&name).map_err(as_plan)?;
                Ok(Some(Outcome::Done(format!(
                    "{name} = {}",
                    self.shown(&name)
                ))))
            }
            Statement::Statement(inner) => match inner.as_ref() {
                Sql::Set(Set::SingleAssignment {
                    variable, values, ..
                }) => {
                    let Some(name) = own_setting(&parts(variable)) else {
                        return Ok(None);
                    };
                    let [value] = values.as_slice() else {
                        return datafusion::common::plan_err!("`{name}` takes one value");
                    };
                    self.set(&name, &setting_text(value)).map_err(as_plan)?;
                    Ok(Some(Outcome::Done(format!(
                        "{name} = {}",
                        self.shown(&name)
                    ))))
                }
                Sql::ShowVariable { variable } => {
                    let Some(name) = own_setting(&idents(variable)) else {
                        return Ok(None);
                    };
                    if name == "settings" {
                        return Ok(Some(Outcome::Rows(self.settings_rows(None)?)));
                    }
                    if name == "tables" || name == "all" {
                        return Ok(None);
                    }
                    self.settings().get(&name).map_err(as_plan)?;
                    Ok(Some(Outcome::Rows(self.settings_rows(Some(&name))?)))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn shown(&self, name: &str) -> String {
        let settings = self.settings();
        settings
            .get(name)
            .ok()
            .flatten()
            .unwrap_or("null")
            .to_owned()
    }

    fn settings_rows(&self, only: Option<&str>) -> Result<Rows, DataFusionError> {
        let settings = self.settings();
        let mut columns: [Vec<Option<String>>; 5] = Default::default();
        for setting in settings
            .declarations()
            .filter(|s| only.is_none_or(|name| s.name == name))
        {
            let value = settings
                .get(&setting.name)
                .ok()
                .flatten()
                .map(str::to_owned);
            let row = [
                Some(setting.name.clone()),
                value,
                setting.default.clone(),
                Some(setting.ty.name()),
                Some(setting.doc.clone()),
            ];
            for (column, cell) in columns.iter_mut().zip(row) {
                column.push(cell);
            }
        }
        let names = ["name", "value", "default", "type", "meaning"];
        let fields: Vec<Field> = names
            .iter()
            .map(|n| Field::new(*n, DataType::Utf8, true))
            .collect();
        let arrays = columns
            .into_iter()
            .map(|c| Arc::new(StringArray::from(c)) as ArrayRef);
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect())?;
        let stream = futures::stream::iter([Ok(batch)]);
        let stream = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream));
        Ok(Rows {
            schema,
            stream,
            plan: None,
        })
    }
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.to_string().split('.').map(str::to_lowercase).collect()
}

fn idents(names: &[Ident]) -> Vec<String> {
    names
        .iter()
        .flat_map(|n| {
            n.value
                .split('.')
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the setting a variable means; `datafusion.*` and SQL's own variables are none of ours.
fn own_setting(parts: &[String]) -> Option<String> {
    match parts {
        [name] if !matches!(name.as_str(), "timezone" | "time.zone") => Some(name.clone()),
        [prefix, name] if prefix == "aftersight" => Some(name.clone()),
        _ => None,
    }
}

/// Returns a setting's value as written: quoted, bare, `date '...'` or a number.
fn setting_text(value: &SqlExpr) -> String {
    match value {
        SqlExpr::Value(value) => value_text(&value.value),
        SqlExpr::TypedString(typed) => value_text(&typed.value.value),
        SqlExpr::Cast { expr, .. } => setting_text(expr),
        SqlExpr::Identifier(name) => name.value.clone(),
        // An unquoted 2026-10-01 reads as a subtraction.
        other => other.to_string().replace(" - ", "-"),
    }
}

fn value_text(value: &Value) -> String {
    match value.clone().into_string() {
        Some(text) => text,
        None => value.to_string(),
    }
}
