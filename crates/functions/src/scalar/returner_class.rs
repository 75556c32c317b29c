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
With value and returned_value the rates are fractions of the money ordered instead (ASOS: value returned over value \
ordered in twelve months), the limits on counts stay. Leave out of returned_orders what was the seller's fault, if it is not to make a frequent returner. Rates are \
fractions of orders; without orders in the window no rate is known and none is exceeded. Where a count or value is NULL or \
negative the result is NULL.",
    syntax_example = "returner_class(orders, returned_orders, returned_orders_ever [, orders_min [, order_rate [, returns_min [, return_rate [, value, returned_value]]]]])",
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
    argument(name = "return_rate", description = "0.3 by default."),
    argument(
        name = "value",
        description = "Money of the orders in the window; none by default, then orders are counted."
    ),
    argument(
        name = "returned_value",
        description = "Money of what came back of them; goes with value."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReturnerClass;

/// Position of the money among the arguments, where a call gives it.
const VALUE: usize = 7;

/// How often a customer ordered and returned in the window, and returned ever.
#[derive(Debug, Clone, Copy)]
struct Counts {
    orders: f64,
    returned: f64,
    ever: f64,
}

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
            Parameter::column("value", Kind::Number).optional(),
            Parameter::column("returned_value", Kind::Number).optional(),
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
        if call.n_arguments() == VALUE + 1 {
            return call.refuse(VALUE + 1, "the money that came back beside value", "none");
        }
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
        let values = match arguments.get(VALUE..VALUE + 2) {
            Some([value, back]) => Some((as_float64_array(value)?, as_float64_array(back)?)),
            _ => None,
        };
        let classes: StringArray = (0..orders.len())
            .map(|row| {
                let counts = Counts {
                    orders: count(orders, row)?,
                    returned: count(returned, row)?,
                    ever: count(ever, row)?,
                };
                let (whole, part) = match &values {
                    Some((value, back)) => (count(value, row)?, count(back, row)?),
                    None => (counts.orders, counts.returned),
                };
                Some(limits.class(counts, whole, part))
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
    /// Returns the class, given of what whole which part came back: orders or money.
    fn class(&self, counts: Counts, whole: f64, part: f64) -> &'static str {
        let Counts {
            orders,
            returned,
            ever,
        } = counts;
        if returned == 0.0 {
            return if ever == 0.0 { "none" } else { "earlier" };
        }
        // A history shorter than the window cannot be: what is in the window counts.
        if returned.max(ever) == 1.0 {
            return "first_time";
        }
        // Products instead of quotients, so that no orders need no case of their own,
        // and 3 of 10 is exactly 0.3 of them.
        let by_orders = orders >= self.orders_min && part > self.order_rate * whole;
        let by_returns =
            returned >= self.returns_min && whole > 0.0 && part >= self.return_rate * whole;
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

    fn by_orders(orders: i32, returned: i32, ever: i32) -> &'static str {
        let [orders, returned, ever] = [orders, returned, ever].map(f64::from);
        let counts = Counts {
            orders,
            returned,
            ever,
        };
        LIMITS.class(counts, orders, returned)
    }

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
            let got = by_orders(orders, returned, ever);
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
                    seen.insert(by_orders(orders, returned, ever));
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
        // Two cheap orders of four came back, and one dear one of four.
        for (money, class) in [("100, 20", "occasional"), ("100, 80", "frequent")] {
            let query = format!("select returner_class(4, 2, 2, null, null, null, null, {money})");
            let got = value(&ctx, &query).await;
            assert_eq!(got, [Cell::Text(class.to_string())], "{money}");
        }
        let query = "select returner_class(4, 2, 2, null, null, null, null, 100, null)";
        assert_eq!(value(&ctx, query).await, [Cell::Null]);
        let query = "select returner_class(4, 2, 2, null, null, null, null, 100)";
        let message = planning_error(&ctx, query).await;
        assert!(
            message.contains("the money that came back beside value"),
            "{message}"
        );
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
