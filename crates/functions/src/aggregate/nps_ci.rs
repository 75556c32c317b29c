//! `nps_ci(score [, method [, level [, weight]]])`: confidence interval of the net promoter score.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use super::answers::{self, Statistic};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
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
number of answers, (sum w)^2 / sum w^2. Answers are taken as independent. NULL and invalid scores are treated \
as by `nps`; without valid answers the result is NULL.",
    syntax_example = "nps_ci(score [, method [, level [, weight]]])",
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
    related_udf(name = "nps"),
    related_udf(name = "nps_se")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsCi;

/// Position of the weights among the arguments.
const WEIGHT: usize = 3;

impl Aggregate for NpsCi {
    const NAME: &'static str = "nps_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
            Parameter::column("weight", Kind::Number).optional(),
        ],
    );

    fn result(&self) -> DataType {
        interval_type()
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        answers::state(arguments, WEIGHT, false)
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let interval = Statistic::Interval {
            method: call.choice(1, &METHODS)?.unwrap_or(Method::AdjustedWald),
            z: two_sided_z(call.level(2)?),
        };
        Ok(answers::kernel(Self::NAME, interval, call, WEIGHT))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
