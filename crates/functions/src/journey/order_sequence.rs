//! `order_sequence(at [, repeat_days [, gap_days [, value]]])`: what the orders of a customer say, in one walk.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use aftersight_stats::journey::{OrderOptions, OrderWalk};
use aftersight_stats::time::DAY_US;
use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StructArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Float64Type, Int64Type, TimeUnit};
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::events::{self, ByGroup, Walk, Walked};
use crate::time::from_ticks;

mod worth;

use worth::Worth;

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns what a customer's orders (or any events) say about repetition, as one struct: n_events; \
first_at and last_at; of the gaps between neighbours first_gap_days, min_gap_days, median_gap_days, mean_gap_days \
and max_gap_days, in days of 24 hours; is_repeat, whether the second order came less than repeat_days after the \
first; n_short_gaps, how many gaps are shorter than gap_days (repeat_days if not given); with a value first_value and \
last_value, those of the first and of the last event (of one time the smaller value comes first), and total_value, the \
sum of the values that are known, all three in the type of value, as decimals with 38 digits. Group by customer: each \
one's timestamps are sorted once, which is much cheaper than window functions over millions of partitions. NULL \
timestamps are left out. Gaps are NULL for fewer than two events, fields without their options or value; without \
events n_events is 0 and the others are NULL. Gaps end at the last event: the open one since then is yours to judge.",
    syntax_example = "order_sequence(at [, repeat_days [, gap_days [, value]]])",
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
    ),
    argument(
        name = "value",
        description = "What the order was worth: a whole number, a decimal or a double; none by default."
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
            Parameter::column("value", Kind::Amount).optional(),
        ],
    );

    fn result(&self) -> DataType {
        let at = DataType::Timestamp(TimeUnit::Microsecond, None);
        DataType::Struct(fields(&at, &DataType::Float64))
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        let value = worth_type(arguments.get(VALUE));
        Ok(DataType::Struct(fields(&arguments[0], &value)))
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
        let options = OrderOptions {
            within: days(1)?,
            gap_within: days(2)?,
            ..OrderOptions::default()
        };
        let at = call.types().first().cloned();
        let at = at.unwrap_or(DataType::Timestamp(TimeUnit::Microsecond, None));
        let value = worth_type(call.types().get(VALUE));
        Ok(match value {
            _ if !call.gives(VALUE) => Sequences::<()>::build(options, at, value),
            DataType::Int64 => Sequences::<Int64Type>::build(options, at, value),
            DataType::Decimal128(..) => Sequences::<Decimal128Type>::build(options, at, value),
            _ => Sequences::<Float64Type>::build(options, at, value),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Position of the values among the arguments.
const VALUE: usize = 3;

/// Returns the type of first, last and total value, given that of the argument.
fn worth_type(value: Option<&DataType>) -> DataType {
    match value {
        Some(DataType::Int64) => DataType::Int64,
        Some(DataType::Decimal128(_, scale)) => DataType::Decimal128(38, *scale),
        _ => DataType::Float64,
    }
}

fn fields(at: &DataType, value: &DataType) -> Fields {
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
        field("first_value", value),
        field("last_value", value),
        field("total_value", value),
    ])
}

#[derive(Debug)]
struct Sequences<W> {
    options: OrderOptions,
    /// Type of the timestamps.
    at: DataType,
    /// Type of the values.
    value: DataType,
    worth: PhantomData<fn() -> W>,
}

impl<W: Worth> Sequences<W> {
    fn build(options: OrderOptions, at: DataType, value: DataType) -> Box<dyn Build> {
        Box::new(Walked(Self {
            options,
            at,
            value,
            worth: PhantomData,
        }))
    }
}

impl<W: Worth> Walk for Sequences<W> {
    type Event = W::Order;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, W::Order)) -> Result<()> {
        W::read(values, keep)
    }

    fn finish(&self, mut groups: ByGroup<'_, W::Order>) -> Result<ArrayRef> {
        let mut walk = OrderWalk::new(self.options.clone())
            .map_err(|error| exec_datafusion_err!("'order_sequence': {error}"))?;
        let mut columns = Columns::new(groups.len());
        let mut values = W::Values::default();
        let mut times = Vec::new();
        // Straight into columns: with millions of customers, a list of summaries
        // would be larger than their orders.
        while let Some(orders) = groups.next_group() {
            W::sort(orders);
            times.clear();
            times.extend(orders.iter().map(W::at));
            let summary = walk.summary(&times);
            let days = |us: Option<f64>| us.map(|us| us / DAY_US as f64);
            let whole_days = |us: Option<i64>| days(us.map(|us| us as f64));
            columns.n_events.append_value(summary.n_events as i64);
            columns.first_at.append_option(summary.first);
            columns.last_at.append_option(summary.last);
            for (column, gap) in columns.gaps.iter_mut().zip([
                whole_days(summary.first_gap),
                whole_days(summary.min_gap),
                days(summary.median_gap),
                days(summary.mean_gap),
                whole_days(summary.max_gap),
            ]) {
                column.append_option(gap);
            }
            columns.is_repeat.append_option(summary.repeat_within);
            let n_short = summary.n_gaps_within.map(|n| n as i64);
            columns.n_short_gaps.append_option(n_short);
            W::add(&mut values, orders);
        }
        let values = W::finish(values, &self.value);
        let columns = columns.finish(&self.at, values);
        let fields = fields(&self.at, &self.value);
        Ok(Arc::new(StructArray::new(fields, columns, None)))
    }
}

/// The fields of the result that do not depend on the type of the values.
struct Columns {
    n_events: Int64Builder,
    first_at: Int64Builder,
    last_at: Int64Builder,
    /// First, min, median, mean, max.
    gaps: [Float64Builder; 5],
    is_repeat: BooleanBuilder,
    n_short_gaps: Int64Builder,
}

impl Columns {
    fn new(n: usize) -> Self {
        let wholes = || Int64Builder::with_capacity(n);
        Self {
            n_events: wholes(),
            first_at: wholes(),
            last_at: wholes(),
            gaps: std::array::from_fn(|_| Float64Builder::with_capacity(n)),
            is_repeat: BooleanBuilder::with_capacity(n),
            n_short_gaps: wholes(),
        }
    }

    /// Returns the columns in the order of `fields`.
    fn finish(mut self, at: &DataType, values: [ArrayRef; 3]) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.n_events.finish()),
            from_ticks(self.first_at.finish(), at),
            from_ticks(self.last_at.finish(), at),
        ];
        for mut gaps in self.gaps {
            columns.push(Arc::new(gaps.finish()));
        }
        columns.push(Arc::new(self.is_repeat.finish()));
        columns.push(Arc::new(self.n_short_gaps.finish()));
        columns.extend(values);
        columns
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Row, Subject, planning_error, session, value};

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
                    Cell::Null,
                    Cell::Null,
                    Cell::Null,
                ]
            },
        }
        .check_without_moving_windows();
    }

    #[test]
    fn order_sequence_with_values_passes_the_common_tests() {
        for (call, slowly) in [
            (
                "order_sequence(to_timestamp_seconds(cast(x as bigint) * 86400), null, null, y)",
                once as fn(&[Row]) -> Vec<Cell>,
            ),
            (
                "order_sequence(to_timestamp_seconds(cast(x as bigint) * 86400), null, null, \
                 cast(y as decimal(9, 2)))",
                once,
            ),
            (
                "order_sequence(to_timestamp_seconds(cast(x as bigint) * 86400), null, null, \
                 cast(y * 4 as bigint))",
                four_times,
            ),
        ] {
            Subject {
                call,
                x: &[0.0, 3.0, 4.0, 8.0],
                y: &[1.25, -2.5, 100.0],
                slowly,
            }
            .check_without_moving_windows();
        }
    }

    fn once(rows: &[Row]) -> Vec<Cell> {
        slowly_valued(rows, 1.0)
    }

    fn four_times(rows: &[Row]) -> Vec<Cell> {
        slowly_valued(rows, 4.0)
    }

    /// The last three fields by a sort of pairs; of one time NULL comes first, then the smaller value.
    fn slowly_valued(rows: &[Row], scale: f64) -> Vec<Cell> {
        let mut orders: Vec<(f64, Option<f64>)> =
            rows.iter().filter_map(|r| Some((r.0?, r.1))).collect();
        orders.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.partial_cmp(&b.1).unwrap()));
        let days: Vec<f64> = orders.iter().map(|o| o.0).collect();
        let mut gaps: Vec<f64> = days.windows(2).map(|w| w[1] - w[0]).collect();
        let first_gap = gaps.first().copied();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        gaps.sort_by(f64::total_cmp);
        let median = |n: usize| (gaps[(n - 1) / 2] + gaps[n / 2]) / 2.0;
        let instant = |day: Option<&f64>| Cell::from(day.map(|d| d * 86_400e6));
        let worth =
            |o: Option<&(f64, Option<f64>)>| Cell::from(o.and_then(|o| o.1).map(|v| v * scale));
        let known: Vec<f64> = orders.iter().filter_map(|o| o.1).collect();
        let total = (!known.is_empty()).then(|| known.iter().sum::<f64>() * scale);
        vec![
            Cell::Number(days.len() as f64),
            instant(days.first()),
            instant(days.last()),
            first_gap.into(),
            gaps.first().copied().into(),
            (!gaps.is_empty()).then(|| median(gaps.len())).into(),
            (!gaps.is_empty()).then_some(mean).into(),
            gaps.last().copied().into(),
            Cell::Null,
            Cell::Null,
            worth(orders.first()),
            worth(orders.last()),
            total.into(),
        ]
    }

    /// The yardstick's seventh question, its first step: when a customer began, and with how much.
    #[tokio::test]
    async fn values_keep_their_type() {
        let query = "select [arrow_typeof(s['first_value']), arrow_typeof(s['total_value']), \
                     cast(s['total_value'] as varchar)] from (select order_sequence(d, null, null, cast(v as decimal(5, 2))) as s from \
                     (values (date '2026-01-01', 1.10), (date '2026-01-02', 2.20)) as t(d, v))";
        let text = |s: &str| Cell::Text(s.to_string());
        assert_eq!(
            value(&session(), query).await,
            [
                text("Decimal128(38, 2)"),
                text("Decimal128(38, 2)"),
                text("3.30")
            ]
        );
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
