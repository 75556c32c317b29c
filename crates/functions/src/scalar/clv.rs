//! `clv(x, t_x, t, value, model, periods, period_units [, discount])`: what a customer will be worth.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::clv::{Horizon, clv};

use super::Scalar;
use super::model::{BGNBD, BgNbdModels, Histories, by_row};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the discounted value of a customer's purchases to come, in the unit of value: the sum over k = 1 to \
periods of value * (expected purchases in period k) / (1 + discount)^k, with the purchases of the BG/NBD model. \
period_units is the length of a period in the unit of the model: for a model in weeks and periods of a month \
4.345 (the example of the Python package lifetimes takes 30, which makes its months 30 weeks long). A model with \
converged false, a NULL and a customer that cannot be (see `bgnbd_fit`) give NULL.",
    syntax_example = "clv(x, t_x, t, value, model, periods, period_units [, discount])",
    sql_example = r#"```sql
select round(
    clv(2, 30.43, 38.86, 24.65, named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667), 12, 4.345, 0.01), 2
) as next_year;
+-----------+
| next_year |
+-----------+
| 36.27     |
+-----------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(name = "t_x", description = "Age at the last of them, 0 without any."),
    argument(name = "t", description = "Age now, in the unit of the model."),
    argument(
        name = "value",
        description = "Expected amount of a purchase, such as that of `gamma_gamma_expected_value`."
    ),
    argument(
        name = "model",
        description = "The model: what `bgnbd_fit` returns, or a struct with r, alpha, a and b."
    ),
    argument(name = "periods", description = "Number of periods, 1 to 1200."),
    argument(
        name = "period_units",
        description = "Length of a period in the unit of the model."
    ),
    argument(
        name = "discount",
        description = "Discount rate for each period, 0 by default; 0.01 is one percent."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Clv;

impl Scalar for Clv {
    const NAME: &'static str = "clv";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("t_x", Kind::Number),
            Parameter::column("t", Kind::Number),
            Parameter::column("value", Kind::Number),
            Parameter::column("model", Kind::Model(&BGNBD)),
            Parameter::option("periods", Kind::Number).mandatory(),
            Parameter::option("period_units", Kind::Number).mandatory(),
            Parameter::option("discount", Kind::Number),
        ],
    );
    type Options = Horizon;

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn options(&self, call: &Call) -> Result<Horizon> {
        let Some(periods) = call.whole(5, 1, 1_200)? else {
            return call.refuse(5, "a number of periods", "NULL");
        };
        let Some(period_units) = call.positive(6)? else {
            return call.refuse(6, "the length of a period", "NULL");
        };
        let discount = call.number(7)?.unwrap_or(0.0);
        let horizon = Horizon::new(periods as u32, period_units, discount);
        horizon.or_else(|reason| call.refuse(7, "a discount rate that makes sense", reason))
    }

    fn compute(&self, options: &Horizon, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let models = BgNbdModels::of(&arguments[4])?;
        let histories = Histories::of(arguments)?;
        let value = Numbers::of(arguments, 3)?;
        by_row(arguments, |row| {
            clv(
                &models.get(row)?,
                &histories.get(row)?,
                value.get(row)?,
                options,
            )
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, planning_error, session, value};

    const MODEL: &str =
        "named_struct('r', 0.2425982, 'alpha', 4.4136842, 'a', 0.7929899, 'b', 2.4261667)";

    /// The sum of differences of expected purchases, written out in SQL.
    #[tokio::test]
    async fn a_lifetime_is_the_sum_of_its_periods() {
        let query = format!(
            "select clv(2, 30.43, 38.86, 20, {MODEL}, 3, 4.345, 0.01) - sum(20 * ( \
             bgnbd_conditional_expected(2, 30.43, 38.86, 4.345 * k, {MODEL}) - \
             bgnbd_conditional_expected(2, 30.43, 38.86, 4.345 * (k - 1), {MODEL})) / power(1.01, k)) \
             from generate_series(1, 3) as s(k)"
        );
        assert_near(&value(&session(), &query).await, &[0.0], 1e-9);
    }

    #[tokio::test]
    async fn periods_are_refused_while_planning_and_impossible_customers_have_no_value() {
        let query = format!("select clv(2, 30.43, 38.86, 20, {MODEL}, 0, 4.345)");
        let got = planning_error(&session(), &query).await;
        assert!(
            got.contains("a whole number from 1 to 1200 as argument 6 (periods)"),
            "{got}"
        );
        let query = format!("select clv(2, 40, 38.86, 20, {MODEL}, 1, 4.345)");
        assert_eq!(value(&session(), &query).await, [Cell::Null]);
    }
}
