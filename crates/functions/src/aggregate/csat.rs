//! `csat(score [, scale [, satisfied_min]])`: share of satisfied customers.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::satisfied::{Satisfied, Scale, Statistic};
use super::{Aggregate, state_of};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns customer satisfaction as a fraction, 0 to 1: the share of the top two answers among \
valid ones (4 and 5 on the usual scale of 1 to 5; kicue.com, how to calculate CSAT), not the mean of the scores. \
Only whole numbers from 1 to the end of the scale are valid; others, fractions included, are left out and \
counted by `n_invalid(score, 'csat')`. NULL scores are ignored; without valid answers the result is NULL.",
    syntax_example = "csat(score [, scale [, satisfied_min]])",
    sql_example = r#"```sql
select csat(score) as csat, csat(score, 5, 5) as top_box
from (values (5), (5), (4), (3), (null)) as survey(score);
+------+---------+
| csat | top_box |
+------+---------+
| 0.75 | 0.5     |
+------+---------+
```"#,
    argument(name = "score", description = "Answer on a scale that begins with 1."),
    argument(
        name = "scale",
        description = "Highest answer of the scale, 5 by default."
    ),
    argument(
        name = "satisfied_min",
        description = "Lowest answer that counts as satisfied, the last but one of the scale by default."
    ),
    related_udf(name = "csat_ci"),
    related_udf(name = "n_invalid")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Csat;

impl Aggregate for Csat {
    const NAME: &'static str = "csat";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("scale", Kind::Number),
            Parameter::option("satisfied_min", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Satisfied>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Satisfied {
            scale: Scale::read(call, 1, 2)?,
            statistic: Statistic::Share,
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
