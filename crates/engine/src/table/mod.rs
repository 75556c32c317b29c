//! Canonical tables: the columns each promises, and how a workspace's mapping becomes one.

mod canonical;
mod expression;
mod identity;
mod mapping;
mod typed;
mod unpivot;

pub use canonical::{CanonicalColumn, CanonicalTable, CanonicalTables, Type};
pub use mapping::{MappedTable, Mapper};
