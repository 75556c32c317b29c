//! Codes of one rule table that another has to know.
//!
//! A measure for a segment that no model has would wait for customers for ever,
//! and a cause of a reason that does not exist would explain nothing. Only rows
//! of a workspace's files are held to this: who brings fewer reasons need not
//! bring a playbook too.

use std::collections::BTreeSet;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionContext, ident};

use super::{RuleTables, mistake};
use crate::error::{Error, Result};
use crate::suggest::did_you_mean;

/// A column of codes that stand elsewhere.
struct Reference {
    table: &'static str,
    column: &'static str,
    /// Only rows that have this value in this column.
    only: Option<(&'static str, &'static str)>,
    codes: Codes,
}

/// Where the codes are.
enum Codes {
    These(&'static [&'static str]),
    /// Those of a column of a rule table, and these beside.
    Of(&'static str, &'static str, &'static [&'static str]),
}

/// What stands for a segment where a customer has none.
const NO_SEGMENT: &[&str] = &[
    "all",
    "inactive",
    "new",
    "no_purchase",
    "none",
    "not_scored",
    "others",
    "unknown",
    "unscored",
];

#[rustfmt::skip]
const REFERENCES: &[Reference] = {
    use Codes::{Of, These};
    &[
    Reference { table: "playbook_actions", column: "segment_kind", only: None, codes: These(&["rfm_segment", "returner_class", "flag", "reason"]) },
    Reference { table: "playbook_actions", column: "segment", only: Some(("segment_kind", "rfm_segment")), codes: Of("segment_models", "segment", &["unscored"]) },
    Reference { table: "playbook_actions", column: "segment", only: Some(("segment_kind", "returner_class")), codes: These(&["none", "earlier", "first_time", "occasional", "frequent"]) },
    Reference { table: "playbook_actions", column: "segment", only: Some(("segment_kind", "flag")), codes: These(&["needs_recovery", "risk"]) },
    Reference { table: "playbook_actions", column: "segment", only: Some(("segment_kind", "reason")), codes: Of("reason_codes", "reason", &[]) },
    Reference { table: "playbook_actions", column: "service_level", only: None, codes: These(&["priority", "standard", "basic", "reviewed"]) },
    Reference { table: "cost_causes", column: "kind", only: None, codes: These(&["reason", "issue"]) },
    Reference { table: "cost_causes", column: "code", only: Some(("kind", "reason")), codes: Of("reason_codes", "reason", &[]) },
    Reference { table: "cost_components", column: "cost_group", only: None, codes: These(&["return_exchange", "repair", "customer_service", "hidden"]) },
    Reference { table: "issue_types", column: "severity", only: None, codes: These(&["1", "2", "3"]) },
    Reference { table: "sla_targets", column: "tier", only: None, codes: These(&["vip", "standard"]) },
    Reference { table: "labels", column: "code", only: Some(("kind", "segment")), codes: Of("segment_models", "segment", NO_SEGMENT) },
    Reference { table: "labels", column: "code", only: Some(("kind", "reason")), codes: Of("reason_codes", "reason", &[]) },
    Reference { table: "labels", column: "code", only: Some(("kind", "component")), codes: Of("cost_components", "component", &[]) },
    ]
};

/// Refuses codes of rule files that the tables they refer to do not have.
pub(crate) async fn check(ctx: &SessionContext, tables: &RuleTables) -> Result<()> {
    for reference in REFERENCES {
        let own = tables.get(reference.table).and_then(|t| t.own.as_ref());
        let Some(own) = own else { continue };
        let known = known(ctx, tables, &reference.codes).await;
        let known = known.map_err(|e| Error::query(reference.table, e))?;
        for row in &own.rows {
            let is_meant = reference.only.is_none_or(|(column, value)| {
                row.get(column).is_some_and(|cell| cell.text == value)
            });
            let Some(cell) = row.get(reference.column).filter(|_| is_meant) else {
                continue;
            };
            if known.contains(&cell.text) {
                continue;
            }
            let of = reference.only.map_or(reference.column, |(_, value)| value);
            let message = format!("there is no {} `{}`", of.replace('_', " "), cell.text);
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = did_you_mean(&cell.text, names.iter().copied());
            let hint = hint.or_else(|| Some(format!("one of: {}", names.join(", "))));
            return Err(mistake(&cell.at, message, hint));
        }
    }
    Ok(())
}

async fn known(
    ctx: &SessionContext,
    tables: &RuleTables,
    codes: &Codes,
) -> Result<BTreeSet<String>, DataFusionError> {
    let (table, column, more) = match codes {
        Codes::These(codes) => return Ok(codes.iter().map(|&code| code.to_owned()).collect()),
        Codes::Of(table, column, more) => (table, column, more),
    };
    let mut known: BTreeSet<String> = more.iter().map(|&code| code.to_owned()).collect();
    if let Some(provider) = tables.get(*table).and_then(|t| t.provider.clone()) {
        let rows = ctx.read_table(provider)?.select(vec![ident(*column)])?;
        for batch in rows.collect().await? {
            let texts = cast(batch.column(0), &DataType::Utf8)?;
            known.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
        }
    }
    Ok(known)
}
