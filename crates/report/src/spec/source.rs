//! Source files and places in them.

use std::fmt;

/// A file of a report, read by the caller or built into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path below the report's folder: `report.md`, `sql/nps_weekly.sql`.
    pub path: String,
    /// What is in the file.
    pub text: String,
}

impl SourceFile {
    /// A file from its path and its text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}

/// A place in a source file; lines and columns count from one, and columns count
/// characters, so an editor and a Chinese line agree with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The path of the file.
    pub path: String,
    /// The line, from one.
    pub line: usize,
    /// The character in the line, from one.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// The place of a byte offset in a text.
pub(crate) fn place(path: &str, text: &str, offset: usize) -> Place {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The known name closest to what was written, if it is close enough to be a
/// slip: an edit in about every third letter, a swap counting as one.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let lower = written.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| {
            let longer = written.chars().count().max(name.chars().count());
            *distance <= ((longer + 1) / 3).max(1)
        })
        // The first of equals: the order of the list is the order of a reader.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let found = place("report.md", "a\n退货 x", "a\n退货 x".len());
        assert_eq!((found.line, found.column), (2, 5));
    }

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let known = ["query", "cols", "title"];
        assert_eq!(nearest("titel", known), Some("title".to_owned()));
        assert_eq!(nearest("Query", known), Some("query".to_owned()));
        assert_eq!(nearest("zzzzzz", known), None);
    }
}
