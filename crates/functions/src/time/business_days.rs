//! `business_days(from, to, calendar)`: open days between two dates.

use std::sync::Arc;

use aftersight_stats::time::{BusinessCalendar, DAY_US};
use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::calendar::{calendar, wall_clocks};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::scalar::Scalar;

#[user_doc(
    doc_section(label = "Time Functions"),
    description = "Returns how many dates from `from` up to but without `to` have open hours in a calendar: from \
Friday to Monday is 1 in an office open from Monday to Friday. Half days count as days. Where `to` is before \
`from` the result is negative. The calendar is that of `business_seconds`; instants count with their date in its \
time zone. NULL gives NULL. Definition: as in the spreadsheet function NETWORKDAYS, but without the last day.",
    syntax_example = "business_days(from, to, calendar)",
    sql_example = r#"```sql
select business_days(
    date '2026-12-23', date '2026-12-29', 'mon-fri 09:00-17:00; off 2026-12-25'
) as business_days;
+---------------+
| business_days |
+---------------+
| 3             |
+---------------+
```"#,
    argument(name = "from", description = "First day: timestamp or date."),
    argument(
        name = "to",
        description = "Day after the last one: timestamp or date."
    ),
    argument(
        name = "calendar",
        description = "Opening hours, as in `business_seconds`."
    ),
    related_udf(name = "business_seconds")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BusinessDays;

impl Scalar for BusinessDays {
    const NAME: &'static str = "business_days";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("from", Kind::Instant),
            Parameter::column("to", Kind::Instant),
            Parameter::option("calendar", Kind::Text).mandatory(),
        ],
    );
    type Options = Option<Arc<BusinessCalendar>>;

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn options(&self, call: &Call) -> Result<Self::Options> {
        calendar(call, 2)
    }

    fn compute(&self, options: &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let Some(calendar) = options else {
            return Ok(Arc::new(Int64Array::new_null(arguments[0].len())));
        };
        let from = wall_clocks(&arguments[0], calendar.zone())?;
        let to = wall_clocks(&arguments[1], calendar.zone())?;
        let days: Int64Array = from
            .iter()
            .zip(&to)
            .map(|(from, to)| {
                let (from, to) = (from?.div_euclid(DAY_US), to?.div_euclid(DAY_US));
                Some(calendar.business_days(from, to))
            })
            .collect();
        Ok(Arc::new(days))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, session, value};

    /// Against a list of the dates between, with weekends left out by `extract`.
    #[tokio::test]
    async fn counting_the_dates_one_by_one_agrees() {
        let ctx = session();
        let query = "\
            with dates as (select unnest(generate_series(date '2026-01-01', date '2026-12-31', \
                                                         interval '1 day')) as day), \
            pairs as (select date '2026-01-01' + cast(i * 7 as int) as a, \
                             date '2026-01-01' + cast(i * 11 as int) as b \
                      from (select unnest(generate_series(1, 32)) as i)) \
            select count(*) from ( \
                select a, b, business_days(a, b, 'mon-fri 09:00-17:00; off 2026-05-01') as got, \
                    sum(case when day >= a and day < b and extract(dow from day) between 1 and 5 \
                             and day <> date '2026-05-01' then 1 else 0 end) as expected \
                from pairs cross join dates group by a, b) \
            where got = expected";
        assert_eq!(value(&ctx, query).await, [Cell::Number(32.0)]);
    }

    #[tokio::test]
    async fn an_instant_counts_with_its_date_in_the_zone() {
        let ctx = session();
        // Sunday evening in UTC is Monday morning in Shanghai.
        let query = "select business_days(date '2026-01-05', \
                     arrow_cast('2026-01-05T23:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))'), \
                     'tz=Asia/Shanghai; mon-fri 09:00-17:00')";
        assert_eq!(value(&ctx, query).await, [Cell::Number(1.0)]);
        let query = "select business_days(date '2026-01-12', date '2026-01-05', 'mon 09:00-17:00')";
        assert_eq!(value(&ctx, query).await, [Cell::Number(-1.0)]);
    }
}
