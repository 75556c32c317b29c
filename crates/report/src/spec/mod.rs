//! The report spec: one Markdown file with TOML front matter and figure fences,
//! and one SQL file per query.
//!
//! Everything is checked that can be checked without data: keys, types, query
//! names, formats, substitutions. What needs data (a column that a figure names)
//! is checked when the page is drawn, with the same places. Schedules, alerts
//! and deliveries are not read here, so their keys are unknown keys.

mod document;
mod error;
mod front;
pub(crate) mod reader;
mod source;
mod words;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

pub use error::{Fault, SpecError};
pub use front::{
    CsvOutput, Definition, HtmlOutput, Outputs, Param, ParamType, ParamValue, Period, Selection,
};
pub use reader::ColumnName;
pub(crate) use source::nearest;
pub use source::{Place, SourceFile};
pub(crate) use words::PAGE;
pub use words::{Part, Substitution, Template, Words};

use crate::figure::Figure;
use crate::lang::Lang;

/// The version of the spec this crate reads.
pub const SPEC_VERSION: i64 = 1;

/// A parsed report.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The name used for folders and files: `weekly-after-sales`.
    pub name: String,
    /// The title of the page.
    pub title: Words,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The languages the page is written in.
    pub lang: Vec<Lang>,
    /// What one run covers.
    pub period: Option<Period>,
    /// Whether that is a whole week (from Monday), month, quarter or year of the calendar.
    pub is_of_calendar: bool,
    /// The tables the report cannot do without.
    pub needs: Vec<String>,
    /// What a person may set for a run.
    pub params: IndexMap<String, Param>,
    /// The files a run writes.
    pub outputs: Outputs,
    /// The terms explained at the end of the page.
    pub definitions: Vec<Definition>,
    /// The page from top to bottom.
    pub blocks: Vec<Block>,
    /// The queries by name, in the order of their files.
    pub queries: IndexMap<String, Query>,
    /// SHA-256 over all source files, in hexadecimal.
    pub hash: String,
}

/// A query of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name: the stem of its file.
    pub name: String,
    /// The SQL as written.
    pub sql: String,
    /// Where the SQL begins.
    pub place: Place,
}

/// A piece of the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Markdown with substitutions, for one language or for all.
    Prose {
        /// The language the words are for; `None` means all.
        lang: Option<Lang>,
        /// The Markdown.
        text: Template,
    },
    /// A figure.
    Figure(Box<Figure>),
}

impl Spec {
    /// Parses the files of a report folder.
    pub fn parse(files: &[SourceFile]) -> Result<Self, SpecError> {
        document::parse(files)
    }

    /// The queries whose results the page needs: those of figures and of words,
    /// in the order of their files. Other queries are only written to files or
    /// read by later ones.
    pub fn queries_on_page(&self) -> Vec<&str> {
        let mut used: Vec<&str> = Vec::new();
        let mut words: Vec<&Words> = vec![&self.title];
        let mut templates: Vec<&Template> = Vec::new();
        for definition in &self.definitions {
            words.extend([&definition.term, &definition.text]);
        }
        for block in &self.blocks {
            match block {
                Block::Prose { text, .. } => templates.push(text),
                Block::Figure(figure) => {
                    used.extend(figure.queries());
                    words.extend(figure.words());
                }
            }
        }
        for lang in Lang::ALL {
            templates.extend(words.iter().filter_map(|words| words.template(lang)));
        }
        for part in templates.iter().flat_map(|template| &template.parts) {
            if let Part::Value(value) = part {
                used.push(&value.query);
            }
        }
        self.queries
            .keys()
            .map(String::as_str)
            .filter(|name| used.contains(name))
            .collect()
    }
}

/// The names that other parts of a spec may refer to.
#[derive(Debug, Default)]
pub(crate) struct Names {
    queries: Vec<String>,
}

impl Names {
    pub(crate) fn new<'a>(queries: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            queries: queries.into_iter().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn check_query(&self, name: &str, place: &Place) -> Result<(), SpecError> {
        if self.queries.iter().any(|query| query == name) {
            return Ok(());
        }
        let known: Vec<&str> = self.queries.iter().map(String::as_str).collect();
        Err(SpecError::unknown_name(
            place.clone(),
            "query",
            name,
            &known,
        ))
    }
}

/// SHA-256 over paths and texts, each with its length, sorted by path: moving a
/// line between two files changes the hash, the order of reading does not.
fn hash(files: &[SourceFile]) -> String {
    let mut sorted: Vec<&SourceFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut hasher = Sha256::new();
    for file in sorted {
        for text in [&file.path, &file.text] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    crate::output::hex(&hasher.finalize())
}

#[cfg(test)]
mod tests;
