//! `modified_zscore(x [, fallback]) over ()`: how far a value lies from the median.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::mad::modified_zscore;

use super::chart::Known;
use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns 0.6745 * (x - median) / `mad` of each row among all of the window (Iglewicz and Hoaglin \
1993): beyond 3.5 in size is an outlier, which unlike with mean and standard deviation does not hide itself. Where more \
than half of the values are the same the deviation is 0 and the result NULL, or with `mean_deviation` as fallback (x - \
median) / (1.253314 * mean absolute deviation). NULL, infinities and NaN have no score and do not count. A frame has no \
effect.",
    syntax_example = "modified_zscore(x [, fallback]) over ([partition by ...])",
    sql_example = r#"```sql
select hours, round(modified_zscore(hours) over (), 2) as score
from (values (10), (12), (12), (13), (11), (300)) as tickets(hours)
order by hours;
+-------+--------+
| hours | score  |
+-------+--------+
| 10    | -1.35  |
| 11    | -0.67  |
| 12    | 0.0    |
| 12    | 0.0    |
| 13    | 0.67   |
| 300   | 194.26 |
+-------+--------+
```"#,
    argument(name = "x", description = "Value to compare with the others."),
    argument(
        name = "fallback",
        description = "'none' (default) or 'mean_deviation', where the median deviation is 0."
    ),
    related_udf(name = "mad")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ModifiedZscore;

const FALLBACKS: [(&str, bool); 2] = [("none", false), ("mean_deviation", true)];

impl Window for ModifiedZscore {
    const NAME: &'static str = "modified_zscore";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("fallback", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Ok(Box::new(Scores {
            fallback: call.choice(1, &FALLBACKS)?.unwrap_or(false),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Scores {
    fallback: bool,
}

impl Partition for Scores {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (known, columns) = Known::of(arguments, 1)?;
        let scores = modified_zscore(&columns[0], self.fallback);
        Type::Number.array(known.spread(scores.into_iter().map(Value::from)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, published_case, published_numbers, series_of, session, value,
    };

    async fn scores(x: &[f64], options: &str) -> Vec<Cell> {
        let rows = series_of(x);
        let query = format!(
            "select array_agg(z order by t) from (select t, modified_zscore(x{options}) over () as z \
             from {rows} as d(t, x))",
        );
        value(&session(), &query).await
    }

    /// Median 12, deviation 1, by hand.
    #[tokio::test]
    async fn a_far_value_does_not_hide_itself() {
        let x = [10.0, 12.0, 12.0, 13.0, 12.0, 11.0, 14.0, 300.0];
        let expected = [-1.349, 0.0, 0.0, 0.6745, 0.0, -0.6745, 1.349, 194.256];
        assert_near(&scores(&x, "").await, &expected, 1e-9);
        if let Some(case) = published_case("mad_zscore.json", "8 values") {
            let got = scores(&published_numbers(&case["input"]), "").await;
            let expected = published_numbers(&case["expected"]["modified_z"]);
            assert_near(&got, &expected, 1e-3);
        }
    }

    #[tokio::test]
    async fn without_a_deviation_there_is_a_score_only_by_the_fallback() {
        let x = [5.0, 5.0, 5.0, 5.0, 9.0];
        assert_eq!(scores(&x, "").await, vec![Cell::Null; 5]);
        let far = 4.0 / (1.253_314 * 0.8);
        let got = scores(&x, ", 'mean_deviation'").await;
        assert_near(&got, &[0.0, 0.0, 0.0, 0.0, far], 1e-12);
    }
}
