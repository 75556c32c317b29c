//! Files of a report: CSV, JSON and Parquet from record batches, and the
//! publication that puts them in place all at once or not at all.
//!
//! Files carry full precision and no clock, so the same rows give the same
//! bytes.

mod csv;
mod json;
mod parquet;
mod publication;

pub use self::csv::{CsvOptions, csv};
pub use self::json::json;
pub use self::parquet::parquet;
use aftersight_engine::rules::RuleTable;
use sha2::{Digest, Sha256};

pub use self::publication::{Publication, Published, PublishedFile};

/// What a file says about the run it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// The name of the report.
    pub report: String,
    /// The day of the report: its midnight, exclusive.
    pub as_of: chrono::NaiveDate,
    /// The hash of the spec, [`crate::Spec::hash`].
    pub spec_hash: String,
    /// The settings the run used, name and value.
    pub settings: Vec<(String, String)>,
    /// The rule tables the run used: name, where from, hash of its bytes.
    pub rules: Vec<RuleFact>,
}

/// A rule table of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFact {
    /// Name.
    pub name: String,
    /// File of the workspace; none for the built-in rules.
    pub file: Option<String>,
    /// SHA-256 of the file, or of the view that holds the built-in rules.
    pub sha256: String,
}

impl RuleFact {
    /// Notes a rule table of a workspace.
    pub fn of(name: &str, table: &RuleTable) -> Self {
        RuleFact {
            name: name.to_owned(),
            file: table.file.clone(),
            sha256: hex(&Sha256::digest(&table.bytes)),
        }
    }
}

/// One cell as Arrow displays it; `None` is a NULL.
pub(crate) fn cell_text(
    batch: &arrow::array::RecordBatch,
    column: usize,
    row: usize,
) -> Option<String> {
    use arrow::util::display::{ArrayFormatter, FormatOptions};
    let array = batch.column(column);
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array, &options).ok()?;
    (!array.is_null(row)).then(|| formatter.value(row).to_string())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
