//! `nps(score [, weight])`: net promoter score.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use super::answers::{self, Statistic};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the net promoter score in points, -100 to 100: the percentage of promoters \
(9 or 10) less that of detractors (0 to 6) among valid answers (Reichheld 2003). Only whole numbers from \
0 to 10 are valid; others, fractions included, are left out and counted by `n_invalid(score, 'nps')`. \
NULL scores are ignored; without valid answers the result is NULL. With weights it is the ratio \
100 * sum(w * c) / sum(w), where c is 1, 0 or -1; answers without a weight are ignored, negative weights \
are an error. The result does not depend on the order of rows.",
    syntax_example = "nps(score [, weight])",
    sql_example = r#"```sql
select nps(score) from (values (10), (9), (8), (6), (null)) as survey(score);
+-------------------+
| nps(survey.score) |
+-------------------+
| 25.0              |
+-------------------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10."),
    argument(
        name = "weight",
        description = "Weight of the answer, 0 or more; each answer counts once by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Nps;

/// Position of the weights among the arguments.
const WEIGHT: usize = 1;

impl Aggregate for Nps {
    const NAME: &'static str = "nps";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::column("weight", Kind::Number).optional(),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        answers::state(arguments, WEIGHT, true)
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(answers::kernel(Self::NAME, Statistic::Score, call, WEIGHT))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
