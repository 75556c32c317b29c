//! `retention(condition, ...)`: which conditions a group meets beside the first one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_boolean_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::additive::{Build, Counts, Kernel, Rows};
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::list::{list_array, list_type};

#[user_doc(
    doc_section(label = "Journey Functions"),
    description = "Returns a list with a 1 or 0 for each condition: for the first, whether any row of the group \
meets it; for each other one, whether some row meets it and some row meets the first. Group by customer and sum the \
elements for a cohort's retention. The order in time plays no role. NULL conditions are not met; without rows all \
elements are 0. The semantics are those of ClickHouse's retention.",
    syntax_example = "retention(condition, ...)",
    sql_example = r#"```sql
select sum(r[1]) as cohort, sum(r[2]) as came_back, sum(r[3]) as stayed
from (
    select customer_id, retention(month = 1, month = 2, month = 3) as r
    from (values (1, 1), (1, 2), (1, 3), (2, 1), (2, 3), (3, 2)) as orders(customer_id, month)
    group by customer_id
) as customers;
+--------+-----------+--------+
| cohort | came_back | stayed |
+--------+-----------+--------+
| 2      | 1         | 2      |
+--------+-----------+--------+
```"#,
    argument(
        name = "condition",
        description = "The cohort's condition, then the others, 1 to 32 in all: true or false."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Retention;

impl Aggregate for Retention {
    const NAME: &'static str = "retention";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[Parameter::column("condition", Kind::Boolean).repeated()],
    );

    fn result(&self) -> DataType {
        list_type(DataType::Int64)
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        // As many counts as `build` keeps.
        (0..n_counts(arguments.len()))
            .map(|i| (format!("count_{i}"), DataType::Int64))
            .collect()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let n_conditions = call.n_arguments();
        Ok(match n_counts(n_conditions) {
            4 => Box::new(Met::<4> { n_conditions }),
            8 => Box::new(Met::<8> { n_conditions }),
            32 if n_conditions <= 32 => Box::new(Met::<32> { n_conditions }),
            _ => {
                let got = format!("conditions must be 1 to 32, got {n_conditions}");
                return call.invalid(got);
            }
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Returns how many counts are kept: a few sizes, so that few conditions take little memory.
fn n_counts(n_conditions: usize) -> usize {
    match n_conditions {
        ..=4 => 4,
        5..=8 => 8,
        _ => 32,
    }
}

/// Counts the rows that meet each condition. Whether any does would be enough,
/// but a count can also be taken back, when a row leaves a window.
#[derive(Debug)]
struct Met<const N: usize> {
    n_conditions: usize,
}

impl<const N: usize> Kernel for Met<N> {
    type State = Counts<N>;

    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()> {
        for (i, column) in rows.values.iter().take(self.n_conditions).enumerate() {
            let column = as_boolean_array(column)?;
            let mut met = match column.nulls() {
                Some(known) => column.values() & known.inner(),
                None => column.values().clone(),
            };
            if let Some(filter) = rows.filter {
                met = &met & filter.values();
                if let Some(known) = filter.nulls() {
                    met = &met & known.inner();
                }
            }
            for row in met.set_indices() {
                states[rows.groups[row]].0[i] += 1;
            }
        }
        Ok(())
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        let items = states.iter().flat_map(|counts| {
            let counts = &counts.0[..self.n_conditions];
            counts.iter().map(|n| i64::from(counts[0] > 0 && *n > 0))
        });
        let items = Int64Array::from_iter_values(items);
        let lengths = vec![self.n_conditions; states.len()];
        Ok(list_array(Arc::new(items), lengths, None))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, planning_error, published_cases, session, value};

    #[test]
    fn retention_passes_the_common_tests() {
        Subject {
            call: "retention(x = 1, y = 2, x = 3)",
            x: &[0.0, 1.0, 3.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let base = rows.iter().any(|r| r.0 == Some(1.0));
                let second = rows.iter().any(|r| r.1 == Some(2.0));
                let third = rows.iter().any(|r| r.0 == Some(3.0));
                [base, base && second, base && third]
                    .map(|met| Cell::Number(f64::from(u8::from(met))))
                    .to_vec()
            },
        }
        .check();
    }

    #[tokio::test]
    async fn published_retention_is_met() {
        let Some(cases) = published_cases("retention.json") else {
            return;
        };
        let ctx = session();
        for (_, case) in &cases[..2] {
            let text = |value: &serde_json::Value| match value.as_str() {
                Some(text) => format!("'{text}'"),
                None => value.to_string(),
            };
            let columns = case["columns"].as_array().unwrap();
            let columns: Vec<&str> = columns.iter().map(|c| c.as_str().unwrap()).collect();
            let rows = case["input"].as_array().unwrap().iter();
            let rows = rows.map(|r| format!("({}, {})", text(&r[0]), text(&r[1])));
            let conditions = case["params"]["conds"].as_array().unwrap().iter();
            let conditions = conditions.map(|c| c.as_str().unwrap().to_string());
            let user = if columns[0] == "user" { "user" } else { "uid" };
            let source = format!(
                "(values {}) as t({})",
                rows.collect::<Vec<_>>().join(", "),
                columns.join(", ").replace("user", "\"user\"")
            );
            let call = format!("retention({})", conditions.collect::<Vec<_>>().join(", "));
            let expected = case["expected"]
                .get("per_user")
                .unwrap_or(&case["expected"]);
            for (key, expected) in expected.as_object().unwrap() {
                let query = format!("select {call} from {source} where \"{user}\" = {key}");
                let expected = expected.as_array().unwrap().iter();
                let expected: Vec<Cell> = expected
                    .map(|n| Cell::Number(n.as_f64().unwrap()))
                    .collect();
                assert_eq!(value(&ctx, &query).await, expected, "{query}");
            }
        }
    }

    #[tokio::test]
    async fn up_to_32_conditions_are_taken() {
        let ctx = session();
        for n in [1, 4, 5, 8, 9, 32] {
            let query = format!(
                "select retention({}) from (values (true)) as t(c)",
                vec!["c"; n].join(", ")
            );
            assert_eq!(value(&ctx, &query).await, vec![Cell::Number(1.0); n]);
        }
        let query = format!(
            "select retention({}) from (values (true)) as t(c)",
            vec!["c"; 33].join(", ")
        );
        assert_eq!(
            planning_error(&ctx, &query).await,
            "Error during planning: 'retention': conditions must be 1 to 32, got 33"
        );
    }
}
