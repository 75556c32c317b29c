//! `modified_zscore(x [, fallback]) over (...)`: how far a value lies from the median.

use std::sync::Arc;

use aftersight_stats::mad::modified_zscore;
use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::args::{Call, Kind, Parameter, Parameters};
use crate::window::{Partition, Window};

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns 0.6745 * (x - median) / MAD over the partition (Iglewicz and Hoaglin 1993): beyond 3.5 in size \
is an outlier. Unlike a z-score it is not moved by the outliers themselves. Where more than half of the values are equal \
the MAD is 0 and the score NULL, unless the fallback is asked for: (x - median) / (1.253314 * mean absolute deviation). \
NULL, infinities and NaN get NULL and count for nothing.",
    syntax_example = "modified_zscore(x [, fallback])",
    sql_example = r#"```sql
select x, modified_zscore(x) over () as z
from (values (10), (12), (12), (13), (300)) as numbers(x) order by x;
+-----+---------+
| x   | z       |
+-----+---------+
| 10  | -1.349  |
| 12  | 0.0     |
| 12  | 0.0     |
| 13  | 0.6745  |
| 300 | 194.256 |
+-----+---------+
```"#,
    argument(name = "x", description = "Any number."),
    argument(
        name = "fallback",
        description = "Whether to use the mean absolute deviation where the MAD is 0, false by default."
    ),
    related_udf(name = "mad")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ModifiedZscore;

impl Window for ModifiedZscore {
    const NAME: &'static str = "modified_zscore";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("fallback", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let fallback = call.boolean(1)?.unwrap_or(false);
        Ok(Box::new(Scores { fallback }))
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
        let column = as_float64_array(&arguments[0])?;
        let known = |x: Option<f64>| x.filter(|x| x.is_finite());
        let values: Vec<f64> = column.iter().filter_map(known).collect();
        let mut scores = modified_zscore(&values, self.fallback).into_iter();
        let scores: Float64Array = column
            .iter()
            .map(|x| known(x).and_then(|_| scores.next().flatten()))
            .collect();
        Ok(Arc::new(scores))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_close, published_cases, session, value};

    async fn scores(rows: &str, call: &str) -> Vec<Cell> {
        let query = format!(
            "select array_agg(z order by i) from (select i, {call} over () as z from (values {rows}) as t(i, x))"
        );
        value(&session(), &query).await
    }

    #[tokio::test]
    async fn published_scores_are_met() {
        let Some(cases) = published_cases("mad_zscore.json") else {
            return;
        };
        let case = &cases[0].1;
        let rows = case["input"].as_array().unwrap().iter().enumerate();
        let rows: Vec<String> = rows.map(|(i, x)| format!("({i}, {x})")).collect();
        let expected = case["expected"]["modified_z"].as_array().unwrap().iter();
        let expected: Vec<Cell> = expected
            .map(|z| Cell::Number(z.as_f64().unwrap()))
            .collect();
        let got = scores(&rows.join(", "), "modified_zscore(x)").await;
        assert_close(&got, &expected, "mad_zscore.json");
    }

    #[tokio::test]
    async fn a_deviation_of_zero_is_null_or_falls_back_and_null_counts_for_nothing() {
        let rows = "(1, 5), (2, 5), (3, 5), (4, 5), (5, 9), (6, null)";
        assert_eq!(
            scores(rows, "modified_zscore(x)").await,
            vec![Cell::Null; 6]
        );
        let far = 4.0 / (1.253_314 * 0.8);
        let mut expected = [0.0, 0.0, 0.0, 0.0, far].map(Cell::Number).to_vec();
        expected.push(Cell::Null);
        assert_close(
            &scores(rows, "modified_zscore(x, true)").await,
            &expected,
            rows,
        );
    }
}
