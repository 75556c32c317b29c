//! `xmr_chart(x [, sigma_from [, sigmas [, baseline]]]) over (order by ...)`: chart of single values.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::xmr_chart::{SigmaFrom, xmr_chart};

use super::chart::{Known, baseline_place, numbers};
use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the point of each row on a chart of single values and moving ranges, `struct(value, centre, \
lower, upper, z, signal, range, range_upper, range_signal, reason)`: centre is the mean, lower and upper are centre +- sigmas * \
sigma in the unit of x, z is the distance from the centre in sigma (for `run_rules`), signal 1 strictly above the upper \
limit, -1 strictly below the lower, else 0. sigma is the mean moving range / 1.128 (`moving_range`, default; a drift \
does not widen the limits), or the standard deviation over c4 (`sd`), as in R's qcc. range is the distance to the row \
before, NULL for the first, range_upper 3.267 times the mean range, range_signal 1 above it. Rows with a NULL, infinity \
or NaN are not part of the chart and have a NULL result; with fewer than two of them in the baseline there are no limits, and reason says so. A frame has no effect.",
    syntax_example = "xmr_chart(x [, sigma_from [, sigmas [, baseline]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select day, c.centre as centre, round(c.upper, 3) as upper, c.signal as signal
from (
    select day, xmr_chart(hours, null, null, day <= 4) over (order by day) as c
    from (values (1, 20.0), (2, 22.0), (3, 21.0), (4, 21.0), (5, 27.0)) as days(day, hours)
)
order by day;
+-----+--------+-------+--------+
| day | centre | upper | signal |
+-----+--------+-------+--------+
| 1   | 21.0   | 23.66 | 0      |
| 2   | 21.0   | 23.66 | 0      |
| 3   | 21.0   | 23.66 | 0      |
| 4   | 21.0   | 23.66 | 0      |
| 5   | 21.0   | 23.66 | 1      |
+-----+--------+-------+--------+
```"#,
    argument(
        name = "x",
        description = "Value to watch, such as hours to the first reply."
    ),
    argument(name = "sigma_from", description = "'moving_range' (default) or 'sd'."),
    argument(
        name = "sigmas",
        description = "Distance of the limits in standard deviations, 3 by default."
    ),
    argument(
        name = "baseline",
        description = "Whether the row is one of those that centre and limits come from; all by default."
    ),
    related_udf(name = "p_chart"),
    related_udf(name = "run_rules")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct XmrChart;

const RESULT: Type = Type::Record(&[
    ("value", Type::Number),
    ("centre", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("z", Type::Number),
    ("signal", Type::Whole),
    ("range", Type::Number),
    ("range_upper", Type::Number),
    ("range_signal", Type::Whole),
    ("reason", Type::Text),
]);

const SIGMA_FROM: [(&str, SigmaFrom); 2] = [
    ("moving_range", SigmaFrom::MovingRange),
    ("sd", SigmaFrom::StandardDeviation),
];

impl Window for XmrChart {
    const NAME: &'static str = "xmr_chart";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("sigma_from", Kind::Text),
            Parameter::option("sigmas", Kind::Number),
            Parameter::column("baseline", Kind::Boolean).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Ok(Box::new(Chart {
            sigma_from: call.choice(1, &SIGMA_FROM)?.unwrap_or_default(),
            sigmas: call.positive(2)?.unwrap_or(3.0),
            baseline: baseline_place(call, 3),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Chart {
    sigma_from: SigmaFrom,
    sigmas: f64,
    baseline: Option<usize>,
}

impl Partition for Chart {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (known, columns) = Known::of(arguments, 1)?;
        let baseline = known.baseline(arguments, self.baseline)?;
        let chart = xmr_chart(
            &columns[0],
            baseline.as_deref(),
            self.sigma_from,
            self.sigmas,
        )
        .map_err(|e| refused(XmrChart::NAME, &e))?;
        let reason = known.too_few(baseline.as_deref());
        let points = chart
            .points
            .iter()
            .zip(&chart.ranges)
            .map(|(point, range)| {
                let mut values = numbers(point);
                values.extend([range.value.into(), range.upper.into(), range.signal.into()]);
                values.push(reason.as_deref().into());
                Value::Record(values)
            });
        RESULT.array(known.spread(points))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        assert_near, planning_error, published, published_case, published_numbers, session, value,
    };

    /// By hand: ranges 2, 1, 0; mean range 1; sigma 1 / 1.128.
    #[tokio::test]
    async fn limits_come_from_the_moving_range_of_the_baseline() {
        let query = "select max(c) from (select xmr_chart(x, null, null, t <= 4) over (order by t) \
                     as c from (values (1, 20), (2, 22), (3, 21), (4, 21), (5, 27)) as d(t, x))";
        let got = value(&session(), query).await;
        let sigma = 1.0 / 1.128;
        let expected = [
            27.0,
            21.0,
            21.0 - 3.0 * sigma,
            21.0 + 3.0 * sigma,
            6.0 / sigma,
            1.0,
            6.0,
            3.267,
            1.0,
        ];
        assert_near(&got[..9], &expected, 1e-12);
        assert_eq!(got[9], crate::harness::Cell::Null);
    }

    #[tokio::test]
    async fn wrong_options_are_refused_while_planning() {
        let got = planning_error(&session(), "select xmr_chart(1, 'range') over ()").await;
        assert!(got.contains("one of 'moving_range', 'sd'"), "{got}");
        let got = planning_error(&session(), "select xmr_chart(1, null, 0) over ()").await;
        assert!(
            got.contains("a number greater than 0 as argument 3 (sigmas)"),
            "{got}"
        );
    }

    #[tokio::test]
    async fn viscosity_is_charted_as_by_qcc() {
        let file = "i_mr_chart.json";
        let (Some(text), Some(ranges), Some(sd)) = (
            published("viscosity.csv"),
            published_case(file, "trial"),
            published_case(file, "sample SD"),
        ) else {
            return;
        };
        let header = text.lines().next().unwrap().replace('"', "");
        let names: Vec<&str> = header.split(',').collect();
        let place = |name: &str| names.iter().position(|n| *n == name).unwrap();
        let (batch, x, trial) = (place("batch"), place("viscosity"), place("trial"));
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let c: Vec<&str> = line.split(',').collect();
                format!("({}, {}, {})", c[batch], c[x], c[trial].to_lowercase())
            })
            .collect();
        for (method, case) in [("moving_range", &ranges), ("sd", &sd)] {
            let query = format!(
                "select min([c['lower'], c['upper']]) from (select \
                 xmr_chart(x, '{method}') over (order by i) as c from (values {}) as t(i, x, trial) \
                 where trial)",
                rows.join(", ")
            );
            let expected = &case["expected"];
            let limits = [&expected["lcl"], &expected["ucl"]].map(|v| published_numbers(v)[0]);
            assert_near(&value(&session(), &query).await, &limits, 1e-5);
        }
    }
}
