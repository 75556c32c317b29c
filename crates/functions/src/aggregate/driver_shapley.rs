//! `driver_shapley(y, x1, ...)`: average gain of each driver over all orders.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::StatsError;
use aftersight_stats::cross_products::Correlations;
use aftersight_stats::driver_relative_weights::driver_relative_weights;
use aftersight_stats::driver_shapley::driver_shapley;

use super::Aggregate;
use super::drivers::{Driver, PARAMETERS, build};
use crate::additive::Build;
use crate::args::{Call, Parameters};
use crate::folded;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns how much of the variance of an outcome each driver accounts for, as the gain of r_squared when it is \
added, averaged over all orders of adding (Shapley value, LMG, general dominance), `struct(n, r_squared, \
drivers, reason)`: drivers lists `struct(driver_no, raw, share, sign, correlation, conditional)` in the order of \
the arguments, driver_no from 1; the raw gains sum to r_squared; conditional lists the average gain when 0, 1, \
... other drivers are in; the other fields are as in `driver_relative_weights`, which takes any number of \
drivers, this one 15. Rows with a NULL, infinity or NaN are left out. With fewer rows than drivers plus two, a \
driver or an outcome that does not vary, a driver that is a combination of those before it, or too many drivers, \
r_squared and drivers are NULL and reason names the column. Over no rows the result is NULL.",
    syntax_example = "driver_shapley(y, x1, ...)",
    sql_example = r#"```sql
select round(d.r_squared, 4) as r_squared, d.drivers[1]['sign'] as sign, round(d.drivers[1]['share'], 4) as share
from (
    select driver_shapley(score, hours, contacts) as d
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
pub(crate) struct DriverShapley;

const DRIVER: Type = Type::Record(&[
    ("driver_no", Type::Whole),
    ("raw", Type::Number),
    ("share", Type::Number),
    ("sign", Type::Whole),
    ("correlation", Type::Number),
    ("conditional", Type::List(&Type::Number)),
]);

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("r_squared", Type::Number),
    ("drivers", Type::List(&DRIVER)),
    ("reason", Type::Text),
]);

impl Aggregate for DriverShapley {
    const NAME: &'static str = "driver_shapley";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(build(call, &RESULT, gains))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn gains(correlations: &Correlations) -> std::result::Result<(f64, Vec<Driver>), StatsError> {
    let shapley = driver_shapley(correlations)?;
    // The weights know the signs.
    let weights = driver_relative_weights(correlations)?.weights;
    let drivers = shapley
        .drivers
        .iter()
        .zip(&weights)
        .map(|(driver, weight)| {
            let conditional = driver.conditional.iter().map(|gain| (*gain).into());
            Driver {
                raw: driver.general,
                share: driver.share,
                sign: weight.sign,
                correlation: weight.correlation,
                more: vec![Value::List(conditional.collect())],
            }
        });
    Ok((shapley.r_squared, drivers.collect()))
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
    fn driver_shapley_passes_the_common_tests() {
        Subject {
            call: "driver_shapley(y, x, x * x)",
            x: &[1.0, 2.0, 3.0, 5.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| slowly(rows, gains),
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
                "select [d['reason']] from (select driver_shapley(y, {drivers}) as d from \
                 (values (1, 2, 7), (2, 3, 7), (3, 5, 7), (5, 6, 7), (4, 4, 7)) as t(y, x, c))"
            );
            let got = value(&session(), &query).await;
            assert_eq!(got, [Cell::Text(reason.to_string())], "{drivers}");
        }
    }

    /// mpg by am, cyl and carb.
    #[tokio::test]
    async fn mtcars_gains_as_published() {
        let (Some(table), Some(case)) = (mtcars(), published_case("driver_shapley.json", "mpg"))
        else {
            return;
        };
        let query = format!("select driver_shapley(mpg, am, cyl, carb) from {table}");
        let got = value(&session(), &query).await;
        let expected = &case["expected"];
        assert_near(&got[1..2], &published_numbers(&expected["rsquare"]), 1e-6);
        for (i, name) in ["am", "cyl", "carb"].iter().enumerate() {
            let at = 2 + 8 * i;
            let general = published_numbers(&expected["general"][name]);
            assert_near(&got[at + 1..at + 2], &general, 1e-6);
            let share = published_numbers(&expected["standardized"][name]);
            assert_near(&got[at + 2..at + 3], &share, 1e-6);
            let conditional = published_numbers(&expected["conditional"][name]);
            assert_near(&got[at + 5..at + 8], &conditional, 1e-6);
        }
    }
}
