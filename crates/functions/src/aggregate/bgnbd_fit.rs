//! `bgnbd_fit(x, t_x, t)`: how often customers buy, and how soon they stop.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::bgnbd_fit::BgNbdData;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::tally::{Impossible, Numbers};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Loyalty Functions"),
    description = "Returns the BG/NBD model (Fader, Hardie and Lee 2005) fitted to customers by maximum likelihood, `struct(r, \
alpha, a, b, log_likelihood, converged, reason, n)`, over one row for each customer as `btyd_summary` returns \
it: purchases come at a Gamma(r, alpha) rate, alpha in the unit of the times, and customers drop out after each \
with a Beta(a, b) probability. Where the likelihood has no maximum, is flat or a parameter runs to zero or \
infinity, converged is false, the parameters are the last ones tried and reason says why; without a repeat \
purchase they are NULL. Functions that take the model return NULL for one that has not converged. Rows with a \
NULL are left out; over no rows the result is NULL. With a customer that cannot be, x not whole or \
negative, t_x above t, t_x of 0 although x is not, or the other way round, converged is false, the parameters are \
NULL and reason shows one.",
    syntax_example = "bgnbd_fit(x, t_x, t)",
    sql_example = r#"```sql
select m.converged as converged, m.reason as reason, m.n as n
from (
    select bgnbd_fit(x, t_x, t) as m from (values (0, 0, 30), (0, 0, 25)) as customers(x, t_x, t)
);
+-----------+----------------------------------------------------------+---+
| converged | reason                                                   | n |
+-----------+----------------------------------------------------------+---+
| false     | needs at least 1 customers with a repeat purchase, got 0 | 2 |
+-----------+----------------------------------------------------------+---+
```"#,
    argument(name = "x", description = "Number of repeat purchases."),
    argument(name = "t_x", description = "Age at the last of them, 0 without any."),
    argument(
        name = "t",
        description = "Age at the end of observation, in the same unit."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BgnbdFit;

const RESULT: Type = Type::Record(&[
    ("r", Type::Number),
    ("alpha", Type::Number),
    ("a", Type::Number),
    ("b", Type::Number),
    ("log_likelihood", Type::Number),
    ("converged", Type::Flag),
    ("reason", Type::Text),
    ("n", Type::Whole),
]);

impl Aggregate for BgnbdFit {
    const NAME: &'static str = "bgnbd_fit";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("t_x", Kind::Number),
            Parameter::column("t", Kind::Number),
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

/// Customers by history, and what is wrong with those that cannot be.
#[derive(Debug, Clone, Default)]
struct Customers {
    data: BgNbdData,
    impossible: Impossible,
}

fn fit(Customers { data, impossible }: &Customers) -> Value {
    if data.n() == 0 && impossible.reason().is_none() {
        return Value::Null;
    }
    let fitted = match impossible.reason() {
        Some(reason) => Err(reason),
        None => data.fit().map_err(|error| error.to_string()),
    };
    match fitted {
        Ok(fit) => Value::Record(vec![
            fit.params.r.into(),
            fit.params.alpha.into(),
            fit.params.a.into(),
            fit.params.b.into(),
            fit.log_likelihood.into(),
            fit.converged.into(),
            fit.stop.to_string().into(),
            data.n().into(),
        ]),
        Err(reason) => {
            let mut values = vec![Value::Null; 8];
            values[5] = false.into();
            values[6] = reason.into();
            values[7] = data.n().into();
            Value::Record(values)
        }
    }
}

impl Tally for Customers {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (x, t_x) = (Numbers::of(columns, 0)?, Numbers::of(columns, 1)?);
        let t = Numbers::of(columns, 2)?;
        for &row in rows {
            if let (Some(x), Some(t_x), Some(t)) = (x.get(row), t_x.get(row), t.get(row))
                && let Err(error) = self.data.update(x, t_x, t)
            {
                self.impossible
                    .add(&error, &[("x", x), ("t_x", t_x), ("t", t)]);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.data.merge(&other.data);
        self.impossible.merge(&other.impossible);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        self.impossible.write(bytes);
        let groups = self.data.groups();
        bytes.whole(groups.len() as u64);
        for (customer, n) in groups {
            for number in [customer.x, customer.t_x, customer.t] {
                bytes.number(number);
            }
            bytes.whole(n);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut customers = Self {
            impossible: Impossible::read(bytes)?,
            ..Self::default()
        };
        for _ in 0..bytes.count()? {
            let (x, t_x, t) = (bytes.number()?, bytes.number()?, bytes.number()?);
            let n = bytes.whole()?;
            customers.data.update_weighted(x, t_x, t, n).ok()?;
        }
        Some(customers)
    }

    fn heap_bytes(&self) -> usize {
        self.data.size_bytes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, published, published_case, session, value,
    };

    /// Fits of a handful of customers are slow and mostly refused: nobody of these came back.
    #[test]
    fn bgnbd_fit_passes_the_common_tests() {
        Subject {
            call: "bgnbd_fit(0 * x, 0 * y, y)",
            x: &[1.0, 2.0],
            y: &[3.0, 30.0, 40.0],
            slowly: |rows| {
                let mut customers = Customers::default();
                for (_, t) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
                    customers.data.update(0.0, 0.0, t).unwrap();
                }
                match fit(&customers) {
                    Value::Null => vec![Cell::Null; 8],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    /// Returns the customers of CDNOW as a table: x, t_x, t, m.
    pub(in crate::aggregate) fn cdnow() -> Option<String> {
        let text = published("cdnow_summary.csv")?;
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                format!("({})", cells[1..5].join(", "))
            })
            .collect();
        Some(format!(
            "(values {}) as cdnow(x, t_x, t, m)",
            rows.join(", ")
        ))
    }

    #[tokio::test]
    async fn cdnow_is_fitted_as_published() {
        let (Some(table), Some(case)) = (cdnow(), published_case("bgnbd_cdnow.json", "MLE")) else {
            return;
        };
        let ctx = session();
        let got = value(&ctx, &format!("select bgnbd_fit(x, t_x, t) from {table}")).await;
        for (cell, name) in got.iter().zip(["r", "alpha", "a", "b", "loglik"]) {
            let number = |part: &str| case[part][name].as_f64().unwrap();
            assert_near(
                std::slice::from_ref(cell),
                &[number("expected")],
                number("tolerance"),
            );
        }
        assert_near(&got[5..6], &[1.0], 0.0);
        assert_near(&got[7..], &[2357.0], 0.0);
        // However the rows are spread, the digits are the same.
        let query = format!(
            "select bgnbd_fit(x, t_x, t) from (select * from {table} order by t, x desc, t_x)"
        );
        assert_eq!(value(&ctx, &query).await, got);
    }

    /// Simulated by hand: everybody buys every week and nobody stops, so dropout has no estimate.
    #[tokio::test]
    async fn a_fit_that_does_not_arrive_says_so() {
        let query = "select [m['converged']] from (select bgnbd_fit(10, 10, 10 + i % 2) as m \
                     from generate_series(1, 50) as s(i))";
        assert_near(&value(&session(), query).await, &[0.0], 0.0);
    }

    #[tokio::test]
    async fn customers_that_cannot_be_are_shown() {
        for (customer, reason) in [
            ("2, 5, 4", "t_x is greater than T"),
            ("0, 1, 4", "t_x is not 0 although x is 0"),
            ("1, 0, 4", "t_x is 0 although x is not"),
            ("1.5, 1, 4", "x is not a whole number"),
        ] {
            // The likelihood of the others does not matter.
            let query = format!(
                "select struct(m['r'], m['converged'], m['reason']) from (select bgnbd_fit(x, t_x, t) as m \
                 from (values (2, 3, 4), ({customer}), (0, 0, 4)) as c(x, t_x, t))"
            );
            let got = value(&session(), &query).await;
            assert_eq!(got[..2], [Cell::Null, Cell::Number(0.0)]);
            let Cell::Text(text) = &got[2] else {
                panic!("{got:?}");
            };
            assert!(
                text.starts_with(&format!("{reason}: x = ")),
                "{customer}: {text}"
            );
        }
    }
}
