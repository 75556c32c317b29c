//! `csat_mean(score [, scale])`: mean of satisfaction scores.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::scores::{Scores, Statistic};
use super::{Aggregate, state_of};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the mean of the valid satisfaction scores, in points of the scale (1 to 5 as a rule). \
It is not CSAT, which is a share (`csat`); rescaled to 0..100 as in the ACSI it is 100 * (mean - 1) / (scale - 1). \
Validity is that of `csat`: whole numbers from 1 to the end of the scale. NULL and invalid scores are ignored; \
without valid answers the result is NULL.",
    syntax_example = "csat_mean(score [, scale])",
    sql_example = r#"```sql
select csat_mean(score) as csat_mean
from (values (5), (4), (4), (2), (6), (null)) as survey(score);
+-----------+
| csat_mean |
+-----------+
| 3.75      |
+-----------+
```"#,
    argument(name = "score", description = "Answer on a scale that begins with 1."),
    argument(
        name = "scale",
        description = "Highest answer of the scale, 5 by default."
    ),
    related_udf(name = "csat")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CsatMean;

impl Aggregate for CsatMean {
    const NAME: &'static str = "csat_mean";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("scale", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Scores>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let highest = call.whole(1, 2, 100)?.unwrap_or(5);
        Ok(Box::new(Scores::new(highest, Statistic::Mean)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
