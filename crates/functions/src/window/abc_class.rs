//! `abc_class(value, ...) over ()`: A, B or C by share of the total.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::{Partition, Window, numbers};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::abc::{By, classes};

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns the class of each row among all of the window, largest values first: 'A' for those that \
bring the first 80 percent of the total, 'B' for those up to 95 percent, 'C' for the rest. The row that crosses a cut \
belongs above it with 'cum_before' (default: its class goes by the share before it) and below it with 'cum_incl'; \
'count' cuts by the share of rows, as textbooks do (Heizer and Render: 0.2 and 0.5). Equal values share a class; \
values of 0 or less are 'C' and not part of the total. NULL, infinities and NaN have no class; where no value is \
positive the result is NULL. A frame has no effect.",
    syntax_example = "abc_class(value [, a [, b [, by]]]) over ([partition by ...])",
    sql_example = r#"```sql
select sku, abc_class(refunds) over () as class
from (values ('kettle', 70), ('lamp', 20), ('plug', 6), ('bulb', 4)) as products(sku, refunds)
order by refunds desc;
+--------+-------+
| sku    | class |
+--------+-------+
| kettle | A     |
| lamp   | A     |
| plug   | B     |
| bulb   | C     |
+--------+-------+
```"#,
    argument(name = "value", description = "Amount or count to rank by."),
    argument(
        name = "a",
        description = "Fraction of the total at which A ends, 0.8 by default."
    ),
    argument(
        name = "b",
        description = "Fraction of the total at which B ends, 0.95 by default."
    ),
    argument(
        name = "by",
        description = "'cum_before' (default), 'cum_incl' or 'count'."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AbcClass;

const BY: [(&str, By); 3] = [
    ("cum_before", By::CumBefore),
    ("cum_incl", By::CumIncl),
    ("count", By::Count),
];

impl Window for AbcClass {
    const NAME: &'static str = "abc_class";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("value", Kind::Number),
            Parameter::option("a", Kind::Number),
            Parameter::option("b", Kind::Number),
            Parameter::option("by", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let cut = |i: usize, default: f64| match call.number(i)? {
            None => Ok(default),
            Some(cut) if (0.0..=1.0).contains(&cut) => Ok(cut),
            Some(cut) => call.refuse(i, "a fraction from 0 to 1", cut),
        };
        let cuts = (cut(1, 0.8)?, cut(2, 0.95)?);
        if cuts.0 > cuts.1 {
            return call.refuse(2, "a fraction not below a", cuts.1);
        }
        let by = call.choice(3, &BY)?.unwrap_or(By::CumBefore);
        Ok(Box::new(Classes { cuts, by }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Classes {
    cuts: (f64, f64),
    by: By,
}

impl Partition for Classes {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let classes = classes(&numbers(&arguments[0])?, self.cuts, self.by);
        Ok(Arc::new(StringArray::from(classes)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, published_cases, session, value};

    #[tokio::test]
    async fn wrong_cuts_are_refused_while_planning() {
        let ctx = session();
        for (cuts, message) in [
            ("80", "a fraction from 0 to 1 as argument 2 (a), got 80"),
            (
                "0.9, 0.5",
                "a fraction not below a as argument 3 (b), got 0.5",
            ),
            ("null, null, 'cum'", "Did you mean 'cum_"),
        ] {
            let query = format!("select abc_class(v, {cuts}) over () from (values (1)) as t(v)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{cuts}: {got}");
        }
    }

    #[tokio::test]
    async fn published_classes_are_met() {
        let Some(cases) = published_cases("abc_pareto.json") else {
            return;
        };
        let (_, case) = cases
            .iter()
            .find(|(name, _)| name == "Silicon Chips")
            .unwrap();
        let rows: Vec<String> = case["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| format!("('{}', {})", row[0].as_str().unwrap(), row[1]))
            .collect();
        let ctx = session();
        for (item, class) in case["expected"]["class_by_item"].as_object().unwrap() {
            let query = format!(
                "select class from (select item, abc_class(v, 0.2, 0.5, 'count') over () as class \
                 from (values {}) as t(item, v)) where item = '{item}'",
                rows.join(", ")
            );
            let class = class.as_str().unwrap().to_string();
            assert_eq!(value(&ctx, &query).await, [Cell::Text(class)], "{item}");
        }
    }
}
