//! `prop_sample_size(p1, p2 [, alpha [, power [, ratio [, one_sided]]]])`: customers a test of two rates needs.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::prop_power::{PropDesign, prop_sample_size};

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns how many customers a test of two rates needs to find the difference between p1 and p2, \
`struct(n_control, n_treatment, n_exact)`: whole numbers, rounded up, and the size of the control before rounding, \
which is n of R's power.prop.test. NULL rates, rates outside 0..1 and equal rates (no size would do) give NULL.",
    syntax_example = "prop_sample_size(p1, p2 [, alpha [, power [, ratio [, one_sided]]]])",
    sql_example = r#"```sql
select s.n_control as n_control, s.n_treatment as n_treatment
from (select prop_sample_size(0.10, 0.12, null, 0.9) as s);
+-----------+-------------+
| n_control | n_treatment |
+-----------+-------------+
| 5142      | 5142        |
+-----------+-------------+
```"#,
    argument(name = "p1", description = "Rate of the control, 0 to 1."),
    argument(
        name = "p2",
        description = "Rate of the treatment that should be found, 0 to 1."
    ),
    argument(
        name = "alpha",
        description = "Probability of a false alarm, 0.05 by default."
    ),
    argument(
        name = "power",
        description = "Probability to find the difference, 0.8 by default."
    ),
    argument(
        name = "ratio",
        description = "Size of the treatment over that of the control, 1 by default."
    ),
    argument(
        name = "one_sided",
        description = "Whether only one direction counts, false by default."
    ),
    related_udf(name = "prop_power")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PropSampleSize;

const RESULT: Type = Type::Record(&[
    ("n_control", Type::Whole),
    ("n_treatment", Type::Whole),
    ("n_exact", Type::Number),
]);

/// What is the same for all designs of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) alpha: f64,
    pub(crate) ratio: f64,
    pub(crate) one_sided: bool,
}

impl Plan {
    /// Reads the options alpha, ratio and one_sided, which stand at these places.
    pub(crate) fn read(call: &Call, [alpha, ratio, one_sided]: [usize; 3]) -> Result<Self> {
        Ok(Self {
            alpha: probability(call, alpha)?.unwrap_or(0.05),
            ratio: call.positive(ratio)?.unwrap_or(1.0),
            one_sided: call.flag(one_sided)?.unwrap_or(false),
        })
    }

    /// Returns the design for two rates, or nothing where they are none.
    pub(crate) fn design(&self, p1: Option<f64>, p2: Option<f64>) -> Option<PropDesign> {
        let design = PropDesign::new(p1?, p2?, self.alpha).ok()?;
        let design = design.with_ratio(self.ratio).ok()?;
        Some(if self.one_sided {
            design.one_sided()
        } else {
            design
        })
    }
}

fn probability(call: &Call, i: usize) -> Result<Option<f64>> {
    match call.number(i)? {
        Some(x) if x <= 0.0 || x >= 1.0 => call.refuse(i, "a probability between 0 and 1", x),
        x => Ok(x),
    }
}

impl Scalar for PropSampleSize {
    const NAME: &'static str = "prop_sample_size";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("p1", Kind::Number),
            Parameter::column("p2", Kind::Number),
            Parameter::option("alpha", Kind::Number),
            Parameter::option("power", Kind::Number),
            Parameter::option("ratio", Kind::Number),
            Parameter::option("one_sided", Kind::Boolean),
        ],
    );
    type Options = (Plan, f64);

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn options(&self, call: &Call) -> Result<Self::Options> {
        let power = probability(call, 3)?.unwrap_or(0.8);
        Ok((Plan::read(call, [2, 4, 5])?, power))
    }

    fn compute(&self, (plan, power): &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let (p1, p2) = (Numbers::of(arguments, 0)?, Numbers::of(arguments, 1)?);
        let sizes = (0..arguments[0].len()).map(|row| {
            let Some(design) = plan.design(p1.get(row), p2.get(row)) else {
                return Ok(Value::Null);
            };
            let n = prop_sample_size(&design, *power).map_err(|e| refused(Self::NAME, &e))?;
            // What is not exact in floating point is no size of a test.
            let whole = |n: f64| (n < 9e15).then(|| n.ceil() as i64);
            Ok(n.map_or(Value::Null, |n| {
                Value::Record(vec![
                    whole(n).into(),
                    whole(n * plan.ratio).into(),
                    n.into(),
                ])
            }))
        });
        RESULT.array(sizes.collect::<Result<_>>()?)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, planning_error, session, value};

    /// R: power.prop.test(p1 = .50, p2 = .75, power = .90) prints n = 76.7.
    #[tokio::test]
    async fn sizes_are_those_of_r_power_prop_test() {
        let got = value(
            &session(),
            "select prop_sample_size(0.50, 0.75, null, 0.90)",
        )
        .await;
        assert_near(&got[..2], &[77.0, 77.0], 0.0);
        assert_near(&got[2..], &[76.7], 0.05);
    }

    #[tokio::test]
    async fn a_larger_treatment_needs_a_smaller_control() {
        let query = "select prop_sample_size(0.1, 0.12, 0.05, 0.8, 3)";
        let got = value(&session(), query).await;
        let Cell::Number(exact) = got[2] else {
            panic!("{got:?}");
        };
        assert_near(&got[..2], &[exact.ceil(), (3.0 * exact).ceil()], 0.0);
        // The power of the size found is the power asked for.
        let query = format!("select prop_power(0.1, 0.12, {exact:?}, 0.05, 3)");
        assert_near(&value(&session(), &query).await, &[0.8], 1e-9);
    }

    #[tokio::test]
    async fn equal_and_impossible_rates_have_no_size() {
        for rates in ["0.1, 0.1", "null, 0.1", "-0.1, 0.2", "0.1, 1.2"] {
            let got = value(&session(), &format!("select prop_sample_size({rates})")).await;
            assert_eq!(got, [Cell::Null, Cell::Null, Cell::Null], "{rates}");
        }
    }

    #[tokio::test]
    async fn a_power_that_is_no_probability_is_refused_while_planning() {
        let got = planning_error(&session(), "select prop_sample_size(0.1, 0.2, 0.05, 80)").await;
        assert!(
            got.contains("a probability between 0 and 1 as argument 4 (power), got 80"),
            "{got}"
        );
    }
}
