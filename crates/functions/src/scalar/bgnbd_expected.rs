//! `bgnbd_expected(horizon, model)`: purchases of a new customer.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use super::model::{BGNBD, BgNbdModels, by_row};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns how many repeat purchases a new customer is expected to make within the horizon after the first one, by \
the BG/NBD model. A model with converged false, a NULL and a negative horizon give NULL.",
    syntax_example = "bgnbd_expected(horizon, model)",
    sql_example = r#"```sql
select round(bgnbd_expected(52, named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)), 4) as within_a_year;
+---------------+
| within_a_year |
+---------------+
| 1.444         |
+---------------+
```"#,
    argument(
        name = "horizon",
        description = "Time since the first purchase, in the unit of the model."
    ),
    argument(
        name = "model",
        description = "The model: what `bgnbd_fit` returns, or a struct with r, alpha, a and b."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BgnbdExpected;

impl Scalar for BgnbdExpected {
    const NAME: &'static str = "bgnbd_expected";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("horizon", Kind::Number),
            Parameter::column("model", Kind::Model(&BGNBD)),
        ],
    );
    type Options = ();

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn options(&self, _: &Call) -> Result<()> {
        Ok(())
    }

    fn compute(&self, _: &(), arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let models = BgNbdModels::of(&arguments[1])?;
        let horizon = Numbers::of(arguments, 0)?;
        by_row(arguments, |row| {
            models.get(row)?.expected(horizon.get(row)?)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, published_case, published_numbers, session, value};

    const MODEL: &str =
        "named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)";

    /// R's BTYD: 1.444004 repeat purchases within 52 weeks.
    #[tokio::test]
    async fn new_customers_of_cdnow_buy_as_published() {
        let query = |t: f64| format!("select bgnbd_expected({t:?}, {MODEL})");
        assert_near(&value(&session(), &query(52.0)).await, &[1.444_004], 1e-5);
        assert_eq!(value(&session(), &query(-1.0)).await, [Cell::Null]);
        let Some(case) = published_case("bgnbd_cdnow.json", "E[X(t)]") else {
            return;
        };
        let pairs = published_numbers(&case["input"]).into_iter();
        for (t, expected) in pairs.zip(published_numbers(&case["expected"])) {
            assert_near(&value(&session(), &query(t)).await, &[expected], 6e-4);
        }
    }
}
