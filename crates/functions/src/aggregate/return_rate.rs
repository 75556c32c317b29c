//! `return_rate(returned, base)`: share of what was sold that came back.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use crate::additive::{Build, Kernel, Rows, State, Total, Totals};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::binned_sum::BinnedSum;

mod integers;

use integers::Integers;

#[user_doc(
    doc_section(label = "Return Functions"),
    description = "Returns sum(returned) / sum(base) as a fraction: 0.08 is 8 percent. What the two columns \
count is the basis of the rate, and the same data give different rates: units returned and sold, orders with \
a return and orders (1 or 0 and 1), refunded and paid amounts, customers who returned and customers. Both must \
be on the same basis and cover the same sales. Rates can exceed 1 where returns of earlier sales are counted. \
Integers and decimals of up to 29 digits are summed exactly, floats without regard to order. Each column ignores \
its own NULLs, as sum does; where nothing is known of the returns, or the base sums to 0, the result is NULL.",
    syntax_example = "return_rate(returned, base)",
    sql_example = r#"```sql
select
    return_rate(units_returned, units_sold) as by_unit,
    return_rate(refund_amount, paid_amount) as by_value
from (values (1, 4, 12.50, 50.00), (0, 6, 0.00, 75.00)) as sales(
    units_returned, units_sold, refund_amount, paid_amount
);
+---------+----------+
| by_unit | by_value |
+---------+----------+
| 0.1     | 0.1      |
+---------+----------+
```"#,
    argument(
        name = "returned",
        description = "What came back: units, orders, customers or money."
    ),
    argument(
        name = "base",
        description = "What it came back from, in the same unit."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReturnRate;

impl Aggregate for ReturnRate {
    const NAME: &'static str = "return_rate";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("returned", Kind::Amount),
            Parameter::column("base", Kind::Amount),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        if arguments.contains(&DataType::Float64) {
            Totals::<BinnedSum, 2>::columns()
        } else if are_integers(arguments) {
            integers::columns()
        } else {
            Totals::<i128, 2>::columns()
        }
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        if call.types().contains(&DataType::Float64) {
            return Ok(Box::new(Floats));
        }
        if are_integers(call.types()) {
            return Ok(Box::new(Integers));
        }
        let mut scales = call.types().iter().map(|t| match t {
            DataType::Decimal128(_, scale) => i32::from(*scale),
            _ => 0,
        });
        let (returned, base) = (scales.next().unwrap_or(0), scales.next().unwrap_or(0));
        Ok(Box::new(Exact {
            factor: 10_f64.powi(base - returned),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Whether there is no decimal among the arguments, nor a float.
fn are_integers(arguments: &[DataType]) -> bool {
    arguments.iter().all(|t| *t == DataType::Int64)
}

/// Returns the rates of groups, NULL where no return is known or the base is zero.
fn rates(sums: impl Iterator<Item = (i64, f64, f64)>) -> ArrayRef {
    let rates: Float64Array = sums
        .map(|(n_returned, returned, base)| {
            let rate = returned / base;
            (n_returned > 0 && base != 0.0 && rate.is_finite()).then_some(rate)
        })
        .collect();
    Arc::new(rates)
}

/// Decimals, alone or beside integers.
#[derive(Debug)]
struct Exact {
    /// Takes the ratio of last digits to the ratio of amounts.
    factor: f64,
}

impl Kernel for Exact {
    type State = Totals<i128, 2>;

    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()> {
        for i in 0..2 {
            let mut add = |group: usize, amount: i128| {
                let state: &mut Self::State = &mut states[group];
                state.n_rows += i64::from(i == 0);
                state.sums[i].merge(&amount);
            };
            match rows.values[i].data_type() {
                DataType::Int64 => {
                    rows.values_of::<Int64Type>(i, |group, n| add(group, i128::from(n)))?;
                }
                _ => rows.values_of::<Decimal128Type>(i, add)?,
            }
        }
        Ok(())
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        Ok(rates(states.iter().map(|s| {
            let [returned, base] = s.sums.map(|sum| sum as f64);
            (s.n_rows, returned * self.factor, base)
        })))
    }
}

/// Anything with a float in it.
#[derive(Debug)]
struct Floats;

impl Kernel for Floats {
    type State = Totals<BinnedSum, 2>;

    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()> {
        let values = [
            cast(&rows.values[0], &DataType::Float64)?,
            cast(&rows.values[1], &DataType::Float64)?,
        ];
        let rows = Rows {
            values: &values,
            ..*rows
        };
        for i in 0..2 {
            rows.numbers(i, |group, amount| {
                if amount.is_finite() {
                    let state: &mut Self::State = &mut states[group];
                    state.n_rows += i64::from(i == 0);
                    state.sums[i].add(amount);
                }
            })?;
        }
        Ok(())
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        Ok(rates(states.iter().map(|s| {
            let [returned, base] = s.sums.map(|sum| sum.value());
            (s.n_rows, returned, base)
        })))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cells, Row, Subject, assert_close, published_cases, session, value};

    fn slowly(rows: &[Row], round: fn(f64) -> f64) -> Cells {
        let returned: Vec<f64> = rows.iter().filter_map(|r| r.0).map(round).collect();
        let base: f64 = rows.iter().filter_map(|r| r.1).map(round).sum();
        let known = !returned.is_empty() && base != 0.0;
        vec![known.then(|| returned.iter().sum::<f64>() / base).into()]
    }

    #[test]
    fn return_rate_of_floats_passes_the_common_tests() {
        Subject {
            call: "return_rate(x, y)",
            x: &[0.0, 0.1, 12.3, 1e-3],
            y: &[0.0, 5.0, 19.99, 1e6],
            slowly: |rows| slowly(rows, |x| x),
        }
        .check();
    }

    #[test]
    fn return_rate_of_integers_passes_the_common_tests() {
        Subject {
            call: "return_rate(cast(x as int), cast(y as bigint))",
            x: &[0.0, 1.0, 3.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| slowly(rows, |x| x),
        }
        .check();
    }

    #[test]
    fn return_rate_of_decimals_passes_the_common_tests() {
        Subject {
            call: "return_rate(cast(x as decimal(18, 2)), cast(y as decimal(12, 4)))",
            x: &[0.0, 0.25, 12.5, 99.75],
            y: &[0.0, 5.0, 19.5, 1e6],
            slowly: |rows| slowly(rows, |x| x),
        }
        .check();
    }

    #[tokio::test]
    async fn types_may_be_mixed() {
        let ctx = session();
        for types in [
            ["int", "decimal(10, 2)"],
            ["decimal(9, 3)", "bigint"],
            ["int", "double"],
        ] {
            let query = format!(
                "select return_rate(cast(r as {}), cast(b as {})) \
                 from (values (1, 4), (null, 4)) as t(r, b)",
                types[0], types[1]
            );
            assert_close(&value(&ctx, &query).await, &[Some(0.125).into()], &query);
        }
    }

    #[tokio::test]
    async fn cents_are_exact_where_floats_are_not() {
        let ctx = session();
        // Ten million is beyond where adding a cent to a float of this size is exact.
        let query = "select return_rate(cast('90071992547409.93' as decimal(18, 2)), \
                     cast('90071992547409.93' as decimal(18, 2))) = 1.0 from (values (1)) as t(i)";
        assert_eq!(value(&ctx, query).await, [Some(1.0).into()]);
    }

    /// ignyteiq.com 6.0, 6.7, 10 %; claimlane.com 18, 12, 13.1 %.
    #[tokio::test]
    async fn the_basis_changes_the_rate_as_published() {
        let ctx = session();
        for (returned, base, percent) in [
            (60.0, 1000.0, 6.0),
            (80.0, 1200.0, 6.7),
            (20_000.0, 200_000.0, 10.0),
            (6_840.0, 38_000.0, 18.0),
            (598_000.0, 4_560_000.0, 13.1),
        ] {
            let query = format!(
                "select round(100 * return_rate(r, b), 1) from (values ({returned}, {base})) as t(r, b)"
            );
            assert_eq!(value(&ctx, &query).await, [Some(percent).into()]);
        }
    }

    #[tokio::test]
    async fn published_rates_are_met() {
        let Some(cases) = published_cases("return_rates.json") else {
            return;
        };
        let ctx = session();
        for (name, case) in cases {
            let number = |group: &str, key: &str| case[group][key].as_f64().unwrap();
            for (basis, returned, base) in [
                ("order", "returned_orders", "orders"),
                ("unit", "returned_units", "units"),
                ("value", "returned_value", "revenue"),
            ] {
                let (r, b) = (number("input", returned), number("input", base));
                let query = format!("select return_rate(r, b) from (values ({r}, {b})) as t(r, b)");
                let expected = number("expected", basis) / 100.0;
                assert_close(&value(&ctx, &query).await, &[Some(expected).into()], &name);
            }
        }
    }
}
