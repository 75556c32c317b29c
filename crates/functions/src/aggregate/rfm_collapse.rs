//! `rfm_collapse(x [, bins])`: whether equal values make scores collapse.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::collected::{self, Collected, Summary};
use crate::kernel::quantile::Ranked;

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns how far equal values spoil scores by quantiles: 'none' where all cut points of \
`rfm_bounds` differ; 'cuts' where some coincide, so that a score in between is never given; 'majority' where \
more than half of the values are the same one, as with customers of whom most bought once. In the last case \
`rfm_score` with 5 bins scores frequency by the bands 1, 2, 3-4, 5-9, 10+ instead of quantiles. \
NULL, infinities and NaN are ignored; without values the result is NULL.",
    syntax_example = "rfm_collapse(x [, bins])",
    sql_example = r#"```sql
select rfm_collapse(orders) as orders, rfm_collapse(amount) as amount
from (values (1, 10.0), (1, 20.0), (1, 40.0), (2, 80.0)) as customers(orders, amount);
+----------+--------+
| orders   | amount |
+----------+--------+
| majority | none   |
+----------+--------+
```"#,
    argument(
        name = "x",
        description = "Recency, frequency, amount or any other number."
    ),
    argument(
        name = "bins",
        description = "Number of bins from 2 to 100, 5 by default."
    ),
    related_udf(name = "rfm_bounds")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmCollapse;

impl Aggregate for RfmCollapse {
    const NAME: &'static str = "rfm_collapse";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("bins", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        collected::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let bins = call.whole(1, 2, 100)?.unwrap_or(5) as usize;
        Ok(Box::new(Collected(Collapse { bins })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Collapse {
    bins: usize,
}

impl Summary for Collapse {
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef> {
        let codes: StringArray = groups
            .iter()
            .map(|group| {
                let ranked = Ranked::of(group)?;
                let cuts = ranked.cut_points(self.bins);
                let coincide = cuts.windows(2).any(|pair| pair[0] == pair[1]);
                Some(match (ranked.has_majority(), coincide) {
                    (true, _) => "majority",
                    (false, true) => "cuts",
                    (false, false) => "none",
                })
            })
            .collect();
        Ok(Arc::new(codes))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::harness::{Cell, Subject};

    #[test]
    fn rfm_collapse_passes_the_common_tests() {
        Subject {
            call: "rfm_collapse(x, 4)",
            x: &[1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            y: &[1.0],
            slowly: |rows| {
                let mut sorted: Vec<i64> =
                    rows.iter().filter_map(|r| r.0.map(|x| x as i64)).collect();
                sorted.sort_unstable();
                if sorted.is_empty() {
                    return vec![Cell::Null];
                }
                let mut counts = BTreeMap::new();
                sorted
                    .iter()
                    .for_each(|x| *counts.entry(x).or_insert(0) += 1);
                // Four times the cuts: whole numbers, so that equality is exact.
                let cut = |k: usize| {
                    let place = (sorted.len() - 1) * k;
                    let (at, rest) = (place / 4, (place % 4) as i64);
                    let next = sorted[(at + 1).min(sorted.len() - 1)];
                    4 * sorted[at] + rest * (next - sorted[at])
                };
                let code = if counts.values().any(|n| n * 2 > sorted.len()) {
                    "majority"
                } else if cut(1) == cut(2) || cut(2) == cut(3) {
                    "cuts"
                } else {
                    "none"
                };
                vec![Cell::Text(code.to_string())]
            },
        }
        .check();
    }
}
