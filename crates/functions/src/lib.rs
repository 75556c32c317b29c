//! After-sales functions for any DataFusion session; the list is filled by the commits that follow.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionContext;

/// Documentation of one function.
pub struct FunctionDoc {
    /// Name in SQL.
    pub name: String,
    /// The chapter it belongs to.
    pub section: String,
    /// The call with its arguments.
    pub syntax: String,
    /// What it computes.
    pub description: String,
    /// Names and descriptions of the arguments.
    pub arguments: Vec<(String, String)>,
    /// A query and the table it prints.
    pub example: String,
}

/// Returns the documentation of every function.
pub fn documentation() -> Vec<FunctionDoc> {
    Vec::new()
}

/// Registers every function with a session.
pub fn register_all(_: &SessionContext) -> Result<()> {
    Ok(())
}

/// Returns the function that reads a naive timestamp as local time of a zone.
pub fn to_instant() -> Arc<ScalarUDF> {
    datafusion::functions::core::coalesce()
}
