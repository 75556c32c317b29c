//! `order_sequence(at [, repeat_days [, gap_days]])`: what the orders of a customer say, in one walk.

use std::sync::Arc;

use aftersight_stats::journey::{OrderOptions, OrderSummary, order_summary};
use aftersight_stats::time::DAY_US;
use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::events::{self, Event, Walk, Walked, split_bytes};
use crate::time::{from_ticks, ticks};

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns what a customer's orders (or any events) say about repetition, as one struct: n_events; \
first_at and last_at; of the gaps between neighbours first_gap_days, min_gap_days, median_gap_days, mean_gap_days \
and max_gap_days, in days of 24 hours; is_repeat, whether the second order came less than repeat_days after the \
first; n_short_gaps, how many gaps are shorter than gap_days (repeat_days if not given). Group by customer: each \
one's timestamps are sorted once, which is much cheaper than window functions over millions of partitions. NULL \
timestamps are left out. Gaps are NULL for fewer than two events, the last two fields without their options; without \
events n_events is 0 and the others are NULL. Gaps end at the last event: the open one since then is yours to judge.",
    syntax_example = "order_sequence(at [, repeat_days [, gap_days]])",
    sql_example = r#"```sql
select customer_id, s.n_events as orders, s.median_gap_days as median_gap, s.is_repeat as again_in_90_days
from (
    select customer_id, order_sequence(day, 90) as s
    from (values
        (1, date '2026-01-01'), (1, date '2026-01-31'), (1, date '2026-05-01'), (2, date '2026-02-01')
    ) as orders(customer_id, day)
    group by customer_id
) as customers
order by customer_id;
+-------------+--------+------------+------------------+
| customer_id | orders | median_gap | again_in_90_days |
+-------------+--------+------------+------------------+
| 1           | 3      | 60.0       | true             |
| 2           | 1      |            | false            |
+-------------+--------+------------+------------------+
```"#,
    argument(
        name = "at",
        description = "When the order was placed: timestamp or date."
    ),
    argument(
        name = "repeat_days",
        description = "Days within which the second order counts as a repeat, above 0; none by default."
    ),
    argument(
        name = "gap_days",
        description = "Days below which a gap is short, above 0; repeat_days by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct OrderSequence;

impl Aggregate for OrderSequence {
    const NAME: &'static str = "order_sequence";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("at", Kind::Instant),
            Parameter::option("repeat_days", Kind::Number),
            Parameter::option("gap_days", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        let at = DataType::Timestamp(TimeUnit::Microsecond, None);
        DataType::Struct(fields(&at))
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields(&arguments[0])))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let days = |i: usize| -> Result<Option<i64>> {
            let Some(days) = call.number(i)? else {
                return Ok(None);
            };
            let us = (days * DAY_US as f64).round();
            if !(1.0..9e18).contains(&us) {
                return call.refuse(i, "a number of days above 0", days);
            }
            Ok(Some(us as i64))
        };
        Ok(Box::new(Walked(Sequences {
            options: OrderOptions {
                within: days(1)?,
                gap_within: days(2)?,
                ..OrderOptions::default()
            },
            at: call
                .types()
                .first()
                .cloned()
                .unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None)),
        })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn fields(at: &DataType) -> Fields {
    let field = |name: &str, data_type: &DataType| Field::new(name, data_type.clone(), true);
    Fields::from(vec![
        field("n_events", &DataType::Int64),
        field("first_at", at),
        field("last_at", at),
        field("first_gap_days", &DataType::Float64),
        field("min_gap_days", &DataType::Float64),
        field("median_gap_days", &DataType::Float64),
        field("mean_gap_days", &DataType::Float64),
        field("max_gap_days", &DataType::Float64),
        field("is_repeat", &DataType::Boolean),
        field("n_short_gaps", &DataType::Int64),
    ])
}

/// A timestamp by itself.
impl Event for i64 {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

#[derive(Debug)]
struct Sequences {
    options: OrderOptions,
    /// Type of the timestamps.
    at: DataType,
}

impl Walk for Sequences {
    type Event = i64;

    fn read(&self, values: &[ArrayRef], mut keep: impl FnMut(usize, i64)) -> Result<()> {
        let at = ticks(&values[0])?;
        for row in 0..at.len() {
            if at.is_valid(row) {
                keep(row, at.value(row));
            }
        }
        Ok(())
    }

    fn finish(&self, groups: Vec<&mut [i64]>) -> Result<ArrayRef> {
        let summaries = groups
            .into_iter()
            .map(|times| {
                times.sort_unstable();
                order_summary(times, &self.options)
                    .map_err(|error| exec_datafusion_err!("'order_sequence': {error}"))
            })
            .collect::<Result<Vec<OrderSummary>>>()?;
        let instants = |get: fn(&OrderSummary) -> Option<i64>| {
            from_ticks(summaries.iter().map(get).collect(), &self.at)
        };
        let days = |get: fn(&OrderSummary) -> Option<f64>| {
            let days = summaries
                .iter()
                .map(|s| get(s).map(|us| us / DAY_US as f64));
            Arc::new(days.collect::<Float64Array>()) as ArrayRef
        };
        let counts = |get: fn(&OrderSummary) -> Option<u64>| {
            let counts = summaries.iter().map(|s| get(s).map(|n| n as i64));
            Arc::new(counts.collect::<Int64Array>()) as ArrayRef
        };
        let is_repeat: BooleanArray = summaries.iter().map(|s| s.repeat_within).collect();
        Ok(Arc::new(StructArray::new(
            fields(&self.at),
            vec![
                counts(|s| Some(s.n_events)),
                instants(|s| s.first),
                instants(|s| s.last),
                days(|s| s.first_gap.map(|us| us as f64)),
                days(|s| s.min_gap.map(|us| us as f64)),
                days(|s| s.median_gap),
                days(|s| s.mean_gap),
                days(|s| s.max_gap.map(|us| us as f64)),
                Arc::new(is_repeat),
                counts(|s| s.n_gaps_within),
            ],
            None,
        )))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, planning_error, session, value};

    #[test]
    fn order_sequence_passes_the_common_tests() {
        Subject {
            call: "order_sequence(to_timestamp_seconds(cast(x as bigint) * 86400), 10, 4)",
            x: &[0.0, 3.0, 4.0, 8.0, 20.0, 25.0],
            y: &[1.0],
            slowly: |rows| {
                let mut days: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                days.sort_by(f64::total_cmp);
                let mut gaps: Vec<f64> = days.windows(2).map(|w| w[1] - w[0]).collect();
                let first_gap = gaps.first().copied();
                let n_short = gaps.iter().filter(|gap| **gap < 4.0).count();
                let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
                gaps.sort_by(f64::total_cmp);
                let median = |n: usize| (gaps[(n - 1) / 2] + gaps[n / 2]) / 2.0;
                let is_repeat = first_gap.is_some_and(|gap| gap < 10.0);
                // The harness reads instants as microseconds.
                let instant = |day: Option<&f64>| Cell::from(day.map(|d| d * 86_400e6));
                vec![
                    Cell::Number(days.len() as f64),
                    instant(days.first()),
                    instant(days.last()),
                    first_gap.into(),
                    gaps.first().copied().into(),
                    (!gaps.is_empty()).then(|| median(gaps.len())).into(),
                    (!gaps.is_empty()).then_some(mean).into(),
                    gaps.last().copied().into(),
                    (!days.is_empty())
                        .then_some(f64::from(u8::from(is_repeat)))
                        .into(),
                    Cell::Number(n_short as f64),
                ]
            },
        }
        .check_without_moving_windows();
    }

    /// The yardstick's eleventh question, both ways.
    #[tokio::test]
    async fn windows_over_customers_give_the_same_repeats_and_gaps() {
        let ctx = session();
        let query = "\
            with orders as ( \
                select i % 37 as customer, timestamp '2026-01-01 00:00:00' + \
                    arrow_cast(i * i * 7919 % 31536000, 'Duration(Second)') as at \
                from (select unnest(generate_series(1, 400)) as i)), \
            seq as ( \
                select customer, at, row_number() over (partition by customer order by at) as rn, \
                    lead(at) over (partition by customer order by at) as next_at from orders), \
            slow as ( \
                select customer, count(*) as n, max(at) as last_at, \
                    max(case when rn = 1 and next_at < at + interval '90 days' then 1 else 0 end) as again, \
                    sum(case when next_at < at + interval '30 days' then 1 else 0 end) as short \
                from seq group by customer), \
            fast as (select customer, order_sequence(at, 90, 30) as s from orders group by customer) \
            select count(*) from slow join fast on slow.customer = fast.customer \
            where n = s['n_events'] and last_at = s['last_at'] and short = s['n_short_gaps'] \
                and again = cast(s['is_repeat'] as int)";
        assert_eq!(value(&ctx, query).await, [Cell::Number(37.0)]);
    }

    #[tokio::test]
    async fn wrong_days_are_planning_errors() {
        let query = "select order_sequence(date '2026-01-01', 0)";
        assert_eq!(
            planning_error(&session(), query).await,
            "Error during planning: 'order_sequence' expects a number of days above 0 as argument 2 \
             (repeat_days), got 0"
        );
    }
}
