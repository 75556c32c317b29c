//! `window_funnel(window, ts, condition, ... [, modes])`: how far along a chain of conditions a group came.

use std::sync::Arc;

use aftersight_stats::journey::Event;
use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::funnel::{Funnel, PARAMETERS, check};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Parameters};
use crate::events::{self, ByGroup, Walk, Walked};

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns how many of the conditions, from the first on, a group meets one after the other within \
a window: 0 where not even the first is met. The window is measured from the event of the first condition and \
includes its end. Other events may lie in between, one event may meet several conditions, and events of one \
instant are taken in the order of the conditions. Modes narrow this, several separated by commas: \
strict_deduplication stops at a condition met again, strict_order at an event out of turn (or without any \
condition), strict_increase wants later timestamps from step to step, strict_once lets an event meet one condition \
only, allow_reentry lets the first condition be met again under strict_order. NULL timestamps are left out, NULL \
conditions are not met; without rows the result is 0. Windows are in seconds, or in the unit of integer \
timestamps, or intervals, whose days have 24 hours. The semantics are those of ClickHouse's windowFunnel, but ties \
have one order, so that the result does not depend on the order of rows.",
    syntax_example = "window_funnel(window, ts, condition, ... [, modes])",
    sql_example = r#"```sql
select customer_id, window_funnel(interval '30 days', at, event = 'delivered', event = 'return', event = 'reorder') as steps
from (values
    (1, timestamp '2026-01-05 10:00:00', 'delivered'), (1, timestamp '2026-01-09 12:00:00', 'return'),
    (1, timestamp '2026-01-20 18:00:00', 'reorder'), (2, timestamp '2026-01-06 10:00:00', 'delivered'),
    (2, timestamp '2026-03-01 10:00:00', 'return')
) as events(customer_id, at, event)
group by customer_id order by customer_id;
+-------------+-------+
| customer_id | steps |
+-------------+-------+
| 1           | 3     |
| 2           | 1     |
+-------------+-------+
```"#,
    argument(
        name = "window",
        description = "Longest time from the first step to the last: a number or an interval, above 0."
    ),
    argument(
        name = "ts",
        description = "When the event happened: timestamp, date or integer."
    ),
    argument(
        name = "condition",
        description = "Steps in their order, 1 to 32 of them: true or false."
    ),
    argument(
        name = "modes",
        description = "Names of modes in one text, none by default."
    ),
    related_udf(name = "window_funnel_times")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct WindowFunnel;

impl Aggregate for WindowFunnel {
    const NAME: &'static str = "window_funnel";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);
    const EMPTY: Option<i64> = Some(0);

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        check(Self::NAME, arguments)?;
        Ok(self.result())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Level(Funnel::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Level(Funnel);

impl Walk for Level {
    type Event = Event;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, groups: ByGroup<'_, Event>) -> Result<ArrayRef> {
        let levels = groups.map(|events| {
            events.sort_unstable_by(Event::order);
            self.0.funnel.level(events) as i64
        });
        Ok(Arc::new(Int64Array::from_iter_values(levels)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, error, planning_error, published_cases, session, value};

    /// The longest prefix met by any choice of events, tried one by one.
    #[test]
    fn window_funnel_passes_the_common_tests() {
        Subject {
            call: "window_funnel(6, cast(x as int), y = 1, y >= 2, y = 2)",
            x: &[0.0, 1.0, 2.0, 5.0, 7.0, 9.0, 12.0],
            y: &[0.0, 1.0, 2.0, 3.0],
            slowly: |rows| {
                let meets = |step: usize, y: f64| [y == 1.0, y >= 2.0, y == 2.0][step];
                let rows: Vec<(f64, f64)> =
                    rows.iter().filter_map(|r| Some((r.0?, r.1?))).collect();
                let mut level = 0;
                for (first, _) in rows.iter().filter(|r| meets(0, r.1)) {
                    let (mut last, mut steps) = (*first, 1);
                    while steps < 3 {
                        let next = rows
                            .iter()
                            .filter(|r| meets(steps, r.1) && r.0 >= last && r.0 <= first + 6.0)
                            .map(|r| r.0)
                            .reduce(f64::min);
                        let Some(next) = next else { break };
                        (last, steps) = (next, steps + 1);
                    }
                    level = level.max(steps);
                }
                vec![Cell::Number(level as f64)]
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn published_funnels_are_met() {
        let Some(cases) = published_cases("window_funnel.json") else {
            return;
        };
        let ctx = session();
        for (name, case) in cases {
            let columns = case["columns"].as_array().unwrap();
            let column = |i: usize| columns[i].as_str().unwrap();
            let rows = case["input"].as_array().unwrap().iter().map(|row| {
                let event = match row[1].as_str() {
                    Some(text) => format!("'{text}'"),
                    None => row[1].to_string(),
                };
                format!("({}, {event})", row[0])
            });
            let conditions = case["params"]["conds"].as_array().unwrap().iter();
            let conditions = conditions.map(|c| match c.as_str().unwrap().split_once('=') {
                // Texts stand there without quotes.
                Some((column, text)) if text.starts_with(char::is_alphabetic) => {
                    format!("{column} = '{text}'")
                }
                _ => c.as_str().unwrap().to_string(),
            });
            let query = format!(
                "select window_funnel({}, {ts}, {}, '{}') from (values {}) as t({ts}, {})",
                case["params"]["window"],
                conditions.collect::<Vec<_>>().join(", "),
                case["params"]["mode"].as_str().unwrap(),
                rows.collect::<Vec<_>>().join(", "),
                column(1),
                ts = column(0),
            );
            let expected = Cell::Number(case["expected"].as_f64().unwrap());
            assert_eq!(value(&ctx, &query).await, [expected], "{name}: {query}");
        }
    }

    /// Inline from ClickHouse's 00632_aggregation_window_funnel.
    #[tokio::test]
    async fn modes_stop_the_chain() {
        let ctx = session();
        let rows = "(values (1, 'a'), (2, 'b'), (3, 'a'), (4, 'c')) as t(ts, e)";
        for (modes, expected) in [
            ("", 3.0),
            ("strict_order", 2.0),
            ("strict_order, allow_reentry", 3.0),
            ("strict_increase", 3.0),
        ] {
            let query = format!(
                "select window_funnel(10, ts, e = 'a', e = 'b', e = 'c', '{modes}') from {rows}"
            );
            assert_eq!(
                value(&ctx, &query).await,
                [Cell::Number(expected)],
                "{modes}"
            );
        }
    }

    #[tokio::test]
    async fn windows_are_seconds_intervals_or_ticks() {
        let ctx = session();
        let rows = "(values (1, timestamp '2026-01-01 00:00:00'), (2, timestamp '2026-01-02 00:00:00')) \
                    as t(e, ts)";
        for (window, expected) in [
            ("86400", 2.0),
            ("86399.5", 1.0),
            ("interval '1 day'", 2.0),
            ("interval '23 hours'", 1.0),
        ] {
            let query = format!("select window_funnel({window}, ts, e = 1, e = 2) from {rows}");
            assert_eq!(
                value(&ctx, &query).await,
                [Cell::Number(expected)],
                "{window}"
            );
        }
    }

    #[tokio::test]
    async fn wrong_calls_are_planning_errors() {
        let ctx = session();
        let from = "from (values (1, timestamp '2026-01-01 00:00:00', true)) as t(i, ts, c)";
        for (call, message) in [
            (
                "window_funnel(0, ts, c)",
                "'window_funnel' expects a duration above 0 as argument 1 (window), got 0",
            ),
            (
                "window_funnel(interval '1 month', ts, c)",
                "'window_funnel' expects an interval without months, whose length varies as argument 1 \
                 (window), got interval '1 months'",
            ),
            (
                "window_funnel(interval '1 day', i, c)",
                "'window_funnel' expects a number as argument 1 (window), got an interval: integer \
                 timestamps have no unit",
            ),
            (
                "window_funnel(10, ts, c, 'strickt')",
                "'window_funnel': mode must be strict_deduplication, strict_order, \
                 strict_increase, strict_once or allow_reentry, got 'strickt'",
            ),
            (
                "window_funnel(10, ts, 'strict_order', c)",
                "'window_funnel' expects true or false as argument 3 (condition), got Utf8: modes come \
                 last, behind the conditions",
            ),
            (
                "window_funnel(10, ts)",
                "'window_funnel' expects 3 or more arguments, window_funnel(window, ts, condition, ...), got 2",
            ),
            (
                "window_funnel(10, ts, i)",
                "'window_funnel' expects true or false as argument 3 (condition), got Int64",
            ),
        ] {
            let got = planning_error(&ctx, &format!("select {call} {from}")).await;
            assert_eq!(got, format!("Error during planning: {message}"), "{call}");
        }
        let many = vec!["c"; 33].join(", ");
        let got = error(
            &ctx,
            &format!("select window_funnel(10, ts, {many}) {from}"),
        )
        .await;
        assert!(got.ends_with("conditions must be 1 to 32, got 33"), "{got}");
    }
}
