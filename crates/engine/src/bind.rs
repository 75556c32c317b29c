//! Placeholders in SQL: `$as_of` and every other setting, bound before planning.
//!
//! The placeholder is replaced in the syntax tree by a typed literal, never in
//! the text, so a value cannot become SQL, and the plan that leaves carries
//! literals that prune files and row groups. DataFusion's own parameters are
//! bound after planning, when an untyped one in arithmetic has already failed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::{CopyToSource, DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Expr, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::settings::{Settings, with_hint};

/// Values beside the settings, as a report's parameters.
pub type Parameters = BTreeMap<String, ScalarValue>;

/// Returns a parameter's value in text.
pub fn parameter_text(value: &ScalarValue) -> String {
    if value.is_null() {
        "null".to_owned()
    } else {
        value.to_string()
    }
}

/// Parses a script into statements. Positions are those of the whole text.
pub(crate) fn parse(sql: &str) -> Result<Vec<Statement>> {
    let mut parser = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        // Generated SQL nests deeper than the default of 50.
        .with_recursion_limit(200)
        .build()?;
    Ok(parser.parse_statements()?.into())
}

/// Returns the settings of a session.
pub(crate) fn settings(state: &SessionState) -> Settings {
    let extensions = &state.config_options().extensions;
    extensions.get::<Settings>().cloned().unwrap_or_default()
}

/// Replaces every placeholder of a statement and returns their names.
pub(crate) fn bind_with(
    settings: &Settings,
    parameters: &Parameters,
    statement: &mut Statement,
) -> Result<Vec<String>> {
    let mut binder = Binder {
        settings,
        parameters,
        used: Vec::new(),
        error: None,
    };
    binder.statement(statement);
    binder.error.map_or(Ok(binder.used), Err)
}

/// Replaces every placeholder of an expression.
pub(crate) fn bind_expr(state: &SessionState, expr: &mut Expr) -> Result<()> {
    let settings = settings(state);
    let parameters = Parameters::new();
    let mut binder = Binder {
        settings: &settings,
        parameters: &parameters,
        used: Vec::new(),
        error: None,
    };
    let _ = expr.visit(&mut binder);
    binder.error.map_or(Ok(()), Err)
}

/// Plans a text that holds one query.
pub(crate) async fn plan_one(state: &SessionState, sql: &str) -> Result<LogicalPlan> {
    let mut statements = parse(sql)?;
    let (Some(mut statement), true) = (statements.pop(), statements.is_empty()) else {
        return plan_err!("expected one query");
    };
    bind_with(&settings(state), &Parameters::new(), &mut statement)?;
    state.statement_to_plan(statement).await
}

struct Binder<'a> {
    settings: &'a Settings,
    parameters: &'a Parameters,
    used: Vec<String>,
    error: Option<DataFusionError>,
}

impl Binder<'_> {
    fn statement(&mut self, statement: &mut Statement) {
        match statement {
            Statement::Statement(inner) => {
                let _ = inner.visit(self);
            }
            Statement::CopyTo(copy) => {
                if let CopyToSource::Query(query) = &mut copy.source {
                    let _ = query.visit(self);
                }
            }
            Statement::Explain(explain) => self.statement(&mut explain.statement),
            Statement::CreateExternalTable(_) | Statement::Reset(_) => {}
        }
    }

    fn literal(&self, name: &str) -> Result<Expr> {
        let value = match self.parameters.get(name) {
            Some(value) => value.clone(),
            None => {
                let found = self.settings.placeholder(name);
                found.map_err(|e| DataFusionError::Plan(with_hint(&e)))?
            }
        };
        let text = literal_sql(&value)?;
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&text)?;
        Ok(parser.parse_expr()?)
    }
}

impl VisitorMut for Binder<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Value(value) = expr else {
            return ControlFlow::Continue(());
        };
        let Value::Placeholder(text) = &value.value else {
            return ControlFlow::Continue(());
        };
        let name = text.trim_start_matches('$');
        // `$1` belongs to PREPARE and is not ours.
        if name.bytes().all(|b| b.is_ascii_digit()) {
            return ControlFlow::Continue(());
        }
        match self.literal(name) {
            Ok(literal) => {
                self.used.push(name.to_owned());
                *expr = literal;
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// Writes a value as a typed SQL literal.
fn literal_sql(value: &ScalarValue) -> Result<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    Ok(match value {
        ScalarValue::Utf8(Some(text)) => quoted(text),
        ScalarValue::Utf8(None) => "cast(null as varchar)".into(),
        ScalarValue::Int64(Some(number)) => format!("({number})"),
        ScalarValue::Int64(None) => "cast(null as bigint)".into(),
        ScalarValue::Float64(Some(number)) => format!("cast({number:?} as double)"),
        ScalarValue::Float64(None) => "cast(null as double)".into(),
        ScalarValue::Boolean(Some(yes)) => yes.to_string(),
        ScalarValue::Boolean(None) => "cast(null as boolean)".into(),
        ScalarValue::Date32(Some(_)) => format!("date {}", quoted(&value.to_string())),
        ScalarValue::Date32(None) => "cast(null as date)".into(),
        ScalarValue::TimestampMicrosecond(us, Some(zone)) => {
            let number = us.map_or_else(|| "cast(null as bigint)".into(), |us| us.to_string());
            let ty = format!("Timestamp(Microsecond, Some(\"{zone}\"))");
            format!("arrow_cast({number}, {})", quoted(&ty))
        }
        other => return plan_err!("a parameter cannot be {}", other.data_type()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(sql: &str) -> Result<String> {
        let mut settings = Settings::default();
        settings.set("as_of", "2026-11-16").unwrap();
        let mut parameters = Parameters::new();
        parameters.insert("who".into(), ScalarValue::from("O'Neil; drop"));
        let mut statements = parse(sql)?;
        let mut binder = Binder {
            settings: &settings,
            parameters: &parameters,
            used: Vec::new(),
            error: None,
        };
        binder.statement(&mut statements[0]);
        match binder.error {
            Some(error) => Err(error),
            None => Ok(statements[0].to_string()),
        }
    }

    #[test]
    fn placeholders_become_typed_literals() {
        assert_eq!(
            bound("select $as_of, $rfm_bins from t where x = $who limit $min_n").unwrap(),
            "SELECT DATE '2026-11-16', (5) FROM t WHERE x = 'O''Neil; drop' LIMIT (30)",
        );
        assert!(
            bound("explain select $as_of_at")
                .unwrap()
                .contains("arrow_cast(")
        );
    }

    #[test]
    fn an_unknown_placeholder_names_the_nearest() {
        let error = bound("select $asof").unwrap_err().to_string();
        assert!(error.contains("did you mean `as_of`?"), "{error}");
    }

    #[test]
    fn positional_placeholders_are_left_alone() {
        assert_eq!(bound("select $1").unwrap(), "SELECT $1");
    }
}
