//! `ses(t, x [, steps [, level [, alpha [, start [, initial [, n_estimated]]]]]])`: forecast of a level.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::exp_smoothing::Shape;
use aftersight_stats::ses::ses;

use super::Aggregate;
use super::smoothing::{Horizon, RESULT, build, given, options, start, weight};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded;

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns a series smoothed exponentially, without trend or season, with forecasts, `struct(n, alpha, \
beta, beta_star, gamma, gamma_star, phi, level, trend, seasons, sigma2, sse, fitted, forecasts, converged, reason)`: \
fitted lists the one-step forecasts in order of t, forecasts is a list of `struct(step, mean, lower, upper)` in the unit \
of x with the intervals of the state-space model, as R's ses gives them, level the last level, sigma2 the variance of the \
one-step errors; fields of a trend or season are NULL. An alpha that is not given minimises the squared errors within \
0.0001..0.9999. Where the search does not arrive converged is false, the fields hold the last values and reason says why. \
Rows are taken as equally spaced in order of t; rows without t are left out. Two rows of one t, or a NULL, infinity or NaN \
as x (fill gaps before), leave all but n, converged and reason NULL. Over no rows the result is NULL.",
    syntax_example = "ses(t, x [, steps [, level [, alpha [, start [, initial [, n_estimated]]]]]])",
    sql_example = r#"```sql
select f.fitted as fitted, f.forecasts[1]['mean'] as next
from (
    select ses(day, tickets, 1, null, 0.5, 'simple') as f
    from (values (1, 40), (2, 44), (3, 46)) as days(day, tickets)
);
+--------------------+------+
| fitted             | next |
+--------------------+------+
| [40.0, 40.0, 42.0] | 44.0 |
+--------------------+------+
```"#,
    argument(
        name = "t",
        description = "What puts the rows in order: a time, a date or a number."
    ),
    argument(name = "x", description = "Value of one step of time."),
    argument(
        name = "steps",
        description = "How far to forecast, 1 to 1000, 10 by default."
    ),
    argument(
        name = "level",
        description = "Confidence level of the intervals, 0.95 by default."
    ),
    argument(
        name = "alpha",
        description = "Weight of the newest value, 0 to 1; estimated by default."
    ),
    argument(
        name = "start",
        description = "'optimal' (default; estimated) or 'simple' (the first value)."
    ),
    argument(
        name = "initial",
        description = "State before the first value, instead of start: a list of one number, the level; none by default."
    ),
    argument(
        name = "n_estimated",
        description = "How many numbers the variance of the errors allows for (n - n_estimated); those this call estimates by default. To repeat a fit made elsewhere, give its weights and initial state, and how many they are."
    ),
    related_udf(name = "holt"),
    related_udf(name = "holt_winters")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ses;

impl Aggregate for Ses {
    const NAME: &'static str = "ses";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("t", Kind::Order),
            Parameter::column("x", Kind::Number),
            Parameter::option("steps", Kind::Number),
            Parameter::option("level", Kind::Number),
            Parameter::option("alpha", Kind::Number),
            Parameter::option("start", Kind::Text),
            Parameter::option("initial", Kind::Numbers),
            Parameter::option("n_estimated", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let horizon = Horizon::read(call, 2, 3, 10)?;
        let options = options(weight(call, 4)?, start(call, 5, false)?);
        let options = given(call, 6, Shape::default(), options)?;
        Ok(build(horizon, move |values| ses(values, &options)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use aftersight_stats::smoothing_fit::Start;

    use super::super::smoothing::tests::slowly;
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, error, planning_error, published_case, published_numbers,
        series_of, session, value,
    };

    #[test]
    fn ses_passes_the_common_tests() {
        Subject {
            call: "ses(y, x, 2, null, 0.3, 'simple')",
            x: &[1.0, 2.5, 4.0],
            y: &[
                0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0,
            ],
            slowly: |rows| slowly(rows, 2, |x| ses(x, &options(Some(0.3), Start::Simple))),
        }
        .check();
    }

    /// Level 40, 42, 44 by hand.
    #[tokio::test]
    async fn times_of_any_type_put_rows_in_order() {
        for t in [
            "t",
            "date '2026-01-01' + t",
            "to_timestamp(t * 60)",
            "cast(t as decimal(5, 2))",
        ] {
            let query = format!(
                "select f['level'] from (select ses({t}, x, 1, null, 0.5, 'simple') as f \
                 from (values (3, 46), (1, 40), (2, 44)) as d(t, x))"
            );
            assert_near(&value(&session(), &query).await, &[44.0], 1e-12);
        }
    }

    #[tokio::test]
    async fn a_gap_and_a_repeated_time_say_why() {
        for (rows, reason) in [
            (
                "(1, 4.0), (2, null)",
                "row 2: value is missing or not finite",
            ),
            ("(1, 4.0), (1, 5.0)", "rows 1 and 2 have the same time"),
        ] {
            let query = format!(
                "select [f['reason']] from (select ses(t, x) as f from (values {rows}) as d(t, x))"
            );
            let got = value(&session(), &query).await;
            assert_eq!(got, [Cell::Text(reason.to_string())]);
        }
    }

    #[tokio::test]
    async fn wrong_options_are_refused_while_planning() {
        let ctx = session();
        for (options, message) in [
            ("0", "a whole number from 1 to 1000 as argument 3 (steps)"),
            ("1, 0.95, 1.2", "a number from 0 to 1 as argument 5 (alpha)"),
            ("1, 0.95, null, 'decompose'", "one of 'optimal', 'simple'"),
        ] {
            let query = format!("select ses(a, a, {options}) from (values (1)) as t(a)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{options}: {got}");
        }
        let got = error(&ctx, "select ses('a', 1)").await;
        assert!(
            got.contains("a time, a date or a number as argument 1 (t)"),
            "{got}"
        );
    }

    /// R's ses(initial = "simple").
    #[tokio::test]
    async fn the_published_cases_are_met() {
        for name in ["SES alpha .2", "SES alpha .6"] {
            let Some(case) = published_case("exp_smoothing.json", name) else {
                return;
            };
            let expected = &case["expected"];
            let alpha = expected["params"]["alpha"].as_f64().unwrap();
            let means = published_numbers(&expected["forecast"]);
            let rows = series_of(&published_numbers(&case["input"]));
            let query = |field: &str| {
                format!(
                    "select f['{field}'] from (select ses(t, x, {}, null, {alpha}, 'simple') as f from {rows} as d(t, x))",
                    means.len(),
                )
            };
            let fitted = value(&session(), &query("fitted")).await;
            assert_near(&fitted, &published_numbers(&expected["fitted"]), 1e-6);
            let forecasts = value(&session(), &query("forecasts")).await;
            let of =
                |i: usize| -> Vec<Cell> { forecasts.iter().skip(i).step_by(4).cloned().collect() };
            assert_near(&of(1), &means, 1e-6);
            assert_near(&of(2), &published_numbers(&expected["lower95"]), 1e-5);
            assert_near(&of(3), &published_numbers(&expected["upper95"]), 1e-5);
        }
    }
}
