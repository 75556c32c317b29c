//! `p_adjust(p [, method]) over ()`: p-values that account for how many questions were asked.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::p_adjust::{Adjustment, p_adjust};

use super::{Partition, Window};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::refused;
use crate::tally::Numbers;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns each p-value adjusted for the number of p-values in the window, 0 to 1, as R's p.adjust \
does. `bh` (default; Benjamini and Hochberg 1995) bounds the share of false discoveries among those below a limit if \
the tests are independent, `by` (Benjamini and Yekutieli 2001) however they depend on each other, \
`holm` (1979) the chance of any false discovery, `bonferroni` the same with less power, `hochberg` (1988) and \
`hommel` (1988) the same with more where the tests are independent. NULL stays NULL and is not \
counted. A number outside 0..1 is an error. A frame has no effect.",
    syntax_example = "p_adjust(p [, method]) over ([partition by ...])",
    sql_example = r#"```sql
select segment, p, p_adjust(p) over () as adjusted
from (values ('new', 0.01), ('loyal', 0.04), ('at_risk', 0.03)) as tests(segment, p)
order by p;
+---------+------+----------+
| segment | p    | adjusted |
+---------+------+----------+
| new     | 0.01 | 0.03     |
| at_risk | 0.03 | 0.04     |
| loyal   | 0.04 | 0.04     |
+---------+------+----------+
```"#,
    argument(name = "p", description = "p-value of one test."),
    argument(
        name = "method",
        description = "'bh' (default), 'by', 'holm', 'hochberg', 'hommel' or 'bonferroni'."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PAdjust;

const METHODS: [(&str, Adjustment); 6] = [
    ("bh", Adjustment::BenjaminiHochberg),
    ("by", Adjustment::BenjaminiYekutieli),
    ("holm", Adjustment::Holm),
    ("hochberg", Adjustment::Hochberg),
    ("hommel", Adjustment::Hommel),
    ("bonferroni", Adjustment::Bonferroni),
];

impl Window for PAdjust {
    const NAME: &'static str = "p_adjust";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("p", Kind::Number),
            Parameter::option("method", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let method = call.choice(1, &METHODS)?;
        Ok(Box::new(Adjusted(
            method.unwrap_or(Adjustment::BenjaminiHochberg),
        )))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Adjusted(Adjustment);

impl Partition for Adjusted {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let p = Numbers::of(arguments, 0)?;
        let values: Vec<Option<f64>> = (0..arguments[0].len()).map(|row| p.get(row)).collect();
        let adjusted = p_adjust(&values, self.0).map_err(|e| refused(PAdjust::NAME, &e))?;
        Type::Number.array(adjusted.into_iter().map(Value::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{assert_near, error, planning_error, session, value};

    async fn adjusted(method: &str) -> Vec<crate::harness::Cell> {
        let query = format!(
            "select array_agg(a order by p) from (select p, p_adjust(p, '{method}') over () as a \
             from (values (0.04), (0.01), (null), (0.03), (0.05)) as t(p)) where p is not null"
        );
        value(&session(), &query).await
    }

    /// R: p.adjust(c(0.01, 0.03, 0.04, 0.05), ...), by hand.
    #[tokio::test]
    async fn p_values_are_adjusted_as_in_r() {
        assert_near(&adjusted("bh").await, &[0.04, 0.05, 0.05, 0.05], 1e-12);
        let harmonic = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0;
        let expected = [0.04, 0.05, 0.05, 0.05].map(|p| p * harmonic);
        assert_near(&adjusted("by").await, &expected, 1e-12);
        assert_near(&adjusted("holm").await, &[0.04, 0.09, 0.09, 0.09], 1e-12);
        assert_near(
            &adjusted("bonferroni").await,
            &[0.04, 0.12, 0.16, 0.2],
            1e-12,
        );
    }

    #[tokio::test]
    async fn what_is_no_probability_is_refused() {
        let query = "select p_adjust(p) over () from (values (0.5), (1.5)) as t(p)";
        let got = error(&session(), query).await;
        assert!(
            got.contains("'p_adjust': row 2: p is not from 0 to 1"),
            "{got}"
        );
        let got = planning_error(&session(), "select p_adjust(1, 'fdr') over ()").await;
        assert!(
            got.contains("one of 'bh', 'by', 'holm', 'hochberg', 'hommel', 'bonferroni'"),
            "{got}"
        );
    }
}
