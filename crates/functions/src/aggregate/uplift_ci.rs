//! `uplift_ci(y, is_treatment [, level])`: relative difference of two means.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::moments::Moments;
use aftersight_stats::t_test::TTest;
use aftersight_stats::uplift_ci::uplift_ci;

use super::Aggregate;
use super::t_test_welch::too_few;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Arms;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns how much higher the mean of the treatment is than that of the control, as a fraction of \
the latter (0.05 is 5 percent), `struct(n_treatment, n_control, uplift, se, df, p_value, lower, upper, \
reason)`. The standard \
error is that of a ratio of means to first order (delta method), with Welch's degrees of freedom, as in growthbook's \
gbstats. For rates give y as true and \
false: their variance is p * (1 - p), that of 1 and 0 has the divisor n - 1. Rows with a NULL, infinity or NaN are left out; where the mean of the control \
is 0 or an arm is empty uplift is NULL, where an arm has fewer than two rows se and all after it; reason says which. Over no rows the \
result is NULL.",
    syntax_example = "uplift_ci(y, is_treatment [, level])",
    sql_example = r#"```sql
select round(u.uplift, 4) as uplift, round(u.lower, 4) as lower, round(u.upper, 4) as upper
from (
    select uplift_ci(i <= bought, n = 30) as u
    from (values (28, 14), (30, 16)) as arms(n, bought) cross join generate_series(1, 30) as customers(i)
    where i <= n
);
+--------+---------+-------+
| uplift | lower   | upper |
+--------+---------+-------+
| 0.0667 | -0.4777 | 0.611 |
+--------+---------+-------+
```"#,
    argument(
        name = "y",
        description = "Outcome: a number, such as spend, or true and false."
    ),
    argument(
        name = "is_treatment",
        description = "Whether the row belongs to the treatment (true) or to the control (false)."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "t_test_welch")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct UpliftCi;

const RESULT: Type = Type::Record(&[
    ("n_treatment", Type::Whole),
    ("n_control", Type::Whole),
    ("uplift", Type::Number),
    ("se", Type::Number),
    ("df", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("reason", Type::Text),
]);

impl Aggregate for UpliftCi {
    const NAME: &'static str = "uplift_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("y", Kind::Outcome),
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
        let is_rate = call.types().first() == Some(&DataType::Boolean);
        Ok(Box::new(Folded {
            empty: Arms::default(),
            result: &RESULT,
            finish: move |arms: &Arms| {
                if is_rate {
                    let (treatment, control) = (rate(&arms.treatment)?, rate(&arms.control)?);
                    return uplift(&Arms { treatment, control }, level);
                }
                uplift(arms, level)
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Returns moments of the same mean with the variance of a rate, p * (1 - p).
fn rate(moments: &Moments) -> Result<Moments> {
    let (Some(sum), Some(p)) = (moments.sum(), moments.mean()) else {
        return Ok(moments.clone());
    };
    let n = moments.n() as f64;
    let squares = sum * p + p * (1.0 - p) * (n - 1.0);
    Moments::from_sums(moments.n(), sum, squares).map_err(|e| refused(UpliftCi::NAME, &e))
}

/// Returns why something is not known, where it is not.
fn reason(arms: &Arms, test: &TTest) -> Option<String> {
    let why = |reason: &str| Some(reason.to_string());
    match (arms.treatment.n(), arms.control.n()) {
        (0, _) => why("y has no rows in the treatment"),
        (_, 0) => why("y has no rows in the control"),
        _ if test.difference.is_none() => why("y has mean 0 in the control"),
        _ => too_few("y", arms).or_else(|| {
            test.p
                .is_none()
                .then(|| "y has zero variance in both arms".into())
        }),
    }
}

fn uplift(arms: &Arms, level: f64) -> Result<Value> {
    let (treatment, control) = (&arms.treatment, &arms.control);
    if treatment.n() + control.n() == 0 {
        return Ok(Value::Null);
    }
    let test = uplift_ci(treatment, control, level).map_err(|e| refused(UpliftCi::NAME, &e))?;
    Ok(Value::Record(vec![
        treatment.n().into(),
        control.n().into(),
        test.difference.into(),
        test.standard_error.into(),
        test.df.into(),
        test.p.into(),
        test.low.into(),
        test.high.into(),
        reason(arms, &test).into(),
    ]))
}

#[cfg(test)]
mod tests {
    use super::super::t_test_welch::tests::arms;
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, session, value,
    };

    #[test]
    fn uplift_ci_passes_the_common_tests() {
        Subject {
            call: "uplift_ci(x, y > 0)",
            x: &[1.0, 2.5, 4.0, -3.0],
            y: &[0.0, 1.0],
            slowly: |rows| match uplift(&arms(rows), 0.95).unwrap() {
                Value::Null => vec![Cell::Null; 9],
                uplift => flat(uplift),
            },
        }
        .check();
    }

    /// growthbook gbstats: 14 of 28 against 16 of 30.
    #[tokio::test]
    async fn a_relative_difference_of_rates_is_that_of_growthbook() {
        let query = "select uplift_ci(i <= k, n = 30) \
                     from (values (28, 14), (30, 16)) as t(n, k) \
                     cross join generate_series(1, 30) as s(i) where i <= n";
        let got = value(&session(), query).await;
        let expected = [0.06667, 0.2717, 0.80707, -0.47767, 0.61101];
        assert_near(&[&got[2..4], &got[5..8]].concat(), &expected, 1e-5);
        let Some(case) = published_case("ab_means.json", "binomial") else {
            return;
        };
        let expected = &case["expected"];
        assert_near(&got[2..3], &published_numbers(&expected["uplift"]), 1e-5);
        assert_near(&got[3..4], &published_numbers(&expected["se"]), 1e-5);
        assert_near(&got[5..6], &published_numbers(&expected["p"]), 1e-5);
        assert_near(&got[6..8], &published_numbers(&expected["ci"]), 1e-5);
    }
}
