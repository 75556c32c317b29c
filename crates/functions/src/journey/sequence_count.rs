//! `sequence_count(pattern, ts, condition, ...)`: how often a pattern of events occurs.

use std::sync::Arc;

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

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns how often a pattern of events occurs in a group without overlap: each occurrence begins \
as early as it can and takes the earliest events that complete it. Patterns are those of `sequence_match`. Rows that meet no condition and NULL timestamps are left out first, so that \
neighbours are neighbours among the rest; NULL conditions are not met. Without rows the result is 0. The semantics are those of ClickHouse's sequenceCount.",
    syntax_example = "sequence_count(pattern, ts, condition, ...)",
    sql_example = r#"```sql
select sequence_count('(?1).*(?2)', day, event = 'ask', event = 'answer') as exchanges
from (values (1, 'ask'), (2, 'answer'), (3, 'ask'), (4, 'ask'), (5, 'answer')) as events(day, event);
+-----------+
| exchanges |
+-----------+
| 2         |
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
pub(crate) struct SequenceCount;

impl Aggregate for SequenceCount {
    const NAME: &'static str = "sequence_count";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);
    const EMPTY: Option<i64> = Some(0);

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Occurrences(Sequence::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Occurrences(Sequence);

impl Walk for Occurrences {
    type Event = Event;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, groups: ByGroup<'_, Event>) -> Result<ArrayRef> {
        let counts = groups.map(|events| {
            events.sort_unstable_by(Event::order);
            let pattern = &self.0.pattern;
            journey::sequence_count(pattern, events, self.0.ticks_per_second()) as i64
        });
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject};

    #[test]
    fn sequence_count_passes_the_common_tests() {
        Subject {
            call: "sequence_count('(?1).*(?2)', cast(x as int), y = 1, y = 2)",
            x: &[0.0, 1.0, 2.0, 5.0, 7.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let rows = rows.iter().filter_map(|r| Some((r.0? as i64, r.1? as i64)));
                let mut rows: Vec<(i64, i64)> = rows.filter(|r| r.1 != 0).collect();
                rows.sort_unstable();
                let (mut count, mut is_open) = (0, false);
                for (_, condition) in rows {
                    count += i32::from(is_open && condition == 2);
                    is_open = condition == 1 || (is_open && condition != 2);
                }
                vec![Cell::Number(f64::from(count))]
            },
        }
        .check_without_moving_windows();
    }
}
