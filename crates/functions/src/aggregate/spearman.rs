//! `spearman(x, y [, level])`: correlation of ranks.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::correlation::spearman;

use super::Aggregate;
use super::pearson_ci::{RESULT, record};
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Rows;

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns Spearman's correlation of two numbers, Pearson's of their ranks, equal values sharing their average \
rank: `struct(r, n, lower, upper, p_value, reason)` as `pearson_ci`, with the standard error of Fieller, Hartley and \
Pearson (1957) for the limits. It sees any rising or falling relation, not only straight ones, and single far \
values matter little. Rows with a NULL, infinity or NaN are left out; over no rows the result is NULL. Takes 16 \
bytes of memory a row.",
    syntax_example = "spearman(x, y [, level])",
    sql_example = r#"```sql
select round(c.r, 4) as r, c.n as n
from (
    select spearman(hours, score) as c
    from (values (1, 9), (4, 8), (8, 8), (20, 5), (30, 6)) as tickets(hours, score)
);
+---------+---+
| r       | n |
+---------+---+
| -0.8721 | 5 |
+---------+---+
```"#,
    argument(
        name = "x",
        description = "One measure, such as hours to the first reply."
    ),
    argument(name = "y", description = "The other, such as the score."),
    argument(name = "level", description = "Confidence level, 0.95 by default.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spearman;

impl Aggregate for Spearman {
    const NAME: &'static str = "spearman";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::column("y", Kind::Number),
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
            empty: Rows::complete(2),
            result: &RESULT,
            finish: move |rows: &Rows| {
                let columns = rows.sorted_columns();
                let correlation = spearman(&columns[0], &columns[1], level)
                    .map_err(|e| refused(Self::NAME, &e))?;
                let varies = |column: &Vec<f64>| column.windows(2).any(|pair| pair[0] != pair[1]);
                Ok(record(
                    &correlation,
                    [varies(&columns[0]), varies(&columns[1])],
                ))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject};

    #[test]
    fn spearman_passes_the_common_tests() {
        Subject {
            call: "spearman(x, y)",
            x: &[1.0, 2.5, 4.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| {
                let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|r| r.0.zip(r.1)).collect();
                let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
                let c = super::spearman(&x, &y, 0.95).unwrap();
                if c.n == 0 {
                    return vec![Cell::Null; 6];
                }
                let n = Some(c.n as f64);
                let mut cells = [c.r, n, c.low, c.high, c.p].map(Cell::from).to_vec();
                let constant = |values: &[f64]| values.iter().all(|v| *v == values[0]);
                cells.push(match c.n {
                    0..4 => Cell::Text(format!("x, y have {} of at least 4 rows", c.n)),
                    _ if constant(&x) => Cell::Text("x has zero variance".to_string()),
                    _ if constant(&y) => Cell::Text("y has zero variance".to_string()),
                    _ => Cell::Null,
                });
                cells
            },
        }
        .check();
    }

    /// The rank of a value is one more than the smaller ones and half the equal others.
    #[test]
    fn ranks_are_those_of_counting() {
        let (x, y) = ([3.0, 1.0, 3.0, 9.0], [1.0, 2.0, 2.0, 5.0]);
        let ranks = |v: &[f64; 4]| {
            v.map(|a| {
                let less = v.iter().filter(|b| **b < a).count() as f64;
                let same = v.iter().filter(|b| **b == a).count() as f64;
                less + (same + 1.0) / 2.0
            })
        };
        let (rx, ry) = (ranks(&x), ranks(&y));
        let products: f64 = rx.iter().zip(&ry).map(|(a, b)| (a - 2.5) * (b - 2.5)).sum();
        let squares = |r: &[f64; 4]| r.iter().map(|a| (a - 2.5).powi(2)).sum::<f64>();
        let r = products / (squares(&rx) * squares(&ry)).sqrt();
        let got = super::spearman(&x, &y, 0.95).unwrap().r.unwrap();
        assert!((got - r).abs() < 1e-12);
    }
}
