//! `returner_class(orders, returned_orders, returned_orders_ever, ...)`: how often a customer returns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Return Functions"),
    description = "Returns the class of a customer by returns in a window, 365 days as a rule: 'none' without any \
return ever; 'earlier' with returns before the window only; 'first_time' with the first return of all within it; \
'frequent' with orders_min orders or more of which more than order_rate came back, or with returns_min returned \
orders or more that are at least return_rate of the orders; else 'occasional'. There is no published standard: the \
first rule follows metricuno.com (over 50 percent of three or more orders), and all four limits are arguments. \
Leave out of returned_orders what was the seller's fault, if it is not to make a frequent returner. Rates are \
fractions of orders; without orders in the window no rate is known and none is exceeded. Where a count is NULL or \
negative the result is NULL.",
    syntax_example = "returner_class(orders, returned_orders, returned_orders_ever [, orders_min [, order_rate [, returns_min [, return_rate]]]])",
    sql_example = r#"```sql
select id, returner_class(orders, returned, ever) as class
from (values (1, 5, 0, 0), (2, 5, 0, 2), (3, 5, 1, 1), (4, 5, 1, 3), (5, 4, 3, 3)) as customers(
    id, orders, returned, ever
)
order by id;
+----+------------+
| id | class      |
+----+------------+
| 1  | none       |
| 2  | earlier    |
| 3  | first_time |
| 4  | occasional |
| 5  | frequent   |
+----+------------+
```"#,
    argument(name = "orders", description = "Orders in the window."),
    argument(
        name = "returned_orders",
        description = "Orders in the window with at least one return."
    ),
    argument(
        name = "returned_orders_ever",
        description = "Orders of the whole history with at least one return."
    ),
    argument(name = "orders_min", description = "3 by default."),
    argument(name = "order_rate", description = "0.5 by default."),
    argument(name = "returns_min", description = "3 by default."),
    argument(name = "return_rate", description = "0.3 by default.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReturnerClass;

/// Where frequent begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    orders_min: f64,
    order_rate: f64,
    returns_min: f64,
    return_rate: f64,
}

impl Scalar for ReturnerClass {
    const NAME: &'static str = "returner_class";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("orders", Kind::Number),
            Parameter::column("returned_orders", Kind::Number),
            Parameter::column("returned_orders_ever", Kind::Number),
            Parameter::option("orders_min", Kind::Number),
            Parameter::option("order_rate", Kind::Number),
            Parameter::option("returns_min", Kind::Number),
            Parameter::option("return_rate", Kind::Number),
        ],
    );
    type Options = Limits;

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn options(&self, call: &Call) -> Result<Limits> {
        let count = |i: usize, default: i64| -> Result<f64> {
            let given = call.whole(i, 1, 1_000_000)?;
            Ok(given.unwrap_or(default) as f64)
        };
        let rate = |i: usize, default: f64| match call.number(i)? {
            None => Ok(default),
            Some(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
            Some(rate) => call.refuse(i, "a rate from 0 to 1", rate),
        };
        Ok(Limits {
            orders_min: count(3, 3)?,
            order_rate: rate(4, 0.5)?,
            returns_min: count(5, 3)?,
            return_rate: rate(6, 0.3)?,
        })
    }

    fn compute(&self, limits: &Limits, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let orders = as_float64_array(&arguments[0])?;
        let returned = as_float64_array(&arguments[1])?;
        let ever = as_float64_array(&arguments[2])?;
        let classes: StringArray = (0..orders.len())
            .map(|row| {
                Some(limits.class(
                    count(orders, row)?,
                    count(returned, row)?,
                    count(ever, row)?,
                ))
            })
            .collect();
        Ok(Arc::new(classes))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn count(counts: &Float64Array, row: usize) -> Option<f64> {
    let n = counts.value(row);
    (counts.is_valid(row) && n.is_finite() && n >= 0.0).then_some(n)
}

impl Limits {
    fn class(&self, orders: f64, returned: f64, ever: f64) -> &'static str {
        if returned == 0.0 {
            return if ever == 0.0 { "none" } else { "earlier" };
        }
        // A history shorter than the window cannot be: what is in the window counts.
        if returned.max(ever) == 1.0 {
            return "first_time";
        }
        // Products instead of quotients, so that no orders need no case of their own,
        // and 3 of 10 is exactly 0.3 of them.
        let by_orders = orders >= self.orders_min && returned > self.order_rate * orders;
        let by_returns =
            returned >= self.returns_min && orders > 0.0 && returned >= self.return_rate * orders;
        if by_orders || by_returns {
            "frequent"
        } else {
            "occasional"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Cell, planning_error, session, value};

    const LIMITS: Limits = Limits {
        orders_min: 3.0,
        order_rate: 0.5,
        returns_min: 3.0,
        return_rate: 0.3,
    };

    #[test]
    fn classes_begin_where_they_should() {
        for (orders, returned, ever, class) in [
            (0, 0, 0, "none"),
            (4, 0, 1, "earlier"),
            (1, 1, 1, "first_time"),
            (1, 1, 2, "occasional"),
            (2, 2, 2, "occasional"),
            (3, 2, 2, "frequent"),
            (4, 2, 2, "occasional"),
            (10, 3, 3, "frequent"),
            (11, 3, 3, "occasional"),
            (0, 3, 3, "occasional"),
        ] {
            let got = LIMITS.class(f64::from(orders), f64::from(returned), f64::from(ever));
            assert_eq!(
                got, class,
                "{orders} orders, {returned} returned, {ever} ever"
            );
        }
    }

    #[test]
    fn every_customer_has_exactly_one_class() {
        let mut seen = std::collections::BTreeSet::new();
        for orders in 0..12 {
            for returned in 0..=orders {
                for ever in returned..returned + 3 {
                    let n = |x: i32| f64::from(x);
                    seen.insert(LIMITS.class(n(orders), n(returned), n(ever)));
                }
            }
        }
        let all = ["earlier", "first_time", "frequent", "none", "occasional"];
        assert!(seen.into_iter().eq(all));
    }

    #[tokio::test]
    async fn limits_are_arguments() {
        let ctx = session();
        for (call, class) in [
            ("returner_class(4, 2, 2)", "occasional"),
            ("returner_class(4, 2, 2, 4, 0.4)", "frequent"),
            ("returner_class(4, 2, 2, null, null, 2, 0.5)", "frequent"),
            (
                "returner_class(4, 2, 2, order_rate => 0.4, orders_min => 3)",
                "frequent",
            ),
        ] {
            let got = value(&ctx, &format!("select {call}")).await;
            assert_eq!(got, [Cell::Text(class.to_string())], "{call}");
        }
        let message = planning_error(&ctx, "select returner_class(4, 2, 2, 3, 50)").await;
        assert!(message.contains("a rate from 0 to 1"), "{message}");
    }

    #[tokio::test]
    async fn unknown_and_impossible_counts_have_no_class() {
        let ctx = session();
        for counts in ["null, 0, 0", "3, null, 0", "3, -1, 0"] {
            let got = value(&ctx, &format!("select returner_class({counts})")).await;
            assert_eq!(got, [Cell::Null], "{counts}");
        }
    }
}
