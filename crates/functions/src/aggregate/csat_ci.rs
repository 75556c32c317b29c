//! `csat_ci(score [, method [, level [, scale [, satisfied_min]]]])`: confidence interval of `csat`.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::satisfied::{Satisfied, Scale, Statistic};
use super::{Aggregate, state_of};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::interval::interval_type;
use crate::kernel::proportion::{Interval, METHODS, Method};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns a confidence interval of `csat`, `struct(lower, upper)` as fractions cut to 0..1. \
`wilson` (Wilson 1927) is the default; `agresti_coull` (1998) is a little wider; `clopper_pearson` (1934) is \
exact, never below its level and often well above; `wald` is the textbook formula, too narrow near 0 and 1. \
The numbers are those of R's binom.confint. Answers are taken as independent. NULL and invalid scores are \
treated as by `csat`; without valid answers the result is NULL.",
    syntax_example = "csat_ci(score [, method [, level [, scale [, satisfied_min]]]])",
    sql_example = r#"```sql
select round(ci.lower, 4) as lower, round(ci.upper, 4) as upper
from (
    select csat_ci(case when i <= 960 then 5 else 2 end) as ci
    from generate_series(1, 1200) as survey(i)
);
+--------+--------+
| lower  | upper  |
+--------+--------+
| 0.7764 | 0.8217 |
+--------+--------+
```"#,
    argument(name = "score", description = "Answer on a scale that begins with 1."),
    argument(
        name = "method",
        description = "'wilson' (default), 'agresti_coull', 'clopper_pearson' or 'wald'."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    argument(
        name = "scale",
        description = "Highest answer of the scale, 5 by default."
    ),
    argument(
        name = "satisfied_min",
        description = "Lowest answer that counts as satisfied, the last but one of the scale by default."
    ),
    related_udf(name = "csat")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CsatCi;

impl Aggregate for CsatCi {
    const NAME: &'static str = "csat_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
            Parameter::option("scale", Kind::Number),
            Parameter::option("satisfied_min", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        interval_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Satisfied>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let method = call.choice(1, &METHODS)?.unwrap_or(Method::Wilson);
        Ok(Box::new(Satisfied {
            scale: Scale::read(call, 3, 4)?,
            statistic: Statistic::Interval(Interval::new(method, call.level(2)?)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
