//! `ces(score, direction [, scale])`: customer effort score.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::scores::{Direction, Scores, Statistic, effort_fields};
use super::{Aggregate, state_of};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the customer effort score, `struct(mean, easy, difficult, net, n)`: the mean of the \
scores as answered, the fractions of answers above and below the middle of the scale that say easy or difficult, \
their difference, and the number of valid answers. On 1 to 7, 5 to 7 and 1 to 3 are the two sides. The direction \
has no default, because both are in use and a mean of 5 says opposite things: 'ease' where high is easy (CES 2.0, \
2013, the company made it easy), 'effort' where high is difficult (CES 1.0, 2010, how much effort). Only whole \
numbers from 1 to the end of the scale are valid; others are counted by `n_invalid(score, 'ces')`. NULL scores are \
ignored; without valid answers mean and fractions are NULL and n is 0.",
    syntax_example = "ces(score, direction [, scale])",
    sql_example = r#"```sql
select ces(score, 'ease') as ces
from (values (7), (7), (6), (2), (null)) as survey(score);
+----------------------------------------------------------+
| ces                                                      |
+----------------------------------------------------------+
| {mean: 5.5, easy: 0.75, difficult: 0.25, net: 0.5, n: 4} |
+----------------------------------------------------------+
```"#,
    argument(name = "score", description = "Answer on a scale that begins with 1."),
    argument(
        name = "direction",
        description = "'ease' where high scores are good, 'effort' where low ones are."
    ),
    argument(
        name = "scale",
        description = "Highest answer of the scale, 7 by default."
    ),
    related_udf(name = "n_invalid")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ces;

const DIRECTIONS: [(&str, Direction); 2] =
    [("ease", Direction::Ease), ("effort", Direction::Effort)];

impl Aggregate for Ces {
    const NAME: &'static str = "ces";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("direction", Kind::Text).mandatory(),
            Parameter::option("scale", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Struct(effort_fields())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Scores>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let Some(direction) = call.choice(1, &DIRECTIONS)? else {
            return call.refuse(1, "one of 'ease', 'effort'", "NULL");
        };
        let highest = call.whole(2, 2, 100)?.unwrap_or(7);
        Ok(Box::new(Scores::new(highest, Statistic::Effort(direction))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
