//! `prop_test(success, group [, continuity])`: whether all groups have one rate.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::prop_test::{Proportion, prop_test};

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally, refused};
use crate::tally::{Flags, Labels};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns the test that all groups have one rate of success, `struct(n, n_groups, pooled, diff, z, \
chisq, df, p_value, groups, reason)`: pooled is the rate of all rows; for two groups diff is the rate of the group with the \
later label less that of the other (true less false, 'b' less 'a') and z its pooled z statistic, with more groups both \
are NULL; chisq with df is Pearson's, z squared for two groups; p_value is two-sided; groups is a list of \
`struct(label, successes, n, rate)` in the order of the labels. The numbers are those of R's prop.test without \
correction; continuity adds Yates' for two groups. Where nobody or everybody succeeds or there is a single group, z, \
chisq and p_value are NULL and reason says which. Rows with a NULL are left out; over no rows the result is NULL. Fewer than some five \
expected successes or failures in a group make the p-value rough.",
    syntax_example = "prop_test(success, group [, continuity])",
    sql_example = r#"```sql
select round(t.diff, 4) as diff, round(t.z, 4) as z, round(t.p_value, 4) as p_value
from (
    select prop_test(i <= returned, arm) as t
    from (values ('new', 83, 5), ('old', 99, 12)) as packaging(arm, n, returned)
    cross join generate_series(1, 99) as orders(i)
    where i <= n
);
+-------+--------+---------+
| diff  | z      | p_value |
+-------+--------+---------+
| 0.061 | 1.4078 | 0.1592  |
+-------+--------+---------+
```"#,
    argument(name = "success", description = "Whether the row is a success."),
    argument(
        name = "group",
        description = "Label of the group: text, a whole number, a date, or true for the treatment and false for the control."
    ),
    argument(
        name = "continuity",
        description = "Whether to correct for continuity, false by default."
    ),
    related_udf(name = "prop_diff_ci")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PropTest;

const GROUP: Type = Type::Record(&[
    ("label", Type::Text),
    ("successes", Type::Whole),
    ("n", Type::Whole),
    ("rate", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("n_groups", Type::Whole),
    ("pooled", Type::Number),
    ("diff", Type::Number),
    ("z", Type::Number),
    ("chisq", Type::Number),
    ("df", Type::Whole),
    ("p_value", Type::Number),
    ("groups", Type::List(&GROUP)),
    ("reason", Type::Text),
]);

impl Aggregate for PropTest {
    const NAME: &'static str = "prop_test";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("success", Kind::Boolean),
            Parameter::column("group", Kind::Label),
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
            empty: Groups::default(),
            result: &RESULT,
            finish: move |groups: &Groups| test(groups, continuity),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Successes and trials by label.
#[derive(Debug, Clone, Default)]
struct Groups(BTreeMap<String, Proportion>);

impl Tally for Groups {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (success, label) = (Flags::of(columns, 0)?, Labels::of(columns, 1)?);
        for &row in rows {
            if let (Some(success), Some(label)) = (success.get(row), label.get(row)) {
                match self.0.get_mut(label) {
                    Some(group) => group.update(success),
                    None => {
                        let group = self.0.entry(label.to_string()).or_default();
                        group.update(success);
                    }
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        for (label, group) in &other.0 {
            self.0.entry(label.clone()).or_default().merge(group);
        }
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        bytes.whole(self.0.len() as u64);
        for (label, group) in &self.0 {
            bytes.text(label);
            bytes.whole(group.successes);
            bytes.whole(group.n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let n = bytes.count()?;
        let entry = |_| {
            let label = bytes.text()?;
            let (successes, n) = (bytes.whole()?, bytes.whole()?);
            Some((label, Proportion { successes, n }))
        };
        Some(Self((0..n).map(entry).collect::<Option<_>>()?))
    }

    fn heap_bytes(&self) -> usize {
        let entry = size_of::<(String, Proportion)>();
        self.0.keys().map(|label| entry + label.len()).sum()
    }
}

fn test(Groups(groups): &Groups, continuity: bool) -> Result<Value> {
    if groups.is_empty() {
        return Ok(Value::Null);
    }
    // The later label first: the difference is taken from the first.
    let counted: Vec<Proportion> = groups.values().rev().copied().collect();
    let n: u64 = counted.iter().map(|g| g.n).sum();
    let successes: u64 = counted.iter().map(|g| g.successes).sum();
    let test = match counted.len() {
        1 => None,
        _ => Some(prop_test(&counted, continuity).map_err(|e| refused(PropTest::NAME, &e))?),
    };
    let diff = match counted[..] {
        [later, earlier] => later.rate().zip(earlier.rate()).map(|(a, b)| a - b),
        _ => None,
    };
    let listed = groups.iter().map(|(label, group)| {
        Value::Record(vec![
            label.as_str().into(),
            group.successes.into(),
            group.n.into(),
            group.rate().into(),
        ])
    });
    Ok(Value::Record(vec![
        n.into(),
        groups.len().into(),
        (successes as f64 / n as f64).into(),
        diff.into(),
        test.and_then(|t| t.z).into(),
        test.and_then(|t| t.chisq).into(),
        test.map(|t| t.df).into(),
        test.and_then(|t| t.p).into(),
        Value::List(listed.collect()),
        match test {
            None => "group has one value only".into(),
            Some(_) if successes == 0 || successes == n => "success has zero variance".into(),
            Some(_) => Value::Null,
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
    fn prop_test_passes_the_common_tests() {
        Subject {
            call: "prop_test(x > 0, cast(y as int))",
            x: &[0.0, 1.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let mut groups = Groups::default();
                for label in ["0", "1", "2"] {
                    let of = |r: &&crate::harness::Row| {
                        r.0.is_some() && r.1.is_some_and(|y| format!("{y}") == label)
                    };
                    let n = rows.iter().filter(of).count() as u64;
                    let won = |r: &&crate::harness::Row| r.0 == Some(1.0);
                    let successes = rows.iter().filter(of).filter(won).count() as u64;
                    if n > 0 {
                        let group = Proportion { successes, n };
                        groups.0.insert(label.to_string(), group);
                    }
                }
                match test(&groups, false).unwrap() {
                    Value::Null => vec![Cell::Null; 10],
                    test => flat(test),
                }
            },
        }
        .check();
    }

    async fn tested(x: &[f64], n: &[f64]) -> Vec<Cell> {
        let groups: Vec<String> = (0..x.len())
            .map(|i| format!("({i}, {}, {})", x[i], n[i]))
            .collect();
        let query = format!(
            "select prop_test(i <= x, g) from (values {}) as t(g, x, n) \
             cross join generate_series(1, 140) as s(i) where i <= n",
            groups.join(", ")
        );
        value(&session(), &query).await
    }

    /// R's example of smokers in four groups, and 12 of 99 against 5 of 83.
    #[tokio::test]
    async fn rates_are_tested_as_in_r() {
        let got = tested(&[73.0, 90.0, 114.0, 75.0], &[86.0, 93.0, 136.0, 82.0]).await;
        assert_near(&got[..2], &[397.0, 4.0], 0.0);
        assert_eq!(got[3..5], [Cell::Null, Cell::Null]);
        assert_near(
            &got[5..8],
            &[11.119_387_686_288_61, 3.0, 0.011_097_511_366_581_344],
            1e-9,
        );
        let got = tested(&[5.0, 12.0], &[83.0, 99.0]).await;
        assert_near(&got[4..5], &[1.407_830_415_125_878_7], 1e-9);
        assert_near(&got[7..8], &[0.159_181_291_811_569_92], 1e-9);
    }

    #[tokio::test]
    async fn the_published_cases_are_met() {
        let file = "two_proportions.json";
        for (prefix, fields) in [
            ("prop.test smokers", ["chisq", "p"]),
            ("z 5/83", ["z", "p"]),
        ] {
            let Some(case) = published_case(file, prefix) else {
                return;
            };
            let numbers = |name: &str| published_numbers(&case["input"][name]);
            let got = tested(&numbers("x"), &numbers("n")).await;
            for field in fields {
                let expected = published_numbers(&case["expected"][field])[0];
                // Published as the first group less the second.
                let (at, sign) = match field {
                    "z" => (4, -1.0),
                    "chisq" => (5, 1.0),
                    _ => (7, 1.0),
                };
                assert_near(&got[at..=at], &[sign * expected], 1e-6);
            }
        }
    }
}
