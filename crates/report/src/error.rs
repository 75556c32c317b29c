//! What can go wrong when a page is drawn or a file is written.

use crate::spec::Place;

/// A page could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A figure or a sentence names a column its query does not return.
    #[error("{place}: the query `{query}` has no column `{column}`{}", meant(.nearest, .columns))]
    UnknownColumn {
        /// Where the column is named.
        place: Box<Place>,
        /// The query.
        query: String,
        /// The column that was written.
        column: String,
        /// The nearest column, if one is near.
        nearest: Option<String>,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A figure needs a column that nothing in the result looks like.
    #[error("{place}: the query `{query}` has no {expected}; name one with `{key} = \"…\"`")]
    NoColumn {
        /// Where the figure begins.
        place: Box<Place>,
        /// The query.
        query: String,
        /// The key that would name the column.
        key: &'static str,
        /// What kind of column is needed.
        expected: &'static str,
    },
    /// A column of the wrong type.
    #[error("{place}: `{column}` of the query `{query}` must be {expected}, found {found}")]
    WrongType {
        /// Where the column is used.
        place: Box<Place>,
        /// The query.
        query: String,
        /// The column.
        column: String,
        /// What it must be.
        expected: &'static str,
        /// Its Arrow type.
        found: String,
    },
    /// A cell that must hold one of a few names holds another.
    #[error("{place}: `{column}` of the query `{query}` must be one of {known}, found `{found}`")]
    UnknownName {
        /// Where the figure begins.
        place: Box<Place>,
        /// The query.
        query: String,
        /// The column.
        column: &'static str,
        /// The name in the data.
        found: String,
        /// The names that are known.
        known: String,
    },
    /// A sentence uses a query that does not return exactly one row.
    #[error("{place}: words take the query `{query}` with one row, found {rows} rows")]
    NotOneRow {
        /// Where the substitution stands.
        place: Box<Place>,
        /// The query.
        query: String,
        /// How many rows there are.
        rows: usize,
    },
    /// The caller did not pass the result of a query the page needs.
    #[error("the result of the query `{query}` is missing")]
    NoResult {
        /// The query.
        query: String,
    },
    /// Batches that do not fit their schema.
    #[error("the result of the query `{query}` cannot be read")]
    Arrow {
        /// The query.
        query: String,
        /// Arrow's reason.
        source: arrow::error::ArrowError,
    },
}

fn meant(nearest: &Option<String>, columns: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; it has {}", columns.join(", ")),
    }
}

/// A file could not be made or published.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Arrow could not write the rows.
    #[error("the query `{query}` cannot be written as {format}")]
    Arrow {
        /// The query.
        query: String,
        /// The file format.
        format: &'static str,
        /// Arrow's reason.
        source: arrow::error::ArrowError,
    },
    /// The Parquet writer refused the rows.
    #[error("the query `{query}` cannot be written as Parquet")]
    Parquet {
        /// The query.
        query: String,
        /// The writer's reason.
        source: parquet::errors::ParquetError,
    },
    /// A file name that would leave the publication's folder, or is taken.
    #[error("`{0}` cannot be a file of a publication")]
    FileName(String),
    /// The disk refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
}
