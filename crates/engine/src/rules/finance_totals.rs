//! Totals of finance: months as people write them, measures there are, one currency.
//!
//! A total in another currency would differ from ours without anything being
//! wrong, so it is refused, not converted: finance has a rate of its own.

use chrono::{Datelike, NaiveDate};

use super::{Cell, RuleRows, mistake};
use crate::error::Result;
use crate::suggest::did_you_mean;

/// Rule table this is about.
pub(crate) const NAME: &str = "finance_totals";
const MEASURES: [&str; 4] = ["orders", "sales", "returns", "refunds"];
/// Measures that are money and have a currency.
const MONEY: [&str; 2] = ["sales", "refunds"];

/// Makes days of months and checks measures and currencies.
pub(super) fn months(mut rows: RuleRows, currency: Option<&str>) -> Result<RuleRows> {
    for row in &mut rows.rows {
        if let Some(month) = row.cells.get_mut("month") {
            month.text = first_day(month)?;
        }
        let Some(measure) = row.get("measure") else {
            continue;
        };
        if !MEASURES.contains(&measure.text.as_str()) {
            let message = format!("there is no measure `{}`", measure.text);
            let hint = did_you_mean(&measure.text, MEASURES);
            return Err(mistake(&measure.at, message, hint));
        }
        let is_money = MONEY.contains(&measure.text.as_str());
        match (row.get("currency"), currency) {
            (Some(found), Some(ours)) if !found.text.eq_ignore_ascii_case(ours) => {
                let message = format!("the amount is in {}, the workspace in {ours}", found.text);
                let hint =
                    "finance totals are not converted: give them in the workspace's currency";
                return Err(mistake(&found.at, message, Some(hint.into())));
            }
            (Some(found), None) if is_money => {
                let message = format!("the amount is in {}, the workspace says none", found.text);
                let hint = "give `currency` under [workspace]".to_owned();
                return Err(mistake(&found.at, message, Some(hint)));
            }
            (None, _) if is_money => {
                let message = format!("{} without a currency", measure.text);
                let hint = format!("write {}", currency.unwrap_or("its ISO 4217 code"));
                return Err(mistake(&row.at, message, Some(hint)));
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// Reads `2026-01` or `2026-01-01`.
fn first_day(cell: &Cell) -> Result<String> {
    let text = match cell.text.len() {
        7 => format!("{}-01", cell.text),
        _ => cell.text.clone(),
    };
    match text.parse::<NaiveDate>() {
        Ok(day) if day.day() == 1 => Ok(day.to_string()),
        Ok(day) => {
            let message = format!("'{}' is no first day of a month", cell.text);
            let hint = format!("write {}", day.format("%Y-%m"));
            Err(mistake(&cell.at, message, Some(hint)))
        }
        Err(_) => {
            let message = format!("`month` takes a month, as 2026-11, not '{}'", cell.text);
            Err(mistake(&cell.at, message, None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn read(text: &str, currency: Option<&str>) -> Result<RuleRows, String> {
        let text = format!("shop_id,month,measure,amount,currency\n{text}");
        let rows = parse("finance.csv", text.as_bytes()).unwrap();
        months(rows, currency).map_err(|error| match error.hint() {
            Some(hint) => format!("{error} ({hint})"),
            None => error.to_string(),
        })
    }

    #[test]
    fn months_are_written_with_or_without_their_first_day() {
        let rows = "a,2026-01,orders,3,\nb,2026-02-01,sales,3.50,cny\n";
        let rows = read(rows, Some("CNY")).unwrap();
        let month = |at: usize| rows.rows[at].get("month").unwrap().text.clone();
        assert_eq!(
            (month(0), month(1)),
            ("2026-01-01".into(), "2026-02-01".into())
        );
    }

    #[test]
    fn wrong_totals_are_located() {
        let check = |row: &str, currency: Option<&str>, expected: &str| {
            assert_eq!(read(row, currency).unwrap_err(), expected);
        };
        check(
            "a,2026-01,sales,3,CNY\na,2026-02,sales,3,USD\n",
            Some("CNY"),
            "finance.csv:3:19: the amount is in USD, the workspace in CNY (finance totals are not converted: give them in the workspace's currency)",
        );
        check(
            "a,2026-01,sale,3,CNY\n",
            Some("CNY"),
            "finance.csv:2:11: there is no measure `sale` (did you mean `sales`?)",
        );
        check(
            "a,2026-01,refunds,3,\n",
            Some("CNY"),
            "finance.csv:2:1: refunds without a currency (write CNY)",
        );
        check(
            "a,2026-01,refunds,3,CNY\n",
            None,
            "finance.csv:2:21: the amount is in CNY, the workspace says none (give `currency` under [workspace])",
        );
        check(
            "a,2026-01-15,orders,3,\n",
            Some("CNY"),
            "finance.csv:2:3: '2026-01-15' is no first day of a month (write 2026-01)",
        );
        check(
            "a,January,orders,3,\n",
            Some("CNY"),
            "finance.csv:2:3: `month` takes a month, as 2026-11, not 'January'",
        );
    }
}
