//! `chisq_test(a, b [, continuity])`: whether two labels are independent.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::chisq_test::chisq_test;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::PairCounts;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns Pearson's test that two labels are independent, over their table of counts, `struct(n, chisq, df, \
p_value, cramers_v, min_expected, reason)`: cramers_v is the strength of the relation, 0 to 1; min_expected the smallest \
expected count, below some 5 the p-value is rough. continuity corrects tables of two by two as R's chisq.test \
does by default. Where a label has one value only chisq, p_value, cramers_v are NULL and reason names it. Rows with a NULL are left \
out; over no rows the result is NULL.",
    syntax_example = "chisq_test(a, b [, continuity])",
    sql_example = r#"```sql
select c.n as n, round(c.chisq, 3) as chisq, c.df as df, round(c.p_value, 4) as p_value
from (
    select chisq_test(reason, channel) as c
    from (values ('size', 'web', 30), ('size', 'shop', 10), ('defect', 'web', 20), ('defect', 'shop', 25))
    as returns(reason, channel, n) cross join generate_series(1, 30) as units(i)
    where i <= n
);
+----+-------+----+---------+
| n  | chisq | df | p_value |
+----+-------+----+---------+
| 85 | 8.163 | 1  | 0.0043  |
+----+-------+----+---------+
```"#,
    argument(
        name = "a",
        description = "One label, such as the reason: text, a whole number, a date, or true or false."
    ),
    argument(name = "b", description = "The other, such as the channel."),
    argument(
        name = "continuity",
        description = "Whether to correct tables of two by two, false by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ChisqTest;

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("chisq", Type::Number),
    ("df", Type::Whole),
    ("p_value", Type::Number),
    ("cramers_v", Type::Number),
    ("min_expected", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for ChisqTest {
    const NAME: &'static str = "chisq_test";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("a", Kind::Label),
            Parameter::column("b", Kind::Label),
            Parameter::option("continuity", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let continuity = call.flag(2)?.unwrap_or(false);
        Ok(Box::new(Folded {
            empty: PairCounts::default(),
            result: &RESULT,
            finish: move |counts: &PairCounts| test(counts, continuity),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn test(counts: &PairCounts, continuity: bool) -> Result<Value> {
    if counts.n() == 0 {
        return Ok(Value::Null);
    }
    let test = chisq_test(&counts.table(), continuity).map_err(|e| refused(ChisqTest::NAME, &e))?;
    Ok(Value::Record(vec![
        counts.n().into(),
        test.chisq.into(),
        test.df.into(),
        test.p.into(),
        test.cramers_v.into(),
        test.min_expected.into(),
        match counts.n_labels() {
            (0..2, _) => "a has one value only".into(),
            (_, 0..2) => "b has one value only".into(),
            _ => Value::Null,
        },
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, session, value,
    };

    #[test]
    fn chisq_test_passes_the_common_tests() {
        Subject {
            call: "chisq_test(cast(x as int), cast(y as int))",
            x: &[1.0, 2.0, 3.0],
            y: &[0.0, 1.0],
            slowly: |rows| {
                let mut counts = PairCounts::default();
                for (a, b) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
                    counts.add(&format!("{a}"), &format!("{b}"), 1);
                }
                match test(&counts, false).unwrap() {
                    Value::Null => vec![Cell::Null; 7],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    async fn tested(table: &[Vec<f64>]) -> Vec<Cell> {
        let cells: Vec<String> = table
            .iter()
            .enumerate()
            .flat_map(|(i, row)| {
                row.iter()
                    .enumerate()
                    .map(move |(j, n)| format!("({i}, {j}, {n})"))
            })
            .collect();
        let query = format!(
            "select chisq_test(a, b) from (values {}) as t(a, b, n) \
             cross join generate_series(1, 800) as s(i) where i <= n",
            cells.join(", ")
        );
        value(&session(), &query).await
    }

    /// Agresti's party by gender, as in the manual of R's chisq.test: X-squared 30.07, p 2.954e-07.
    #[tokio::test]
    async fn party_depends_on_gender_as_in_r() {
        let got = tested(&[vec![762.0, 327.0, 468.0], vec![484.0, 239.0, 477.0]]).await;
        assert_near(&got[..3], &[2757.0, 30.070_149_1, 2.0], 1e-6);
        assert_near(&got[3..4], &[2.953_589e-7], 1e-12);
        let Some(case) = published_case("chisq_table.json", "2x3") else {
            return;
        };
        let rows = case["input"].as_array().unwrap();
        let table: Vec<Vec<f64>> = rows.iter().map(published_numbers).collect();
        let got = tested(&table).await;
        assert_near(
            &got[1..2],
            &published_numbers(&case["precise"]["chisq"]),
            1e-9,
        );
        assert_near(&got[3..4], &published_numbers(&case["precise"]["p"]), 1e-12);
    }
}
