//! `rfm_bounds(x [, bins])`: the cut points between scores.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, ListBuilder};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters, numbers_type};
use crate::collected::{self, Collected, Summary};
use crate::kernel::quantile::cut_points;

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns the cut points that divide the values into bins of about equal size: the exact \
quantiles of type 7 (the default of R and of Excel's PERCENTILE.INC) at 1/bins, 2/bins and so on, as a list of \
bins - 1 numbers. Stored, they score later customers by the same rule (`rfm_bucket`), so that who did not change \
does not move. Where many values are equal, cut points coincide (`rfm_collapse`). NULL, infinities and NaN are \
ignored; without values the result is NULL. Takes eight bytes of memory a row.",
    syntax_example = "rfm_bounds(x [, bins])",
    sql_example = r#"```sql
select rfm_bounds(amount) as bounds
from (values (10.0), (20.0), (40.0), (80.0)) as customers(amount);
+--------------------------+
| bounds                   |
+--------------------------+
| [16.0, 24.0, 36.0, 56.0] |
+--------------------------+
```"#,
    argument(
        name = "x",
        description = "Recency, frequency, amount or any other number."
    ),
    argument(
        name = "bins",
        description = "Number of bins from 2 to 100, 5 by default."
    ),
    related_udf(name = "rfm_collapse")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmBounds;

impl Aggregate for RfmBounds {
    const NAME: &'static str = "rfm_bounds";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("bins", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        numbers_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        collected::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let bins = call.whole(1, 2, 100)?.unwrap_or(5) as usize;
        Ok(Box::new(Collected(Bounds { bins })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Bounds {
    bins: usize,
}

impl Summary for Bounds {
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef> {
        let mut lists = ListBuilder::new(Float64Builder::new());
        for group in groups {
            lists.append_option(cut_points(group, self.bins).map(|c| c.into_iter().map(Some)));
        }
        Ok(Arc::new(lists.finish()))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Subject, planning_error, session};

    #[test]
    fn rfm_bounds_passes_the_common_tests() {
        Subject {
            call: "rfm_bounds(x, 3)",
            x: &[1.0, 1.0, 2.0, 2.5, -4.0, 0.1, 1e9],
            y: &[1.0],
            slowly: |rows| {
                let mut sorted: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                sorted.sort_by(f64::total_cmp);
                if sorted.is_empty() {
                    return vec![None.into()];
                }
                let cut = |k: f64| {
                    let place = (sorted.len() - 1) as f64 * k / 3.0;
                    let (low, high) = (place.floor() as usize, place.ceil() as usize);
                    Some(sorted[low] + place.fract() * (sorted[high] - sorted[low])).into()
                };
                vec![cut(1.0), cut(2.0)]
            },
        }
        .check();
    }

    #[tokio::test]
    async fn one_bin_is_refused() {
        let query = "select rfm_bounds(x, 1) from (values (1)) as t(x)";
        let message = planning_error(&session(), query).await;
        assert!(
            message.contains("a whole number from 2 to 100"),
            "{message}"
        );
    }
}
