//! `rfm_bucket(x, bounds [, direction])`: score of a value by given cut points.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::{as_float64_array, as_list_array};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::rfm::bucket;

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns 1 plus the number of bounds below the value: the score that `rfm_score` gives by \
quantiles, for bounds computed or stored elsewhere (`rfm_bounds`). With 'desc' the scores run the other way, for \
measures of which little is good. A value equal to a bound is not above it. NULL, infinities and NaN have no score, \
and a list with one of them gives none: the result is NULL.",
    syntax_example = "rfm_bucket(x, bounds [, direction])",
    sql_example = r#"```sql
select
    days,
    rfm_bucket(days, [30, 90, 180, 365], 'desc') as r
from (values (5), (90), (400)) as customers(days);
+------+---+
| days | r |
+------+---+
| 5    | 5 |
| 90   | 4 |
| 400  | 1 |
+------+---+
```"#,
    argument(name = "x", description = "Value to score."),
    argument(
        name = "bounds",
        description = "List of cut points, one fewer than there are scores."
    ),
    argument(
        name = "direction",
        description = "'asc' (default, large values score high) or 'desc'."
    ),
    related_udf(name = "rfm_segment")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmBucket;

/// Which end of the values scores high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Asc,
    Desc,
}

const DIRECTIONS: [(&str, Direction); 2] = [("asc", Direction::Asc), ("desc", Direction::Desc)];

impl Scalar for RfmBucket {
    const NAME: &'static str = "rfm_bucket";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("bounds", Kind::Numbers),
            Parameter::option("direction", Kind::Text),
        ],
    );
    type Options = Direction;

    fn result(&self) -> DataType {
        DataType::Int32
    }

    fn options(&self, call: &Call) -> Result<Direction> {
        Ok(call.choice(2, &DIRECTIONS)?.unwrap_or(Direction::Asc))
    }

    fn compute(&self, direction: &Direction, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let values = as_float64_array(&arguments[0])?;
        let lists = as_list_array(&arguments[1])?;
        let bounds = as_float64_array(lists.values())?;
        let offsets = lists.value_offsets();
        let scores: Int32Array = (0..values.len())
            .map(|row| {
                if values.is_null(row) || lists.is_null(row) || !values.value(row).is_finite() {
                    return None;
                }
                let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
                let known = |i: usize| bounds.is_valid(i) && bounds.value(i).is_finite();
                if !(from..to).all(known) {
                    return None;
                }
                let cuts = &bounds.values()[from..to];
                let score = bucket(values.value(row), cuts) as i32;
                Some(match direction {
                    Direction::Asc => score,
                    Direction::Desc => cuts.len() as i32 + 2 - score,
                })
            })
            .collect();
        Ok(Arc::new(scores))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, cells, error, planning_error, session, value};

    #[tokio::test]
    async fn values_score_by_bounds_computed_in_the_same_query() {
        let ctx = session();
        let query = "select array_agg(rfm_bucket(x, (select rfm_bounds(value) from \
                     generate_series(1, 10))) order by x) \
                     from (select value as x from generate_series(1, 10))";
        let scores: Vec<Cell> = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
            .map(|s| Some(f64::from(s)).into())
            .to_vec();
        assert_eq!(value(&ctx, query).await, scores);
    }

    #[tokio::test]
    async fn bounds_may_differ_from_row_to_row() {
        let ctx = session();
        let query = "select rfm_bucket(x, b) from (values (5, [1, 2, 3]), (5, [9]), (5, null), \
                     (null, [1]), (5, [1, null])) as t(x, b)";
        let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
        let column = batches[0].column(0);
        let scores: Vec<Cell> = (0..5).flat_map(|row| cells(column, row)).collect();
        let expected = [Some(4.0), Some(1.0), None, None, None].map(Cell::from);
        assert_eq!(scores, expected);
    }

    #[tokio::test]
    async fn wrong_directions_are_refused_while_planning() {
        let ctx = session();
        let message = planning_error(&ctx, "select rfm_bucket(1, [2], 'dsc')").await;
        assert!(message.contains("Did you mean 'desc'?"), "{message}");
        let query = "select rfm_bucket(x, [2], d) from (values (1, 'asc')) as t(x, d)";
        let message = error(&ctx, query).await;
        assert!(
            message.contains("expects a literal as argument 3"),
            "{message}"
        );
    }
}
