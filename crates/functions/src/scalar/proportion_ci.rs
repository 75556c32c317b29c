//! `proportion_ci(successes, n [, method [, level]])`: confidence interval of a proportion.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::interval::{interval_array, interval_type};
use crate::kernel::proportion::{Interval, METHODS, Method};

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns a confidence interval of successes / n, `struct(lower, upper)` as fractions cut to 0..1, \
for counts that are known already: return rates, first contact resolution, service levels met. The methods are \
those of `csat_ci`, with the numbers of R's binom.confint: `wilson` (default), `agresti_coull`, `clopper_pearson`, \
`wald`. Trials are taken as independent. NULL counts, n of 0, negative counts and more successes than trials have \
no interval: the result is NULL.",
    syntax_example = "proportion_ci(successes, n [, method [, level]])",
    sql_example = r#"```sql
select round(ci.lower, 4) as lower, round(ci.upper, 4) as upper
from (select proportion_ci(18, 20) as ci);
+-------+--------+
| lower | upper  |
+-------+--------+
| 0.699 | 0.9721 |
+-------+--------+
```"#,
    argument(name = "successes", description = "Number of successes."),
    argument(name = "n", description = "Number of trials."),
    argument(
        name = "method",
        description = "'wilson' (default), 'agresti_coull', 'clopper_pearson' or 'wald'."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ProportionCi;

impl Scalar for ProportionCi {
    const NAME: &'static str = "proportion_ci";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("successes", Kind::Number),
            Parameter::column("n", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
        ],
    );
    type Options = Interval;

    fn result(&self) -> DataType {
        interval_type()
    }

    fn options(&self, call: &Call) -> Result<Interval> {
        let method = call.choice(2, &METHODS)?.unwrap_or(Method::Wilson);
        Ok(Interval::new(method, call.level(3)?))
    }

    fn compute(&self, interval: &Interval, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let successes = as_float64_array(&arguments[0])?;
        let n = as_float64_array(&arguments[1])?;
        let intervals: Vec<_> = (0..n.len())
            .map(|row| {
                let is_known = successes.is_valid(row) && n.is_valid(row);
                let of = |_| interval.of(successes.value(row), n.value(row));
                is_known.then_some(()).and_then(of)
            })
            .collect();
        Ok(interval_array(&intervals))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_close, session, value};

    /// R binom.confint(4, 200), as stored in the tests of statsmodels 0.15.
    #[tokio::test]
    async fn intervals_agree_with_r_binom_confint() {
        let ctx = session();
        for (method, lower, upper) in [
            ("wilson", 0.007_804_426_416_349_47, 0.050_287_086_905_826_43),
            (
                "agresti_coull",
                0.005_991_954_548_218_395,
                0.052_099_558_773_957_5,
            ),
            (
                "clopper_pearson",
                0.005_475_565_879_556_443,
                0.050_413_609_089_896_34,
            ),
            ("wald", 0.000_597_346_459_104_517, 0.039_402_653_540_895_5),
        ] {
            let got = value(&ctx, &format!("select proportion_ci(4, 200, '{method}')")).await;
            assert_close(&got, &[Some(lower).into(), Some(upper).into()], method);
        }
    }

    #[tokio::test]
    async fn what_is_no_count_has_no_interval() {
        let ctx = session();
        for counts in ["0, 0", "3, 2", "-1, 2", "null, 2", "1, null"] {
            let got = value(&ctx, &format!("select proportion_ci({counts})")).await;
            assert_eq!(got, [Cell::Null, Cell::Null], "{counts}");
        }
    }
}
