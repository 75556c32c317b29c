//! `rfm_segment(r, f, m [, model])`: segment of a customer by scores.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::segments::{Cell, Model, all_models, models};

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns the segment of a customer with the scores r, f and m of 1 to 5, as a code: champions, \
loyal_customers, potential_loyalists, new_customers, promising, need_attention, about_to_sleep, at_risk, \
cant_lose_them, hibernating, lost, others. `cells11` lists every cell once; `rf10` (the map of regular expressions \
in many public notebooks) ignores m; `rfm10` (R package rfm 0.3.0) and `putler11` (Putler's table as rfm 0.2.2 reads \
it) leave gaps, which are 'others', and overlap, where the first row of the published table wins; `spider2_11` \
(Spider 2.0) goes by r and f + m, and has recent_users and price_sensitive besides. Scores that are \
NULL or not 1 to 5 have no segment: the result is NULL.",
    syntax_example = "rfm_segment(r, f, m [, model])",
    sql_example = r#"```sql
select r, f, m, rfm_segment(r, f, m) as cells11, rfm_segment(r, f, m, 'rf10') as rf10
from (values (5, 5, 5), (1, 4, 4), (3, 1, 2)) as scores(r, f, m);
+---+---+---+----------------+----------------+
| r | f | m | cells11        | rf10           |
+---+---+---+----------------+----------------+
| 5 | 5 | 5 | champions      | champions      |
| 1 | 4 | 4 | cant_lose_them | at_risk        |
| 3 | 1 | 2 | about_to_sleep | about_to_sleep |
+---+---+---+----------------+----------------+
```"#,
    argument(name = "r", description = "Recency score, 5 is best."),
    argument(name = "f", description = "Frequency score, 5 is best."),
    argument(
        name = "m",
        description = "Monetary score, 5 is best; may be NULL for 'rf10'."
    ),
    argument(
        name = "model",
        description = "'cells11' (default), 'rf10', 'rfm10', 'putler11' or 'spider2_11'."
    ),
    related_udf(name = "rfm_bucket")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmSegment;

impl Scalar for RfmSegment {
    const NAME: &'static str = "rfm_segment";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("r", Kind::Number),
            Parameter::column("f", Kind::Number),
            Parameter::column("m", Kind::Number),
            Parameter::option("model", Kind::Text),
        ],
    );
    type Options = &'static Model;

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn options(&self, call: &Call) -> Result<&'static Model> {
        let choices: Vec<_> = all_models().map(|m| (m.name, m)).collect();
        Ok(call.choice(3, &choices)?.unwrap_or(&models()[0]))
    }

    fn compute(&self, model: &&'static Model, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        // One look at each of the 125 cells, then one for each row.
        let segments: Vec<&str> = model.cells().map(|(_, segment)| segment).collect();
        let r = as_float64_array(&arguments[0])?;
        let f = as_float64_array(&arguments[1])?;
        let m = as_float64_array(&arguments[2])?;
        let results: StringArray = (0..r.len())
            .map(|row| {
                let cell = Cell {
                    r: score(r, row)?,
                    f: score(f, row)?,
                    m: if model.uses_monetary {
                        score(m, row)?
                    } else {
                        1
                    },
                };
                Some(segments[cell.place()])
            })
            .collect();
        Ok(Arc::new(results))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Returns a score, or nothing for what is none.
fn score(scores: &Float64Array, row: usize) -> Option<u8> {
    let x = scores.value(row);
    let is_score = scores.is_valid(row) && x.fract() == 0.0 && (1.0..=5.0).contains(&x);
    is_score.then_some(x as u8)
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, session, value};

    #[tokio::test]
    async fn what_is_no_score_has_no_segment() {
        let ctx = session();
        for scores in [
            "0, 5, 5",
            "5, 6, 5",
            "5, 4.5, 5",
            "5, 5, null",
            "null, 1, 1",
        ] {
            let got = value(&ctx, &format!("select rfm_segment({scores})")).await;
            assert_eq!(got, [Cell::Null], "{scores}");
        }
    }

    #[tokio::test]
    async fn a_model_without_value_needs_none() {
        let got = value(&session(), "select rfm_segment(5, 5, null, 'rf10')").await;
        assert_eq!(got, [Cell::Text("champions".to_string())]);
    }

    #[tokio::test]
    async fn model_names_of_every_encoding_are_read() {
        let ctx = session();
        for t in ["Utf8", "LargeUtf8", "Utf8View", "Dictionary(Int32, Utf8)"] {
            let query = format!("select rfm_segment(1, 1, 1, arrow_cast('rf10', '{t}'))");
            let got = value(&ctx, &query).await;
            assert_eq!(got, [Cell::Text("hibernating".to_string())], "{t}");
        }
    }

    #[tokio::test]
    async fn unknown_models_are_refused_while_planning() {
        let query = "select rfm_segment(1, 1, 1, 'rf11')";
        let message = planning_error(&session(), query).await;
        assert!(message.contains("Did you mean 'rf10'?"), "{message}");
    }
}
