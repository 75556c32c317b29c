//! `date_diff(unit, from, to)`: whole units between two points in time.

use std::sync::Arc;

use aftersight_stats::time::DiffUnit;
use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::calendar::{instants, wall_clocks};
use super::zone_table;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::scalar::Scalar;

#[user_doc(
    doc_section(label = "Time Functions"),
    description = "Returns how many whole units lie between two points in time: the largest number that can be \
added to `from` without passing `to`. A unit that has merely begun does not count, so 23:59 to 00:01 is no day, \
and 31 January to 28 February is one month because SQL adds it so. Seconds, minutes and hours are time that \
passed; days and longer units compare wall clocks in the zone of the timestamps (that of `from` where they \
differ), so that the day on which clocks change is one day. A timestamp without zone is a wall clock in the zone \
of the other one. Where `to` is before `from` the result is that of the swapped call, negative. NULL gives NULL.",
    syntax_example = "date_diff(unit, from, to)",
    sql_example = r#"```sql
select date_diff('day', ordered_at, delivered_at) as days, date_diff('hour', ordered_at, delivered_at) as hours
from (values (timestamp '2026-03-01 10:00:00', timestamp '2026-03-04 09:30:00')) as orders(ordered_at, delivered_at);
+------+-------+
| days | hours |
+------+-------+
| 2    | 71    |
+------+-------+
```"#,
    argument(
        name = "unit",
        description = "'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter' or 'year'."
    ),
    argument(name = "from", description = "Beginning: timestamp or date."),
    argument(name = "to", description = "End: timestamp or date."),
    related_udf(name = "business_seconds")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct DateDiff;

impl Scalar for DateDiff {
    const NAME: &'static str = "date_diff";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::option("unit", Kind::Text).mandatory(),
            Parameter::column("from", Kind::Instant),
            Parameter::column("to", Kind::Instant),
        ],
    );
    type Options = Option<DiffUnit>;

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn options(&self, call: &Call) -> Result<Self::Options> {
        let choices = [
            ("second", DiffUnit::Second),
            ("minute", DiffUnit::Minute),
            ("hour", DiffUnit::Hour),
            ("day", DiffUnit::Day),
            ("week", DiffUnit::Week),
            ("month", DiffUnit::Month),
            ("quarter", DiffUnit::Quarter),
            ("year", DiffUnit::Year),
        ];
        call.choice(0, &choices)
    }

    fn compute(&self, unit: &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (from, to) = (&arguments[1], &arguments[2]);
        let Some(unit) = *unit else {
            return Ok(Arc::new(Int64Array::new_null(from.len())));
        };
        let zone = [from, to]
            .into_iter()
            .find_map(|column| match column.data_type() {
                DataType::Timestamp(_, zone) => zone.as_deref(),
                _ => None,
            });
        // Without a zone nothing distinguishes wall clocks from instants.
        let zone = zone_table(Self::NAME, zone.unwrap_or("UTC"))?;
        let (from, to) = if unit.is_elapsed() {
            (instants(from, &zone)?, instants(to, &zone)?)
        } else {
            (wall_clocks(from, &zone)?, wall_clocks(to, &zone)?)
        };
        let units: Int64Array = from
            .iter()
            .zip(&to)
            .map(|(from, to)| Some(unit.between(from?, to?)))
            .collect();
        Ok(Arc::new(units))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, session, value};

    /// For every pair, adding the result does not pass the end, and adding one more does.
    #[tokio::test]
    async fn adding_the_units_in_sql_reaches_the_end_and_not_beyond() {
        let ctx = session();
        for unit in ["second", "minute", "hour", "day", "week", "month", "year"] {
            for length in [0, 59, 3_599, 86_400, 2_591_999, 31_622_400, 100_000_000] {
                let query = format!(
                    "select date_diff('{unit}', timestamp '2024-02-29 23:30:00', \
                     timestamp '2024-02-29 23:30:00' + interval '{length} seconds')"
                );
                let [Cell::Number(n)] = value(&ctx, &query).await[..] else {
                    panic!("{query}");
                };
                let query = format!(
                    "select cast(a + interval '{n} {unit}' <= b and a + interval '{more} {unit}' > b as int) \
                     from (select timestamp '2024-02-29 23:30:00' as a, \
                           timestamp '2024-02-29 23:30:00' + interval '{length} seconds' as b)",
                    more = n + 1.0
                );
                assert_eq!(value(&ctx, &query).await, [Cell::Number(1.0)], "{query}");
            }
        }
    }

    #[tokio::test]
    async fn the_day_on_which_clocks_change_is_one_day_of_23_hours() {
        let ctx = session();
        let at = |text: &str| {
            format!("arrow_cast('{text}', 'Timestamp(Microsecond, Some(\"Europe/Berlin\"))')")
        };
        let midnights = (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"));
        for (unit, expected) in [("day", 1.0), ("hour", 23.0)] {
            let query = format!(
                "select date_diff('{unit}', {}, {})",
                midnights.0, midnights.1
            );
            assert_eq!(value(&ctx, &query).await, [Cell::Number(expected)]);
        }
        // A date is a wall clock of the other argument's zone.
        let query = format!(
            "select date_diff('hour', date '2026-03-29', {})",
            midnights.1
        );
        assert_eq!(value(&ctx, &query).await, [Cell::Number(23.0)]);
    }

    #[tokio::test]
    async fn a_misspelt_unit_is_a_planning_error() {
        let query = "select date_diff('months', date '2026-01-01', date '2026-02-01')";
        let message = planning_error(&session(), query).await;
        assert!(
            message.ends_with("got 'months'. Did you mean 'month'?"),
            "{message}"
        );
    }
}
