//! `cusum(x [, target [, sigma [, k [, h [, baseline]]]]]) over (order by ...)`: tabular cumulative sums.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::cusum::{Cusum as Options, CusumPoint, cusum};

use super::chart::{Known, baseline_place};
use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns how far the values up to each row have run away from the target, `struct(c_plus, c_minus, \
limit, n_plus, n_minus, signal, reason)`: c_plus = max(0, x - (target + k * sigma) + c_plus before), c_minus likewise below, \
limit = h * sigma, all in the unit of x; n_plus and n_minus count the rows since the sum was last 0 (the shift began \
there); signal is 1 where c_plus is strictly above the limit, -1 where c_minus is, else 0. This is the tabular form of \
Montgomery's textbook; k = 0.5 finds shifts of one sigma. A target or sigma that is not given is the mean or the mean \
moving range / 1.128 of the baseline. Rows with a NULL, infinity or NaN are not part of the chart and have a NULL \
result; where the baseline has fewer than two values and sigma is not given, or none and target is not, all fields are \
NULL and reason says so. A frame has no effect.",
    syntax_example = "cusum(x [, target [, sigma [, k [, h [, baseline]]]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, round(c.c_plus, 2) as c_plus, c.limit as "limit", c.signal as signal
from (
    select week, cusum(hours, 10, 1, 0.5, 2) over (order by week) as c
    from (values (1, 10.2), (2, 11.4), (3, 11.6), (4, 12.0)) as weeks(week, hours)
)
order by week;
+------+--------+-------+--------+
| week | c_plus | limit | signal |
+------+--------+-------+--------+
| 1    | 0.0    | 2.0   | 0      |
| 2    | 0.9    | 2.0   | 0      |
| 3    | 2.0    | 2.0   | 0      |
| 4    | 3.5    | 2.0   | 1      |
+------+--------+-------+--------+
```"#,
    argument(name = "x", description = "Value to watch."),
    argument(
        name = "target",
        description = "Where the values should be; the mean by default."
    ),
    argument(
        name = "sigma",
        description = "Standard deviation; from the moving range by default."
    ),
    argument(
        name = "k",
        description = "Slack in sigma, half of the shift to be found, 0.5 by default."
    ),
    argument(name = "h", description = "Decision interval in sigma, 5 by default."),
    argument(
        name = "baseline",
        description = "Whether the row is one of those that target and sigma come from; all by default."
    ),
    related_udf(name = "ewma_chart")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Cusum;

const RESULT: Type = Type::Record(&[
    ("c_plus", Type::Number),
    ("c_minus", Type::Number),
    ("limit", Type::Number),
    ("n_plus", Type::Whole),
    ("n_minus", Type::Whole),
    ("signal", Type::Whole),
    ("reason", Type::Text),
]);

impl Window for Cusum {
    const NAME: &'static str = "cusum";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("target", Kind::Number),
            Parameter::option("sigma", Kind::Number),
            Parameter::option("k", Kind::Number),
            Parameter::option("h", Kind::Number),
            Parameter::column("baseline", Kind::Boolean).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let k = call.number(3)?.unwrap_or(0.5);
        if k < 0.0 {
            return call.refuse(3, "a number of 0 or more", k);
        }
        Ok(Box::new(Sums {
            options: Options {
                k,
                h: call.positive(4)?.unwrap_or(5.0),
                target: call.number(1)?,
                sigma: call.positive(2)?,
                baseline: None,
            },
            baseline: baseline_place(call, 5),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Sums {
    options: Options<'static>,
    baseline: Option<usize>,
}

impl Partition for Sums {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (known, columns) = Known::of(arguments, 1)?;
        let baseline = known.baseline(arguments, self.baseline)?;
        let options = Options {
            baseline: baseline.as_deref(),
            ..self.options
        };
        let points = cusum(&columns[0], &options).map_err(|e| refused(Cusum::NAME, &e))?;
        let reason = known.too_few(baseline.as_deref());
        let points = points.into_iter();
        RESULT.array(known.spread(points.map(|p| record(p, reason.as_deref()))))
    }
}

fn record(point: Option<CusumPoint>, reason: Option<&str>) -> Value {
    let Some(point) = point else {
        let mut values = vec![Value::Null; 6];
        values.push(reason.into());
        return Value::Record(values);
    };
    Value::Record(vec![
        point.c_plus.into(),
        point.c_minus.into(),
        point.limit.into(),
        point.n_plus.into(),
        point.n_minus.into(),
        point.signal.into(),
        Value::Null,
    ])
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, published_case, published_numbers, series_of, session, value,
    };

    async fn sums(x: &[f64], options: &str) -> Vec<Cell> {
        let rows = series_of(x);
        let query = format!(
            "select array_agg(c order by t) from (select t, cusum(x{options}) over (order by t) as c \
             from {rows} as d(t, x))",
        );
        value(&session(), &query).await
    }

    /// Montgomery, table 9.1, its first four rows with K = 0.5 and H = 5.
    #[tokio::test]
    async fn sums_are_those_of_montgomery() {
        let got = sums(&[9.45, 7.99, 9.29, 11.66], ", 10, 1").await;
        let got: Vec<Cell> = got.chunks(7).flat_map(|row| row[..6].to_vec()).collect();
        let rows = [
            [0.0, 0.05, 5.0, 0.0, 1.0, 0.0],
            [0.0, 1.56, 5.0, 0.0, 2.0, 0.0],
            [0.0, 1.77, 5.0, 0.0, 3.0, 0.0],
            [1.16, 0.0, 5.0, 1.0, 0.0, 0.0],
        ];
        assert_near(&got, &rows.concat(), 1e-9);
    }

    #[tokio::test]
    async fn the_published_case_is_met() {
        let Some(case) = published_case("cusum_ewma_montgomery.json", "CUSUM") else {
            return;
        };
        let got = sums(&published_numbers(&case["input"]), ", 10, 1").await;
        let column = |i: usize| -> Vec<Cell> { got.iter().skip(i).step_by(7).cloned().collect() };
        let expected = &case["expected"];
        assert_near(&column(0), &published_numbers(&expected["c_plus"]), 6e-3);
        assert_near(&column(1), &published_numbers(&expected["c_minus"]), 6e-3);
        let first = column(5).iter().position(|s| *s != Cell::Number(0.0));
        assert_eq!(
            first.map(|i| i as u64 + 1),
            expected["first_signal"].as_u64()
        );
    }

    #[tokio::test]
    async fn a_single_value_without_sigma_has_no_sums() {
        let got = sums(&[9.45], "").await;
        assert_eq!(got[..6], vec![Cell::Null; 6]);
        let reason = "x has 1 of at least 2 values in the baseline".to_string();
        assert_eq!(got[6], Cell::Text(reason));
    }
}
