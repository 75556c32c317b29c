//! `gamma_gamma_fit(x, m)`: how much customers spend on a purchase.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::gamma_gamma::GammaGammaData;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::{Impossible, Numbers};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the Gamma-Gamma model of spend (Fader and Hardie, note 025) fitted to repeat buyers by maximum \
likelihood, `struct(p, q, v, log_likelihood, converged, reason, n, n_skipped, correlation)`, over one row for \
each customer as `btyd_summary` returns it; v is in the unit of the money. Customers without a repeat purchase \
say nothing about spend and are counted in n_skipped. The model takes frequency and spend as independent: \
correlation, of x and m, should be near 0. Where the likelihood has no maximum converged is false, the \
parameters are the last ones tried and reason says why; with fewer than three repeat buyers they are NULL. Rows \
with a NULL are left out; over no rows the result is NULL. With a repeat buyer whose spend is not positive, or \
an x that is negative or not whole, the parameters are NULL and reason shows one such row.",
    syntax_example = "gamma_gamma_fit(x, m)",
    sql_example = r#"```sql
select g.converged as converged, g.reason as reason, g.n as n, g.n_skipped as n_skipped
from (select gamma_gamma_fit(x, m) as g from (values (2, 20.0), (0, 0.0)) as customers(x, m));
+-----------+----------------------------------------------------------+---+-----------+
| converged | reason                                                   | n | n_skipped |
+-----------+----------------------------------------------------------+---+-----------+
| false     | needs at least 3 customers with a repeat purchase, got 1 | 1 | 1         |
+-----------+----------------------------------------------------------+---+-----------+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(name = "m", description = "Mean amount of a repeat purchase.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct GammaGammaFit;

const RESULT: Type = Type::Record(&[
    ("p", Type::Number),
    ("q", Type::Number),
    ("v", Type::Number),
    ("log_likelihood", Type::Number),
    ("converged", Type::Flag),
    ("reason", Type::Text),
    ("n", Type::Whole),
    ("n_skipped", Type::Whole),
    ("correlation", Type::Number),
]);

impl Aggregate for GammaGammaFit {
    const NAME: &'static str = "gamma_gamma_fit";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("m", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, _: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Folded {
            empty: Customers::default(),
            result: &RESULT,
            finish: |customers: &Customers| Ok(fit(customers)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Repeat buyers, and the number of the others, which a state must carry by itself.
#[derive(Debug, Clone, Default)]
struct Customers {
    buyers: GammaGammaData,
    skipped: u64,
    impossible: Impossible,
}

fn fit(customers: &Customers) -> Value {
    let Customers {
        buyers,
        skipped,
        impossible,
    } = customers;
    let n = buyers.n();
    if n + skipped == 0 && impossible.reason().is_none() {
        return Value::Null;
    }
    let fitted = match impossible.reason() {
        Some(reason) => Err(reason),
        None => buyers.fit().map_err(|error| error.to_string()),
    };
    let mut values = match fitted {
        Ok(fit) => vec![
            fit.params.p.into(),
            fit.params.q.into(),
            fit.params.v.into(),
            fit.log_likelihood.into(),
            fit.converged.into(),
            fit.stop.to_string().into(),
        ],
        Err(reason) => vec![
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            false.into(),
            reason.into(),
        ],
    };
    values.extend([n.into(), (*skipped).into(), buyers.correlation().into()]);
    Value::Record(values)
}

impl Tally for Customers {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (x, m) = (Numbers::of(columns, 0)?, Numbers::of(columns, 1)?);
        for &row in rows {
            match (x.get(row), m.get(row)) {
                (Some(0.0), _) => self.skipped += 1,
                (Some(x), Some(m)) => {
                    if let Err(error) = self.buyers.update(x, m) {
                        self.impossible.add(&error, &[("x", x), ("m", m)]);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.buyers.merge(&other.buyers);
        self.skipped += other.skipped;
        self.impossible.merge(&other.impossible);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        let groups = self.buyers.groups();
        bytes.whole(self.skipped);
        self.impossible.write(bytes);
        bytes.whole(groups.len() as u64);
        for (x, m, n) in groups {
            bytes.number(x);
            bytes.number(m);
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut customers = Self {
            skipped: bytes.whole()?,
            impossible: Impossible::read(bytes)?,
            ..Self::default()
        };
        for _ in 0..bytes.count()? {
            let (x, m, n) = (bytes.number()?, bytes.number()?, bytes.whole()?);
            customers.buyers.update_weighted(x, m, n).ok()?;
        }
        Some(customers)
    }

    fn heap_bytes(&self) -> usize {
        self.buyers.size_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::bgnbd_fit::tests::cdnow;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published_case, published_numbers, session, value,
    };

    /// Fits of a handful of customers are slow; of these nobody came back.
    #[test]
    fn gamma_gamma_fit_passes_the_common_tests() {
        Subject {
            call: "gamma_gamma_fit(0 * x, y)",
            x: &[1.0, 2.0],
            y: &[3.0, 30.0],
            slowly: |rows| {
                let customers = Customers {
                    skipped: rows.iter().filter(|r| r.0.is_some()).count() as u64,
                    ..Customers::default()
                };
                match fit(&customers) {
                    Value::Null => vec![Cell::Null; 9],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    #[tokio::test]
    async fn cdnow_is_fitted_as_published() {
        let file = "gamma_gamma_cdnow.json";
        let (Some(table), Some(case), Some(correlation)) = (
            cdnow(),
            published_case(file, "MLE"),
            published_case(file, "correlation"),
        ) else {
            return;
        };
        let got = value(
            &session(),
            &format!("select gamma_gamma_fit(x, m) from {table}"),
        )
        .await;
        for (cell, name) in got.iter().zip(["p", "q", "v"]) {
            let expected = published_numbers(&case["expected"][name]);
            assert_near(std::slice::from_ref(cell), &expected, 0.02);
        }
        assert_near(&got[4..5], &[1.0], 0.0);
        assert_near(&got[6..8], &[946.0, 1411.0], 0.0);
        assert_near(
            &got[8..],
            &published_numbers(&correlation["expected"]),
            1e-6,
        );
    }

    #[tokio::test]
    async fn a_repeat_buyer_without_a_spend_is_shown() {
        let query = "select g['reason'] from (select gamma_gamma_fit(x, m) as g from (values (3, 5.0), (2, 0.0), \
                     (1, 2.0), (2, 9.0)) as c(x, m))";
        let got = value(&session(), query).await;
        let Cell::Text(reason) = &got[0] else {
            panic!("{got:?}");
        };
        assert!(
            reason.starts_with("m ") && reason.ends_with(": x = 2, m = 0"),
            "{reason}"
        );
    }
}
