//! `n_invalid(score, kind [, scale])`: survey scores that the scores left out.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::{Aggregate, state_of};
use crate::additive::{Build, Counts, Kernel as Sums, Rows};
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the number of scores that are no answer on the scale of a kind of survey, and which \
the functions of that kind leave out: anything but whole numbers from 0 to 10 for 'nps', from 1 to 5 for \
'csat', from 1 to 7 for 'ces'. NULL is no answer and not counted. The result is 0 over no rows.",
    syntax_example = "n_invalid(score, kind [, scale])",
    sql_example = r#"```sql
select nps(score), n_invalid(score, 'nps') as n_invalid
from (values (10), (9.5), (3), (11), (null)) as survey(score);
+-------------------+-----------+
| nps(survey.score) | n_invalid |
+-------------------+-----------+
| 0.0               | 2         |
+-------------------+-----------+
```"#,
    argument(name = "score", description = "Answer as it was recorded."),
    argument(name = "kind", description = "'nps', 'csat' or 'ces'."),
    argument(
        name = "scale",
        description = "Highest answer of the scale, where it is not that of the kind."
    ),
    related_udf(name = "nps"),
    related_udf(name = "csat"),
    related_udf(name = "ces")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NInvalid;

/// Lowest and highest answer of each kind of survey.
const KINDS: [(&str, (f64, f64)); 3] = [
    ("nps", (0.0, 10.0)),
    ("csat", (1.0, 5.0)),
    ("ces", (1.0, 7.0)),
];

impl Aggregate for NInvalid {
    const NAME: &'static str = "n_invalid";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("kind", Kind::Text).mandatory(),
            Parameter::option("scale", Kind::Number),
        ],
    );
    const EMPTY: Option<i64> = Some(0);

    fn result(&self) -> DataType {
        DataType::Int64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Invalid>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let Some((lowest, highest)) = call.choice(1, &KINDS)? else {
            return call.refuse(1, "one of 'nps', 'csat', 'ces'", "NULL");
        };
        let scale = call.whole(2, 2, 100)?;
        Ok(Box::new(Invalid {
            lowest,
            highest: scale.map_or(highest, |s| s as f64),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Counts what is not a whole number between two limits.
#[derive(Debug)]
struct Invalid {
    lowest: f64,
    highest: f64,
}

impl Sums for Invalid {
    type State = Counts<1>;

    fn update(&self, states: &mut [Counts<1>], rows: &Rows<'_>) -> Result<()> {
        rows.numbers(0, |group, score| {
            // NaN fails both comparisons and is invalid.
            let valid = score >= self.lowest && score <= self.highest && score.fract() == 0.0;
            states[group].0[0] += i64::from(!valid);
        })
    }

    fn finish(&self, states: &[Counts<1>]) -> Result<ArrayRef> {
        let counts = Int64Array::from_iter_values(states.iter().map(|s| s.0[0]));
        Ok(Arc::new(counts))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Subject, planning_error, session};

    #[test]
    fn n_invalid_passes_the_common_tests() {
        Subject {
            call: "n_invalid(x, 'csat')",
            x: &[0.0, 1.0, 3.5, 5.0, 5.0, 6.0, -1.0],
            y: &[1.0],
            slowly: |rows| {
                let valid = [1.0, 2.0, 3.0, 4.0, 5.0];
                let invalid = rows
                    .iter()
                    .filter_map(|r| r.0)
                    .filter(|x| !valid.contains(x));
                vec![Some(invalid.count() as f64).into()]
            },
        }
        .check();
    }

    #[tokio::test]
    async fn the_kind_is_never_guessed() {
        let ctx = session();
        for kind in ["null", "'npps'"] {
            let query = format!("select n_invalid(s, {kind}) from (values (1)) as t(s)");
            let message = planning_error(&ctx, &query).await;
            assert!(message.contains("one of 'nps', 'csat', 'ces'"), "{message}");
        }
    }
}
