//! Thresholds of checks: a level everybody knows, a share, and no rule that is none.
//!
//! A misspelt rule would be checked by nobody, and an error that comes before
//! its warning makes the warning never seen; both are refused. Who thinks
//! otherwise of one rule does not write down the others: only a file that says
//! what holds for any rule stands in for all the built-in ones.

use indexmap::IndexMap;

use super::{Cell, RuleRow, RuleRows, mistake};
use crate::error::{Location, Result};
use crate::suggest::did_you_mean;

/// Rule table this is about.
pub(crate) const NAME: &str = "check_rules";
/// Stands for every rule or table without a row of its own.
const ANY: &str = "any";
const LEVELS: [&str; 2] = ["warn", "error"];

/// Puts the rows of a file before the built-in ones of other rules and tables.
pub(super) fn beside(own: RuleRows, built_in: &RuleRows) -> RuleRows {
    let is = |row: &RuleRow, column: &str, text: &str| {
        row.get(column).is_some_and(|cell| cell.text == text)
    };
    if own.rows.iter().any(|row| is(row, "rule", ANY)) {
        return own;
    }
    let is_replaced = |row: &&RuleRow| {
        let same = |other: &&RuleRow| {
            ["rule", "table_name"].iter().all(|column| {
                row.get(column)
                    .is_some_and(|cell| is(other, column, &cell.text))
            })
        };
        own.rows.iter().any(|other| same(&other))
    };
    let kept = built_in.rows.iter().filter(|row| !is_replaced(row));
    let kept: Vec<RuleRow> = kept.cloned().collect();
    let mut rows = own;
    rows.rows.extend(kept);
    rows
}

/// Checks the rows of a file; `known` are the rules there are.
pub(super) fn validate(rows: &RuleRows, known: &[String], tables: &[&str]) -> Result<()> {
    let mut warnings: IndexMap<(&str, &str), (f64, &Location)> = IndexMap::new();
    let mut errors = warnings.clone();
    for row in &rows.rows {
        // What is missing or no number is said where columns get their types.
        let (Some(rule), Some(table), Some(level), Some(share)) = (
            row.get("rule"),
            row.get("table_name"),
            row.get("level"),
            row.get("threshold_share"),
        ) else {
            continue;
        };
        let rules = known.iter().map(String::as_str).chain([ANY]);
        one_of("rule", rule, rules)?;
        one_of("table_name", table, tables.iter().copied().chain([ANY]))?;
        one_of("level", level, LEVELS)?;
        let Ok(number) = share.text.parse::<f64>() else {
            continue;
        };
        if !(0.0..=1.0).contains(&number) {
            let message = format!(
                "`threshold_share` takes a share from 0 to 1, not '{}'",
                share.text
            );
            return Err(mistake(&share.at, message, None));
        }
        let of = if level.text == "warn" {
            &mut warnings
        } else {
            &mut errors
        };
        of.insert((&rule.text, &table.text), (number, &row.at));
    }
    for (key, (error, at)) in &errors {
        if let Some((warning, first)) = warnings.get(key)
            && warning > error
        {
            let message = format!(
                "{} is an error above {error}, before it warns above {warning} in line {}",
                key.0, first.line
            );
            let hint = "the warning comes first: give it the smaller share".to_owned();
            return Err(mistake(at, message, Some(hint)));
        }
    }
    Ok(())
}

fn one_of<'a>(column: &str, cell: &Cell, known: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&cell.text.as_str()) {
        return Ok(());
    }
    let message = format!("there is no {column} `{}`", cell.text);
    Err(mistake(&cell.at, message, did_you_mean(&cell.text, known)))
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn error(text: &str) -> String {
        let rows = parse("rules.csv", text.as_bytes()).unwrap();
        let known = ["stale".to_owned(), "no_key".to_owned()];
        match validate(&rows, &known, &["orders"]) {
            Ok(()) => "fine".to_owned(),
            Err(error) => match error.hint() {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            },
        }
    }

    #[test]
    fn other_rules_stay_unless_the_file_says_what_holds_for_any() {
        let built_in = format!("{HEADER}any,any,warn,0\nstale,any,warn,0.1\nno_key,any,error,0\n");
        let built_in = parse("b.csv", built_in.as_bytes()).unwrap();
        let count = |own: &str| {
            let own = parse("o.csv", format!("{HEADER}{own}").as_bytes()).unwrap();
            beside(own, &built_in).rows.len()
        };
        assert_eq!(count("stale,any,error,0.2\n"), 3);
        assert_eq!(count("stale,orders,error,0.2\n"), 4);
        assert_eq!(count("any,any,error,0.2\n"), 1);
    }

    const HEADER: &str = "rule,table_name,level,threshold_share\n";

    #[test]
    fn wrong_thresholds_are_located() {
        let check = |row: &str, expected: &str| {
            assert_eq!(error(&format!("{HEADER}{row}")), expected);
        };
        check("stale,orders,error,0.1\nany,any,warn,0\n", "fine");
        check(
            "stail,orders,error,0.1\n",
            "rules.csv:2:1: there is no rule `stail` (did you mean `stale`?)",
        );
        check(
            "stale,order,error,0.1\n",
            "rules.csv:2:7: there is no table_name `order` (did you mean `orders`?)",
        );
        check(
            "stale,any,warn,0\nstale,any,errror,0\n",
            "rules.csv:3:11: there is no level `errror` (did you mean `error`?)",
        );
        check(
            "stale,any,warn,1.5\n",
            "rules.csv:2:16: `threshold_share` takes a share from 0 to 1, not '1.5'",
        );
        check(
            "stale,any,warn,0.2\nstale,any,error,0.1\n",
            "rules.csv:3:1: stale is an error above 0.1, before it warns above 0.2 in line 2 (the warning comes first: give it the smaller share)",
        );
        // The same numbers for other tables do not contradict each other.
        check("stale,any,warn,0.2\nstale,orders,error,0.1\n", "fine");
    }
}
