//! `btyd_summary(at, amount, end [, unit [, calibration_end]])`: what loyalty models need of a customer.

use arrow::array::{Array, ArrayRef, Date32Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_date32_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::btyd_summary::{Period, Purchases};

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the summary of one customer's orders that `bgnbd_fit` and `gamma_gamma_fit` take, `struct(x, t_x, t, \
monetary, holdout_x, holdout_t, holdout_monetary, reason)`, over the rows of the customer (group by customer_id): x is the number of units of time with an order \
after the first one, t_x the time from the first to the last of them, t the time from the first order to end, \
both in whole units, monetary the mean amount of the repeat units, 0 without any. Orders of one unit are one \
purchase, as in the Python package lifetimes. A week runs from Monday to Sunday, days are those of the time zone \
of at. With a calibration_end these fields are those of the orders up to it, and holdout_x, holdout_t and \
holdout_monetary the number of units with an order after it, its length and their mean amount, to hold a fit against; \
else the three are NULL. Where calibration_end is not before end all fields are NULL and reason says so. \
Orders without a time, and after end, are left out; an order without an amount leaves monetary NULL. \
Without an order up to end (or calibration_end), or without an end, the result is NULL.",
    syntax_example = "btyd_summary(at, amount, end [, unit [, calibration_end]])",
    sql_example = r#"```sql
select id, s.x as x, s.t_x as t_x, s.t as t, s.monetary as monetary
from (
    select id, btyd_summary(day, paid, date '2015-02-07', 'day') as s
    from (values
        (1, date '2015-01-01', 1), (1, date '2015-02-06', 2), (4, date '2015-01-16', 6),
        (4, date '2015-02-02', 3), (4, date '2015-02-05', 3)
    ) as orders(id, day, paid)
    group by id
)
order by id;
+----+---+-----+----+----------+
| id | x | t_x | t  | monetary |
+----+---+-----+----+----------+
| 1  | 1 | 36  | 37 | 2.0      |
| 4  | 2 | 20  | 22 | 3.0      |
+----+---+-----+----+----------+
```"#,
    argument(
        name = "at",
        description = "When the order was placed: a date, or a time whose date counts."
    ),
    argument(name = "amount", description = "Money of the order."),
    argument(
        name = "end",
        description = "Last day of observation, included; the day before as_of."
    ),
    argument(name = "unit", description = "'day', 'week' (default) or 'month'."),
    argument(
        name = "calibration_end",
        description = "Last day the model may see, included, best the last of a unit; none by default."
    ),
    related_udf(name = "bgnbd_fit")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BtydSummary;

const UNITS: [(&str, Period); 3] = [
    ("day", Period::Day),
    ("week", Period::Week),
    ("month", Period::Month),
];

const RESULT: Type = Type::Record(&[
    ("x", Type::Whole),
    ("t_x", Type::Whole),
    ("t", Type::Whole),
    ("monetary", Type::Number),
    ("holdout_x", Type::Whole),
    ("holdout_t", Type::Whole),
    ("holdout_monetary", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for BtydSummary {
    const NAME: &'static str = "btyd_summary";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("at", Kind::Day),
            Parameter::column("amount", Kind::Number),
            Parameter::column("end", Kind::Day),
            Parameter::option("unit", Kind::Text),
            Parameter::column("calibration_end", Kind::Day).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let period = call.choice(3, &UNITS)?.unwrap_or(Period::Week);
        Ok(Box::new(Folded {
            empty: Orders {
                is_split: call.gives(4),
                ..Orders::default()
            },
            result: &RESULT,
            finish: move |orders: &Orders| Ok(summary(orders, period)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Days and amounts of the orders, and the latest ends; an unknown amount is NaN.
#[derive(Debug, Clone, Default)]
struct Orders {
    /// Whether the call gives an end of the calibration.
    is_split: bool,
    end: Option<i32>,
    calibration_end: Option<i32>,
    orders: Vec<(i32, f64)>,
}

impl Orders {
    /// Returns the purchases of the orders whose days pass.
    fn purchases(&self, period: Period, passes: impl Fn(i32) -> bool) -> Purchases {
        let mut sorted: Vec<(i32, f64)> = self.orders.clone();
        sorted.retain(|(day, _)| passes(*day));
        // Amounts are summed in one order, whatever order the rows came in.
        sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut purchases = Purchases::new();
        for (day, amount) in sorted {
            purchases.update(period, day, Some(amount).filter(|x| !x.is_nan()));
        }
        purchases
    }

    /// Returns the fields of the result, or nothing without an order or an end.
    fn summary(&self, period: Period) -> Option<Vec<Value>> {
        let end = self.end?;
        let seen_to = match self.is_split {
            true => self.calibration_end?,
            false => end,
        };
        let last = seen_to.min(end);
        let seen = self.purchases(period, |day| day <= last);
        let summary = seen.summary(period, last)?;
        let mut values: Vec<Value> = vec![
            summary.x.into(),
            summary.t_x.into(),
            summary.t.into(),
            summary.monetary.into(),
        ];
        if !self.is_split {
            values.extend(vec![Value::Null; 4]);
            return Some(values);
        }
        let later = self.purchases(period, |day| day > seen_to && day <= end);
        match later.holdout(period, seen_to, end) {
            Ok(holdout) => values.extend([
                holdout.x.into(),
                holdout.t.into(),
                holdout.monetary.into(),
                Value::Null,
            ]),
            Err(error) => {
                values = vec![Value::Null; 7];
                values.push(error.to_string().into());
            }
        }
        Some(values)
    }
}

fn summary(orders: &Orders, period: Period) -> Value {
    orders.summary(period).map_or(Value::Null, Value::Record)
}

impl Tally for Orders {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (at, end) = (as_date32_array(&columns[0])?, as_date32_array(&columns[2])?);
        let calibration_end = match self.is_split {
            true => Some(as_date32_array(&columns[4])?),
            false => None,
        };
        let amount = Numbers::of(columns, 1)?;
        let known = |days: &Date32Array, row: usize| days.is_valid(row).then(|| days.value(row));
        for &row in rows {
            self.end = self.end.max(known(end, row));
            let calibration_end = calibration_end.and_then(|days| known(days, row));
            self.calibration_end = self.calibration_end.max(calibration_end);
            if let Some(day) = known(at, row) {
                let amount = amount.get(row).unwrap_or(f64::NAN);
                self.orders.push((day, amount));
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.end = self.end.max(other.end);
        self.calibration_end = self.calibration_end.max(other.calibration_end);
        self.orders.extend_from_slice(&other.orders);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for end in [self.end, self.calibration_end] {
            bytes.number(end.map_or(f64::NAN, f64::from));
        }
        bytes.whole(self.orders.len() as u64);
        for (day, amount) in &self.orders {
            bytes.number(f64::from(*day));
            bytes.number(*amount);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut day = || {
            let day = bytes.number()?;
            Some((!day.is_nan()).then_some(day as i32))
        };
        let (end, calibration_end) = (day()?, day()?);
        let n = bytes.count()?;
        let order = |_| Some((bytes.number()? as i32, bytes.number()?));
        Some(Self {
            is_split: self.is_split,
            end,
            calibration_end,
            orders: (0..n).map(order).collect::<Option<_>>()?,
        })
    }

    fn heap_bytes(&self) -> usize {
        self.orders.capacity() * size_of::<(i32, f64)>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::prelude::ParquetReadOptions;

    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_data, session, value,
    };

    #[test]
    fn btyd_summary_passes_the_common_tests() {
        Subject {
            call: "btyd_summary(date '1970-01-01' + cast(x as int), y, date '1970-01-21', 'day')",
            x: &[1.0, 2.0, 9.0, 30.0],
            y: &[1.5, 10.0],
            slowly: |rows| {
                let orders = rows
                    .iter()
                    .filter_map(|r| Some((r.0? as i32, r.1.unwrap_or(f64::NAN))));
                let orders = Orders {
                    end: (!rows.is_empty()).then_some(20),
                    orders: orders.collect(),
                    ..Orders::default()
                };
                match summary(&orders, Period::Day) {
                    Value::Null => vec![Cell::Null; 8],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    /// The tests of lifetimes: customer 4 by day; by week and by month counted on the calendar.
    #[tokio::test]
    async fn units_are_those_of_the_calendar() {
        for (unit, expected) in [
            ("day", [2.0, 20.0, 22.0, 3.0]),
            ("week", [1.0, 3.0, 3.0, 6.0]),
            ("month", [1.0, 1.0, 1.0, 6.0]),
        ] {
            let query = format!(
                "select btyd_summary(d, x, date '2015-02-07', '{unit}') from (values \
                 (timestamp '2015-02-05 13:00:00', 3), (timestamp '2015-01-16 09:00:00', 6), \
                 (timestamp '2015-02-02 00:00:00', 3)) as t(d, x)"
            );
            assert_near(&value(&session(), &query).await[..4], &expected, 1e-12);
        }
    }

    #[test]
    fn btyd_summary_with_a_holdout_passes_the_common_tests() {
        Subject {
            call: "btyd_summary(date '1970-01-01' + cast(x as int), y, date '1970-01-21', 'day', date '1970-01-11')",
            x: &[1.0, 2.0, 9.0, 12.0, 15.0, 30.0],
            y: &[1.5, 10.0],
            // Distinct days by sets, sums by a filter.
            slowly: |rows| {
                let rows: Vec<(f64, Option<f64>)> =
                    rows.iter().filter_map(|r| Some((r.0?, r.1))).collect();
                let days = |from: f64, to: f64| -> BTreeSet<i64> {
                    let within = rows.iter().filter(|r| r.0 > from && r.0 <= to);
                    within.map(|r| r.0 as i64).collect()
                };
                let mean = |days: &[i64]| {
                    let bought = rows.iter().filter(|r| days.contains(&(r.0 as i64)));
                    let sum: Option<f64> = bought.map(|r| r.1).sum();
                    match days.len() {
                        0 => Cell::Number(0.0),
                        n => sum.map(|sum| sum / n as f64).into(),
                    }
                };
                let seen: Vec<i64> = days(-1.0, 10.0).into_iter().collect();
                let [first, repeats @ ..] = seen.as_slice() else {
                    return vec![Cell::Null; 8];
                };
                let later: Vec<i64> = days(10.0, 20.0).into_iter().collect();
                let t_x = repeats.last().unwrap_or(first) - first;
                vec![
                    Cell::Number(repeats.len() as f64),
                    Cell::Number(t_x as f64),
                    Cell::Number((10 - first) as f64),
                    mean(repeats),
                    Cell::Number(later.len() as f64),
                    Cell::Number(10.0),
                    mean(&later),
                    Cell::Null,
                ]
            },
        }
        .check();
    }

    #[tokio::test]
    async fn orders_after_the_end_are_not_seen_even_within_its_unit() {
        // 2026-01-05 is a Monday, so all four days are in one week and the next.
        let query = |ends: &str| {
            format!(
                "select btyd_summary(d, 1, {ends}) from (values (date '2025-12-30'), \
                 (date '2026-01-05'), (date '2026-01-09')) as t(d)"
            )
        };
        let ctx = session();
        let got = value(&ctx, &query("date '2026-01-04'")).await;
        assert_near(&got[..3], &[0.0, 0.0, 0.0], 0.0);
        let got = value(&ctx, &query("date '2026-01-09', 'week', date '2026-01-07'")).await;
        assert_near(&got[..7], &[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0], 0.0);
        let got = value(&ctx, &query("date '2026-01-09', 'week', date '2026-01-09'")).await;
        assert_eq!(got[..7], vec![Cell::Null; 7]);
        let reason = "calibration_end must be before the end of observation".to_string();
        assert_eq!(got[7], Cell::Text(reason));
    }

    /// CDNOW's 1/10 sample from its transactions: the 39 weeks of calibration are the published
    /// summary, on which the likelihood of Fader, Hardie and Lee (2005) is -9582.4; in the holdout the
    /// 2,357 customers bought on as many days as this plain count says.
    #[tokio::test]
    async fn cdnow_is_split_as_published() {
        let Some(path) = published_data("cdnow/cdnow_sample.parquet") else {
            return;
        };
        let ctx = session();
        ctx.register_parquet("sample", path, ParquetReadOptions::default())
            .await
            .unwrap();
        let customers = "select btyd_summary(order_date, amount_usd, date '1998-06-30', 'day', date '1997-09-30') as s \
                         from sample group by customer_id";
        let query = format!(
            "select [m['r'], m['alpha'], m['a'], m['b'], m['log_likelihood'], m['n']] from \
             (select bgnbd_fit(s['x'], s['t_x'] / 7e0, s['t'] / 7e0) as m from ({customers}))"
        );
        let got = value(&ctx, &query).await;
        assert_near(&got[..4], &[0.243, 4.414, 0.793, 2.426], 1e-3);
        assert_near(&got[4..], &[-9_582.4, 2_357.0], 0.1);
        let query = format!(
            "select [sum(s['x']), sum(s['holdout_x']), min(s['holdout_t']), max(s['holdout_t'])] from ({customers})"
        );
        let got = value(&ctx, &query).await;
        let plain = "select [sum(before) - count(*), sum(after), 273, 273] from (select \
                     count(distinct order_date) filter (where order_date <= date '1997-09-30') as before, \
                     count(distinct order_date) filter (where order_date > date '1997-09-30') as after \
                     from sample group by customer_id)";
        let plain = value(&ctx, plain).await;
        assert_eq!(got, plain);
    }

    #[tokio::test]
    async fn the_published_cases_are_met() {
        let file = "btyd_summary.json";
        let (Some(daily), Some(weekly)) = (
            published_case(file, "daily"),
            published_case(file, "weekly"),
        ) else {
            return;
        };
        let rows: Vec<String> = daily["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "({}, date '{}', {})",
                    row[0],
                    row[1].as_str().unwrap(),
                    row[2]
                )
            })
            .collect();
        let split = published_case(file, "calibration/holdout").unwrap();
        // Places of the published columns among the fields.
        let holdout = [0, 1, 2, 4, 5];
        for (options, case, places) in [
            ("'day'", &daily, &[0, 1, 2, 3][..]),
            ("'week'", &weekly, &[0, 1, 2]),
            ("'week', date '2015-02-01'", &split, &holdout),
        ] {
            for row in case["expected"].as_array().unwrap() {
                let query = format!(
                    "select btyd_summary(d, x, date '2015-02-07', {options}) from (values {}) as t(id, d, x) \
                     where id = {}",
                    rows.join(", "),
                    row[0]
                );
                let expected = &crate::harness::published_numbers(row)[1..];
                let got = value(&session(), &query).await;
                let got: Vec<Cell> = places.iter().map(|i| got[*i].clone()).collect();
                assert_near(&got, expected, 1e-12);
            }
        }
    }
}
