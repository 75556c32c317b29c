//! What no view can say about a workspace: which of its tables hold nothing, and
//! which totals of finance are of a shop that is not there.
//!
//! A view sees rows; that a table is mapped and has none, it cannot see.

use std::collections::BTreeSet;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};

use crate::engine::Engine;
use crate::error::Result;
use crate::rules::{finance_totals, mistake};
use crate::suggest::did_you_mean;

/// Returns the mapped tables that have no row before the report day, in their order.
///
/// Tables that staging does not put in time count whole.
pub async fn empty_tables(engine: &Engine) -> Result<Vec<String>> {
    let mapped = engine.tables().iter().filter(|(_, table)| table.is_mapped);
    let counts: Vec<String> = mapped
        .map(|(name, _)| {
            let schema = match engine.views().get("staging", name) {
                Some(_) => "staging",
                None => "raw",
            };
            format!("select '{name}' as name, count(*) as n from {schema}.{name}")
        })
        .collect();
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let batches = engine.query(&counts.join(" union all ")).await?;
    let mut empty = BTreeSet::new();
    for batch in &batches {
        let rows = batch.column(1).as_primitive::<Int64Type>();
        let names = texts(batch);
        let none = names.into_iter().zip(rows.iter().flatten());
        empty.extend(none.filter(|(_, n)| *n == 0).map(|(name, _)| name));
    }
    let names = engine.tables().keys().filter(|name| empty.contains(*name));
    Ok(names.cloned().collect())
}

/// Refuses totals of finance for a shop that no row of the lake is of.
pub async fn check_finance_shops(engine: &Engine) -> Result<()> {
    let Some(totals) = engine.rules().get(finance_totals::NAME) else {
        return Ok(());
    };
    if totals.places.is_empty() {
        return Ok(());
    }
    let sql = "select distinct shop from staging.source_totals \
               union select cast(shop_id as varchar) as shop from staging.shops";
    let batches = engine.query(sql).await?;
    let known: BTreeSet<String> = batches.iter().flat_map(texts).collect();
    let mut unknown: Vec<_> = totals
        .places
        .iter()
        .filter(|(shop, _)| !known.contains(*shop))
        .collect();
    unknown.sort_by_key(|(_, at)| at.line);
    let Some((shop, at)) = unknown.first() else {
        return Ok(());
    };
    let message = format!("there is no shop `{shop}`");
    Err(mistake(
        at,
        message,
        did_you_mean(shop, known.iter().map(String::as_str)),
    ))
}

/// The texts of the first column.
fn texts(batch: &RecordBatch) -> Vec<String> {
    let column = arrow::compute::cast(batch.column(0), &DataType::Utf8);
    let column = column.unwrap_or_else(|_| arrow::array::new_null_array(&DataType::Utf8, 0));
    let texts = column.as_string::<i32>();
    texts.iter().flatten().map(str::to_owned).collect()
}
