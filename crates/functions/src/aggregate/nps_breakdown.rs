//! `nps_breakdown(score)`: how many promoters, passives and detractors.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::answers::count_categories;
use super::{Aggregate, state_of};
use crate::additive::{Build, Counts, Kernel as Sums, Rows};
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the counts behind the net promoter score, \
`struct(promoters, passives, detractors, n, n_invalid)`: n is the number of valid answers, n_invalid that of scores \
that are not whole numbers from 0 to 10 and which `nps` leaves out. NULL scores are not counted; over no rows all \
counts are 0.",
    syntax_example = "nps_breakdown(score)",
    sql_example = r#"```sql
select nps_breakdown(score) as answers
from (values (10), (9), (8), (6), (11), (null)) as survey(score);
+----------------------------------------------------------------+
| answers                                                        |
+----------------------------------------------------------------+
| {promoters: 2, passives: 1, detractors: 1, n: 4, n_invalid: 1} |
+----------------------------------------------------------------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10."),
    related_udf(name = "nps"),
    related_udf(name = "n_invalid")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsBreakdown;

impl Aggregate for NpsBreakdown {
    const NAME: &'static str = "nps_breakdown";
    const PARAMETERS: Parameters =
        Parameters::new(Self::NAME, &[Parameter::column("score", Kind::Number)]);

    fn result(&self) -> DataType {
        DataType::Struct(fields())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<Breakdown>()
    }

    fn build(&self, _: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Breakdown))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn fields() -> Fields {
    ["promoters", "passives", "detractors", "n", "n_invalid"]
        .map(|name| Field::new(name, DataType::Int64, true))
        .to_vec()
        .into()
}

#[derive(Debug)]
struct Breakdown;

impl Sums for Breakdown {
    type State = Counts<4>;

    fn update(&self, states: &mut [Counts<4>], rows: &Rows<'_>) -> Result<()> {
        count_categories(states, rows)
    }

    fn finish(&self, states: &[Counts<4>]) -> Result<ArrayRef> {
        let column = |of: fn(&[i64; 4]) -> i64| -> ArrayRef {
            let counts = Int64Array::from_iter_values(states.iter().map(|s| of(&s.0)));
            Arc::new(counts)
        };
        let columns = vec![
            column(|c| c[0]),
            column(|c| c[1]),
            column(|c| c[2]),
            column(|c| c[0] + c[1] + c[2]),
            column(|c| c[3]),
        ];
        Ok(Arc::new(StructArray::new(fields(), columns, None)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::Subject;

    #[test]
    fn nps_breakdown_passes_the_common_tests() {
        Subject {
            call: "nps_breakdown(x)",
            x: &[10.0, 9.0, 8.0, 7.0, 6.0, 0.0, 6.5, 11.0],
            y: &[1.0],
            slowly: |rows| {
                let among = |scores: &[f64]| {
                    let answers = rows.iter().filter_map(|r| r.0);
                    answers.filter(|x| scores.contains(x)).count() as f64
                };
                [
                    among(&[10.0, 9.0]),
                    among(&[8.0, 7.0]),
                    among(&[6.0, 0.0]),
                    among(&[10.0, 9.0, 8.0, 7.0, 6.0, 0.0]),
                    among(&[6.5, 11.0]),
                ]
                .map(|n| Some(n).into())
                .to_vec()
            },
        }
        .check();
    }
}
