//! `churn_status(elapsed, at_risk, churned)`: active, at risk or churned.

use std::sync::Arc;

use aftersight_stats::journey::churn_status;
use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::cast::as_float64_array;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::args::{Call, Kind, Parameter, Parameters};
use crate::scalar::Scalar;

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns 'churned' where the time since the last order has reached the threshold churned, else \
'at_risk' where it has reached at_risk, else 'active'. All three are in one unit. The thresholds are the method: \
constants (90 and 180 days), percentiles of the gaps between orders of all customers (80th and 95th, or as published by \
Statlas the 40th and 80th), or multiples of the customer's own median gap from `order_sequence`. NULL and NaN give \
NULL; thresholds below 0 or in the wrong order are an error.",
    syntax_example = "churn_status(elapsed, at_risk, churned)",
    sql_example = r#"```sql
select days, churn_status(days, 29, 47) as status
from (values (10), (29), (47)) as customers(days);
+------+---------+
| days | status  |
+------+---------+
| 10   | active  |
| 29   | at_risk |
| 47   | churned |
+------+---------+
```"#,
    argument(name = "elapsed", description = "Time since the last order."),
    argument(
        name = "at_risk",
        description = "From here on at risk, 0 or more; may differ from row to row."
    ),
    argument(
        name = "churned",
        description = "From here on churned, at least at_risk."
    ),
    related_udf(name = "order_sequence")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ChurnStatus;

impl Scalar for ChurnStatus {
    const NAME: &'static str = "churn_status";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("elapsed", Kind::Number),
            Parameter::column("at_risk", Kind::Number),
            Parameter::column("churned", Kind::Number),
        ],
    );
    type Options = ();

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn options(&self, _: &Call) -> Result<()> {
        Ok(())
    }

    fn compute(&self, (): &(), arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let elapsed = as_float64_array(&arguments[0])?.iter();
        let at_risk = as_float64_array(&arguments[1])?.iter();
        let churned = as_float64_array(&arguments[2])?.iter();
        let mut codes = StringBuilder::new();
        for ((elapsed, at_risk), churned) in elapsed.zip(at_risk).zip(churned) {
            let status = churn_status(elapsed, at_risk, churned)
                .map_err(|error| exec_datafusion_err!("'churn_status': {error}"))?;
            codes.append_option(status.map(|status| status.code()));
        }
        Ok(Arc::new(codes.finish()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, error, published_cases, session, value};

    #[tokio::test]
    async fn published_statuses_are_met() {
        let Some(cases) = published_cases("churn_definitions.json") else {
            return;
        };
        let ctx = session();
        let case = &cases[0].1;
        for row in case["cases"].as_array().unwrap() {
            let query = format!(
                "select churn_status({}, {}, {})",
                row[0], case["input"]["at_risk_days"], case["input"]["churn_days"]
            );
            let expected = Cell::Text(row[1].as_str().unwrap().to_string());
            assert_eq!(value(&ctx, &query).await, [expected], "{query}");
        }
    }

    #[tokio::test]
    async fn null_and_nan_give_null_and_thresholds_in_the_wrong_order_fail() {
        let ctx = session();
        for call in [
            "churn_status(null, 1, 2)",
            "churn_status(5, 'NaN'::double, 2)",
        ] {
            assert_eq!(value(&ctx, &format!("select {call}")).await, [Cell::Null]);
        }
        let message = error(&ctx, "select churn_status(5, 3, 2)").await;
        assert!(
            message.contains("'churn_status': churned must"),
            "{message}"
        );
    }
}
