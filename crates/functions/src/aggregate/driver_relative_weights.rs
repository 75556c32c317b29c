//! `driver_relative_weights(y, x1, ...)`: shares of correlated drivers.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::driver_relative_weights::driver_relative_weights;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Products;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns how much of the variance of an outcome each of several correlated drivers accounts for (Johnson 2000), \
`struct(n, r_squared, drivers, reason)`: drivers lists `struct(driver_no, raw, share, sign, correlation)` in the \
order of the arguments, driver_no from 1; the raw weights sum to r_squared of the regression on all drivers, \
shares are fractions of it; sign is that of the coefficient in that regression, -1, 0 or 1; correlation is with \
the outcome. n counts the rows without a NULL, infinity or NaN; the others are left out. With fewer rows than \
drivers plus two, a driver or an outcome that does not vary, or a driver that is a combination of those before \
it, r_squared and drivers are NULL and reason names the column. Over no rows the result is NULL. One pass over \
the rows, whatever their number. Drivers of a score are associations, not causes.",
    syntax_example = "driver_relative_weights(y, x1, ...)",
    sql_example = r#"```sql
select round(d.r_squared, 4) as r_squared, d.drivers[1]['sign'] as sign, round(d.drivers[1]['share'], 4) as share
from (
    select driver_relative_weights(score, hours, contacts) as d
    from (values (9, 2, 1), (8, 4, 2), (6, 20, 1), (5, 24, 3), (3, 30, 4)) as tickets(score, hours, contacts)
);
+-----------+------+--------+
| r_squared | sign | share  |
+-----------+------+--------+
| 0.9889    | -1   | 0.6451 |
+-----------+------+--------+
```"#,
    argument(name = "y", description = "Outcome, such as a score."),
    argument(
        name = "x1",
        description = "A driver; give as many columns as there are drivers."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct DriverRelativeWeights;

const DRIVER: Type = Type::Record(&[
    ("driver_no", Type::Whole),
    ("raw", Type::Number),
    ("share", Type::Number),
    ("sign", Type::Whole),
    ("correlation", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("r_squared", Type::Number),
    ("drivers", Type::List(&DRIVER)),
    ("reason", Type::Text),
]);

impl Aggregate for DriverRelativeWeights {
    const NAME: &'static str = "driver_relative_weights";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("y", Kind::Number),
            Parameter::column("x1", Kind::Number).repeated(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let predictors = call.n_arguments().saturating_sub(1);
        Ok(Box::new(Folded {
            empty: Products::new(predictors),
            result: &RESULT,
            finish: |products: &Products| Ok(weights(products)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn weights(Products(products): &Products) -> Value {
    if products.n() == 0 {
        return Value::Null;
    }
    let weights = products
        .correlations()
        .and_then(|correlations| driver_relative_weights(&correlations));
    match weights {
        Ok(weights) => {
            let drivers = weights.weights.iter().enumerate().map(|(i, weight)| {
                Value::Record(vec![
                    (i + 1).into(),
                    weight.raw.into(),
                    weight.share.into(),
                    weight.sign.into(),
                    weight.correlation.into(),
                ])
            });
            Value::Record(vec![
                weights.n.into(),
                weights.r_squared.into(),
                Value::List(drivers.collect()),
                Value::Null,
            ])
        }
        Err(reason) => Value::Record(vec![
            products.n().into(),
            Value::Null,
            Value::Null,
            reason.to_string().into(),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::linear_regression::tests::mtcars;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, session, value,
    };

    #[test]
    fn driver_relative_weights_passes_the_common_tests() {
        Subject {
            call: "driver_relative_weights(y, x, x * x)",
            x: &[1.0, 2.0, 3.0, 5.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| {
                let mut products = Products::new(2);
                for (x, y) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
                    products.0.update(y, &[x, x * x]).unwrap();
                }
                match weights(&products) {
                    Value::Null => vec![Cell::Null; 4],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    #[tokio::test]
    async fn a_driver_that_does_not_vary_is_named() {
        let query = "select [d['reason']] from (select driver_relative_weights(y, x, 1) as d from \
                     (values (1, 2), (2, 3), (3, 5), (5, 6), (4, 4)) as t(y, x))";
        let reason = "predictor 2 has zero variance".to_string();
        assert_eq!(value(&session(), query).await, [Cell::Text(reason)]);
    }

    /// mpg by cyl, disp, hp and gear.
    #[tokio::test]
    async fn mtcars_is_weighed_as_published() {
        let (Some(table), Some(case)) = (
            mtcars(),
            published_case("driver_relative_weights.json", "mpg"),
        ) else {
            return;
        };
        let query =
            format!("select driver_relative_weights(mpg, cyl, disp, hp, gear) from {table}");
        let got = value(&session(), &query).await;
        let expected = &case["expected"];
        let number = |v: &serde_json::Value| published_numbers(v)[0];
        assert_near(
            &got[..2],
            &[number(&expected["n"]), number(&expected["rsquare"])],
            1e-6,
        );
        for (i, name) in ["cyl", "disp", "hp", "gear"].iter().enumerate() {
            let sign = if expected["sign"][name] == "-" {
                -1.0
            } else {
                1.0
            };
            let driver = [
                i as f64 + 1.0,
                number(&expected["raw"][name]),
                number(&expected["rescaled"][name]) / 100.0,
                sign,
            ];
            assert_near(&got[2 + 5 * i..6 + 5 * i], &driver, 1e-6);
        }
    }
}
