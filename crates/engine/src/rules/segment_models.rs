//! Segment models of a workspace: areas of scores that must divide all 125 cells.
//!
//! A row gives a segment and a range of each score: `4-5`, `3`, or `*` for any.
//! Every cell of a model belongs to exactly one row, so that no customer falls
//! through and none depends on the order of rows.

use std::collections::BTreeMap;

use aftersight_functions::segments::{Cell as Scores, models};
use indexmap::IndexMap;

use super::{Cell, RuleRow, RuleRows, is_built_in, mistake};
use crate::error::{Location, Result};
use crate::suggest::did_you_mean;

/// Rule table this is about.
pub(crate) const NAME: &str = "segment_models";
const SCORES: [&str; 3] = ["r", "f", "m"];

/// Turns areas into cells, one row each, beside those of the built-in models.
pub(super) fn cells(areas: RuleRows) -> Result<RuleRows> {
    let known = ["model", "segment", "r", "f", "m"];
    for (name, at) in &areas.columns {
        if !known.contains(&name.as_str()) {
            let message = format!("{NAME} has no column `{name}`");
            return Err(mistake(at, message, did_you_mean(name, known)));
        }
    }
    let mut by_model: IndexMap<String, Vec<Area<'_>>> = IndexMap::new();
    for row in &areas.rows {
        let area = Area::read(row)?;
        if is_built_in(&area.model.text) {
            let message = format!("model `{}` is built in", area.model.text);
            let hint = "give your model another name".to_owned();
            return Err(mistake(&area.model.at, message, Some(hint)));
        }
        by_model
            .entry(area.model.text.clone())
            .or_default()
            .push(area);
    }
    let mut rows = Vec::new();
    for (model, areas) in &by_model {
        for (scores, area) in divide(model, areas)? {
            rows.push(cell(model, &area.segment.text, scores, &area.row.at));
        }
    }
    for built_in in models() {
        for (scores, segment) in built_in.cells() {
            rows.push(cell(built_in.name, segment, scores, &areas.start));
        }
    }
    let columns = known.map(|name| (name.to_owned(), areas.start.clone()));
    Ok(RuleRows {
        start: areas.start.clone(),
        columns: IndexMap::from(columns),
        rows,
    })
}

/// A row of the file.
struct Area<'a> {
    row: &'a RuleRow,
    model: &'a Cell,
    segment: &'a Cell,
    ranges: [(u8, u8); 3],
}

impl<'a> Area<'a> {
    fn read(row: &'a RuleRow) -> Result<Self> {
        let needed = |name: &str| {
            row.get(name)
                .ok_or_else(|| mistake(&row.at, format!("the row has no `{name}`"), None))
        };
        let segment = needed("segment")?;
        let is_code = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        if !is_code(&segment.text) {
            let message = format!("`{}` is no code of a segment", segment.text);
            let hint = "small letters, digits and _; labels have a table of their own".to_owned();
            return Err(mistake(&segment.at, message, Some(hint)));
        }
        let mut ranges = [(1, 5); 3];
        for (range, name) in ranges.iter_mut().zip(SCORES) {
            let Some(cell) = row.get(name) else { continue };
            *range = parse_range(&cell.text).ok_or_else(|| {
                let message = format!("`{name}` takes scores of 1 to 5, not '{}'", cell.text);
                mistake(&cell.at, message, Some("4-5, 3, or * for any".into()))
            })?;
        }
        Ok(Area {
            row,
            model: needed("model")?,
            segment,
            ranges,
        })
    }

    fn covers(&self, scores: Scores) -> bool {
        let within = |score: u8, (low, high): (u8, u8)| (low..=high).contains(&score);
        let [r, f, m] = self.ranges;
        within(scores.r, r) && within(scores.f, f) && within(scores.m, m)
    }
}

/// Reads `4-5`, `3` or `*`.
fn parse_range(text: &str) -> Option<(u8, u8)> {
    let score = |text: &str| {
        let score: u8 = text.trim().parse().ok()?;
        (1..=5).contains(&score).then_some(score)
    };
    if text == "*" {
        return Some((1, 5));
    }
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (score(low)?, score(high)?),
        None => (score(text)?, score(text)?),
    };
    (low <= high).then_some((low, high))
}

/// Gives every cell its row, or lists the cells that have none or several.
fn divide<'m, 'a>(model: &str, areas: &'m [Area<'a>]) -> Result<Vec<(Scores, &'m Area<'a>)>> {
    let mut divided = Vec::new();
    let mut gaps = Vec::new();
    let mut overlaps: BTreeMap<Vec<usize>, Vec<u16>> = BTreeMap::new();
    for scores in Scores::all() {
        let covering: Vec<&Area<'_>> = areas.iter().filter(|a| a.covers(scores)).collect();
        match covering.as_slice() {
            [] => gaps.push(scores.code()),
            [one] => divided.push((scores, *one)),
            several => {
                let lines = several.iter().map(|area| area.row.at.line).collect();
                overlaps.entry(lines).or_default().push(scores.code());
            }
        }
    }
    if gaps.is_empty() && overlaps.is_empty() {
        return Ok(divided);
    }
    let mut faults = Vec::new();
    if !gaps.is_empty() {
        faults.push(format!("no row covers {}", list(&gaps)));
    }
    for (lines, codes) in &overlaps {
        let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
        faults.push(format!(
            "lines {} all cover {}",
            lines.join(", "),
            list(codes)
        ));
    }
    // A row that only repeats others can never decide anything.
    for area in areas {
        let own = divided
            .iter()
            .any(|(_, winner)| std::ptr::eq(*winner, area));
        if !own {
            faults.push(format!(
                "line {} ({}) has no cell of its own",
                area.row.at.line, area.segment.text
            ));
        }
    }
    let first: &Location = &areas[0].row.at;
    let message = format!(
        "model `{model}` does not divide the 125 cells: {}",
        faults.join("; ")
    );
    let hint = "every cell (r, f, m) belongs to exactly one row".to_owned();
    Err(mistake(first, message, Some(hint)))
}

/// Lists codes, the first few of many.
fn list(codes: &[u16]) -> String {
    let shown: Vec<String> = codes.iter().take(8).map(u16::to_string).collect();
    match codes.len() {
        n if n > 8 => format!("{} and {} more", shown.join(", "), n - 8),
        _ => shown.join(", "),
    }
}

fn cell(model: &str, segment: &str, scores: Scores, at: &Location) -> RuleRow {
    let texts = [
        ("model", model.to_owned()),
        ("segment", segment.to_owned()),
        ("r", scores.r.to_string()),
        ("f", scores.f.to_string()),
        ("m", scores.m.to_string()),
    ];
    let cells = texts.map(|(name, text)| {
        let at = at.clone();
        (name.to_owned(), Cell { text, at })
    });
    RuleRow {
        at: at.clone(),
        cells: IndexMap::from(cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::file::parse;

    fn read(text: &str) -> Result<RuleRows> {
        cells(parse("m.csv", text.as_bytes())?)
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn areas_become_cells_beside_the_built_in_models() {
        let rows = read("model,segment,r,f,m\nmine,good,4-5,*,*\nmine,rest,1-3,,\n").unwrap();
        let mine = rows
            .rows
            .iter()
            .filter(|row| row.cells["model"].text == "mine");
        assert_eq!(mine.clone().count(), 125);
        assert_eq!(
            mine.filter(|row| row.cells["segment"].text == "good")
                .count(),
            50
        );
        assert_eq!(rows.rows.len(), 125 * (1 + models().len()));
    }

    #[test]
    fn a_model_with_a_hole_lists_its_cells() {
        assert_eq!(
            error("model,segment,r,f,m\nmine,good,4-5,*,*\nmine,rest,1-3,1-4,*\n"),
            "m.csv:2:1: model `mine` does not divide the 125 cells: no row covers 151, 152, 153, 154, 155, 251, 252, 253 and 7 more"
        );
    }

    #[test]
    fn overlaps_and_rows_that_decide_nothing_are_named() {
        assert_eq!(
            error("model,segment,r,f,m\nmine,all,*,*,*\nmine,best,5,5,5\n"),
            "m.csv:2:1: model `mine` does not divide the 125 cells: lines 2, 3 all cover 555; line 3 (best) has no cell of its own"
        );
    }

    #[test]
    fn wrong_ranges_codes_and_names_are_located() {
        assert_eq!(
            error("model,segment,r\nmine,good,4-6\n"),
            "m.csv:2:11: `r` takes scores of 1 to 5, not '4-6'"
        );
        assert_eq!(
            error("model,segment,r\nmine,Best ones,5\n"),
            "m.csv:2:6: `Best ones` is no code of a segment"
        );
        assert_eq!(
            error("model,segment,r\nrf10,good,5\n"),
            "m.csv:2:1: model `rf10` is built in"
        );
        assert_eq!(
            error("model,segmnt,r\nrf10,good,5\n"),
            "m.csv:1:7: segment_models has no column `segmnt`"
        );
    }
}
