//! `holt_winters(t, x, period [, steps [, level [, type [, damped [, alpha [, beta [, gamma [, phi [, start
//! [, initial [, n_estimated]]]]]]]]]]])`: forecast of a season.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::exp_smoothing::{Recursion, Season, Shape};
use aftersight_stats::holt_winters::holt_winters;
use aftersight_stats::smoothing_fit::{SmoothingOptions, Start};

use super::Aggregate;
use super::smoothing::{Horizon, RESULT, build, given, options, phi, start, weight};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded;

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns a series smoothed by Holt and Winters' method, level, trend and season, and its forecasts: the \
same struct as `holt`, with gamma in the error-correction form of R's ets, gamma_star = gamma / (1 - alpha), and seasons, \
the last season of each phase, the next first (added to the level, or factors with type 'multiplicative'). Weights that are \
not given minimise the squared errors within 0.0001..0.9999 (phi within 0.8..0.98), with an optimal multiplicative start \
R's likelihood; where the search does not arrive converged is false, the fields hold the last values and reason says why. \
Rows are taken as equally spaced in order of t; rows without t are left out. Fewer than two seasons, a NULL as x (fill gaps \
before), two rows of one t, or for 'multiplicative' a value of 0 or less leave all but n, converged and reason NULL. Over \
no rows the result is NULL.",
    syntax_example = "holt_winters(t, x, period [, steps [, level [, type [, damped [, alpha [, beta [, gamma [, phi [, start [, initial [, n_estimated]]]]]]]]]]])",
    sql_example = r#"```sql
select f.converged as converged, f.forecasts[1]['mean'] as first, f.forecasts[2]['mean'] as second
from (
    select holt_winters(half, returns, 2, 2, null, null, null, 0.5, 0.1, 0.1, null, 'simple') as f
    from (values (1, 10), (2, 14), (3, 12), (4, 16), (5, 14), (6, 18)) as halves(half, returns)
);
+-----------+-----------+-----------+
| converged | first     | second    |
+-----------+-----------+-----------+
| true      | 15.214336 | 19.787008 |
+-----------+-----------+-----------+
```"#,
    argument(
        name = "t",
        description = "What puts the rows in order: a time, a date or a number."
    ),
    argument(name = "x", description = "Value of one step of time."),
    argument(
        name = "period",
        description = "Steps in a season, 2 or more: 7 for days of the week, 12 for months."
    ),
    argument(
        name = "steps",
        description = "How far to forecast, 1 to 1000, two seasons by default."
    ),
    argument(
        name = "level",
        description = "Confidence level of the intervals, 0.95 by default."
    ),
    argument(
        name = "type",
        description = "'additive' (default) or 'multiplicative'."
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
        name = "beta",
        description = "Weight of the trend, alpha * beta_star; estimated by default."
    ),
    argument(
        name = "gamma",
        description = "Weight of the season, (1 - alpha) * gamma_star; estimated by default."
    ),
    argument(
        name = "phi",
        description = "What is left of a damped trend after a step, 0 to 1; estimated by default."
    ),
    argument(
        name = "start",
        description = "'optimal' (default; estimated), 'simple' (means of the first seasons) or 'decompose' (R's HoltWinters: a start from the first two seasons, and multiplicative seasons that divide by the new level)."
    ),
    argument(
        name = "initial",
        description = "State before the first value, instead of start: a list of level, trend and one season for each phase, that of the first value first; none by default."
    ),
    argument(
        name = "n_estimated",
        description = "How many numbers the variance of the errors allows for (n - n_estimated); those this call estimates by default. To repeat a fit made elsewhere, give its weights and initial state, and how many they are."
    ),
    related_udf(name = "holt"),
    related_udf(name = "seasonal_decompose")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct HoltWinters;

const TYPES: [(&str, Season); 2] = [
    ("additive", Season::Additive),
    ("multiplicative", Season::Multiplicative),
];

impl Aggregate for HoltWinters {
    const NAME: &'static str = "holt_winters";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("t", Kind::Order),
            Parameter::column("x", Kind::Number),
            Parameter::option("period", Kind::Number).mandatory(),
            Parameter::option("steps", Kind::Number),
            Parameter::option("level", Kind::Number),
            Parameter::option("type", Kind::Text),
            Parameter::option("damped", Kind::Boolean),
            Parameter::option("alpha", Kind::Number),
            Parameter::option("beta", Kind::Number),
            Parameter::option("gamma", Kind::Number),
            Parameter::option("phi", Kind::Number),
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
        // Longer seasons would take forecasts of two seasons beyond their limit.
        let Some(period) = call.whole(2, 2, 500)? else {
            return call.refuse(2, "a number of steps", "NULL");
        };
        let start = start(call, 11, true)?;
        let shape = Shape {
            trend: true,
            damped: call.flag(6)?.unwrap_or(false),
            season: call.choice(5, &TYPES)?.unwrap_or(Season::Additive),
            period: period as usize,
            recursion: match start {
                Start::Decompose => Recursion::Classical,
                _ => Recursion::ErrorCorrection,
            },
        };
        let horizon = Horizon::read(call, 3, 4, 2 * shape.period)?;
        let phi = phi(call, 10, shape.damped)?;
        let options = SmoothingOptions {
            beta: weight(call, 8)?,
            gamma: weight(call, 9)?,
            phi,
            ..options(weight(call, 7)?, start)
        };
        let options = given(call, 12, shape, options)?;
        Ok(build(horizon, move |values| {
            holt_winters(values, shape, &options)
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use super::super::smoothing::tests::slowly;
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, planning_error, published_case, published_numbers, series_of,
        session, value,
    };

    #[test]
    fn holt_winters_passes_the_common_tests() {
        Subject {
            call: "holt_winters(y, x, 2, 3, null, null, null, 0.5, 0.1, 0.2, null, 'simple')",
            x: &[1.0, 2.5, 4.0],
            y: &[
                0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0,
            ],
            slowly: |rows| {
                let options = SmoothingOptions {
                    beta: Some(0.1),
                    gamma: Some(0.2),
                    ..options(Some(0.5), Start::Simple)
                };
                let shape = Shape {
                    trend: true,
                    season: Season::Additive,
                    period: 2,
                    ..Shape::default()
                };
                slowly(rows, 3, |x| holt_winters(x, shape, &options))
            },
        }
        .check();
    }

    async fn field(x: &[f64], options: &str, field: &str) -> Vec<Cell> {
        let rows = series_of(x);
        let query = format!(
            "select [f['{field}']] from (select holt_winters(t, x, {options}) as f \
             from {rows} as d(t, x))",
        );
        value(&session(), &query).await
    }

    #[tokio::test]
    async fn fewer_than_two_seasons_are_refused_in_words() {
        let got = field(&[1.0, 2.0, 3.0], "2", "reason").await;
        let reason = "needs at least 4 values (two seasons), got 3".to_string();
        assert_eq!(got, [Cell::Text(reason)]);
    }

    /// A line with a season is forecast exactly, whatever the weights.
    #[tokio::test]
    async fn a_line_with_a_season_goes_on() {
        let x = [10.0, 14.0, 12.0, 16.0, 14.0, 18.0, 16.0, 20.0];
        let got = field(&x, "2, 4", "forecasts").await;
        let means: Vec<Cell> = got.iter().skip(1).step_by(4).cloned().collect();
        assert_near(&means, &[18.0, 22.0, 20.0, 24.0], 1e-6);
    }

    /// R's hw with the weights and the start it estimated: forecasts and both limits.
    #[tokio::test]
    async fn the_published_case_is_met() {
        let Some(case) = published_case("exp_smoothing.json", "Holt-Winters additive") else {
            return;
        };
        let expected = &case["expected"];
        let params = &expected["params"];
        let of = |name: &str| params[name].as_f64().unwrap();
        // R's seasons are the latest first, and sum to 0.
        let seasons = ["s0_0", "s0_1", "s0_2"].map(of);
        let [last, before, second] = seasons;
        let options = format!(
            "4, 5, null, null, null, {}, {}, {}, null, null, [{}, {}, {}, {second}, {before}, {last}], 8",
            params["alpha"],
            params["beta"],
            params["gamma"],
            params["l0"],
            params["b0"],
            -seasons.iter().sum::<f64>(),
        );
        let x = published_numbers(&case["input"]);
        let got = field(&x, &options, "forecasts").await;
        for (place, name) in [(1, "forecast"), (2, "lower95"), (3, "upper95")] {
            let got: Vec<Cell> = got.iter().skip(place).step_by(4).cloned().collect();
            let published = published_numbers(&expected[name]);
            assert_near(&got, &published[..5], 1e-5);
        }
        let got = field(&x, &options, "fitted").await;
        assert_near(&got, &published_numbers(&expected["fitted"]), 1e-5);
        let got = field(&x, &options, "sigma2").await;
        assert_near(&got, &[of("sigma2")], 1e-5);
    }

    /// R 4.2: HoltWinters(ts(UKgas[1:24], frequency = 4), 0.3, 0.1, 0.6, seasonal), whose gamma
    /// is gamma_star: last level and trend, the next season, and the first of its predictions.
    #[tokio::test]
    async fn decompose_is_the_classical_method_of_r() {
        let x = [
            160.1, 129.7, 84.8, 120.1, 160.1, 124.9, 84.8, 116.9, 169.7, 140.9, 89.7, 123.3, 187.3,
            144.1, 92.9, 120.1, 176.1, 147.3, 89.7, 123.3, 185.7, 155.3, 99.3, 131.3,
        ];
        for (season, expected) in [
            (
                "additive",
                [
                    139.271_729_911_502,
                    0.765_561_371_633_004,
                    979.556_839_385_353,
                    190.107_749_998_468,
                ],
            ),
            (
                "multiplicative",
                [
                    139.466_091_911_796,
                    0.831_597_799_915_116,
                    941.961_742_886_836,
                    194.723_353_226_17,
                ],
            ),
        ] {
            let options =
                format!("4, 1, null, '{season}', null, 0.3, 0.03, 0.42, null, 'decompose'");
            let mut got = Vec::new();
            for name in ["level", "trend", "sse"] {
                got.extend(field(&x, &options, name).await);
            }
            got.push(field(&x, &options, "forecasts").await.swap_remove(1));
            assert_near(&got, &expected, 1e-9);
        }
    }

    #[tokio::test]
    async fn an_initial_state_has_a_number_for_everything() {
        let query = "select holt_winters(t, x, 2, null, null, null, null, null, null, null, null, null, [1.0, 2.0]) \
                     from (values (1, 2)) as d(t, x)";
        let got = planning_error(&session(), query).await;
        assert!(
            got.contains(
                "a list of level, trend and 2 seasons as argument 13 (initial), got 2 numbers"
            ),
            "{got}"
        );
    }
}
