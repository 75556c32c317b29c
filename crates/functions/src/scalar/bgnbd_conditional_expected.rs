//! `bgnbd_conditional_expected(x, t_x, t, horizon, model)`: purchases of a known customer.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use super::model::{BGNBD, BgNbdModels, Histories, by_row};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns how many purchases a customer with this history is expected to make within the horizon after age t, by \
the BG/NBD model. A model with converged false, a NULL and a customer that cannot be (see `bgnbd_fit`) give \
NULL.",
    syntax_example = "bgnbd_conditional_expected(x, t_x, t, horizon, model)",
    sql_example = r#"```sql
select round(
    bgnbd_conditional_expected(2, 30.43, 38.86, 39, named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)), 3
) as expected;
+----------+
| expected |
+----------+
| 1.226    |
+----------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(name = "t_x", description = "Age at the last of them, 0 without any."),
    argument(name = "t", description = "Age now, in the unit of the model."),
    argument(
        name = "horizon",
        description = "Time from now, in the unit of the model."
    ),
    argument(
        name = "model",
        description = "The model: what `bgnbd_fit` returns, or a struct with r, alpha, a and b."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BgnbdConditionalExpected;

impl Scalar for BgnbdConditionalExpected {
    const NAME: &'static str = "bgnbd_conditional_expected";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("t_x", Kind::Number),
            Parameter::column("t", Kind::Number),
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
        let models = BgNbdModels::of(&arguments[4])?;
        let histories = Histories::of(arguments)?;
        let horizon = Numbers::of(arguments, 3)?;
        by_row(arguments, |row| {
            let customer = histories.get(row)?;
            models
                .get(row)?
                .conditional_expected(&customer, horizon.get(row)?)
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

    /// Hardie's sheet: 1.226; R's BTYD: 25.75659.
    #[tokio::test]
    async fn known_customers_of_cdnow_buy_as_published() {
        for (prefix, customer, expected) in [
            ("E[Y(39)", "2, 30.43, 38.86, 39", 1.226),
            ("customer 1516", "26, 30.85714, 31, 52", 25.756_59),
        ] {
            let query = format!("select bgnbd_conditional_expected({customer}, {MODEL})");
            let got = value(&session(), &query).await;
            assert_near(&got, &[expected], 1e-3);
            if let Some(case) = published_case("bgnbd_cdnow.json", prefix) {
                let expected = match &case["expected"] {
                    serde_json::Value::Object(fields) => &fields["conditional_expected"],
                    number => number,
                };
                assert_near(&got, &published_numbers(expected), 1e-3);
            }
        }
        let query = format!("select bgnbd_conditional_expected(0, 1, 2, 3, {MODEL})");
        assert_eq!(value(&session(), &query).await, [Cell::Null]);
    }
}
