//! `gini(x [, corrected])`: how unequally a sum is spread.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::collected::{self, Collected, Summary};
use crate::kernel::binned_sum::BinnedSum;

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns the Gini coefficient, 0 to 1: 0 where all values are the same, near 1 where one holds \
nearly all, such as returns over products or cost over customers. It is half the mean difference between two values \
over the mean, sum((2i - n - 1) * x_i) / (n * sum(x)) over ascending values, with the divisor n (Gini 1912; the \
same as R's ineq::Gini without correction). With corrected the \
divisor is n - 1 (R's `corr = TRUE`), which does not come out too low for a sample and is NULL for a single value. NULL, infinities and NaN are ignored. Shares of a sum need values that \
are not negative: with a negative value, without values, or with a sum of 0 the result is NULL. Takes eight bytes \
of memory a row.",
    syntax_example = "gini(x [, corrected])",
    sql_example = r#"```sql
select gini(returns) as gini
from (values (0), (0), (0), (8)) as products(returns);
+------+
| gini |
+------+
| 0.75 |
+------+
```"#,
    argument(name = "x", description = "Amount or count, 0 or more."),
    argument(
        name = "corrected",
        description = "Whether to divide by n - 1, for a sample; false by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Gini;

impl Aggregate for Gini {
    const NAME: &'static str = "gini";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("corrected", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        collected::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Collected(Inequality {
            corrected: call.flag(1)?.unwrap_or(false),
        })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Inequality {
    corrected: bool,
}

impl Summary for Inequality {
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef> {
        let coefficients: Float64Array =
            groups.iter_mut().map(|g| gini(g, self.corrected)).collect();
        Ok(Arc::new(coefficients))
    }
}

fn gini(values: &mut [f64], corrected: bool) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    if *values.first()? < 0.0 {
        return None;
    }
    let n = values.len() as f64;
    let (mut total, mut ranked) = (BinnedSum::default(), BinnedSum::default());
    for (i, x) in values.iter().enumerate() {
        total.add(*x);
        ranked.add((2.0 * i as f64 + 1.0 - n) * x);
    }
    let divisor = if corrected { n - 1.0 } else { n };
    let coefficient = ranked.value() / (divisor * total.value());
    coefficient.is_finite().then_some(coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Subject;

    #[test]
    fn gini_passes_the_common_tests() {
        Subject {
            call: "gini(x)",
            x: &[0.0, 0.0, 1.0, 2.5, 100.0],
            y: &[1.0],
            slowly: |rows| {
                let values: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                let total: f64 = values.iter().sum();
                if total == 0.0 {
                    return vec![None.into()];
                }
                // The other definition: all pairs.
                let pairs = values
                    .iter()
                    .flat_map(|a| values.iter().map(move |b| (a - b).abs()));
                vec![Some(pairs.sum::<f64>() / (2.0 * values.len() as f64 * total)).into()]
            },
        }
        .check();
    }

    /// The incomes in the manual of R's ineq::Gini; the value as R prints it, recalled and recomputed.
    #[test]
    fn incomes_are_as_unequal_as_in_r() {
        let mut incomes = [
            541.0, 1463.0, 2445.0, 3438.0, 4437.0, 5401.0, 6392.0, 8304.0, 11904.0, 22261.0,
        ];
        assert!((gini(&mut incomes, false).unwrap() - 0.462_091_1).abs() < 5e-8);
        // corr = TRUE is n / (n - 1) of it.
        let corrected = gini(&mut incomes, true).unwrap();
        assert!((corrected - 0.462_091_1 * 10.0 / 9.0).abs() < 1e-7);
    }

    #[test]
    fn negative_values_have_no_shares() {
        assert_eq!(gini(&mut [3.0, -1.0], false), None);
        assert_eq!(gini(&mut [], false), None);
        assert_eq!(gini(&mut [3.0], false), Some(0.0));
        assert_eq!(gini(&mut [3.0], true), None);
    }
}
