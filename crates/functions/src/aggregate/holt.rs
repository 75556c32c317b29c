//! `holt(t, x [, steps [, level [, damped [, alpha [, beta_star [, phi [, start [, limits [, initial [, n_estimated]]]]]]]]]])`: forecast of a trend.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::exp_smoothing::Shape;
use aftersight_stats::holt::holt;
use aftersight_stats::smoothing_fit::SmoothingOptions;

use super::Aggregate;
use super::smoothing::{Horizon, RESULT, build, given, options, phi, start, weight};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded;

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns a series smoothed by Holt's method, a level with a trend, and its forecasts: the same struct \
as `ses`, with beta_star, the weight of the trend on changes of the level, beta = alpha * beta_star as R's ets reports it, \
and trend, the last trend per step. A damped trend flattens out, phi is what is left of it after a step. Weights that are \
not given minimise the squared errors (phi within 0.8..0.98); where the search does not arrive converged is false and \
reason says why. Intervals are those of the state-space model; R's holt(initial = 'simple') prints wider ones by mistake, which \
limits => 'r_holt' repeats. \
Rows without t are left out; a NULL as x, two rows of one t or fewer than two values leave all but n, converged and reason \
NULL. Over no rows the result is NULL.",
    syntax_example = "holt(t, x [, steps [, level [, damped [, alpha [, beta_star [, phi [, start [, limits [, initial [, n_estimated]]]]]]]]]])",
    sql_example = r#"```sql
select f.fitted as fitted, f.trend as trend, f.forecasts[2]['mean'] as second
from (
    select holt(day, tickets, 2, null, false, 0.5, 0.5, null, 'simple') as f
    from (values (1, 40), (2, 44), (3, 52)) as days(day, tickets)
);
+---------------------+--------+--------+
| fitted              | trend  | second |
+---------------------+--------+--------+
| [44.0, 45.0, 47.25] | 3.9375 | 57.5   |
+---------------------+--------+--------+
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
        name = "damped",
        description = "Whether the trend fades, false by default."
    ),
    argument(
        name = "alpha",
        description = "Weight of the level, 0 to 1; estimated by default."
    ),
    argument(
        name = "beta_star",
        description = "Weight of the trend, 0 to 1; estimated by default."
    ),
    argument(
        name = "phi",
        description = "What is left of a damped trend after a step, 0 to 1; estimated by default."
    ),
    argument(
        name = "start",
        description = "'optimal' (default; estimated) or 'simple' (first value and first difference)."
    ),
    argument(
        name = "limits",
        description = "'model' (default) or 'r_holt', to compare with tables that R's holt(initial = 'simple') made."
    ),
    argument(
        name = "initial",
        description = "State before the first value, instead of start: a list of level and trend; none by default."
    ),
    argument(
        name = "n_estimated",
        description = "How many numbers the variance of the errors allows for (n - n_estimated); those this call estimates by default. To repeat a fit made elsewhere, give its weights and initial state, and how many they are."
    ),
    related_udf(name = "ses"),
    related_udf(name = "holt_winters")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Holt;

const LIMITS: [(&str, bool); 2] = [("model", false), ("r_holt", true)];

impl Aggregate for Holt {
    const NAME: &'static str = "holt";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("t", Kind::Order),
            Parameter::column("x", Kind::Number),
            Parameter::option("steps", Kind::Number),
            Parameter::option("level", Kind::Number),
            Parameter::option("damped", Kind::Boolean),
            Parameter::option("alpha", Kind::Number),
            Parameter::option("beta_star", Kind::Number),
            Parameter::option("phi", Kind::Number),
            Parameter::option("start", Kind::Text),
            Parameter::option("limits", Kind::Text),
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
        let damped = call.flag(4)?.unwrap_or(false);
        let phi = phi(call, 7, damped)?;
        let options = SmoothingOptions {
            beta_star: weight(call, 6)?,
            phi,
            limits_as_r_holt: call.choice(9, &LIMITS)?.unwrap_or(false),
            ..options(weight(call, 5)?, start(call, 8, false)?)
        };
        let shape = Shape {
            trend: true,
            damped,
            ..Shape::default()
        };
        let options = given(call, 10, shape, options)?;
        Ok(build(horizon, move |values| holt(values, damped, &options)))
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
        Cell, Subject, assert_near, planning_error, published_case, published_numbers, series_of,
        session, value,
    };

    #[test]
    fn holt_passes_the_common_tests() {
        Subject {
            call: "holt(y, x, 3, 0.95, true, 0.5, 0.4, 0.9, 'simple')",
            x: &[1.0, 2.5, 4.0],
            y: &[
                0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0,
            ],
            slowly: |rows| {
                let options = SmoothingOptions {
                    beta_star: Some(0.4),
                    phi: Some(0.9),
                    ..options(Some(0.5), Start::Simple)
                };
                slowly(rows, 3, |x| holt(x, true, &options))
            },
        }
        .check();
    }

    #[tokio::test]
    async fn a_phi_without_damping_is_refused_while_planning() {
        let query =
            "select holt(a, a, null, null, null, null, null, 0.9) from (values (1)) as t(a)";
        let got = planning_error(&session(), query).await;
        assert!(
            got.contains("no phi unless damped is true as argument 8 (phi), got 0.9"),
            "{got}"
        );
    }

    /// R's holt(initial = "simple", alpha = .8, beta = .2): fitted values and forecasts.
    #[tokio::test]
    async fn the_published_case_is_met() {
        let Some(case) = published_case("exp_smoothing.json", "Holt alpha") else {
            return;
        };
        let expected = &case["expected"];
        let means = published_numbers(&expected["forecast"]);
        let rows = series_of(&published_numbers(&case["input"]));
        let query = |field: &str| {
            format!(
                "select f['{field}'] from (select holt(t, x, {}, null, false, 0.8, 0.2, null, 'simple', 'r_holt') as f from {rows} as d(t, x))",
                means.len(),
            )
        };
        let fitted = value(&session(), &query("fitted")).await;
        assert_near(&fitted, &published_numbers(&expected["fitted"]), 1e-6);
        let forecasts = value(&session(), &query("forecasts")).await;
        let of = |i: usize| -> Vec<Cell> { forecasts.iter().skip(i).step_by(4).cloned().collect() };
        assert_near(&of(1), &means, 1e-6);
        assert_near(&of(2), &published_numbers(&expected["lower95"]), 1e-5);
        assert_near(&of(3), &published_numbers(&expected["upper95"]), 1e-5);
    }
}
