//! `prop_diff_ci(successes_1, n_1, successes_2, n_2 [, method [, level]])`: difference of two rates.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::prop_diff_ci::{PropDiffMethod, prop_diff_ci};
use aftersight_stats::prop_test::Proportion;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns successes_1 / n_1 less successes_2 / n_2 with a confidence interval, `struct(diff, lower, \
upper)` as fractions, lower and upper cut to -1..1, for two independent groups. Methods: `newcombe` (default; hybrid \
score interval, method 10 of Newcombe 1998), `agresti_caffo` (2000), `miettinen_nurminen` (1985, score test inverted), \
`wald` (too short for small groups, for comparison). NULL counts, n of 0, counts that are not whole, negative or more \
than n have no interval: the result is NULL.",
    syntax_example = "prop_diff_ci(successes_1, n_1, successes_2, n_2 [, method [, level]])",
    sql_example = r#"```sql
select round(ci.diff, 4) as diff, round(ci.lower, 4) as lower, round(ci.upper, 4) as upper
from (select prop_diff_ci(7, 34, 1, 34) as ci);
+--------+--------+--------+
| diff   | lower  | upper  |
+--------+--------+--------+
| 0.1765 | 0.0189 | 0.3404 |
+--------+--------+--------+
```"#,
    argument(
        name = "successes_1",
        description = "Successes of the group to compare, such as the treatment."
    ),
    argument(name = "n_1", description = "Trials of this group."),
    argument(
        name = "successes_2",
        description = "Successes of the group to compare with, such as the control."
    ),
    argument(name = "n_2", description = "Trials of that group."),
    argument(
        name = "method",
        description = "'newcombe' (default), 'agresti_caffo', 'miettinen_nurminen' or 'wald'."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "prop_test")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PropDiffCi;

const METHODS: [(&str, PropDiffMethod); 4] = [
    ("newcombe", PropDiffMethod::Newcombe),
    ("agresti_caffo", PropDiffMethod::AgrestiCaffo),
    ("miettinen_nurminen", PropDiffMethod::MiettinenNurminen),
    ("wald", PropDiffMethod::Wald),
];

const RESULT: Type = Type::Record(&[
    ("diff", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
]);

impl Scalar for PropDiffCi {
    const NAME: &'static str = "prop_diff_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("successes_1", Kind::Number),
            Parameter::column("n_1", Kind::Number),
            Parameter::column("successes_2", Kind::Number),
            Parameter::column("n_2", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
        ],
    );
    type Options = (PropDiffMethod, f64);

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn options(&self, call: &Call) -> Result<Self::Options> {
        let method = call.choice(4, &METHODS)?;
        Ok((method.unwrap_or(PropDiffMethod::Newcombe), call.level(5)?))
    }

    fn compute(&self, (method, level): &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let columns = (0..4)
            .map(|i| Numbers::of(arguments, i))
            .collect::<Result<Vec<_>>>()?;
        let values = (0..arguments[0].len()).map(|row| {
            let group = |i: usize| counted(columns[i].get(row)?, columns[i + 1].get(row)?);
            let Some((a, b)) = group(0).zip(group(2)) else {
                return Ok(Value::Null);
            };
            let ci = prop_diff_ci(a, b, *method, *level).map_err(|e| refused(Self::NAME, &e))?;
            Ok(ci.map_or(Value::Null, |ci| {
                Value::Record(vec![ci.difference.into(), ci.low.into(), ci.high.into()])
            }))
        });
        RESULT.array(values.collect::<Result<_>>()?)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Returns successes and trials where they are whole numbers that fit together.
pub(crate) fn counted(successes: f64, n: f64) -> Option<Proportion> {
    // Whole numbers beyond this are not exact in floating point.
    let whole = |x: f64| (x.fract() == 0.0 && (0.0..=9e15).contains(&x)).then_some(x as u64);
    Proportion::new(whole(successes)?, whole(n)?).ok()
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, planning_error, published_case, published_numbers, session, value,
    };

    async fn limits(method: &str) -> Vec<Cell> {
        let query = format!("select prop_diff_ci(7, 34, 1, 34, '{method}')");
        let got = value(&session(), &query).await;
        assert_near(&got[..1], &[6.0 / 34.0], 1e-12);
        got[1..].to_vec()
    }

    /// R's PropCIs for the first two, the table of Fagerland et al. 2015 for the others.
    #[tokio::test]
    async fn intervals_of_a_difference_are_the_published_ones() {
        let case = published_case("two_proportions.json", "7/34");
        for (method, expected, tolerance) in [
            ("wald", [0.029_169_42, 0.323_771_76], 1e-8),
            ("agresti_caffo", [0.011_611_67, 0.321_721_66], 1e-8),
            ("newcombe", [0.019, 0.34], 5e-4),
            ("miettinen_nurminen", [0.028, 0.343], 3e-3),
        ] {
            let got = limits(method).await;
            assert_near(&got, &expected, tolerance);
            if let Some(case) = &case {
                assert_near(&got, &published_numbers(&case["expected"][method]), 0.01);
            }
        }
    }

    #[tokio::test]
    async fn what_are_no_counts_has_no_interval() {
        for counts in [
            "null, 2, 1, 2",
            "1, 0, 1, 2",
            "3, 2, 1, 2",
            "1.5, 2, 1, 2",
            "-1, 2, 1, 2",
        ] {
            let got = value(&session(), &format!("select prop_diff_ci({counts})")).await;
            assert_eq!(got, [Cell::Null, Cell::Null, Cell::Null], "{counts}");
        }
    }

    #[tokio::test]
    async fn a_wrong_method_is_refused_while_planning() {
        let got = planning_error(&session(), "select prop_diff_ci(1, 2, 1, 2, 'newcomb')").await;
        assert!(got.contains("Did you mean 'newcombe'?"), "{got}");
    }
}
