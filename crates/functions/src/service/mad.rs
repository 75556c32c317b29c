//! `mad(x [, scaled])`: median absolute deviation.

use std::sync::Arc;

use aftersight_stats::mad::{MAD_SCALE, mad};
use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::collected::{self, Collected, Summary};

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns the median absolute deviation: the median of the distances from the median, in the unit of the \
values. Up to half of the values may be anything without moving it far. Scaled by 1.4826 it estimates a standard deviation \
of normal values, as R's mad does. NULL, infinities and NaN are ignored; without values the result is NULL.",
    syntax_example = "mad(x [, scaled])",
    sql_example = r#"```sql
select mad(x) as mad, mad(x, true) as scaled
from (values (1), (2), (3), (4), (5), (6), (7), (8), (9)) as numbers(x);
+-----+--------+
| mad | scaled |
+-----+--------+
| 2.0 | 2.9652 |
+-----+--------+
```"#,
    argument(name = "x", description = "Any number."),
    argument(
        name = "scaled",
        description = "Whether to multiply by 1.4826, false by default."
    ),
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
            Parameter::option("scaled", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        collected::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let scale = match call.boolean(1)? {
            Some(true) => MAD_SCALE,
            _ => 1.0,
        };
        Ok(Box::new(Collected(Deviation { scale })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Deviation {
    scale: f64,
}

impl Summary for Deviation {
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef> {
        let deviations = groups.iter().map(|group| {
            let deviation = mad(group)? * self.scale;
            deviation.is_finite().then_some(deviation)
        });
        Ok(Arc::new(deviations.collect::<Float64Array>()))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::Subject;

    fn median(mut values: Vec<f64>) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
    }

    #[test]
    fn mad_passes_the_common_tests() {
        Subject {
            call: "mad(x, true)",
            x: &[0.0, 1.0, 1.5, 7.0, -3.0, 300.0],
            y: &[1.0],
            slowly: |rows| {
                let values: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                let center = median(values.clone());
                let distances = values.iter().map(|x| (x - center.unwrap_or(0.0)).abs());
                vec![median(distances.collect()).map(|mad| 1.4826 * mad).into()]
            },
        }
        .check();
    }
}
