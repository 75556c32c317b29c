//! `t_test_welch(x, is_treatment [, level])`: difference of two means.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::t_test::{TTest, t_test_welch};

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Arms;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns Welch's test of two means that may vary differently, `struct(n_treatment, n_control, \
mean_treatment, mean_control, diff, se, t, df, p_value, lower, upper, reason)`: diff is the mean of the rows where \
is_treatment is true less that of the others, in the unit of x; se its standard error, t their ratio, df \
Satterthwaite's degrees of freedom, p_value two-sided, lower and upper the interval at the level. The numbers are \
those of R's t.test. Rows with a NULL, infinity or NaN are left out. An arm of fewer than two rows has no error: se \
and all after it are NULL; where x varies in neither arm so are t, df and p_value; reason says which. Over no rows the \
result is NULL. Take one \
row a customer: several rows of one customer are not independent.",
    syntax_example = "t_test_welch(x, is_treatment [, level])",
    sql_example = r#"```sql
select t.diff as diff, round(t.t, 3) as t, round(t.df, 2) as df, round(t.p_value, 4) as p_value
from (
    select t_test_welch(spend, arm = 'offer') as t
    from (values ('none', 10), ('none', 12), ('none', 14), ('offer', 13), ('offer', 18), ('offer', 20))
    as customers(arm, spend)
);
+------+-----+------+---------+
| diff | t   | df   | p_value |
+------+-----+------+---------+
| 5.0  | 2.1 | 3.12 | 0.1229  |
+------+-----+------+---------+
```"#,
    argument(name = "x", description = "What is compared, such as spend."),
    argument(
        name = "is_treatment",
        description = "Whether the row belongs to the treatment (true) or to the control (false)."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "uplift_ci"),
    related_udf(name = "cuped_theta")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TTestWelch;

const RESULT: Type = Type::Record(&[
    ("n_treatment", Type::Whole),
    ("n_control", Type::Whole),
    ("mean_treatment", Type::Number),
    ("mean_control", Type::Number),
    ("diff", Type::Number),
    ("se", Type::Number),
    ("t", Type::Number),
    ("df", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("reason", Type::Text),
]);

/// Returns difference, error, t, df, p-value and limits.
pub(super) fn fields(test: &TTest) -> [Value; 7] {
    [
        test.difference,
        test.standard_error,
        test.t,
        test.df,
        test.p,
        test.low,
        test.high,
    ]
    .map(Value::from)
}

/// Returns why an arm says nothing about the spread of `x`, where it does not.
pub(super) fn too_few(x: &str, arms: &Arms) -> Option<String> {
    let arms = [("treatment", &arms.treatment), ("control", &arms.control)];
    let (name, moments) = arms.into_iter().find(|(_, moments)| moments.n() < 2)?;
    let n = moments.n();
    Some(format!("{x} has {n} of at least 2 rows in the {name}"))
}

impl Aggregate for TTestWelch {
    const NAME: &'static str = "t_test_welch";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("is_treatment", Kind::Boolean),
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
            empty: Arms::default(),
            result: &RESULT,
            finish: move |arms: &Arms| test(arms, level),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn test(arms: &Arms, level: f64) -> Result<Value> {
    let (treatment, control) = (&arms.treatment, &arms.control);
    if treatment.n() + control.n() == 0 {
        return Ok(Value::Null);
    }
    let test =
        t_test_welch(treatment, control, level).map_err(|e| refused(TTestWelch::NAME, &e))?;
    let mut values: Vec<Value> = vec![
        treatment.n().into(),
        control.n().into(),
        treatment.mean().into(),
        control.mean().into(),
    ];
    values.extend(fields(&test));
    let constant = || (test.t.is_none()).then(|| "x has zero variance in both arms".to_string());
    values.push(too_few("x", arms).or_else(constant).into());
    Ok(Value::Record(values))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{
        Cell, Row, Subject, assert_near, flat, published_case, published_numbers, rows_of, session,
        value,
    };

    /// Counts the rows by a loop.
    pub(in crate::aggregate) fn arms(rows: &[Row]) -> Arms {
        let mut arms = Arms::default();
        for row in rows {
            match *row {
                (Some(x), Some(1.0)) => arms.treatment.update(x),
                (Some(x), Some(_)) => arms.control.update(x),
                _ => {}
            }
        }
        arms
    }

    #[test]
    fn t_test_welch_passes_the_common_tests() {
        Subject {
            call: "t_test_welch(x, y > 0, 0.5)",
            x: &[1.0, 2.5, 4.0, -3.0],
            y: &[0.0, 1.0],
            slowly: |rows| match test(&arms(rows), 0.5).unwrap() {
                Value::Null => vec![Cell::Null; 12],
                test => flat(test),
            },
        }
        .check();
    }

    /// R's data set sleep.
    pub(in crate::aggregate) const SLEEP: [[f64; 10]; 2] = [
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ];

    async fn welch(drugs: [Vec<f64>; 2]) -> Vec<Cell> {
        let group: Vec<f64> = [1.0, 0.0].iter().flat_map(|g| [*g; 10]).collect();
        let query = format!(
            "select t_test_welch(x, g = 1) from {} as sleep(x, g)",
            rows_of(&[&drugs.concat(), &group])
        );
        value(&session(), &query).await
    }

    /// As printed by R's t.test(extra ~ group, data = sleep).
    #[tokio::test]
    async fn sleep_is_tested_as_in_r() {
        let got = welch(SLEEP.map(|drug| drug.to_vec())).await;
        assert_near(&got[..5], &[10.0, 10.0, 0.75, 2.33, -1.58], 1e-12);
        assert_near(&got[6..9], &[-1.8608, 17.776, 0.07939], 5e-4);
        assert_near(&got[9..11], &[-3.365_483_2, 0.205_483_2], 1e-6);
    }

    #[tokio::test]
    async fn the_published_case_is_met() {
        let file = "paired_before_after.json";
        let (Some(input), Some(case)) = (
            published_case(file, "paired"),
            published_case(file, "Welch"),
        ) else {
            return;
        };
        let drugs = ["x", "y"].map(|drug| published_numbers(&input["input"][drug]));
        let got = welch(drugs).await;
        for (cells, name, tolerance) in [
            (&got[6..7], "t", 1e-4),
            (&got[7..8], "df", 1e-3),
            (&got[8..9], "p", 1e-5),
            (&got[9..11], "ci", 1e-6),
        ] {
            assert_near(
                cells,
                &published_numbers(&case["expected"][name]),
                tolerance,
            );
        }
    }
}
