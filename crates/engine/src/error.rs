//! The one error type of the engine, named by what its reader can do about it.

use std::fmt;

use datafusion::error::DataFusionError;

/// A place in a file a person wrote: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Location {
    /// Returns the place of a byte offset in `text`.
    pub fn of_offset(file: &str, text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Location {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What went wrong, by whom it can be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A query, an input file or an output failed.
    Failed,
    /// The workspace file, a mapping, a view or a setting is wrong.
    Specification,
    /// Data that should be there is not.
    MissingData,
}

/// Everything the engine can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The workspace file or something it names is wrong.
    #[error("{}{message}", located(at))]
    Workspace {
        /// Where in the workspace file.
        at: Option<Location>,
        /// What is wrong and what was found.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
    /// A source matches no file.
    #[error("{}source '{name}' matches no file: {location}", located(at))]
    SourceMissing {
        /// Where the source is declared.
        at: Option<Location>,
        /// Source.
        name: String,
        /// Location as declared, made absolute.
        location: String,
    },
    /// A source is there and cannot be read.
    #[error("{}source '{name}' cannot be read: {file}: {reason}", located(at))]
    SourceUnreadable {
        /// Where the source is declared.
        at: Option<Location>,
        /// Source.
        name: String,
        /// First file that failed.
        file: String,
        /// Why.
        reason: String,
    },
    /// A place that was to be looked at holds no data.
    #[error("there is nothing to map at {location}: {reason}")]
    NothingFound {
        /// The place.
        location: String,
        /// Why.
        reason: String,
    },
    /// A place that was to be looked at cannot be read.
    #[error("cannot read {location}: {reason}")]
    LocationUnreadable {
        /// The place, or the first file that failed.
        location: String,
        /// Why.
        reason: String,
    },
    /// A setting does not exist or has no such value.
    #[error("{message}")]
    Setting {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: Option<String>,
    },
    /// A view's file is wrong.
    #[error("view {view}: {message}")]
    View {
        /// Qualified name.
        view: String,
        /// What is wrong.
        message: String,
    },
    /// A statement cannot be planned or failed while it ran.
    #[error("{}", first_line(source))]
    Query {
        /// The statement or script as given, for carets.
        sql: String,
        /// The file it came from.
        file: Option<String>,
        /// What DataFusion says.
        source: Box<DataFusionError>,
    },
    /// A result could not be written.
    #[error("cannot write {path}: {reason}")]
    Output {
        /// Where to.
        path: String,
        /// Why.
        reason: String,
    },
}

fn located(at: &Option<Location>) -> String {
    at.as_ref().map_or_else(String::new, |at| format!("{at}: "))
}

fn first_line(error: &DataFusionError) -> String {
    error.strip_backtrace()
}

impl Error {
    /// Returns who can mend it; the program turns this into an exit code.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Workspace { .. } | Error::Setting { .. } | Error::View { .. } => {
                ErrorKind::Specification
            }
            Error::SourceMissing { .. } | Error::NothingFound { .. } => ErrorKind::MissingData,
            Error::LocationUnreadable { .. }
            | Error::SourceUnreadable { .. }
            | Error::Query { .. }
            | Error::Output { .. } => ErrorKind::Failed,
        }
    }

    /// Returns what to try instead, when that is known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Workspace { hint, .. } | Error::Setting { hint, .. } => hint.as_deref(),
            Error::NothingFound { .. } => {
                Some("a file, folder, glob or URL of Parquet, CSV or JSON files")
            }
            _ => None,
        }
    }

    /// Wraps a DataFusion error of a statement.
    pub fn query(sql: &str, source: DataFusionError) -> Self {
        Error::Query {
            sql: sql.to_owned(),
            file: None,
            source: Box::new(source),
        }
    }

    /// Says which file the failing statement came from.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        if let Error::Query { file, .. } = &mut self {
            *file = Some(name.to_owned());
        }
        self
    }
}

/// What engine functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let at = Location::of_offset("f", "a\n下单 x", "a\n下单 ".len());
        assert_eq!((at.line, at.column), (2, 4));
    }
}
