//! `window_funnel_times(window, ts, condition, ... [, modes])`: when a funnel's steps were taken.

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
use crate::list::{list_array, list_type};
use crate::time::from_ticks;

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns when the steps that `window_funnel` counts were taken: a list of the timestamps of the \
winning chain, one for each step reached. Among the longest chains it is the one completed first; it begins as late \
as it can, and each later step shows its last event before the next step. Arguments, modes, NULL and ties are those of \
`window_funnel`; where no step is reached, or without rows, the list is empty.",
    syntax_example = "window_funnel_times(window, ts, condition, ... [, modes])",
    sql_example = r#"```sql
select window_funnel_times(7, day, event = 'ask', event = 'approve', event = 'refund') as days
from (values (1, 'ask'), (2, 'ask'), (4, 'approve'), (9, 'refund')) as events(day, event);
+-----------+
| days      |
+-----------+
| [2, 4, 9] |
+-----------+
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
    related_udf(name = "window_funnel")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct WindowFunnelTimes;

impl Aggregate for WindowFunnelTimes {
    const NAME: &'static str = "window_funnel_times";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        list_type(DataType::Int64)
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        check(Self::NAME, arguments)?;
        Ok(list_type(arguments[1].clone()))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Times(Funnel::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Times(Funnel);

impl Walk for Times {
    type Event = Event;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, mut groups: ByGroup<'_, Event>) -> Result<ArrayRef> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut times = Vec::new();
        while let Some(events) = groups.next_group() {
            events.sort_unstable_by(Event::order);
            let chain = self.0.funnel.times(events);
            lengths.push(chain.len());
            times.extend(chain);
        }
        let times = from_ticks(Int64Array::from(times), &self.0.at);
        Ok(list_array(times, lengths, None))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, session, value};

    #[test]
    fn window_funnel_times_passes_the_common_tests() {
        Subject {
            call: "window_funnel_times(6, cast(x as int), y = 1, y = 2)",
            x: &[0.0, 1.0, 2.0, 5.0, 7.0, 9.0, 12.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let of = |y: f64| {
                    let rows = rows.iter().filter(move |r| r.1 == Some(y));
                    let mut times: Vec<f64> = rows.filter_map(|r| r.0).collect();
                    times.sort_by(f64::total_cmp);
                    times
                };
                let (first, second) = (of(1.0), of(2.0));
                // The first second step that has a first one no more than 6 before it.
                for end in &second {
                    let begin = first.iter().rev().find(|t| *t <= end);
                    if let Some(begin) = begin.filter(|begin| *begin + 6.0 >= *end) {
                        return vec![Cell::Number(*begin), Cell::Number(*end)];
                    }
                }
                first
                    .first()
                    .map(|t| Cell::Number(*t))
                    .into_iter()
                    .collect()
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn times_keep_the_zone_of_the_timestamps() {
        let ctx = session();
        let query = "select cast(window_funnel_times(10, to_instant(ts, 'Asia/Shanghai'), true)[1] as text) \
                     from (values (timestamp '2026-01-01 08:00:00')) as t(ts)";
        let expected = Cell::Text("2026-01-01T08:00:00+08:00".to_string());
        assert_eq!(value(&ctx, query).await, [expected]);
    }
}
