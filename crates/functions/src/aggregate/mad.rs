//! `mad(x [, scale])`: median absolute deviation.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::mad::mad;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Rows;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the median absolute deviation, the median of |x - median|, in the unit of x: a spread that a \
few extreme values do not change. Times a scale of 1.4826 it estimates the standard deviation of normal values, which is \
what R's mad returns. NULL, infinities and NaN are ignored; without values the result is NULL. Takes eight bytes of memory \
a row.",
    syntax_example = "mad(x [, scale])",
    sql_example = r#"```sql
select mad(hours) as mad, mad(hours, 1.4826) as as_in_r
from (values (10), (12), (12), (13), (11), (300)) as tickets(hours);
+-----+---------+
| mad | as_in_r |
+-----+---------+
| 1.0 | 1.4826  |
+-----+---------+
```"#,
    argument(name = "x", description = "Value."),
    argument(name = "scale", description = "Factor of the result, 1 by default."),
    related_udf(name = "modified_zscore")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mad;

impl Aggregate for Mad {
    const NAME: &'static str = "mad";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("scale", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let scale = call.positive(1)?.unwrap_or(1.0);
        Ok(Box::new(Folded {
            empty: Rows::complete(1),
            result: &Type::Number,
            finish: move |rows: &Rows| {
                let values = &rows.sorted_columns()[0];
                Ok(Value::from(mad(values).map(|mad| scale * mad)))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, Subject, assert_near, published_case, published_numbers, rows_of, session, value,
    };

    fn median(mut values: Vec<f64>) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
    }

    #[test]
    fn mad_passes_the_common_tests() {
        Subject {
            call: "mad(x, 2)",
            x: &[1.0, 2.5, 4.0, -3.0, 100.0],
            y: &[1.0],
            slowly: |rows| {
                let values: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                let centre = median(values.clone());
                let mad =
                    centre.and_then(|c| median(values.iter().map(|x| (x - c).abs()).collect()));
                vec![Cell::from(mad.map(|mad| 2.0 * mad))]
            },
        }
        .check();
    }

    /// R: mad(1:9) is 2.9652.
    #[tokio::test]
    async fn the_deviation_is_that_of_r() {
        let query = "select mad(x, 1.4826) from generate_series(1, 9) as s(x)";
        assert_near(&value(&session(), query).await, &[2.9652], 1e-12);
        for name in ["8 values", "R mad", "MAD = 0"] {
            let Some(case) = published_case("mad_zscore.json", name) else {
                return;
            };
            let x = published_numbers(&case["input"]);
            let query = format!("select mad(x) from {} as d(x)", rows_of(&[&x]));
            let expected = published_numbers(&case["expected"]["mad_raw"]);
            assert_near(&value(&session(), &query).await, &expected, 0.0);
        }
    }
}
