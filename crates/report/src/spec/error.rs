//! What can be wrong with a spec, as fields a program can render.

use std::fmt;

use super::Place;

/// A mistake in a report's files: where it is, what was found, and what the
/// writer probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// Where the mistake is.
    pub place: Place,
    /// What is wrong.
    pub fault: Box<Fault>,
    /// The nearest valid name, if one is near.
    pub nearest: Option<String>,
}

/// The kinds of mistakes in a spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no `report.md` among the files.
    #[error("the report has no report.md")]
    NoReport,
    /// The front matter is missing or not closed.
    #[error("the report must begin with front matter between two lines `+++`; {0}")]
    FrontMatter(&'static str),
    /// The TOML itself does not parse.
    #[error("this is not TOML: {0}")]
    Toml(String),
    /// A key that this part of the spec does not have.
    #[error("unknown key `{found}` in {part}; known keys are {known}")]
    UnknownKey {
        /// The key that was written.
        found: String,
        /// The part of the spec: `figure trend`, `front matter`.
        part: String,
        /// The keys of that part.
        known: String,
    },
    /// A key that must be there.
    #[error("{part} needs the key `{key}`")]
    MissingKey {
        /// The key that is missing.
        key: &'static str,
        /// The part of the spec.
        part: String,
    },
    /// A value of the wrong type or outside its range.
    #[error("`{key}` must be {expected}, found {found}")]
    WrongValue {
        /// The key whose value is wrong.
        key: String,
        /// What it may be.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A name that is none of the known ones.
    #[error("unknown {what} `{found}`; known are {known}")]
    UnknownName {
        /// What kind of name: query, figure kind, format.
        what: &'static str,
        /// The name that was written.
        found: String,
        /// The known names.
        known: String,
    },
    /// A fence that does not end.
    #[error("the fence ```{0} is not closed")]
    OpenFence(String),
    /// A fence without the word it needs.
    #[error("a ```{fence} fence needs {needs}")]
    BareFence {
        /// The first word of the fence.
        fence: &'static str,
        /// What is missing.
        needs: &'static str,
    },
    /// A substitution that does not parse.
    #[error(
        "`{0}` is not a substitution; write {{{{ query.column }}}} or {{{{ query.column | format }}}}"
    )]
    Substitution(String),
    /// Two queries of one name.
    #[error("the query `{0}` is defined twice")]
    TwiceDefined(String),
    /// A query without SQL.
    #[error("the query `{0}` is empty")]
    EmptyQuery(String),
    /// A file that is no part of a report.
    #[error("`{0}` is no part of a report; a report is report.md and sql/*.sql")]
    StrangeFile(String),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SpecError {}

impl SpecError {
    pub(crate) fn new(place: Place, fault: Fault) -> Self {
        Self {
            place,
            fault: Box::new(fault),
            nearest: None,
        }
    }

    /// A name that is not among the known ones, with the nearest of them.
    pub(crate) fn unknown_name(
        place: Place,
        what: &'static str,
        found: &str,
        known: &[&str],
    ) -> Self {
        Self {
            place,
            nearest: super::source::nearest(found, known.iter().copied()),
            fault: Box::new(Fault::UnknownName {
                what,
                found: found.to_owned(),
                known: list(known),
            }),
        }
    }
}

/// Names for a message: all of them, or the first dozen and a count.
pub(crate) fn list(names: &[&str]) -> String {
    const SHOWN: usize = 16;
    match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => {
            format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN)
        }
        _ => names.join(", "),
    }
}
