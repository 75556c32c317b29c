//! `prop_power(p1, p2, n [, alpha [, ratio [, one_sided]]])`: how often a test of two rates finds a difference.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::prop_power::prop_power;

use super::Scalar;
use super::prop_sample_size::Plan;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::tally::Numbers;

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns the probability, 0 to 1, that a test of two rates with a control of n customers finds the \
difference between p1 and p2; the same as R's power.prop.test. NULL arguments, rates outside 0..1 and an n that is not \
positive give NULL.",
    syntax_example = "prop_power(p1, p2, n [, alpha [, ratio [, one_sided]]])",
    sql_example = r#"```sql
select round(prop_power(0.50, 0.75, 50), 4) as power;
+--------+
| power  |
+--------+
| 0.7402 |
+--------+
```"#,
    argument(name = "p1", description = "Rate of the control, 0 to 1."),
    argument(name = "p2", description = "Rate of the treatment, 0 to 1."),
    argument(name = "n", description = "Customers in the control."),
    argument(
        name = "alpha",
        description = "Probability of a false alarm, 0.05 by default."
    ),
    argument(
        name = "ratio",
        description = "Size of the treatment over that of the control, 1 by default."
    ),
    argument(
        name = "one_sided",
        description = "Whether only one direction counts, false by default."
    ),
    related_udf(name = "prop_sample_size")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PropPower;

impl Scalar for PropPower {
    const NAME: &'static str = "prop_power";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("p1", Kind::Number),
            Parameter::column("p2", Kind::Number),
            Parameter::column("n", Kind::Number),
            Parameter::option("alpha", Kind::Number),
            Parameter::option("ratio", Kind::Number),
            Parameter::option("one_sided", Kind::Boolean),
        ],
    );
    type Options = Plan;

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn options(&self, call: &Call) -> Result<Plan> {
        Plan::read(call, [3, 4, 5])
    }

    fn compute(&self, plan: &Plan, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (p1, p2) = (Numbers::of(arguments, 0)?, Numbers::of(arguments, 1)?);
        let n = Numbers::of(arguments, 2)?;
        let powers: Float64Array = (0..arguments[0].len())
            .map(|row| {
                let design = plan.design(p1.get(row), p2.get(row))?;
                // An n that is not positive is refused, which here means unknown.
                prop_power(&design, n.get(row)?).ok()?
            })
            .collect();
        Ok(Arc::new(powers))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, session, value};

    /// R: power.prop.test(n = 50, p1 = .50, p2 = .75) prints power = 0.740.
    #[tokio::test]
    async fn power_is_that_of_r_power_prop_test() {
        let got = value(&session(), "select prop_power(0.50, 0.75, 50)").await;
        assert_near(&got, &[0.740], 5e-4);
    }

    #[tokio::test]
    async fn no_customers_have_no_power() {
        for arguments in ["0.1, 0.2, 0", "0.1, 0.2, null", "0.1, 2, 10"] {
            let got = value(&session(), &format!("select prop_power({arguments})")).await;
            assert_eq!(got, [Cell::Null], "{arguments}");
        }
    }
}
