//! Rules that are canonical tables: holidays, shifts, cost and exchange rates.
//!
//! They can come from any source by a mapping. A small file under `[rules]` needs
//! none: its columns are the canonical ones, every cell is checked when the
//! workspace is opened, and reports carry its hash.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;

use super::{Promise, RuleRows, RuleTable, mistake, read, typed};
use crate::error::{Error, Result};
use crate::table::CanonicalTable;
use crate::workspace::RuleSpec;

/// The tables this is about.
pub(crate) const NAMES: [&str; 4] = ["cost_rates", "fx_rates", "holidays", "shifts"];

/// Reads a file as the rows of a canonical table.
pub(crate) fn load(
    spec: &RuleSpec,
    table: &CanonicalTable,
    schema: &SchemaRef,
    currency: Option<&str>,
    folder: &Path,
) -> Result<(Arc<dyn TableProvider>, RuleTable)> {
    let (rows, bytes) = read(spec, folder)?;
    let batch = typed(&rows, &Promise::of_table(table, schema))?;
    validate(&rows, table, currency)?;
    let rows_of = MemTable::try_new(batch.schema(), vec![vec![batch]]);
    let rows_of = rows_of.map_err(|e| Error::query(&table.name, e))?;
    let rule = RuleTable {
        provider: None,
        file: Some(spec.file.value.clone()),
        keys: BTreeSet::new(),
        places: HashMap::new(),
        bytes,
        own: Some(rows),
    };
    Ok((Arc::new(rows_of), rule))
}

/// What types do not say: required cells, signs, hours, and whose money it is.
fn validate(rows: &RuleRows, table: &CanonicalTable, currency: Option<&str>) -> Result<()> {
    for row in &rows.rows {
        for column in table.columns.iter().filter(|c| c.is_required) {
            if row.get(&column.name).is_none() {
                let message = format!("`{}` is empty: {}", column.name, column.doc);
                return Err(mistake(&row.at, message, None));
            }
        }
        if let Some(rate) = row.get("rate") {
            // A cost may be nothing; money that is worth nothing cannot be converted.
            let least = if table.name == "fx_rates" {
                "above 0"
            } else {
                "of at least 0"
            };
            let number: f64 = rate.text.parse().unwrap_or(f64::NAN);
            let is_fine = if least == "above 0" {
                number > 0.0
            } else {
                number >= 0.0
            };
            if !is_fine {
                let message = format!("`rate` takes a number {least}, not '{}'", rate.text);
                return Err(mistake(&rate.at, message, None));
            }
        }
        if table.name == "cost_rates"
            && let (Some(own), Some(currency)) = (row.get("currency"), currency)
            && !own.text.eq_ignore_ascii_case(currency)
        {
            let message = format!("a rate in {} in a workspace in {currency}", own.text);
            let hint = format!("write rates in {currency}; costs are not converted");
            return Err(mistake(&own.at, message, Some(hint)));
        }
        if let Some(weekday) = row.get("weekday")
            && !["1", "2", "3", "4", "5", "6", "7"].contains(&weekday.text.as_str())
        {
            let message = format!(
                "`weekday` takes 1 for Monday to 7 for Sunday, not '{}'",
                weekday.text
            );
            return Err(mistake(&weekday.at, message, None));
        }
        for name in ["opens_at", "closes_at"] {
            if let Some(hour) = row.get(name)
                && !is_time_of_day(&hour.text)
            {
                let message = format!("`{name}` takes a time as 09:30, not '{}'", hour.text);
                return Err(mistake(&hour.at, message, None));
            }
        }
    }
    Ok(())
}

/// HH:MM, 24:00 being the end of a day.
fn is_time_of_day(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else {
        return false;
    };
    let number = |text: &str| {
        let is_digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_digits.then(|| text.parse::<u32>().ok()).flatten()
    };
    match (number(hours), number(minutes)) {
        (Some(24), Some(minutes)) => minutes == 0,
        (Some(hours), Some(minutes)) => hours < 24 && minutes < 60,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::file::parse;
    use crate::settings::with_hint;
    use crate::table::CanonicalTables;

    fn error(table: &str, text: &str) -> String {
        let table = CanonicalTables::get().table(table).unwrap();
        let schema = table.empty_schema("UTC", |_| arrow::datatypes::DataType::Utf8View);
        let rows = parse("r.csv", text.as_bytes()).unwrap();
        let done = typed(&rows, &Promise::of_table(table, &schema))
            .and_then(|_| validate(&rows, table, Some("CNY")));
        match done {
            Ok(()) => "fine".to_owned(),
            Err(error) => with_hint(&error),
        }
    }

    #[test]
    fn wrong_rates_and_days_are_located() {
        let check = |table: &str, text: &str, expected: &str| {
            assert_eq!(error(table, text), expected, "{text}");
        };
        check("holidays", "calendar,day\ndesk,2026-10-01\n", "fine");
        check(
            "holidays",
            "calendar,day\ndesk,1 October\n",
            "r.csv:2:6: `day` takes a date, as 2026-11-16, not '1 October'",
        );
        check(
            "holidays",
            "calendar,day\ndesk,2026-10-01\ndesk,2026-10-01\n",
            "r.csv:3:1: (calendar, day) = (desk, 2026-10-01) stands here and in line 2 (every key stands once)",
        );
        let rates = "activity,valid_from,unit,rate,currency\n";
        check(
            "cost_rates",
            &format!("{rates}agent,2026-01-01,minute,-1,CNY\n"),
            "r.csv:2:25: `rate` takes a number of at least 0, not '-1'",
        );
        check(
            "cost_rates",
            &format!("{rates}agent,2026-01-01,minute,1,EUR\n"),
            "r.csv:2:27: a rate in EUR in a workspace in CNY (write rates in CNY; costs are not converted)",
        );
        check(
            "cost_rates",
            "activity,valid_from\nagent,2026-01-01\n",
            "r.csv:1:1: cost_rates needs a column `rate`: cost per unit",
        );
        let shifts = "team,weekday,opens_at,closes_at\n";
        check(
            "shifts",
            &format!("{shifts}desk,8,09:00,17:00\n"),
            "r.csv:2:6: `weekday` takes 1 for Monday to 7 for Sunday, not '8'",
        );
        check(
            "shifts",
            &format!("{shifts}desk,1,09:00,25:00\n"),
            "r.csv:2:14: `closes_at` takes a time as 09:30, not '25:00'",
        );
    }
}
