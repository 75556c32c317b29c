//! Rows of a rule file, CSV or TOML, each cell with its place.

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use super::mistake;
use crate::error::{Location, Result};
use crate::workspace::reader::one_value;

/// A cell that is not empty.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) at: Location,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct RuleRow {
    pub(crate) at: Location,
    pub(crate) cells: IndexMap<String, Cell>,
}

impl RuleRow {
    pub(crate) fn get(&self, column: &str) -> Option<&Cell> {
        self.cells.get(column)
    }
}

/// A whole file.
#[derive(Debug, Clone)]
pub(crate) struct RuleRows {
    /// Where the file starts.
    pub(crate) start: Location,
    /// Columns, with where each is first named.
    pub(crate) columns: IndexMap<String, Location>,
    pub(crate) rows: Vec<RuleRow>,
}

impl RuleRows {
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }
}

/// Reads a file by its extension; TOML is a list of sections `[[rows]]`.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<RuleRows> {
    let start = Location {
        file: file.to_owned(),
        line: 1,
        column: 1,
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|e| mistake(&start, format!("the file is not UTF-8: {e}"), None))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = RuleRows {
        start,
        columns: IndexMap::new(),
        rows: Vec::new(),
    };
    if file.ends_with(".toml") {
        toml(text, &mut rows)?;
    } else if file.ends_with(".csv") {
        csv(text, &mut rows)?;
    } else {
        let message = format!("{file} is neither .csv nor .toml");
        return Err(mistake(&rows.start, message, None));
    }
    if rows.rows.is_empty() {
        return Err(mistake(&rows.start, "the file has no rows".into(), None));
    }
    Ok(rows)
}

fn csv(text: &str, rows: &mut RuleRows) -> Result<()> {
    let file = rows.start.file.clone();
    let place = |offset: usize| Location::of_offset(&file, text, offset);
    let line = |position: Option<&csv::Position>| place(record_start(text, position));
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let located = |e: csv::Error| {
        let what = match e.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => format!("{len} fields where the header has {expected_len}"),
            _ => e.to_string(),
        };
        mistake(&line(e.position()), what, None)
    };
    let header = reader.headers().map_err(located)?.clone();
    let offsets = cell_offsets(text, record_start(text, header.position()));
    for (i, name) in header.iter().enumerate() {
        let at = offsets
            .get(i)
            .map_or_else(|| rows.start.clone(), |&offset| place(offset));
        if rows.columns.insert(name.to_owned(), at.clone()).is_some() {
            return Err(mistake(&at, format!("column `{name}` stands twice"), None));
        }
    }
    for record in reader.records() {
        let record = record.map_err(located)?;
        let start = record_start(text, record.position());
        let at = place(start);
        let offsets = cell_offsets(text, start);
        let cells = header.iter().zip(&record).enumerate();
        let cells = cells.filter(|(_, (_, cell))| !cell.is_empty());
        let cells = cells.map(|(i, (name, cell))| {
            let at = offsets
                .get(i)
                .map_or_else(|| at.clone(), |&offset| place(offset));
            let text = cell.to_owned();
            (name.to_owned(), Cell { text, at })
        });
        let cells = cells.collect();
        rows.rows.push(RuleRow { at, cells });
    }
    Ok(())
}

/// Where a record starts: its position is that of the comments and empty lines before it.
fn record_start(text: &str, position: Option<&csv::Position>) -> usize {
    let mut start = position.map_or(0, |p| p.byte() as usize).min(text.len());
    while let Some(rest) = text.get(start..) {
        let is_skipped = rest.starts_with(['#', '\n', '\r']);
        match rest.find('\n').filter(|_| is_skipped) {
            Some(end) => start += end + 1,
            None => break,
        }
    }
    start
}

/// Where the cells of the record that starts here begin, white space left out.
fn cell_offsets(text: &str, start: usize) -> Vec<usize> {
    let mut offsets = Vec::new();
    let (mut is_quoted, mut begins) = (false, true);
    for (i, c) in text.get(start..).unwrap_or("").char_indices() {
        if begins && (!c.is_whitespace() || c == '\n') {
            offsets.push(start + i);
            begins = false;
        }
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => begins = true,
            '\n' if !is_quoted => break,
            _ => {}
        }
    }
    offsets
}

/// Writes the rows of a table as those of a file would be, all at one place.
pub(super) fn of_batches(at: &Location, batches: &[RecordBatch]) -> Result<RuleRows, ArrowError> {
    let mut rows = RuleRows {
        start: at.clone(),
        columns: IndexMap::new(),
        rows: Vec::new(),
    };
    for batch in batches {
        let first = rows.rows.len();
        let empty = || RuleRow {
            at: at.clone(),
            cells: IndexMap::new(),
        };
        rows.rows
            .extend(std::iter::repeat_with(empty).take(batch.num_rows()));
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            rows.columns.insert(field.name().clone(), at.clone());
            let texts = cast(column, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            for (row, text) in rows.rows[first..].iter_mut().zip(texts) {
                if let Some(text) = text {
                    let (text, at) = (text.to_owned(), at.clone());
                    row.cells.insert(field.name().clone(), Cell { text, at });
                }
            }
        }
    }
    Ok(rows)
}

fn toml(text: &str, rows: &mut RuleRows) -> Result<()> {
    let file = rows.start.file.clone();
    let at = |offset: usize| Location::of_offset(&file, text, offset);
    let root = DeTable::parse(text).map_err(|e| {
        let offset = e.span().map_or(0, |span| span.start);
        mistake(
            &at(offset),
            format!("not valid TOML: {}", e.message()),
            None,
        )
    })?;
    for (key, value) in root.get_ref() {
        let DeValue::Array(items) = value.get_ref() else {
            let hint = "rows are sections [[rows]]".to_owned();
            let message = format!("`{}` is no list of rows", key.get_ref());
            return Err(mistake(&at(key.span().start), message, Some(hint)));
        };
        for item in items {
            let place = at(item.span().start);
            let DeValue::Table(table) = item.get_ref() else {
                return Err(mistake(&place, "expected a row".into(), None));
            };
            let mut cells = IndexMap::new();
            for (name, value) in table {
                let place = at(value.span().start);
                let Some(text) = one_value(value.get_ref()) else {
                    let message = format!("`{}` takes one value", name.get_ref());
                    return Err(mistake(&place, message, None));
                };
                let name = name.get_ref().to_string();
                let first = rows.columns.entry(name.clone());
                first.or_insert_with(|| place.clone());
                cells.insert(name, Cell { text, at: place });
            }
            rows.rows.push(RuleRow { at: place, cells });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(file: &str, text: &str) -> String {
        parse(file, text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn both_formats_give_the_same_rows() {
        let csv = parse("a.csv", "# why\nreason,n\n broken , 1\nlate,\n".as_bytes()).unwrap();
        let toml = "[[rows]]\nreason = 'broken'\nn = 1\n[[rows]]\nreason = 'late'\n";
        let toml = parse("a.toml", toml.as_bytes()).unwrap();
        for rows in [csv, toml] {
            assert_eq!(rows.rows.len(), 2);
            assert_eq!(rows.rows[0].get("reason").unwrap().text, "broken");
            assert!(rows.rows[1].get("n").is_none());
        }
    }

    #[test]
    fn every_cell_has_its_place() {
        let text = "# why\nreason, n\n\n\"a, \"\"b\"\"\" , 七 ,1\n";
        let text = text.replace("reason, n", "reason, n,k");
        let rows = parse("a.csv", text.as_bytes()).unwrap();
        let place = |at: &Location| (at.line, at.column);
        assert_eq!(place(&rows.columns["n"]), (2, 9));
        let row = &rows.rows[0];
        assert_eq!(row.get("reason").unwrap().text, "a, \"b\"");
        assert_eq!(place(&row.at), (4, 1));
        assert_eq!(place(&row.get("n").unwrap().at), (4, 14));
        assert_eq!(place(&row.get("k").unwrap().at), (4, 17));
    }

    #[test]
    fn mistakes_name_their_line() {
        assert_eq!(
            error("a.csv", "reason,n\nbroken,1\nlate\n"),
            "a.csv:3:1: 1 fields where the header has 2"
        );
        assert_eq!(
            error("a.csv", "a,a\n1,2\n"),
            "a.csv:1:3: column `a` stands twice"
        );
        assert_eq!(error("a.csv", "a,b\n"), "a.csv:1:1: the file has no rows");
        assert_eq!(
            error("a.toml", "[[rows]]\na = [1]\n"),
            "a.toml:2:5: `a` takes one value"
        );
        assert_eq!(
            error("a.txt", "a"),
            "a.txt:1:1: a.txt is neither .csv nor .toml"
        );
    }
}
