//! `pearson_ci(x, y [, level])`: linear correlation with its interval.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::correlation::Correlation;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Pairs;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns Pearson's correlation of two numbers, `struct(r, n, lower, upper, p_value, reason)`: r from -1 to 1, lower and \
upper by Fisher's z at the level, p_value of no correlation by Student's t, two-sided. Rows with a NULL, \
infinity or NaN are left out. Where a number does not vary, or with fewer than two rows, r is NULL, the p-value \
with fewer than three, the limits with fewer than four; reason says which. Over no rows the result is NULL.",
    syntax_example = "pearson_ci(x, y [, level])",
    sql_example = r#"```sql
select round(c.r, 4) as r, round(c.lower, 4) as lower, round(c.upper, 4) as upper
from (
    select pearson_ci(hours, score) as c
    from (values (1, 9), (4, 8), (8, 8), (20, 5), (30, 6)) as tickets(hours, score)
);
+---------+---------+--------+
| r       | lower   | upper  |
+---------+---------+--------+
| -0.8614 | -0.9907 | 0.0868 |
+---------+---------+--------+
```"#,
    argument(
        name = "x",
        description = "One measure, such as hours to the first reply."
    ),
    argument(name = "y", description = "The other, such as the score."),
    argument(name = "level", description = "Confidence level, 0.95 by default.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PearsonCi;

pub(super) const RESULT: Type = Type::Record(&[
    ("r", Type::Number),
    ("n", Type::Whole),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("p_value", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for PearsonCi {
    const NAME: &'static str = "pearson_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("y", Kind::Number),
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
            empty: Pairs::default(),
            result: &RESULT,
            finish: move |Pairs(pairs): &Pairs| {
                let correlation =
                    Correlation::pearson(pairs, level).map_err(|e| refused(Self::NAME, &e))?;
                let varies = [pairs.x(), pairs.y()].map(|moments| moments.variance() != Some(0.0));
                Ok(record(&correlation, varies))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Returns why something of a correlation is not known, where it is not.
fn reason(correlation: &Correlation, varies: [bool; 2]) -> Option<String> {
    let n = correlation.n;
    match (n, varies) {
        (0..4, _) => Some(format!("x, y have {n} of at least 4 rows")),
        (_, [false, _]) => Some("x has zero variance".to_string()),
        (_, [_, false]) => Some("y has zero variance".to_string()),
        _ => None,
    }
}

/// Returns the fields of a correlation, given which of the two numbers vary.
pub(super) fn record(correlation: &Correlation, varies: [bool; 2]) -> Value {
    if correlation.n == 0 {
        return Value::Null;
    }
    Value::Record(vec![
        correlation.r.into(),
        correlation.n.into(),
        correlation.low.into(),
        correlation.high.into(),
        correlation.p.into(),
        reason(correlation, varies).into(),
    ])
}

#[cfg(test)]
mod tests {
    use aftersight_stats::moments::CoMoments;

    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, rows_of, session,
        value,
    };

    #[test]
    fn pearson_ci_passes_the_common_tests() {
        Subject {
            call: "pearson_ci(x, y, 0.9)",
            x: &[1.0, 2.5, 4.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| {
                let pairs: CoMoments = rows.iter().filter_map(|r| r.0.zip(r.1)).collect();
                let varies = |of: fn(&(f64, f64)) -> f64| {
                    let complete = rows.iter().filter_map(|r| r.0.zip(r.1));
                    let mut all = complete.map(|pair| of(&pair));
                    let first = all.next();
                    all.any(|x| Some(x) != first)
                };
                let varies = [varies(|p| p.0), varies(|p| p.1)];
                match record(&Correlation::pearson(&pairs, 0.9).unwrap(), varies) {
                    Value::Null => vec![Cell::Null; 6],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    /// Anscombe's first set.
    pub(in crate::aggregate) const ANSCOMBE: [[f64; 11]; 2] = [
        [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0],
        [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ],
    ];

    #[tokio::test]
    async fn anscombe_correlates_as_published() {
        let query = |name: &str, x: &[f64], y: &[f64]| {
            format!("select {name}(x, y) from {} as d(x, y)", rows_of(&[x, y]))
        };
        let [x, y] = ANSCOMBE;
        for (name, field, r) in [
            ("pearson_ci", "pearson", 0.816_420_516_344_84),
            ("spearman", "spearman", 0.818_181_818_181_818_2),
        ] {
            let got = value(&session(), &query(name, &x, &y)).await;
            assert_near(&got[..2], &[r, 11.0], 1e-12);
            for set in ["set 1", "set 2", "set 3", "set 4"] {
                let Some(case) = published_case("correlation.json", set) else {
                    return;
                };
                let column = |axis: &str| published_numbers(&case["input"][axis]);
                let got = value(&session(), &query(name, &column("x"), &column("y"))).await;
                assert_near(
                    &got[..1],
                    &published_numbers(&case["expected"][field]),
                    1e-9,
                );
            }
        }
    }

    #[tokio::test]
    async fn a_number_that_does_not_vary_is_named() {
        for (call, reason) in [
            ("pearson_ci(x, 1)", "y has zero variance"),
            ("spearman(1, x)", "x has zero variance"),
            (
                "pearson_ci(x, x) filter (where x < 3)",
                "x, y have 2 of at least 4 rows",
            ),
        ] {
            let query = format!(
                "select [c['reason']] from (select {call} as c from (values (1), (2), (3), (4)) as t(x))"
            );
            let got = value(&session(), &query).await;
            assert_eq!(got, [Cell::Text(reason.to_string())], "{call}");
        }
    }

    /// R's cor.test of Anscombe's first set prints 0.4243912 and 0.9506933, p-value 0.00217.
    #[tokio::test]
    async fn limits_are_those_of_r() {
        let [x, y] = ANSCOMBE;
        let query = format!(
            "select pearson_ci(x, y) from {} as d(x, y)",
            rows_of(&[&x, &y])
        );
        let got = value(&session(), &query).await;
        assert_near(&got[2..5], &[0.424_391_2, 0.950_693_3, 0.002_169_6], 1e-6);
    }
}
