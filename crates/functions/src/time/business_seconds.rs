//! `business_seconds(from, to, calendar [, backwards])`: open time between two instants.

use std::sync::Arc;

use aftersight_stats::time::BusinessCalendar;
use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::calendar::{calendar, instants};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::scalar::Scalar;

#[user_doc(
    doc_section(label = "Time Functions"),
    description = "Returns the seconds between two instants during which a calendar is open, to the microsecond. \
The calendar is a literal of clauses: `tz=` an IANA time zone, UTC by default; hours of weekdays, also over \
midnight and several a day (`mon-fri 09:00-12:00, 13:00-17:30; sat 22:00-02:00`); `break 12:00-12:30` on every \
day; `off` dates or ranges of dates (`off 2026-12-24..2026-12-26`); `open` a date with hours of its own. An \
hour that daylight saving skips is not there, one it shows twice counts twice. Both ends are half-open. Where \
`to` is before `from` the result is negative, or NULL if asked for. Timestamps without zone and dates are wall \
clocks of the calendar's zone. NULL gives NULL. Definition: the opening intervals less breaks and holidays, as in \
the Python package businesstimedelta.",
    syntax_example = "business_seconds(from, to, calendar [, backwards])",
    sql_example = r#"```sql
select business_seconds(
    timestamp '2026-01-09 16:00:00', timestamp '2026-01-12 10:00:00', 'tz=Europe/Berlin; mon-fri 09:00-17:00'
) / 3600 as business_hours;
+----------------+
| business_hours |
+----------------+
| 2.0            |
+----------------+
```"#,
    argument(name = "from", description = "Beginning: timestamp or date."),
    argument(name = "to", description = "End: timestamp or date."),
    argument(name = "calendar", description = "Opening hours, as described above."),
    argument(
        name = "backwards",
        description = "What to return where `to` is before `from`: 'negative' (default) or 'null'."
    ),
    related_udf(name = "business_days")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BusinessSeconds;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backwards {
    Negative,
    Null,
}

impl Scalar for BusinessSeconds {
    const NAME: &'static str = "business_seconds";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("from", Kind::Instant),
            Parameter::column("to", Kind::Instant),
            Parameter::option("calendar", Kind::Text).mandatory(),
            Parameter::option("backwards", Kind::Text),
        ],
    );
    type Options = (Option<Arc<BusinessCalendar>>, Backwards);

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn options(&self, call: &Call) -> Result<Self::Options> {
        let choices = [("negative", Backwards::Negative), ("null", Backwards::Null)];
        let backwards = call.choice(3, &choices)?.unwrap_or(Backwards::Negative);
        Ok((calendar(call, 2)?, backwards))
    }

    fn compute(&self, options: &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (Some(calendar), backwards) = options else {
            return Ok(Arc::new(Float64Array::new_null(arguments[0].len())));
        };
        let from = instants(&arguments[0], calendar.zone())?;
        let to = instants(&arguments[1], calendar.zone())?;
        let seconds: Float64Array = from
            .iter()
            .zip(&to)
            .map(|(from, to)| {
                let (from, to) = (from?, to?);
                let wanted = *backwards == Backwards::Negative || from <= to;
                wanted.then(|| calendar.business_seconds(from, to))
            })
            .collect();
        Ok(Arc::new(seconds))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{assert_close, planning_error, published_cases, session, value};

    const OFFICE: &str = "tz=Europe/Berlin; mon-fri 09:00-17:00";

    async fn seconds(from: &str, to: &str, calendar: &str) -> f64 {
        let query = format!("select coalesce(business_seconds({from}, {to}, '{calendar}'), -1e9)");
        match value(&session(), &query).await[..] {
            [crate::harness::Cell::Number(x)] => x,
            ref other => panic!("{query}: {other:?}"),
        }
    }

    /// businesstimedelta's README: 9 to 18 with lunch from 12 to 13.
    #[tokio::test]
    async fn a_week_with_breaks_is_counted_as_published() {
        let calendar = "mon-fri 09:00-18:00; break 12:00-13:00";
        let from = "timestamp '2016-01-18 09:00:00'";
        let to = "timestamp '2016-01-22 18:00:00'";
        assert_eq!(seconds(from, to, calendar).await, 40.0 * 3600.0);
    }

    #[tokio::test]
    async fn published_hours_are_met() {
        let Some(cases) = published_cases("business_hours.json") else {
            return;
        };
        for (name, case) in cases {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_string();
            let params = &case["params"];
            let days = params["days"].as_array().unwrap().iter();
            let days = days.map(|d| {
                ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][d.as_u64().unwrap() as usize - 1]
            });
            let days: Vec<&str> = days.collect();
            let mut calendar = format!(
                "{} {}-{}",
                days.join(","),
                text(&params["open"]),
                text(&params["close"])
            );
            for pause in params["breaks"].as_array().into_iter().flatten() {
                calendar += &format!("; break {}-{}", text(&pause[0]), text(&pause[1]));
            }
            for holiday in params["holidays"].as_array().into_iter().flatten() {
                calendar += &format!("; off {}", text(holiday));
            }
            let expected = match case["expected_hours"].as_f64() {
                Some(hours) => hours * 3600.0,
                None => case["expected_seconds"].as_f64().unwrap(),
            };
            let at = |i: usize| {
                let text = text(&case["input"][i]);
                let seconds = if text.len() == 16 { ":00" } else { "" };
                format!("timestamp '{text}{seconds}'")
            };
            assert_eq!(seconds(&at(0), &at(1), &calendar).await, expected, "{name}");
        }
    }

    #[tokio::test]
    async fn zones_of_the_instants_do_not_matter_and_naive_ones_are_the_calendars() {
        let from = "timestamp '2026-07-06 08:00:00'";
        for to in [
            "timestamp '2026-07-06 10:00:00'",
            "arrow_cast('2026-07-06T08:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')",
            "arrow_cast('2026-07-06T16:00:00+08:00', 'Timestamp(Second, Some(\"Asia/Shanghai\"))')",
        ] {
            assert_eq!(seconds(from, to, OFFICE).await, 3600.0, "{to}");
        }
    }

    #[tokio::test]
    async fn backwards_is_negative_or_null() {
        let (from, to) = (
            "timestamp '2026-07-06 11:00:00'",
            "timestamp '2026-07-06 10:00:00'",
        );
        assert_eq!(seconds(from, to, OFFICE).await, -3600.0);
        let query = format!("select business_seconds({from}, {to}, '{OFFICE}', 'null')");
        assert_close(&value(&session(), &query).await, &[None.into()], &query);
        let query = format!("select business_seconds({from}, null, '{OFFICE}')");
        assert_close(&value(&session(), &query).await, &[None.into()], &query);
    }

    #[tokio::test]
    async fn wrong_calendars_are_planning_errors() {
        let ctx = session();
        let query = "select business_seconds(date '2026-01-01', date '2026-01-02', 'mon 9-17')";
        assert_eq!(
            planning_error(&ctx, query).await,
            "Error during planning: 'business_seconds' expects a calendar such as \
             'tz=Europe/Berlin; mon-fri 09:00-17:00; off 2026-12-25' as argument 3 (calendar), got \
             'mon 9-17': calendar at character 5: expected hours such as 09:00-17:30, got '9-17'"
        );
        let query = "select business_seconds(1, date '2026-01-02', 'mon 09:00-17:00')";
        assert_eq!(
            planning_error(&ctx, query).await,
            "Error during planning: 'business_seconds' expects a timestamp or date as argument 1 \
             (from), got Int64"
        );
    }
}
