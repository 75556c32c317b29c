//! `nps_ci(score [, method [, level [, weight [, cluster]]]])`: confidence interval of the net promoter score.

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
use crate::interval::interval_type;
use crate::kernel::normal::two_sided_z;
use crate::kernel::nps::{METHODS, Method};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns a confidence interval of the net promoter score, `struct(lower, upper)` in points, \
cut to -100..100. `adjusted_wald` adds three answers (3/4 promoter, 3/4 detractor, 3/2 passive) and then takes \
score +- z * standard error; it holds its level for any number of answers (Rocks 2016; Lewis and Sauro, \
measuringu.com/nps-three-confidence-intervals). `wald` adds none and has no width when all answers fall into \
one category. With weights, `wald` uses the linearised error of `nps_se` and `adjusted_wald` Kish's effective \
number of answers, (sum w)^2 / sum w^2. Answers are taken as independent, unless a cluster, the customer, says whose \
they are: `wald` then uses the clustered error of `nps_se`, and `adjusted_wald` divides the number of answers by the \
design effect, the squared ratio of that error to the one without clusters, at least 1 (Korn and Graubard 1998); for one \
answer each both are the same as without; where all are of one mind `adjusted_wald` counts a cluster as one answer; an answer whose cluster is NULL stands for itself. NULL and invalid scores are treated \
as by `nps`; without valid answers the result is NULL.",
    syntax_example = "nps_ci(score [, method [, level [, weight [, cluster]]]])",
    sql_example = r#"```sql
select round(ci.lower, 2) as lower, round(ci.upper, 2) as upper
from (
    select nps_ci(score) as ci
    from (values (10), (9), (8), (6)) as survey(score)
);
+--------+-------+
| lower  | upper |
+--------+-------+
| -44.16 | 72.73 |
+--------+-------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10."),
    argument(name = "method", description = "'adjusted_wald' (default) or 'wald'."),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    argument(
        name = "weight",
        description = "Weight of the answer, 0 or more; each answer counts once by default."
    ),
    argument(
        name = "cluster",
        description = "Whose answers are alike, the customer: text, a whole number or a date; none by default."
    ),
    related_udf(name = "nps"),
    related_udf(name = "nps_se")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsCi;

/// Positions of weights and clusters among the arguments.
const WEIGHT: usize = 3;
const CLUSTER: usize = 4;

impl Aggregate for NpsCi {
    const NAME: &'static str = "nps_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
            Parameter::column("weight", Kind::Number).optional(),
            Parameter::column("cluster", Kind::Label).optional(),
        ],
    );

    fn result(&self) -> DataType {
        interval_type()
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        match arguments.len() > CLUSTER {
            true => folded::columns(),
            false => answers::state(arguments, WEIGHT, false),
        }
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let interval = Statistic::Interval {
            method: call.choice(1, &METHODS)?.unwrap_or(Method::AdjustedWald),
            z: two_sided_z(call.level(2)?),
        };
        Ok(match call.n_arguments() > CLUSTER {
            true => clustered::build(Self::NAME, interval, call, WEIGHT, CLUSTER),
            false => answers::kernel(Self::NAME, interval, call, WEIGHT),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
