//! `bgnbd_pmf(x, horizon, model)`: distribution of purchases of a new customer.

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
    description = "Returns the probability that a new customer makes exactly x repeat purchases within the horizon after the first \
one, by the BG/NBD model. A model with converged false, a NULL, a negative horizon, and an x that is negative, \
not whole or above 100000 give NULL.",
    syntax_example = "bgnbd_pmf(x, horizon, model)",
    sql_example = r#"```sql
select x, round(bgnbd_pmf(x, 39, named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)), 4) as p
from (values (0), (1), (2)) as purchases(x);
+---+--------+
| x | p      |
+---+--------+
| 0 | 0.5743 |
| 1 | 0.1992 |
| 2 | 0.0853 |
+---+--------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
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
pub(crate) struct BgnbdPmf;

impl Scalar for BgnbdPmf {
    const NAME: &'static str = "bgnbd_pmf";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
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
        let models = BgNbdModels::of(&arguments[2])?;
        let (x, horizon) = (Numbers::of(arguments, 0)?, Numbers::of(arguments, 1)?);
        by_row(arguments, |row| {
            let is_count = |x: &f64| x.fract() == 0.0 && (0.0..=100_000.0).contains(x);
            let x = x.get(row).filter(is_count)?;
            models.get(row)?.pmf(x as u32, horizon.get(row)?)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, published_case, published_numbers, session, value};

    const MODEL: &str = "named_struct('r', 0.243, 'alpha', 4.414, 'a', 0.793, 'b', 2.426)";

    /// R's BTYD at the parameters of the paper.
    #[tokio::test]
    async fn probabilities_are_the_published_ones() {
        let query = |x: &str, t: f64| format!("select bgnbd_pmf({x}, {t:?}, {MODEL})");
        let ctx = session();
        assert_near(&value(&ctx, &query("10", 2.0)).await, &[1.07869e-7], 1e-11);
        assert_near(&value(&ctx, &query("0", 39.0)).await, &[0.573_786_4], 1e-6);
        for x in ["1.5", "-1", "null", "1e9"] {
            assert_eq!(value(&ctx, &query(x, 39.0)).await, [Cell::Null], "{x}");
        }
        let Some(case) = published_case("bgnbd_cdnow.json", "pmf t=30") else {
            return;
        };
        for (i, expected) in published_numbers(&case["expected"]).into_iter().enumerate() {
            let got = value(&ctx, &query(&(11 + i).to_string(), 30.0)).await;
            assert_near(&got, &[expected], 1e-8);
        }
    }
}
