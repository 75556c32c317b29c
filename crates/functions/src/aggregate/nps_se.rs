//! `nps_se(score [, weight [, cluster]])`: standard error of the net promoter score.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use super::answers::{self, Statistic};
use super::clustered;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded;

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the standard error of the net promoter score in points. With p and d the shares of \
promoters and detractors among n valid answers it is 100 * sqrt((p + d - (p - d)^2) / n), the population \
variance of the coding 1, 0, -1 (R package NPS 1.1, `nps.se`). It is 0 when all answers fall into one \
category, one answer included. With weights it is the linearised error of a ratio, \
100 * sqrt(sum(w^2 * (c - mean)^2)) / sum(w). Answers are taken as independent, unless a cluster, the customer, says \
whose they are: then the sums of w * (c - mean) of each customer are squared instead, which for one answer each is the \
same; an answer whose cluster is NULL stands for itself. \
NULL, invalid scores and weights are treated as by `nps`; without valid answers the result is NULL.",
    syntax_example = "nps_se(score [, weight [, cluster]])",
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
    argument(
        name = "cluster",
        description = "Whose answers are alike, the customer: text, a whole number or a date; none by default."
    ),
    related_udf(name = "nps"),
    related_udf(name = "nps_ci")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsSe;

/// Positions of weights and clusters among the arguments.
const WEIGHT: usize = 1;
const CLUSTER: usize = 2;

impl Aggregate for NpsSe {
    const NAME: &'static str = "nps_se";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::column("weight", Kind::Number).optional(),
            Parameter::column("cluster", Kind::Label).optional(),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        match arguments.len() > CLUSTER {
            true => folded::columns(),
            false => answers::state(arguments, WEIGHT, false),
        }
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let statistic = Statistic::StandardError;
        Ok(match call.n_arguments() > CLUSTER {
            true => clustered::build(Self::NAME, statistic, call, WEIGHT, CLUSTER),
            false => answers::kernel(Self::NAME, statistic, call, WEIGHT),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
