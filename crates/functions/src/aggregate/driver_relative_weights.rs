//! `driver_relative_weights(y, x1, ...)`: shares of correlated drivers.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::StatsError;
use aftersight_stats::cross_products::Correlations;
use aftersight_stats::driver_relative_weights::driver_relative_weights;

use super::Aggregate;
use super::drivers::{Driver, PARAMETERS, build};
use crate::additive::Build;
use crate::args::{Call, Parameters};
use crate::folded;
use crate::value::Type;

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
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(build(call, &RESULT, weights))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn weights(correlations: &Correlations) -> std::result::Result<(f64, Vec<Driver>), StatsError> {
    let weights = driver_relative_weights(correlations)?;
    let drivers = weights.weights.iter().map(|weight| Driver {
        raw: weight.raw,
        share: weight.share,
        sign: weight.sign,
        correlation: weight.correlation,
        more: vec![],
    });
    Ok((weights.r_squared, drivers.collect()))
}

#[cfg(test)]
mod tests {
    use super::super::drivers::tests::slowly;
    use super::*;
    use crate::aggregate::linear_regression::tests::mtcars;
    use crate::harness::{
        Cell, Subject, assert_near, published_case, published_numbers, session, value,
    };

    #[test]
    fn driver_relative_weights_passes_the_common_tests() {
        Subject {
            call: "driver_relative_weights(y, x, x * x)",
            x: &[1.0, 2.0, 3.0, 5.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| slowly(rows, weights),
        }
        .check();
    }

    #[tokio::test]
    async fn a_driver_that_does_not_vary_is_named() {
        for (drivers, reason) in [
            ("x, 1", "predictor 2 has zero variance"),
            ("c, x", "predictor 1 (c) has zero variance"),
            (
                "x, 2 * x",
                "singular design: predictor 2 is a linear combination of the predictors before it",
            ),
        ] {
            let query = format!(
                "select [d['reason']] from (select driver_relative_weights(y, {drivers}) as d from \
                 (values (1, 2, 7), (2, 3, 7), (3, 5, 7), (5, 6, 7), (4, 4, 7)) as t(y, x, c))"
            );
            let got = value(&session(), &query).await;
            assert_eq!(got, [Cell::Text(reason.to_string())], "{drivers}");
        }
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
