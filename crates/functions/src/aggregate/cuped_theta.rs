//! `cuped_theta(y, x)`: how much of an outcome the time before explains.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::cuped::cuped_theta;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Pairs;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Experiment Functions"),
    description = "Returns theta = cov(x, y) / var(x) of CUPED (Deng, Xu, Kohavi and Walker 2013): with x the same \
measure before the experiment, y - theta * (x - mean of x) has the mean of y and its variance times 1 - rho^2, so that \
a test of it (`t_test_welch`) needs fewer customers. Take theta over all arms together, never by arm. Rows with a NULL, \
infinity or NaN are left out: give customers without a time before an x of 0, or drop them from the test too. Where x \
does not vary theta is 0; with fewer than two rows it is NULL.",
    syntax_example = "cuped_theta(y, x)",
    sql_example = r#"```sql
select cuped_theta(spend, spend_before) as theta
from (values (12, 10), (18, 15), (31, 20), (33, 25)) as customers(spend, spend_before);
+--------------------+
| theta              |
+--------------------+
| 1.5200000000000002 |
+--------------------+
```"#,
    argument(name = "y", description = "Outcome of the experiment."),
    argument(name = "x", description = "The same customer's value before it."),
    related_udf(name = "t_test_welch")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CupedTheta;

impl Aggregate for CupedTheta {
    const NAME: &'static str = "cuped_theta";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("y", Kind::Number),
            Parameter::column("x", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, _: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Folded {
            empty: Pairs::default(),
            result: &Type::Number,
            finish: |pairs: &Pairs| Ok(Value::from(cuped_theta(&swapped(pairs)))),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The pairs with the second argument first, which the statistics call x.
fn swapped(Pairs(pairs): &Pairs) -> aftersight_stats::moments::CoMoments {
    let (y, x, products) = pairs.to_parts();
    aftersight_stats::moments::CoMoments::from_parts(x.clone(), y.clone(), &products)
}

#[cfg(test)]
mod tests {
    use super::super::t_test_welch::tests::SLEEP;
    use crate::harness::{
        Cell, Subject, assert_near, published_case, published_numbers, rows_of, session, value,
    };

    #[test]
    fn cuped_theta_passes_the_common_tests() {
        Subject {
            call: "cuped_theta(y, x)",
            x: &[1.0, 2.5, 4.0, -3.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| {
                let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|r| r.0.zip(r.1)).collect();
                let n = pairs.len() as f64;
                let x = pairs.iter().map(|p| p.0).sum::<f64>() / n;
                let y = pairs.iter().map(|p| p.1).sum::<f64>() / n;
                let xx: f64 = pairs.iter().map(|p| (p.0 - x).powi(2)).sum();
                let xy: f64 = pairs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
                let theta = if xx < 1e-12 { 0.0 } else { xy / xx };
                vec![Cell::from((pairs.len() > 1).then_some(theta))]
            },
        }
        .check();
    }

    #[tokio::test]
    async fn theta_of_sleep_is_the_slope() {
        let query = format!(
            "select cuped_theta(post, pre) from {} as sleep(pre, post)",
            rows_of(&[&SLEEP[0], &SLEEP[1]])
        );
        let got = value(&session(), &query).await;
        assert_near(&got, &[0.889_949_661_517_097_8], 1e-12);
        if let Some(case) = published_case("cuped_identity.json", "sleep") {
            assert_near(&got, &published_numbers(&case["expected"]["theta"]), 1e-9);
        }
    }
}
