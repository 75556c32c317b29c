//! `psi(expected, actual [, floor])`: how far a distribution has moved.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::psi::psi;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Rows;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns the population stability index of two distributions over the same classes, the sum over classes of (a - \
e) * ln(a / e) with a and e the shares of actual and expected; each row is one class. By a rule of thumb below \
0.1 is stable, above 0.25 has moved. Shares below floor are raised to it, since a class that is empty on one \
side would make the index infinite; a floor of 0 makes it NULL then. Classes with a NULL, infinity or NaN are \
left out; without classes, or where a side sums to 0, the result is NULL. Negative counts are an error.",
    syntax_example = "psi(expected, actual [, floor])",
    sql_example = r#"```sql
select round(psi(last_year, this_year), 4) as psi
from (values ('size', 50, 30), ('defect', 30, 40), ('late', 20, 30)) as reasons(reason, last_year, this_year);
+--------+
| psi    |
+--------+
| 0.1715 |
+--------+
```"#,
    argument(
        name = "expected",
        description = "Count or share of the class to compare with."
    ),
    argument(name = "actual", description = "Count or share of the class now."),
    argument(
        name = "floor",
        description = "Smallest share, 0 to below 1, 0.0001 by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Psi;

impl Aggregate for Psi {
    const NAME: &'static str = "psi";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("expected", Kind::Number),
            Parameter::column("actual", Kind::Number),
            Parameter::option("floor", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let floor = call.number(2)?.unwrap_or(0.0001);
        if !(0.0..1.0).contains(&floor) {
            return call.refuse(2, "a share from 0 to below 1", floor);
        }
        Ok(Box::new(Folded {
            empty: Rows::complete(2),
            result: &Type::Number,
            finish: move |rows: &Rows| {
                let columns = rows.sorted_columns();
                if columns[0].is_empty() {
                    return Ok(Value::Null);
                }
                let index =
                    psi(&columns[0], &columns[1], floor).map_err(|e| refused(Self::NAME, &e))?;
                Ok(index.psi.into())
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, assert_near, error, session, value};

    #[test]
    fn psi_passes_the_common_tests() {
        Subject {
            call: "psi(x, y, 0)",
            x: &[1.0, 2.0, 5.0],
            y: &[3.0, 1.0],
            slowly: |rows| {
                let classes: Vec<(f64, f64)> = rows.iter().filter_map(|r| r.0.zip(r.1)).collect();
                let expected: f64 = classes.iter().map(|c| c.0).sum();
                let actual: f64 = classes.iter().map(|c| c.1).sum();
                let parts = classes.iter().map(|c| (c.0 / expected, c.1 / actual));
                let psi: f64 = parts.map(|(e, a)| (a - e) * (a / e).ln()).sum();
                vec![Cell::from((!classes.is_empty()).then_some(psi))]
            },
        }
        .check();
    }

    /// By hand: a class that is new.
    #[tokio::test]
    async fn an_empty_class_has_the_smallest_share() {
        let query = "select psi(e, a, 0.01) from (values (1, 1), (0, 1)) as t(e, a)";
        let expected = (0.5 - 1.0) * 0.5_f64.ln() + (0.5 - 0.01) * (0.5_f64 / 0.01).ln();
        assert_near(&value(&session(), query).await, &[expected], 1e-12);
        let query = "select psi(e, a, 0) from (values (1, 1), (0, 1)) as t(e, a)";
        assert_eq!(value(&session(), query).await, [Cell::Null]);
        let got = error(&session(), "select psi(e, 1) from (values (-1)) as t(e)").await;
        assert!(got.contains("'psi'") && got.contains("negative"), "{got}");
    }
}
