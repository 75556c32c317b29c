//! Labels of a workspace: words of its own for some codes, beside the built-in ones.
//!
//! Who renames one segment does not want to write down the words for all the
//! others, so this is the one rule table whose rows are added to the built-in
//! ones instead of standing in for all of them.

use indexmap::IndexMap;

use super::{RuleRows, mistake};
use crate::error::Result;
use crate::suggest::did_you_mean;
use crate::view::Views;

/// Rule table this is about.
pub(super) const NAME: &str = "labels";
const PREFIX: &str = "label_";
const LANGUAGES: [&str; 2] = ["en", "zh"];
/// Kinds of which aftersight makes the codes itself: no other can occur.
const CLOSED: [&str; 11] = [
    "arm",
    "cost_basis",
    "cost_group",
    "driver_set",
    "nps_class",
    "quadrant",
    "returner_class",
    "scope",
    "segment_kind",
    "service_level",
    "verdict",
];

/// Puts the rows of a file before the built-in ones; a label that is left out stays.
pub(super) fn beside(own: RuleRows, built_in: &RuleRows, views: &Views) -> Result<RuleRows> {
    languages(&own)?;
    let kinds = kinds(built_in, views);
    let mut rows = own;
    for row in &mut rows.rows {
        let (Some(kind), Some(code)) = (row.get("kind").cloned(), row.get("code").cloned()) else {
            // An empty key is said where columns get their types.
            continue;
        };
        if !kinds.contains(&kind.text.as_str()) {
            let message = format!(
                "there is no kind `{}`: no view has such a column",
                kind.text
            );
            return Err(mistake(&kind.at, message, did_you_mean(&kind.text, kinds)));
        }
        let of_kind = built_in
            .rows
            .iter()
            .filter(|other| is(other, "kind", &kind.text));
        let same = of_kind.clone().find(|other| is(other, "code", &code.text));
        if same.is_none() && CLOSED.contains(&kind.text.as_str()) {
            let codes: Vec<&str> = of_kind
                .filter_map(|row| Some(row.get("code")?.text.as_str()))
                .collect();
            let hint = did_you_mean(&code.text, codes.iter().copied());
            let hint = hint.or_else(|| Some(format!("one of: {}", codes.join(", "))));
            let message = format!("{} has no code `{}`", kind.text, code.text);
            return Err(mistake(&code.at, message, hint));
        }
        for language in LANGUAGES {
            let column = format!("{PREFIX}{language}");
            let label = same.and_then(|row| row.get(&column));
            if let (None, Some(label)) = (row.get(&column), label) {
                row.cells.insert(column, label.clone());
            }
        }
    }
    let is_replaced = |built_in: &super::RuleRow| {
        let key = |row: &super::RuleRow, name: &str| row.get(name).map(|cell| cell.text.clone());
        rows.rows.iter().any(|row| {
            ["kind", "code"]
                .iter()
                .all(|name| key(row, name) == key(built_in, name))
        })
    };
    let kept: Vec<_> = built_in
        .rows
        .iter()
        .filter(|row| !is_replaced(row))
        .cloned()
        .collect();
    rows.rows.extend(kept);
    for (name, at) in &built_in.columns {
        let column = rows.columns.entry(name.clone());
        column.or_insert_with(|| at.clone());
    }
    Ok(rows)
}

fn is(row: &super::RuleRow, column: &str, text: &str) -> bool {
    row.get(column).is_some_and(|cell| cell.text == text)
}

/// Refuses languages no page is in, and a file without words.
fn languages(own: &RuleRows) -> Result<()> {
    for (name, at) in &own.columns {
        if let Some(language) = name.strip_prefix(PREFIX)
            && !LANGUAGES.contains(&language)
        {
            let message = format!("no page is in the language `{language}`");
            let hint = "label_en for English, label_zh for Chinese".to_owned();
            return Err(mistake(at, message, Some(hint)));
        }
    }
    if own.columns.keys().any(|name| name.starts_with(PREFIX)) {
        return Ok(());
    }
    let message = "labels needs a column `label_en` or `label_zh`: what a page calls the code";
    Err(mistake(&own.start, message.into(), None))
}

/// What a label can be of: a kind that is built in, or a column of any view.
fn kinds<'a>(built_in: &'a RuleRows, views: &'a Views) -> Vec<&'a str> {
    let built_in = built_in.rows.iter().filter_map(|row| row.get("kind"));
    let mut kinds: IndexMap<&str, ()> = built_in.map(|cell| (cell.text.as_str(), ())).collect();
    for view in views.iter() {
        kinds.extend(view.header.columns.keys().map(|name| (name.as_str(), ())));
    }
    kinds.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::file::parse;

    fn labels(own: &str) -> Result<Vec<String>> {
        let built_in = "kind,code,label_en,label_zh\nsegment,lost,Lost,流失\nsegment,new,New,新\nverdict,ok,Fine,正常\n";
        let built_in = parse("b.csv", built_in.as_bytes())?;
        let rows = beside(
            parse("l.csv", own.as_bytes())?,
            &built_in,
            &Views::default(),
        )?;
        let text = |row: &super::super::RuleRow, name: &str| {
            row.get(name)
                .map_or(String::new(), |cell| cell.text.clone())
        };
        let line = |row| {
            ["kind", "code", "label_en", "label_zh"]
                .map(|n| text(row, n))
                .join(" ")
        };
        Ok(rows.rows.iter().map(line).collect())
    }

    #[test]
    fn a_row_replaces_a_label_and_the_others_stay() {
        assert_eq!(
            labels("kind,code,label_en\nsegment,lost,Gone\nsegment,mine,Mine\n").unwrap(),
            [
                "segment lost Gone 流失",
                "segment mine Mine ",
                "segment new New 新",
                "verdict ok Fine 正常"
            ]
        );
    }

    #[test]
    fn languages_kinds_and_codes_that_are_none_are_located() {
        let check = |own: &str, expected: &str| {
            assert_eq!(
                crate::settings::with_hint(&labels(own).unwrap_err()),
                expected
            );
        };
        check(
            "kind,code,label_fr\nsegment,lost,Perdu\n",
            "l.csv:1:11: no page is in the language `fr` (label_en for English, label_zh for Chinese)",
        );
        check(
            "kind,code\nsegment,lost\n",
            "l.csv:1:1: labels needs a column `label_en` or `label_zh`: what a page calls the code",
        );
        check(
            "kind,code,label_en\nsegmnt,lost,Gone\n",
            "l.csv:2:1: there is no kind `segmnt`: no view has such a column (did you mean `segment`?)",
        );
        check(
            "kind,code,label_en\nverdict,fine,Fine\n",
            "l.csv:2:9: verdict has no code `fine` (one of: ok)",
        );
    }
}
