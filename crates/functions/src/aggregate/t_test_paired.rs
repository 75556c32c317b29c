//! `t_test_paired(before, after [, level])`: change of a mean, same customers.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::t_test::t_test_paired;

use super::Aggregate;
use super::t_test_welch::fields;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Differences;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns Student's test that the same customers did not change on average, `struct(n, diff, se, t, \
df, p_value, lower, upper, reason)`: diff is the mean of after less before, in their unit (R's t.test(before, after, paired = \
TRUE) takes before less after), n the number of pairs. Pairs with a NULL, infinity or NaN are left out. A single pair \
has no error: se and all after it are NULL; where all pairs changed alike so are t and p_value; reason says which. Over no pairs the result is NULL. A change before and after is not yet an \
effect: customers chosen for a bad score return to the mean by themselves, so show a control beside it (`did`).",
    syntax_example = "t_test_paired(before, after [, level])",
    sql_example = r#"```sql
select t.n as n, t.diff as diff, round(t.t, 3) as t, round(t.p_value, 4) as p_value
from (select t_test_paired(b, a) as t from (values (3, 4), (4, 4), (2, 5), (5, 6)) as csat(b, a));
+---+------+-------+---------+
| n | diff | t     | p_value |
+---+------+-------+---------+
| 4 | 1.25 | 1.987 | 0.1411  |
+---+------+-------+---------+
```"#,
    argument(name = "before", description = "Value before."),
    argument(name = "after", description = "Value of the same customer after."),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "mcnemar"),
    related_udf(name = "did")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TTestPaired;

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("diff", Type::Number),
    ("se", Type::Number),
    ("t", Type::Number),
    ("df", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for TTestPaired {
    const NAME: &'static str = "t_test_paired";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("before", Kind::Number),
            Parameter::column("after", Kind::Number),
            Parameter::option("level", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let level = call.level(2)?;
        Ok(Box::new(Folded {
            empty: Differences::default(),
            result: &RESULT,
            finish: move |differences: &Differences| test(differences, level),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn test(Differences(moments): &Differences, level: f64) -> Result<Value> {
    if moments.n() == 0 {
        return Ok(Value::Null);
    }
    let test = t_test_paired(moments, level).map_err(|e| refused(TTestPaired::NAME, &e))?;
    let mut values: Vec<Value> = vec![moments.n().into()];
    values.extend(fields(&test));
    values.push(match (moments.n(), test.t) {
        (1, _) => "after - before has 1 of at least 2 pairs".into(),
        (_, None) => "after - before has zero variance".into(),
        _ => Value::Null,
    });
    Ok(Value::Record(values))
}

#[cfg(test)]
mod tests {
    use super::super::t_test_welch::tests::SLEEP;
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, rows_of, session,
        value,
    };

    #[test]
    fn t_test_paired_passes_the_common_tests() {
        Subject {
            call: "t_test_paired(x, y, 0.9)",
            x: &[1.0, 2.5, 4.0, -3.0],
            y: &[1.0, 3.0],
            slowly: |rows| {
                let pairs = rows.iter().filter_map(|r| Some(r.1? - r.0?));
                match test(&Differences(pairs.collect()), 0.9).unwrap() {
                    Value::Null => vec![Cell::Null; 9],
                    test => flat(test),
                }
            },
        }
        .check();
    }

    /// As printed by R for the data set sleep, which takes before less after.
    #[tokio::test]
    async fn sleep_is_tested_as_in_r() {
        let query = format!(
            "select t_test_paired(b, a) from {} as sleep(b, a)",
            rows_of(&[&SLEEP[0], &SLEEP[1]])
        );
        let got = value(&session(), &query).await;
        assert_near(&got[..2], &[10.0, 1.58], 1e-12);
        assert_near(&got[3..6], &[4.0621, 9.0, 0.002_833], 5e-5);
        assert_near(&got[6..8], &[0.700_114_2, 2.459_885_8], 1e-6);
        let Some(case) = published_case("paired_before_after.json", "paired") else {
            return;
        };
        let limits = published_numbers(&case["expected"]["ci"]);
        assert_near(&got[6..8], &[-limits[1], -limits[0]], 1e-6);
    }
}
