//! `gamma_gamma_expected_value(x, m, model)`: money of a purchase to come.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use super::model::{GAMMA_GAMMA, GammaGammaModels, by_row};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the expected amount of a purchase of a customer with x repeat purchases of mean amount m, by the \
Gamma-Gamma model, in the unit of the money: between m and the mean of all customers, nearer to m the more \
purchases there were; without any it is the mean of all. A model with converged false, NULLs and negative \
numbers give NULL, as do parameters whose mean does not exist (q of 1 or less without purchases).",
    syntax_example = "gamma_gamma_expected_value(x, m, model)",
    sql_example = r#"```sql
select round(gamma_gamma_expected_value(2, 22.35, named_struct('p', 6.25, 'q', 3.74, 'v', 15.44)), 2) as expected;
+----------+
| expected |
+----------+
| 24.66    |
+----------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(
        name = "m",
        description = "Mean amount of a repeat purchase, 0 without any."
    ),
    argument(
        name = "model",
        description = "The model: what `gamma_gamma_fit` returns, or a struct with p, q and v."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct GammaGammaExpectedValue;

impl Scalar for GammaGammaExpectedValue {
    const NAME: &'static str = "gamma_gamma_expected_value";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("m", Kind::Number),
            Parameter::column("model", Kind::Model(&GAMMA_GAMMA)),
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
        let models = GammaGammaModels::of(&arguments[2])?;
        let (x, m) = (Numbers::of(arguments, 0)?, Numbers::of(arguments, 1)?);
        by_row(arguments, |row| {
            models.get(row)?.expected_value(x.get(row)?, m.get(row)?)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, published, published_case, published_numbers, session, value,
    };

    async fn expected(x: &str, m: &str) -> Vec<Cell> {
        let model = "named_struct('p', 6.25, 'q', 3.74, 'v', 15.44)";
        let query = format!("select gamma_gamma_expected_value({x}, {m}, {model})");
        value(&session(), &query).await
    }

    /// Hardie's note 025, as quoted by lifetimes: 24.65 for the first customer of CDNOW, with
    /// parameters that are not rounded.
    #[tokio::test]
    async fn purchases_are_worth_what_was_published() {
        assert_near(&expected("2", "22.35").await, &[24.65], 0.02);
        assert_eq!(expected("-1", "22.35").await, [Cell::Null]);
        let (Some(text), Some(case)) = (
            published("cdnow_summary.csv"),
            published_case("gamma_gamma_cdnow.json", "E[M|x,m]"),
        ) else {
            return;
        };
        let customers = text.lines().skip(1);
        for (line, published) in customers.zip(published_numbers(&case["expected"])) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_near(&expected(cells[1], cells[4]).await, &[published], 0.1);
        }
    }
}
