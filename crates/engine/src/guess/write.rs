//! Writes a proposal as a workspace file, every guess with what speaks for it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use arrow::datatypes::DataType;

use super::fit::quoted;
use super::look::{ColumnLook, SourceLook};
use super::propose::{ColumnGuess, TableGuess};
use super::{Proposal, Wishes, type_words};
use crate::workspace::Format;

/// The text and what its lines belong to.
pub(super) struct Written {
    pub(super) text: String,
    /// Table, and column where the line is one of a column.
    pub(super) lines: Vec<Option<(usize, Option<String>)>>,
}

/// A text as TOML reads it back, with as few escapes as there can be.
pub(super) fn toml_text(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn toml_key(text: &str) -> String {
    let is_bare = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if is_bare {
        text.to_owned()
    } else {
        toml_text(text)
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Returns a location as the workspace file names it.
pub(super) fn relative(folder: &str, location: &str) -> String {
    if folder.is_empty() {
        return location.to_owned();
    }
    let folder = format!("{}/", folder.trim_end_matches('/'));
    match location.strip_prefix(&folder) {
        Some("") => "./".to_owned(),
        Some(rest) => rest.to_owned(),
        None => location.to_owned(),
    }
}

/// One line whatever the text.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Proposal {
    /// Writes the workspace file.
    pub(super) fn write(&self, wishes: &Wishes) -> Written {
        let mut written = Written {
            text: String::new(),
            lines: Vec::new(),
        };
        let mut head = String::new();
        let _ = writeln!(
            head,
            "# Proposed by `{}` from names, types and a sample of rows.\n\
             # The share behind a line says how sure the guess is: what stands below 80 %\n\
             # deserves a look. What stayed unmapped is listed under its source.\n\
             version = 1\n\n[workspace]\nname = {}",
            one_line(&wishes.command),
            toml_text(&one_line(&wishes.name))
        );
        let zone = &self.time_zone;
        let _ = writeln!(
            head,
            "time_zone = {}  # {}",
            toml_text(&zone.value),
            zone.why
        );
        let _ = match &self.currency {
            Some(c) => writeln!(head, "currency = {}  # {}", toml_text(&c.value), c.why),
            None => writeln!(head, "# currency = \"EUR\"  # nothing tells it"),
        };
        if let Some(day) = &self.last_day {
            let _ = writeln!(
                head,
                "\n[settings]\n# as_of = \"{day}\"  # the day after the newest order; without it the last complete period"
            );
        }
        written.push(&head, None);
        for (at, source) in self.found.sources.iter().enumerate() {
            written.push(&self.source(at, source, wishes), None);
        }
        for (place, reason) in &self.found.unreadable {
            let text = format!(
                "\n# Not read: {}: {}\n",
                relative(&wishes.folder, place),
                one_line(reason)
            );
            written.push(&text, None);
        }
        for (at, table) in self.tables.iter().enumerate() {
            self.table(at, table, &mut written);
        }
        written
    }

    fn source(&self, at: usize, source: &SourceLook, wishes: &Wishes) -> String {
        let mut text = format!(
            "\n[sources.{}]  # {}\n",
            toml_key(&source.name),
            size(source)
        );
        let locations: Vec<String> = source
            .locations
            .iter()
            .map(|l| toml_text(&relative(&wishes.folder, l)))
            .collect();
        let _ = match locations.as_slice() {
            [one] => writeln!(text, "location = {one}"),
            several => writeln!(text, "location = [\n    {},\n]", several.join(",\n    ")),
        };
        if let Some(format) = source.needs_format {
            let _ = writeln!(text, "format = \"{}\"", format_name(format));
        }
        if source.spec.delimiter != b',' {
            let delimiter = match source.spec.delimiter {
                b'\t' => "\\t".to_owned(),
                other => char::from(other).to_string(),
            };
            let _ = writeln!(text, "delimiter = \"{delimiter}\"");
        }
        if !source.spec.has_header {
            text += "has_header = false\n";
        }
        let naive: Vec<&str> = source
            .columns
            .iter()
            .filter(|c| matches!(c.data_type, DataType::Timestamp(_, None)))
            .map(|c| c.name.as_str())
            .collect();
        if !naive.is_empty() && self.time_zone.value != "UTC" {
            let zone = toml_text(&self.time_zone.value);
            let _ = writeln!(
                text,
                "time_zone = {zone}  # a guess: {} without a zone, taken for local time",
                naive.join(", ")
            );
        }
        if !source.spec.columns.is_empty() {
            let columns: Vec<String> = source
                .spec
                .columns
                .keys()
                .map(|name| format!("{} = \"text\"", toml_key(name)))
                .collect();
            let _ = writeln!(
                text,
                "columns = {{ {} }}  # digits that are codes",
                columns.join(", ")
            );
        }
        let unmapped = self.unmapped(at);
        if unmapped.len() == source.columns.len() {
            text += "# Nothing of it is mapped.\n";
        }
        for column in unmapped {
            let _ = writeln!(text, "# not mapped: {}", described(column));
        }
        text
    }

    fn table(&self, at: usize, guess: &TableGuess, written: &mut Written) {
        let mut part = Written {
            text: String::new(),
            lines: Vec::new(),
        };
        let source = &self.found.sources[guess.source];
        let name = &guess.table.name;
        part.push(
            &format!("[tables.{name}]  # {}\n", percent(guess.confidence)),
            Some((at, None)),
        );
        for note in &guess.notes {
            part.push(&format!("# {}\n", one_line(note)), Some((at, None)));
        }
        if let Some(why) = &guess.dedupe {
            part.push(&format!("dedupe = true  # {why}\n"), Some((at, None)));
        }
        if guess.joins.is_empty() && guess.answers.is_empty() {
            columns_form(at, guess, source, &mut part);
            part.push(&super::codes::section(guess, source), Some((at, None)));
        } else {
            part.push(&sql_form(guess, source), Some((at, None)));
        }
        written.push("\n", None);
        match &guess.problem {
            None => {
                written.text += &part.text;
                written.lines.append(&mut part.lines);
            }
            Some(problem) => {
                let mut text = format!("# {name} is not mapped: {}\n", one_line(problem));
                for line in part.text.lines() {
                    text += format!("# {line}").trim_end();
                    text.push('\n');
                }
                written.push(&text, None);
            }
        }
    }
}

impl Written {
    fn push(&mut self, text: &str, of: Option<(usize, Option<String>)>) {
        self.text += text;
        let n = text.matches('\n').count();
        self.lines.extend(std::iter::repeat_n(of, n));
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Parquet => "parquet",
        Format::Csv => "csv",
        Format::Json => "json",
    }
}

/// Files, rows and bytes of a source.
pub(super) fn size(source: &SourceLook) -> String {
    let files = match source.n_files {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    let rows = match source.n_rows {
        Some(1) => ", 1 row".to_owned(),
        Some(n) => format!(", {n} rows"),
        None => String::new(),
    };
    format!(
        "{} {files}{rows}, {}",
        format_name(source.format),
        bytes(source.n_bytes)
    )
}

/// Bytes as people read them.
fn bytes(n: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 10.0 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

/// A column with its type and what it holds; people's own data is not repeated.
fn described(column: &ColumnLook) -> String {
    let shape = &column.shape;
    let holds = if shape.n == 0 {
        "no value in the sample".to_owned()
    } else if let Some((low, high)) = shape.range {
        format!("{low} to {high}")
    } else {
        let words = shape.words.as_ref().filter(|w| w.len() <= 12);
        match words {
            Some(_) => {
                let values: BTreeSet<&str> =
                    column.values.iter().flatten().map(String::as_str).collect();
                values.into_iter().take(4).collect::<Vec<_>>().join(", ")
            }
            None => format!("{} different values in the sample", shape.n_distinct),
        }
    };
    let of = if column.is_partition {
        ", of folders"
    } else {
        ""
    };
    one_line(&format!(
        "{} ({}{of}): {holds}",
        column.name,
        type_words(&column.data_type)
    ))
}

fn reason(column: &ColumnGuess) -> String {
    let mut text = format!("{}: {}", percent(column.confidence), column.why);
    if !column.also.is_empty() {
        let others: Vec<String> = column
            .also
            .iter()
            .map(|(name, score)| format!("{name} ({})", percent(*score)))
            .collect();
        let _ = write!(text, "; also fits: {}", others.join(", "));
    }
    one_line(&text)
}

fn key_exprs(guess: &TableGuess) -> Vec<String> {
    let of = |name: &String| {
        let found = guess.columns.iter().find(|c| c.column.name == *name);
        found.map(|c| c.expr.clone())
    };
    guess.group_by.iter().filter_map(of).collect()
}

fn columns_form(at: usize, guess: &TableGuess, source: &SourceLook, part: &mut Written) {
    let mut head = format!("from = {}\n", toml_text(&source.name));
    if let Some(filter) = &guess.filter {
        let _ = writeln!(head, "where = {}", toml_text(filter));
    }
    let keys: Vec<String> = key_exprs(guess).iter().map(|k| toml_text(k)).collect();
    let _ = match keys.as_slice() {
        [] => Ok(()),
        [one] => writeln!(head, "group_by = {one}"),
        several => writeln!(head, "group_by = [{}]", several.join(", ")),
    };
    let _ = write!(head, "\n[tables.{}.columns]\n", guess.table.name);
    part.push(&head, Some((at, None)));
    let entries: Vec<String> = guess
        .columns
        .iter()
        .map(|c| format!("{} = {}", c.column.name, toml_text(&c.expr)))
        .collect();
    let width = entries
        .iter()
        .map(|e| e.chars().count())
        .filter(|n| *n <= 60)
        .max();
    for (column, entry) in guess.columns.iter().zip(entries) {
        let line = format!(
            "{entry:<width$}  # {}\n",
            reason(column),
            width = width.unwrap_or(0)
        );
        part.push(&line, Some((at, Some(column.column.name.clone()))));
    }
}

fn sql_form(guess: &TableGuess, source: &SourceLook) -> String {
    let mut selects = Vec::new();
    let has_scale = guess.answers.iter().any(|a| a.scale.is_some());
    let n_selects = guess.answers.len().max(1);
    for at in 0..n_selects {
        let mut lines: Vec<(String, String)> = guess
            .columns
            .iter()
            .map(|c| {
                let name = &c.column.name;
                let select = if c.expr == *name {
                    name.clone()
                } else {
                    format!("{} as {name}", c.expr)
                };
                (select, reason(c))
            })
            .collect();
        let mut filters: Vec<String> = guess.filter.iter().cloned().collect();
        if let Some(answer) = guess.answers.get(at) {
            lines.push((
                format!("'{}' as kind", answer.kind),
                "a column per question".to_owned(),
            ));
            lines.push((
                format!("cast({} as double) as score", answer.name),
                String::new(),
            ));
            if has_scale {
                let scale = answer.scale.map(|s| s.to_string());
                let scale = scale.unwrap_or_else(|| "cast(null as bigint)".to_owned());
                let why = "the highest answer in the sample".to_owned();
                lines.push((format!("{scale} as scale"), why));
            }
            filters.push(format!("{} is not null", answer.name));
        }
        let n = lines.len();
        let mut select = "select\n".to_owned();
        for (i, (expr, why)) in lines.iter().enumerate() {
            let comma = if i + 1 < n { "," } else { "" };
            // The reasons stand once.
            let why = if at == 0 && !why.is_empty() {
                format!("  -- {why}")
            } else {
                String::new()
            };
            let _ = writeln!(select, "    {expr}{comma}{why}");
        }
        let _ = writeln!(select, "from source.{}", quoted(&source.name));
        for join in &guess.joins {
            let _ = writeln!(
                select,
                "left join source.{} as {} on {}.{} = {}",
                quoted(&join.source),
                join.alias,
                join.alias,
                quoted(&join.key),
                quoted(&join.of)
            );
        }
        if !filters.is_empty() {
            let _ = writeln!(select, "where {}", filters.join(" and "));
        }
        let keys = key_exprs(guess);
        if !keys.is_empty() {
            let _ = writeln!(select, "group by {}", keys.join(", "));
        }
        selects.push(select);
    }
    let sql = selects.join("union all\n").replace('\\', "\\\\");
    format!("sql = \"\"\"\n{sql}\"\"\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_with_few_escapes() {
        assert_eq!(toml_text("a"), "\"a\"");
        assert_eq!(toml_text("\"OrderID\""), "'\"OrderID\"'");
        assert_eq!(toml_text("\"a\" = 'b'"), "\"\\\"a\\\" = 'b'\"");
        assert_eq!(toml_key("order_id"), "order_id");
        assert_eq!(toml_key("订单"), "\"订单\"");
    }

    #[test]
    fn locations_below_the_folder_are_relative() {
        assert_eq!(relative("/lake", "/lake/orders/"), "orders/");
        assert_eq!(relative("/lake/", "/lakes/a.csv"), "/lakes/a.csv");
        assert_eq!(relative("/lake", "/lake/"), "./");
        assert_eq!(relative("", "/lake/a.csv"), "/lake/a.csv");
    }

    #[test]
    fn sizes_are_read_by_people() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(59_000_000), "59 MB");
    }
}
