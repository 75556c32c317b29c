//! `btyd_summary(at, amount, end [, unit])`: what loyalty models need of a customer.

use arrow::array::{Array, ArrayRef};
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
monetary)`, over the rows of the customer (group by customer_id): x is the number of units of time with an order \
after the first one, t_x the time from the first to the last of them, t the time from the first order to end, \
both in whole units, monetary the mean amount of the repeat units, 0 without any. Orders of one unit are one \
purchase, as in the Python package lifetimes. A week runs from Monday to Sunday, days are those of the time zone \
of at. Orders without a time, and after end, are left out; an order without an amount leaves monetary NULL. \
Without an order up to end, or without an end, the result is NULL.",
    syntax_example = "btyd_summary(at, amount, end [, unit])",
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
    argument(name = "unit", description = "'day', 'week' (default) or 'month'.")
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
            empty: Orders::default(),
            result: &RESULT,
            finish: move |orders: &Orders| Ok(summary(orders, period)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Days and amounts of the orders, and the latest end; an unknown amount is NaN.
#[derive(Debug, Clone, Default)]
struct Orders {
    end: Option<i32>,
    orders: Vec<(i32, f64)>,
}

fn summary(orders: &Orders, period: Period) -> Value {
    let mut sorted = orders.orders.clone();
    // Amounts are summed in one order, whatever order the rows came in.
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut purchases = Purchases::new();
    for (day, amount) in sorted {
        purchases.update(period, day, Some(amount).filter(|x| !x.is_nan()));
    }
    let summary = orders.end.and_then(|end| purchases.summary(period, end));
    summary.map_or(Value::Null, |s| {
        Value::Record(vec![
            s.x.into(),
            s.t_x.into(),
            s.t.into(),
            s.monetary.into(),
        ])
    })
}

impl Tally for Orders {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (at, end) = (as_date32_array(&columns[0])?, as_date32_array(&columns[2])?);
        let amount = Numbers::of(columns, 1)?;
        for &row in rows {
            if end.is_valid(row) {
                self.end = self.end.max(Some(end.value(row)));
            }
            if at.is_valid(row) {
                let amount = amount.get(row).unwrap_or(f64::NAN);
                self.orders.push((at.value(row), amount));
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.end = self.end.max(other.end);
        self.orders.extend_from_slice(&other.orders);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.number(self.end.map_or(f64::NAN, f64::from));
        bytes.whole(self.orders.len() as u64);
        for (day, amount) in &self.orders {
            bytes.number(f64::from(*day));
            bytes.number(*amount);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let end = Some(bytes.number()?).filter(|end| !end.is_nan());
        let n = bytes.count()?;
        let order = |_| Some((bytes.number()? as i32, bytes.number()?));
        Some(Self {
            end: end.map(|end| end as i32),
            orders: (0..n).map(order).collect::<Option<_>>()?,
        })
    }

    fn heap_bytes(&self) -> usize {
        self.orders.capacity() * size_of::<(i32, f64)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Cell, Subject, assert_near, flat, published_case, session, value};

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
                };
                match summary(&orders, Period::Day) {
                    Value::Null => vec![Cell::Null; 4],
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
            assert_near(&value(&session(), &query).await, &expected, 1e-12);
        }
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
        for (unit, case) in [("day", &daily), ("week", &weekly)] {
            for row in case["expected"].as_array().unwrap() {
                let query = format!(
                    "select btyd_summary(d, x, date '2015-02-07', '{unit}') from (values {}) as t(id, d, x) \
                     where id = {}",
                    rows.join(", "),
                    row[0]
                );
                let expected = &crate::harness::published_numbers(row)[1..];
                let got = value(&session(), &query).await;
                assert_near(&got[..expected.len()], expected, 1e-12);
            }
        }
    }
}
