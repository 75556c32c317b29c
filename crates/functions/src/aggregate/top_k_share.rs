//! `top_k_share(x, k [, by])`: the share of a sum that its largest values hold.

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
    description = "Returns the share of the total that the k largest values hold, 0 to 1, such as how much of all returns \
three products cause: sum(k largest) / sum(x), over one row for each product. With by 'share' k is the fraction of the \
values that is taken, 0.2 for the largest fifth: the share read off the Lorenz curve, where the last value counts by the \
part of it that belongs to the fraction, so that 0.2 of 8 values is the largest and 0.6 of the second. With k above the \
number of values the share is 1. NULL, infinities and NaN are ignored. Shares of a sum need values that are not negative: \
with a negative value, without values, or with a sum of 0 the result is NULL. Takes eight bytes of memory a row.",
    syntax_example = "top_k_share(x, k [, by])",
    sql_example = r#"```sql
select top_k_share(returns, 1) as first, top_k_share(returns, 0.5, 'share') as half
from (values (60), (20), (15), (5)) as products(returns);
+-------+------+
| first | half |
+-------+------+
| 0.6   | 0.8  |
+-------+------+
```"#,
    argument(name = "x", description = "Amount or count, 0 or more."),
    argument(
        name = "k",
        description = "How many of the values: a whole number from 1, or with by 'share' a fraction above 0, at most 1."
    ),
    argument(name = "by", description = "'count' (default) or 'share'."),
    related_udf(name = "gini"),
    related_udf(name = "abc_class")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TopKShare;

/// How many values are taken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Top {
    Count(usize),
    Share(f64),
}

const BY: [(&str, bool); 2] = [("count", false), ("share", true)];

impl Aggregate for TopKShare {
    const NAME: &'static str = "top_k_share";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("k", Kind::Number).mandatory(),
            Parameter::option("by", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        collected::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let top = if call.choice(2, &BY)?.unwrap_or(false) {
            match call.positive(1)? {
                Some(share) if share <= 1.0 => Top::Share(share),
                Some(share) => {
                    return call.refuse(1, "a fraction above 0, at most 1, with 'share'", share);
                }
                None => return call.refuse(1, "a fraction", "NULL"),
            }
        } else {
            match call.whole(1, 1, 1_000_000_000)? {
                Some(k) => Top::Count(k as usize),
                None => return call.refuse(1, "a number of values", "NULL"),
            }
        };
        Ok(Box::new(Collected(top)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl Summary for Top {
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef> {
        let shares: Float64Array = groups.iter_mut().map(|g| self.share_of(g)).collect();
        Ok(Arc::new(shares))
    }
}

impl Top {
    fn share_of(self, values: &mut [f64]) -> Option<f64> {
        let n = values.len();
        let (whole, part) = match self {
            Self::Count(k) => (k.min(n), 0.0),
            Self::Share(share) => {
                let taken = share * n as f64;
                (taken as usize, taken.fract())
            }
        };
        // Only the border between those taken and the others matters, not their order.
        if whole < n {
            values.select_nth_unstable_by(whole, |a, b| b.total_cmp(a));
        }
        let mut total = BinnedSum::default();
        let mut top = BinnedSum::default();
        for (place, x) in values.iter().enumerate() {
            if *x < 0.0 {
                return None;
            }
            total.add(*x);
            if place < whole {
                top.add(*x);
            } else if place == whole {
                top.add(part * x);
            }
        }
        let share = top.value() / total.value();
        share.is_finite().then_some(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::{Subject, assert_near, planning_error, session, value};

    #[test]
    fn top_k_share_passes_the_common_tests() {
        Subject {
            call: "top_k_share(x, 2)",
            x: &[0.0, 0.0, 1.0, 2.5, 100.0],
            y: &[1.0],
            slowly: |rows| {
                let mut values: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                values.sort_by(|a, b| b.total_cmp(a));
                let total: f64 = values.iter().sum();
                let top: f64 = values.iter().take(2).sum();
                vec![(total > 0.0).then(|| top / total).into()]
            },
        }
        .check();
    }

    /// The Lorenz curve of the other end: what the top holds is what the rest does not.
    #[test]
    fn top_k_share_by_share_passes_the_common_tests() {
        Subject {
            call: "top_k_share(x, 0.3, 'share')",
            x: &[0.0, 1.0, 2.5, 100.0],
            y: &[1.0],
            slowly: |rows| {
                let mut values: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                values.sort_by(f64::total_cmp);
                let total: f64 = values.iter().sum();
                let below = 0.7 * values.len() as f64;
                let lorenz = |(i, x): (usize, &f64)| x * (below - i as f64).clamp(0.0, 1.0);
                let rest: f64 = values.iter().enumerate().map(lorenz).sum();
                vec![(total > 0.0).then(|| 1.0 - rest / total).into()]
            },
        }
        .check();
    }

    /// Heizer and Render's Silicon Chips, example 12.1: the first two of ten items are 72.0 percent of
    /// the annual dollar volume of 232,057.
    #[tokio::test]
    async fn silicon_chips_are_concentrated_as_published() {
        let query = "select [top_k_share(v, 2), top_k_share(v, 0.2, 'share'), top_k_share(v, 99)] from (values \
                     (90000.0), (77000.0), (26350.0), (15001.0), (12500.0), (8502.0), (1200.0), (850.0), \
                     (504.0), (150.0)) as t(v)";
        let got = value(&session(), query).await;
        assert_near(&got, &[0.719_650_8, 0.719_650_8, 1.0], 1e-6);
    }

    #[tokio::test]
    async fn wrong_options_are_planning_errors() {
        let ctx = session();
        for (call, message) in [
            (
                "top_k_share(1, 0)",
                "a whole number from 1 to 1000000000 as argument 2 (k), got 0",
            ),
            ("top_k_share(1, 0.2)", "a whole number from 1"),
            (
                "top_k_share(1, null)",
                "a number of values as argument 2 (k), got NULL",
            ),
            (
                "top_k_share(1, 20, 'share')",
                "a fraction above 0, at most 1, with 'share'",
            ),
            ("top_k_share(1, 0.2, 'percent')", "one of 'count', 'share'"),
        ] {
            let got = planning_error(&ctx, &format!("select {call}")).await;
            assert!(got.contains(message), "{call}: {got}");
        }
    }

    #[test]
    fn negative_values_have_no_shares() {
        assert_eq!(Top::Count(1).share_of(&mut [3.0, -1.0]), None);
        assert_eq!(Top::Share(0.5).share_of(&mut [0.0]), None);
        assert_eq!(Top::Count(1).share_of(&mut []), None);
    }
}
