//! Wide sources made long: one row for each question of a questionnaire.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::prelude::ident;

use super::mapping::{Mapper, is_text};
use crate::error::{Error, Result};
use crate::workspace::Unpivot;

impl Mapper<'_> {
    /// Repeats the rows of a source for each expression, which stands in a column of its own
    /// beside those of the source, with another that says which one it is.
    pub(super) fn unpivoted(
        &self,
        plan: &LogicalPlan,
        unpivot: &Unpivot,
        source: &str,
    ) -> Result<LogicalPlan> {
        let schema = Arc::clone(plan.schema());
        let failed = |e: DataFusionError| Error::query(source, e);
        let (name, value) = (unpivot.name.value.as_str(), unpivot.value.value.as_str());
        let mut values = Vec::new();
        for (code, text) in &unpivot.columns {
            let expr = self.expression(&schema, text, source, code)?;
            let data_type = expr.get_type(schema.as_ref()).map_err(failed)?;
            values.push((code, expr, data_type));
        }
        let types: Vec<&DataType> = values.iter().map(|(_, _, ty)| ty).collect();
        let Some(common) = common_type(&types) else {
            let found = values.iter().map(|(code, _, ty)| format!("{code} is {ty}"));
            let found = found.collect::<Vec<_>>().join(", ");
            return Err(Error::Workspace {
                at: Some(unpivot.at.clone()),
                message: format!("unpivot needs columns of one type: {found}"),
                hint: Some("cast(x as double), or cast(x as varchar)".into()),
            });
        };
        // A column of the source that is called like one of the two makes room for it.
        let kept = schema
            .iter()
            .filter(|(_, f)| f.name() != name && f.name() != value);
        let kept: Vec<Expr> = kept
            .map(|(qualifier, field)| {
                let column = Column::new(qualifier.cloned(), field.name());
                Expr::Column(column).alias(field.name())
            })
            .collect();
        let mut rows: Option<LogicalPlanBuilder> = None;
        for (code, expr, data_type) in values {
            let expr = if data_type == common {
                expr
            } else {
                cast(expr, common.clone())
            };
            let two = [lit(code.as_str()).alias(name), expr.alias(value)];
            let columns = kept.iter().cloned().chain(two);
            let of_code = LogicalPlanBuilder::from(plan.clone())
                .project(columns)
                .map_err(failed)?;
            rows = Some(match rows {
                None => of_code,
                Some(rows) => rows
                    .union(of_code.build().map_err(failed)?)
                    .map_err(failed)?,
            });
        }
        let rows = rows.unwrap_or_else(|| LogicalPlanBuilder::from(plan.clone()));
        let rows = if unpivot.keeps_empty {
            rows
        } else {
            rows.filter(ident(value).is_not_null()).map_err(failed)?
        };
        rows.build().map_err(failed)
    }
}

/// The type that all of these become without losing anything; none where there is none.
fn common_type(types: &[&DataType]) -> Option<DataType> {
    let given = types.iter().filter(|ty| !ty.is_null());
    let given: Vec<&DataType> = given.copied().collect();
    let first = *given.first()?;
    if given.iter().all(|ty| *ty == first) {
        return Some(first.clone());
    }
    if given.iter().all(|ty| ty.is_integer()) {
        return Some(DataType::Int64);
    }
    if given.iter().all(|ty| ty.is_numeric()) {
        return Some(DataType::Float64);
    }
    given
        .iter()
        .all(|ty| is_text(ty))
        .then_some(DataType::Utf8View)
}
