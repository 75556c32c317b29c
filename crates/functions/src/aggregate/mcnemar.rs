//! `mcnemar(before, after)`: change of a yes or no, same customers.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::mcnemar::McNemar as Table;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::Flags;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns McNemar's test that the same customers say yes as often after as before, `struct(n, \
only_before, only_after, diff, z, chisq, p_value, chisq_corrected, p_corrected, p_exact, reason)`: n counts customers, \
only_before and only_after those who changed, diff is the share of yes after less before. z is positive where yes has \
grown, chisq its square; chisq_corrected is with Edwards' correction, as R's mcnemar.test prints; p_exact the sign \
test, for fewer than 25 changes. All p-values are two-sided. Customers with a NULL are left out. Where nobody changed \
z and all after it are NULL and reason says so; over no customers the result is NULL.",
    syntax_example = "mcnemar(before, after)",
    sql_example = r#"```sql
select t.n as n, t.diff as diff, round(t.z, 3) as z, round(t.p_exact, 4) as p_exact
from (
    select mcnemar(satisfied_before, satisfied_after) as t
    from (values (false, true), (false, true), (true, true), (true, false), (false, true))
    as customers(satisfied_before, satisfied_after)
);
+---+------+-----+---------+
| n | diff | z   | p_exact |
+---+------+-----+---------+
| 5 | 0.4  | 1.0 | 0.625   |
+---+------+-----+---------+
```"#,
    argument(name = "before", description = "Answer before."),
    argument(name = "after", description = "Answer of the same customer after."),
    related_udf(name = "t_test_paired")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Mcnemar;

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("only_before", Type::Whole),
    ("only_after", Type::Whole),
    ("diff", Type::Number),
    ("z", Type::Number),
    ("chisq", Type::Number),
    ("p_value", Type::Number),
    ("chisq_corrected", Type::Number),
    ("p_corrected", Type::Number),
    ("p_exact", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for Mcnemar {
    const NAME: &'static str = "mcnemar";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("before", Kind::Boolean),
            Parameter::column("after", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, _: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Folded {
            empty: Table::default(),
            result: &RESULT,
            finish: |table: &Table| Ok(test(table)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl Tally for Table {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (before, after) = (Flags::of(columns, 0)?, Flags::of(columns, 1)?);
        for &row in rows {
            if let (Some(before), Some(after)) = (before.get(row), after.get(row)) {
                Table::update(self, before, after);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        Table::merge(self, other);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for n in [self.both, self.only_before, self.only_after, self.neither] {
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            both: bytes.whole()?,
            only_before: bytes.whole()?,
            only_after: bytes.whole()?,
            neither: bytes.whole()?,
        })
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

fn test(table: &Table) -> Value {
    if table.n() == 0 {
        return Value::Null;
    }
    let test = table.test();
    Value::Record(vec![
        table.n().into(),
        table.only_before.into(),
        table.only_after.into(),
        test.difference.into(),
        test.z.into(),
        test.chisq.into(),
        test.p.into(),
        test.chisq_corrected.into(),
        test.p_corrected.into(),
        test.p_exact.into(),
        test.z
            .is_none()
            .then_some("before and after are the same for all")
            .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, session, value,
    };

    #[test]
    fn mcnemar_passes_the_common_tests() {
        Subject {
            call: "mcnemar(x > 0, y > 0)",
            x: &[0.0, 1.0],
            y: &[0.0, 1.0],
            slowly: |rows| {
                let mut table = Table::default();
                for (before, after) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
                    Table::update(&mut table, before > 0.0, after > 0.0);
                }
                match test(&table) {
                    Value::Null => vec![Cell::Null; 11],
                    test => flat(test),
                }
            },
        }
        .check();
    }

    /// Agresti's approval ratings: 794, 150, 86, 570.
    #[tokio::test]
    async fn approval_ratings_change_as_in_agresti() {
        let query = "select mcnemar(b, a) from (values (true, true, 794), (true, false, 150), \
                     (false, true, 86), (false, false, 570)) as t(b, a, n) \
                     cross join generate_series(1, 794) as s(i) where i <= n";
        let got = value(&session(), query).await;
        assert_near(&got[..4], &[1600.0, 150.0, 86.0, -0.04], 1e-12);
        assert_near(&got[4..6], &[-4.166_045_151_4, 17.355_932_203_4], 1e-9);
        assert_near(&got[7..9], &[16.817_796_610_2, 4.114_562_28e-5], 1e-9);
        let Some(case) = published_case("mcnemar.json", "approval") else {
            return;
        };
        let expected = &case["expected"];
        for (at, name) in [(4, "z0"), (5, "chisq"), (7, "chisq_cc"), (8, "p")] {
            let cells = &got[at..=at];
            assert_near(cells, &published_numbers(&expected[name]), 1e-6);
        }
    }
}
