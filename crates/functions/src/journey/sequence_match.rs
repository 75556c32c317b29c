//! `sequence_match(pattern, ts, condition, ...)`: whether a pattern of events occurs.

use std::sync::Arc;

use aftersight_stats::journey::{self, Event};
use arrow::array::{ArrayRef, BooleanArray};
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
    description = "Returns whether a chain of events that fits a pattern occurs in a group. In the pattern (?N) \
is an event that meets condition N, a dot any event, .* any number of events, and (?t<=3600) bounds the seconds since \
the event before, with <, <=, >, >= or = (integer timestamps count seconds; any events may lie in between). Rows that meet no condition and NULL timestamps are left out first, so that \
neighbours are neighbours among the rest; NULL conditions are not met. Without rows only an empty pattern occurs. The semantics are those of ClickHouse's \
sequenceMatch, but events of one instant have one order, so that the result does not depend on the order of rows.",
    syntax_example = "sequence_match(pattern, ts, condition, ...)",
    sql_example = r#"```sql
select customer_id, sequence_match('(?1)(?t<=604800)(?2)', at, event = 'ticket', event = 'return') as returned
from (values
    (1, timestamp '2026-01-05 10:00:00', 'ticket'), (1, timestamp '2026-01-08 12:00:00', 'return'),
    (2, timestamp '2026-01-05 10:00:00', 'ticket'), (2, timestamp '2026-02-08 12:00:00', 'return')
) as events(customer_id, at, event)
group by customer_id order by customer_id;
+-------------+----------+
| customer_id | returned |
+-------------+----------+
| 1           | true     |
| 2           | false    |
+-------------+----------+
```"#,
    argument(
        name = "pattern",
        description = "Pattern, such as (?1)(?t<=86400)(?2)."
    ),
    argument(
        name = "ts",
        description = "When the event happened: timestamp, date or integer."
    ),
    argument(
        name = "condition",
        description = "Conditions by number, 1 to 32 of them: true or false."
    ),
    related_udf(name = "sequence_count"),
    related_udf(name = "sequence_match_events")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SequenceMatch;

impl Aggregate for SequenceMatch {
    const NAME: &'static str = "sequence_match";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        DataType::Boolean
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Occurs(Sequence::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Occurs(Sequence);

impl Walk for Occurs {
    type Event = Event;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, groups: ByGroup<'_, Event>) -> Result<ArrayRef> {
        let occurs = groups.map(|events| {
            events.sort_unstable_by(Event::order);
            let pattern = &self.0.pattern;
            Some(journey::sequence_match(
                pattern,
                events,
                self.0.ticks_per_second(),
            ))
        });
        Ok(Arc::new(occurs.collect::<BooleanArray>()))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, planning_error, published_cases, session, value};

    #[test]
    fn sequence_match_passes_the_common_tests() {
        Subject {
            call: "sequence_match('(?1)(?t>=2)(?2)', cast(x as int), y = 1, y = 2, y = 3)",
            x: &[0.0, 1.0, 2.0, 5.0, 7.0],
            y: &[0.0, 1.0, 2.0, 3.0],
            slowly: |rows| {
                let at = |y: f64| {
                    rows.iter()
                        .filter(move |r| r.1 == Some(y))
                        .filter_map(|r| r.0)
                };
                let occurs = at(1.0).any(|first| at(2.0).any(|second| second >= first + 2.0));
                vec![Cell::Number(f64::from(u8::from(occurs)))]
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn published_patterns_are_met() {
        let Some(cases) = published_cases("sequence_match.json") else {
            return;
        };
        let ctx = session();
        let s = [0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 1].iter().enumerate();
        let s: Vec<String> = s.map(|(time, data)| format!("({time}, {data})")).collect();
        for (name, case) in cases {
            let rows = match case["input"].as_array() {
                Some(rows) => rows
                    .iter()
                    .map(|r| format!("({}, {})", r[0], r[1]))
                    .collect(),
                None => s.clone(),
            };
            let conditions = case["params"]["conds"].as_array().unwrap().iter();
            let conditions: Vec<&str> = conditions.map(|c| c.as_str().unwrap()).collect();
            let (data, _) = conditions[0].split_once('=').unwrap();
            let query = format!(
                "select sequence_match('{}', time, {}) from (values {}) as t(time, {data})",
                case["params"]["pattern"].as_str().unwrap(),
                conditions.join(", "),
                rows.join(", ").replace('"', "'"),
            );
            let expected = Cell::Number(case["expected"].as_f64().unwrap());
            assert_eq!(value(&ctx, &query).await, [expected], "{name}: {query}");
        }
    }

    #[tokio::test]
    async fn wrong_patterns_are_planning_errors() {
        let ctx = session();
        for (pattern, end) in [("(?0)", "got 0"), ("(?3)", "got 3"), ("(?1", "got the end")] {
            let query = format!("select sequence_match('{pattern}', 1, true, false)");
            let message = planning_error(&ctx, &query).await;
            assert!(
                message.starts_with("Error during planning: 'sequence_match'"),
                "{message}"
            );
            assert!(message.ends_with(end), "{pattern}: {message}");
        }
    }
}
