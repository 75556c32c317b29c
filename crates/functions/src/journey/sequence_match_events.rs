//! `sequence_match_events(pattern, ts, condition, ...)`: when the events of a pattern happened.

use aftersight_stats::journey::{self, Event};
use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::sequence::{PARAMETERS, Sequence};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Parameters};
use crate::events::{self, ByGroup, Walk, Walked};
use crate::list::{list_array, list_type};
use crate::time::from_ticks;

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns the timestamps of the events that fit the (?N) of a pattern, at its first occurrence; \
where it does not occur, those of the longest beginning of it that does. Patterns are those of `sequence_match`. Rows that meet no condition and NULL timestamps are left out first, so that \
neighbours are neighbours among the rest; NULL conditions are not met. Without rows the list is empty. The semantics are those of ClickHouse's \
sequenceMatchEvents.",
    syntax_example = "sequence_match_events(pattern, ts, condition, ...)",
    sql_example = r#"```sql
select sequence_match_events('(?1).*(?2).*(?3)', day, event = 'ask', event = 'approve', event = 'refund') as days
from (values (1, 'ask'), (2, 'approve'), (3, 'ask'), (5, 'refund')) as events(day, event);
+-----------+
| days      |
+-----------+
| [1, 2, 5] |
+-----------+
```"#,
    argument(name = "pattern", description = "Pattern, such as (?1).*(?2)."),
    argument(
        name = "ts",
        description = "When the event happened: timestamp, date or integer."
    ),
    argument(
        name = "condition",
        description = "Conditions by number, 1 to 32 of them: true or false."
    ),
    related_udf(name = "sequence_match")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SequenceMatchEvents;

impl Aggregate for SequenceMatchEvents {
    const NAME: &'static str = "sequence_match_events";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        list_type(DataType::Int64)
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(list_type(arguments[1].clone()))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Times(Sequence::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Times(Sequence);

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
            let (pattern, ticks) = (&self.0.pattern, self.0.ticks_per_second());
            let found = journey::sequence_match_events(pattern, events, ticks);
            lengths.push(found.len());
            times.extend(found);
        }
        let times = from_ticks(Int64Array::from(times), &self.0.at);
        Ok(list_array(times, lengths, None))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject};

    #[test]
    fn sequence_match_events_passes_the_common_tests() {
        Subject {
            call: "sequence_match_events('(?1).*(?2)', cast(x as int), y = 1, y = 2)",
            x: &[0.0, 1.0, 2.0, 5.0, 7.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let at = |y: f64| {
                    rows.iter()
                        .filter(move |r| r.1 == Some(y))
                        .filter_map(|r| r.0)
                };
                let Some(first) = at(1.0).reduce(f64::min) else {
                    return vec![];
                };
                let second = at(2.0).filter(|t| *t >= first).reduce(f64::min);
                [Some(first), second]
                    .into_iter()
                    .flatten()
                    .map(Cell::Number)
                    .collect()
            },
        }
        .check_without_moving_windows();
    }
}
