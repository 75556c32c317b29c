//! `repeat_rate(orders [, basis])`: share of customers who came back.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::repeat_rate::RepeatRate as Counts;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the share of customers with a second order, a fraction, over one row for each customer with the number \
of their orders in the window. With basis 'orders' it is the orders of customers with at least two over all \
orders, which is what reports often mean by repeat rate (and much higher): say which. Customers with 0 orders or \
NULL are no customers and left out; without customers the result is NULL. Replacements for returned goods are \
not orders. Negative and fractional numbers of orders are an error.",
    syntax_example = "repeat_rate(orders [, basis])",
    sql_example = r#"```sql
select repeat_rate(orders) as by_customers, repeat_rate(orders, 'orders') as by_orders
from (values (1), (1), (2), (4)) as customers(orders);
+--------------+-----------+
| by_customers | by_orders |
+--------------+-----------+
| 0.5          | 0.75      |
+--------------+-----------+
```"#,
    argument(name = "orders", description = "Number of orders of one customer."),
    argument(name = "basis", description = "'customers' (default) or 'orders'.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RepeatRate;

/// What is counted.
#[derive(Debug, Clone, Copy)]
enum Basis {
    Customers,
    Orders,
}

const BASES: [(&str, Basis); 2] = [("customers", Basis::Customers), ("orders", Basis::Orders)];

impl Aggregate for RepeatRate {
    const NAME: &'static str = "repeat_rate";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("orders", Kind::Number),
            Parameter::option("basis", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let basis = call.choice(1, &BASES)?.unwrap_or(Basis::Customers);
        Ok(Box::new(Folded {
            empty: Counts::default(),
            result: &Type::Number,
            finish: move |counts: &Counts| {
                Ok(Value::from(match basis {
                    Basis::Customers => counts.by_customers(),
                    Basis::Orders => counts.by_orders(),
                }))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl Tally for Counts {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let orders = Numbers::of(columns, 0)?;
        for &row in rows {
            match orders.get(row) {
                Some(n) if n.fract() == 0.0 && (0.0..=9e15).contains(&n) => {
                    Counts::update(self, n as u64);
                }
                Some(n) => return exec_err!("'repeat_rate' expects a number of orders, got {n}"),
                None => {}
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        Counts::merge(self, other);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for n in [
            self.customers,
            self.repeaters,
            self.orders,
            self.repeaters_orders,
        ] {
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            customers: bytes.whole()?,
            repeaters: bytes.whole()?,
            orders: bytes.whole()?,
            repeaters_orders: bytes.whole()?,
        })
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, Subject, assert_near, error, published, published_case, published_numbers, session,
        value,
    };

    #[test]
    fn repeat_rate_passes_the_common_tests() {
        Subject {
            call: "repeat_rate(x, 'orders')",
            x: &[1.0, 2.0, 0.0, 5.0],
            y: &[1.0],
            slowly: |rows| {
                let orders: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                let all: f64 = orders.iter().sum();
                let repeated: f64 = orders.iter().filter(|n| **n > 1.0).sum();
                vec![Cell::from((all > 0.0).then_some(repeated / all))]
            },
        }
        .check();
    }

    /// Fader, Hardie and Lee 2005: 946 of 2,357 buyers of CDNOW came back within 39 weeks.
    #[tokio::test]
    async fn customers_of_cdnow_come_back_as_published() {
        let query = "select repeat_rate(case when i <= 946 then 2 else 1 end) \
                     from generate_series(1, 2357) as s(i)";
        assert_near(
            &value(&session(), query).await,
            &[0.401_357_658_039_881_2],
            1e-12,
        );
        let (Some(text), Some(case)) = (
            published("cdnow_summary.csv"),
            published_case("repeat_rate_cdnow.json", "39 weeks"),
        ) else {
            return;
        };
        let orders: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| format!("({} + 1)", line.split(',').nth(1).unwrap()))
            .collect();
        let query = format!(
            "select repeat_rate(n) from (values {}) as c(n)",
            orders.join(", ")
        );
        let expected = published_numbers(&case["expected"]["repeat_rate"]);
        assert_near(&value(&session(), &query).await, &expected, 1e-12);
    }

    #[tokio::test]
    async fn half_an_order_is_refused() {
        let got = error(
            &session(),
            "select repeat_rate(n) from (values (1.5)) as t(n)",
        )
        .await;
        assert!(got.contains("expects a number of orders, got 1.5"), "{got}");
    }
}
