//! `bgnbd_alive(x, t_x, t, model)`: probability that a customer has not dropped out.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use super::model::{BGNBD, BgNbdModels, Histories, by_row};
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the probability, 0 to 1, that a customer has not dropped out by age t, by the BG/NBD model. Without a \
repeat purchase it is 1, since in this model customers drop out only after one. A model with converged false, a \
NULL and a customer that cannot be (see `bgnbd_fit`) give NULL.",
    syntax_example = "bgnbd_alive(x, t_x, t, model)",
    sql_example = r#"```sql
select round(bgnbd_alive(26, 30.85714, 31, named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)), 4) as alive;
+--------+
| alive  |
+--------+
| 0.9689 |
+--------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(name = "t_x", description = "Age at the last of them, 0 without any."),
    argument(name = "t", description = "Age now, in the unit of the model."),
    argument(
        name = "model",
        description = "The model: what `bgnbd_fit` returns, or a struct with r, alpha, a and b."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BgnbdAlive;

impl Scalar for BgnbdAlive {
    const NAME: &'static str = "bgnbd_alive";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("t_x", Kind::Number),
            Parameter::column("t", Kind::Number),
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
        let models = BgNbdModels::of(&arguments[3])?;
        let histories = Histories::of(arguments)?;
        by_row(arguments, |row| {
            models.get(row)?.alive(&histories.get(row)?)
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

    async fn alive(customer: &str, model: &str) -> Vec<Cell> {
        value(
            &session(),
            &format!("select bgnbd_alive({customer}, {model})"),
        )
        .await
    }

    /// Customer 1516 of the walkthrough of R's BTYD.
    #[tokio::test]
    async fn customer_1516_is_alive_as_published() {
        assert_near(
            &alive("26, 30.85714, 31", MODEL).await,
            &[0.968_852_3],
            1e-6,
        );
        assert_near(&alive("0, 0, 1", MODEL).await, &[1.0], 0.0);
        if let Some(case) = published_case("bgnbd_cdnow.json", "customer 1516") {
            let expected = published_numbers(&case["expected"]["p_alive"]);
            assert_near(&alive("26, 30.85714, 31", MODEL).await, &expected, 1e-3);
        }
    }

    #[tokio::test]
    async fn what_is_no_customer_or_no_model_has_no_probability() {
        let unfinished = MODEL.replace(", 'a'", ", 'converged', false, 'a'");
        for (customer, model) in [
            ("1, 5, 4", MODEL),
            ("null, 0, 4", MODEL),
            ("0, 0, 4", &unfinished),
            ("0, 0, 4", "null"),
            (
                "0, 0, 4",
                "named_struct('r', -1, 'alpha', 1, 'a', 1, 'b', 1)",
            ),
        ] {
            assert_eq!(
                alive(customer, model).await,
                [Cell::Null],
                "{customer} {model}"
            );
        }
    }

    #[tokio::test]
    async fn the_result_of_a_fit_is_a_model_as_it_is() {
        let query = "select bgnbd_alive(0, 0, 4, m) from (select bgnbd_fit(0, 0, i) as m \
                     from generate_series(1, 3) as s(i))";
        assert_eq!(value(&session(), query).await, [Cell::Null]);
        let message = crate::harness::error(&session(), "select bgnbd_alive(0, 0, 4, 5)").await;
        assert!(
            message.contains("a struct with the numbers r, alpha, a, b"),
            "{message}"
        );
    }
}
