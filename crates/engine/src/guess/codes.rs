//! Codes of a source and what they mean: an order that was `已取消` is cancelled.
//!
//! Only values somebody usually writes are turned into codes; what is not known is
//! left as it is, and `aftersight check` says how many rows that leaves unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use toml::{Table, Value};

use super::fit::quoted;
use super::look::SourceLook;
use super::propose::TableGuess;
use super::write::toml_text;

/// Codes by value, by canonical table and column.
type Codes = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Codes by what the values of a column are usually called, by canonical table and column.
static CODES: LazyLock<Codes> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the file is compiled in and a test reads it"
    )]
    parse(include_str!("codes.toml")).expect("codes.toml is well formed")
});

/// One spelling of a value, so that `Wrong_size` is `wrong size`.
fn plain(value: &str) -> String {
    let words = value.trim().to_lowercase().replace(['_', '-'], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes the section of a table's codes; nothing where the source's values are codes already.
pub(super) fn section(guess: &TableGuess, source: &SourceLook) -> String {
    let mut text = String::new();
    for column in &guess.columns {
        let key = (guess.table.name.clone(), column.column.name.clone());
        let look = column.from.map(|from| &source.columns[from]);
        let (Some(codes), Some(look)) = (CODES.get(&key), look) else {
            continue;
        };
        // What an expression makes of the values is not what was looked at.
        if column.expr != quoted(&look.name) {
            continue;
        }
        let values: BTreeSet<&str> = look.values.iter().flatten().map(|v| v.trim()).collect();
        let found: Vec<String> = values
            .into_iter()
            .filter_map(|value| {
                let code = codes.get(&plain(value))?;
                let is_new = !code.eq_ignore_ascii_case(value);
                is_new.then(|| format!("{} = {}", toml_text(value), toml_text(code)))
            })
            .collect();
        if !found.is_empty() {
            let name = &column.column.name;
            let _ = writeln!(text, "{name} = {{ {} }}", found.join(", "));
        }
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n[tables.{}.codes]  # a guess: what the values mean\n{text}",
        guess.table.name
    )
}

fn parse(text: &str) -> Result<Codes, String> {
    let root: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let mut columns = BTreeMap::new();
    let sections = root.iter().flat_map(|(table, columns)| {
        let columns = columns.as_table().into_iter().flatten();
        columns.map(move |(column, codes)| (table, column, codes))
    });
    for (table, column, codes) in sections {
        let codes = codes.as_table().ok_or("expected sections")?;
        let mut by_value = BTreeMap::new();
        for (code, values) in codes {
            let values = values
                .as_array()
                .ok_or_else(|| format!("{code} is no list"))?;
            let values = values.iter().filter_map(Value::as_str);
            for value in values.chain([code.as_str()]) {
                let before = by_value.insert(plain(value), code.clone());
                if let Some(other) = before.filter(|other| other != code) {
                    return Err(format!("{table}.{column}: `{value}` is {other} and {code}"));
                }
            }
        }
        columns.insert((table.clone(), column.clone()), by_value);
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_one_code() {
        let codes = parse(include_str!("codes.toml")).unwrap();
        let of = |table: &str, column: &str| &codes[&(table.to_owned(), column.to_owned())];
        assert_eq!(of("returns", "reason_code")["尺码不合适"], "size_fit");
        assert_eq!(of("orders", "status")["cancelled"], "cancelled");
        let error = parse("[t.a]\nx = ['1']\ny = ['1 ']\n").unwrap_err();
        assert_eq!(error, "t.a: `1 ` is x and y");
    }

    #[test]
    fn spellings_of_a_value_are_one() {
        assert_eq!(plain(" Wrong_Size "), "wrong size");
        assert_eq!(plain("TOO-  small"), "too small");
    }
}
