//! `ewma_chart(x [, lambda [, sigmas [, target [, sigma [, limits [, baseline]]]]]]) over (order by ...)`:
//! chart of a weighted average.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::ewma_chart::{EwmaChart as Options, ewma_chart};

use super::chart::{Known, POINT, baseline_place, fields};
use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the point of each row on a chart of the exponentially weighted moving average, which finds \
small lasting shifts, `struct(value, centre, lower, upper, z, signal, reason)`: value = lambda * x + (1 - lambda) * the value \
before, beginning at the target; lower and upper are target +- sigmas * sigma * sqrt(lambda / (2 - lambda) * (1 - (1 - \
lambda)^(2t))), or without the last factor with `steady`, as in NIST's handbook; signal is 1 strictly above, -1 strictly \
below the limits, else 0. A target or sigma that is not given is the mean or the mean moving range / 1.128 of the \
baseline. Rows with a NULL, infinity or NaN are not part of the chart and have a NULL result; where sigma is not given and the \
baseline has fewer than two values the limits are NULL and reason says so. A frame has no effect.",
    syntax_example = "ewma_chart(x [, lambda [, sigmas [, target [, sigma [, limits [, baseline]]]]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, round(c.value, 3) as value, round(c.upper, 3) as upper, c.signal as signal
from (
    select week, ewma_chart(csat, 0.3, 3, target => 4.2, sigma => 0.1) over (order by week) as c
    from (values (1, 4.2), (2, 4.0), (3, 3.9), (4, 3.9)) as weeks(week, csat)
)
order by week;
+------+-------+-------+--------+
| week | value | upper | signal |
+------+-------+-------+--------+
| 1    | 4.2   | 4.29  | 0      |
| 2    | 4.14  | 4.31  | 0      |
| 3    | 4.068 | 4.318 | -1     |
| 4    | 4.018 | 4.322 | -1     |
+------+-------+-------+--------+
```"#,
    argument(name = "x", description = "Value to watch."),
    argument(
        name = "lambda",
        description = "Weight of the newest value, above 0 and at most 1, 0.2 by default."
    ),
    argument(
        name = "sigmas",
        description = "Distance of the limits in standard deviations of the average, 3 by default."
    ),
    argument(name = "target", description = "Centre; the mean by default."),
    argument(
        name = "sigma",
        description = "Standard deviation of a single value; from the moving range by default."
    ),
    argument(
        name = "limits",
        description = "'exact' (default; narrow at the start) or 'steady'."
    ),
    argument(
        name = "baseline",
        description = "Whether the row is one of those that target and sigma come from; all by default."
    ),
    related_udf(name = "cusum")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct EwmaChart;

const RESULT: Type = Type::Record(POINT);

const LIMITS: [(&str, bool); 2] = [("exact", false), ("steady", true)];

impl Window for EwmaChart {
    const NAME: &'static str = "ewma_chart";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("lambda", Kind::Number),
            Parameter::option("sigmas", Kind::Number),
            Parameter::option("target", Kind::Number),
            Parameter::option("sigma", Kind::Number),
            Parameter::option("limits", Kind::Text),
            Parameter::column("baseline", Kind::Boolean).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let lambda = call.positive(1)?.unwrap_or(0.2);
        if lambda > 1.0 {
            return call.refuse(1, "a weight above 0 and at most 1", lambda);
        }
        Ok(Box::new(Chart {
            options: Options {
                lambda,
                sigmas: call.positive(2)?.unwrap_or(3.0),
                centre: call.number(3)?,
                sigma: call.positive(4)?,
                steady_state: call.choice(5, &LIMITS)?.unwrap_or(false),
                baseline: None,
            },
            baseline: baseline_place(call, 6),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Chart {
    options: Options<'static>,
    baseline: Option<usize>,
}

impl Partition for Chart {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (known, columns) = Known::of(arguments, 1)?;
        let baseline = known.baseline(arguments, self.baseline)?;
        let options = Options {
            baseline: baseline.as_deref(),
            ..self.options
        };
        let points = ewma_chart(&columns[0], &options).map_err(|e| refused(EwmaChart::NAME, &e))?;
        let reason = self
            .options
            .sigma
            .map_or_else(|| known.too_few(baseline.as_deref()), |_| None);
        let points = points
            .iter()
            .map(|p| Value::Record(fields(p, reason.as_deref())));
        RESULT.array(known.spread(points))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        assert_near, planning_error, published_case, published_numbers, series_of, session, value,
    };

    async fn chart(x: &[f64], options: &str) -> Vec<crate::harness::Cell> {
        let rows = series_of(x);
        let query = format!(
            "select array_agg(struct(c['value'], c['lower'], c['upper']) order by t) from \
             (select t, ewma_chart(x, {options}) over (order by t) as c from {rows} as d(t, x))",
        );
        value(&session(), &query).await
    }

    /// NIST's handbook 6.3.2.4; the first four averages and the limits as printed there.
    #[tokio::test]
    async fn the_average_of_nist_is_charted() {
        let got = chart(&[52.0, 47.0, 53.0, 49.3], "0.3, 3, 50, 2.0539, 'steady'").await;
        for (i, average) in [50.60, 49.52, 50.56, 50.18].iter().enumerate() {
            assert_near(&got[3 * i..3 * i + 3], &[*average, 47.4115, 52.5884], 6e-3);
        }
    }

    #[tokio::test]
    async fn the_published_cases_are_met() {
        let Some(case) = published_case("ewma_nist.json", "lambda") else {
            return;
        };
        let x = published_numbers(&case["input"]);
        let got = chart(&x, "0.3, 3, 50, 2.0539, 'steady'").await;
        let expected = published_numbers(&case["expected"]["ewma"]);
        for (i, average) in expected[1..].iter().enumerate() {
            assert_near(&got[3 * i..=3 * i], &[*average], 6e-3);
        }
        let file = "cusum_ewma_montgomery.json";
        let (Some(data), Some(case)) =
            (published_case(file, "CUSUM"), published_case(file, "EWMA"))
        else {
            return;
        };
        let x = published_numbers(&data["input"]);
        let got = chart(&x, "0.1, 2.7, 10, 1, 'steady'").await;
        let steady = published_numbers(&case["expected"]["steady"]);
        for (i, average) in published_numbers(&case["expected"]["ewma"])
            .iter()
            .enumerate()
        {
            assert_near(
                &got[3 * i..3 * i + 3],
                &[*average, steady[0], steady[1]],
                1e-9,
            );
        }
    }

    /// The first limit is target +- 3 lambda sigma, whatever the weight.
    #[tokio::test]
    async fn exact_limits_begin_narrow() {
        let got = chart(&[10.0], "0.25, 3, 10, 2").await;
        assert_near(&got, &[10.0, 8.5, 11.5], 1e-12);
    }

    #[tokio::test]
    async fn a_weight_above_one_is_refused_while_planning() {
        let got = planning_error(&session(), "select ewma_chart(1, 1.5) over ()").await;
        assert!(
            got.contains("a weight above 0 and at most 1 as argument 2 (lambda)"),
            "{got}"
        );
    }
}
