//! `nps_se(score [, weight])`: standard error of the net promoter score.

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
    description = "Returns the standard error of the net promoter score in points. With p and d the shares of \
promoters and detractors among n valid answers it is 100 * sqrt((p + d - (p - d)^2) / n), the population \
variance of the coding 1, 0, -1 (R package NPS 1.1, `nps.se`). It is 0 when all answers fall into one \
category, one answer included. With weights it is the linearised error of a ratio, \
100 * sqrt(sum(w^2 * (c - mean)^2)) / sum(w). Answers are taken as independent. \
NULL, invalid scores and weights are treated as by `nps`; without valid answers the result is NULL.",
    syntax_example = "nps_se(score [, weight])",
    sql_example = r#"```sql
select nps_se(score) from (values (10), (9), (3), (1)) as survey(score);
+----------------------+
| nps_se(survey.score) |
+----------------------+
| 50.0                 |
+----------------------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10."),
    argument(
        name = "weight",
        description = "Weight of the answer, 0 or more; each answer counts once by default."
    ),
    related_udf(name = "nps"),
    related_udf(name = "nps_ci")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsSe;

/// Position of the weights among the arguments.
const WEIGHT: usize = 1;

impl Aggregate for NpsSe {
    const NAME: &'static str = "nps_se";
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
        answers::state(arguments, WEIGHT, false)
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(answers::kernel(
            Self::NAME,
            Statistic::StandardError,
            call,
            WEIGHT,
        ))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
