//! `rfm_cn8(recency, frequency, monetary, ...) over ()`: one of eight groups, by raw values.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::rfm_score::Scores;
use super::{Partition, Window, numbers};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::cn8::{Threshold, code, mean, median};

#[user_doc(
    doc_section(label = "Customer Functions"),
    description = "Returns the group of each customer in the model of eight groups (bz.zhsmjxc.com), as three \
digits for recency, frequency and value, 1 for good and 0 for not: 111 is important and valuable, 011 to be kept, \
101 to be developed, 001 to be won back; 110, 010, 100, 000 are the same for general customers. Good is fewer days, \
more orders, more money than the threshold; equal is not good. The rules in use differ widely on the same data: \
`mean` of the raw values (default, the most common), `median`, `mean_score` (scores by `rfm_score` above their mean), \
`score4` (scores of 4 and 5), `fixed` (your limits). Means do not depend on the order of rows. NULL, infinities and \
NaN do not count among the others; a customer with one of them has NULL. A frame has no effect.",
    syntax_example = "rfm_cn8(recency, frequency, monetary [, threshold [, recency_limit [, frequency_limit [, monetary_limit]]]]) over ([partition by ...])",
    sql_example = r#"```sql
select id, rfm_cn8(days, orders, amount) over () as code
from (values (1, 5, 9, 900.0), (2, 40, 4, 250.0), (3, 90, 1, 400.0), (4, 300, 1, 80.0)) as customers(
    id, days, orders, amount
)
order by id;
+----+------+
| id | code |
+----+------+
| 1  | 111  |
| 2  | 110  |
| 3  | 100  |
| 4  | 000  |
+----+------+
```"#,
    argument(
        name = "recency",
        description = "Days since the last order; few are good."
    ),
    argument(name = "frequency", description = "Number of orders."),
    argument(name = "monetary", description = "Amount spent."),
    argument(
        name = "threshold",
        description = "'mean' (default), 'median', 'mean_score', 'score4' or 'fixed'."
    ),
    argument(
        name = "recency_limit",
        description = "For 'fixed': days below which recency is good."
    ),
    argument(
        name = "frequency_limit",
        description = "For 'fixed': orders above which frequency is good."
    ),
    argument(
        name = "monetary_limit",
        description = "For 'fixed': amount above which value is good."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RfmCn8;

/// The names of the thresholds in SQL, the default first.
const THRESHOLDS: [(&str, Threshold); 5] = [
    ("mean", Threshold::Mean),
    ("median", Threshold::Median),
    ("mean_score", Threshold::MeanScore),
    ("score4", Threshold::Score4),
    ("fixed", Threshold::Fixed([0.0; 3])),
];

/// Position of the first limit among the arguments.
const LIMITS: usize = 4;

impl Window for RfmCn8 {
    const NAME: &'static str = "rfm_cn8";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("recency", Kind::Number),
            Parameter::column("frequency", Kind::Number),
            Parameter::column("monetary", Kind::Number),
            Parameter::option("threshold", Kind::Text),
            Parameter::option("recency_limit", Kind::Number),
            Parameter::option("frequency_limit", Kind::Number),
            Parameter::option("monetary_limit", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let mut threshold = call.choice(3, &THRESHOLDS)?.unwrap_or(Threshold::Mean);
        for i in 0..3 {
            let limit = call.number(LIMITS + i)?;
            match (&mut threshold, limit) {
                (Threshold::Fixed(limits), Some(limit)) => limits[i] = limit,
                (Threshold::Fixed(_), None) => {
                    return call.refuse(LIMITS + i, "a number for 'fixed'", "none");
                }
                (_, Some(limit)) => {
                    return call.refuse(LIMITS + i, "no limit except for 'fixed'", limit);
                }
                (_, None) => {}
            }
        }
        Ok(Box::new(Groups { threshold }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Groups {
    threshold: Threshold,
}

impl Groups {
    /// Returns the columns to compare and what to compare them with; high is good in all of them.
    fn compared(&self, arguments: &[ArrayRef]) -> Result<[(Vec<f64>, f64); 3]> {
        if matches!(self.threshold, Threshold::MeanScore | Threshold::Score4) {
            return Ok(Scores::by_quantile().of(arguments)?.map(|scores| {
                let known = |s: u8| if s == 0 { f64::NAN } else { f64::from(s) };
                let scores: Vec<f64> = scores.into_iter().map(known).collect();
                let limit = match self.threshold {
                    // Scores are whole, so a score of 4 is one above 3.
                    Threshold::Score4 => 3.0,
                    _ => mean(scores.iter().copied()),
                };
                (scores, limit)
            }));
        }
        let raw = |i: usize| -> Result<(Vec<f64>, f64)> {
            let mut values = numbers(&arguments[i])?;
            let mut limit = match self.threshold {
                Threshold::Median => median(&values),
                Threshold::Fixed(limits) => limits[i],
                _ => mean(values.iter().copied()),
            };
            if i == 0 {
                values.iter_mut().for_each(|x| *x = -*x);
                limit = -limit;
            }
            Ok((values, limit))
        };
        Ok([raw(0)?, raw(1)?, raw(2)?])
    }
}

impl Partition for Groups {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let columns = self.compared(arguments)?;
        let n_rows = columns[0].0.len();
        let codes: StringArray = (0..n_rows)
            .map(|row| {
                code([0, 1, 2].map(|i| {
                    let (values, limit) = &columns[i];
                    (!values[row].is_nan()).then(|| values[row] > *limit)
                }))
            })
            .collect();
        Ok(Arc::new(codes))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, planning_error, published_cases, session, value};
    use crate::window::rfm_score::tests::customers;

    /// The published names of the groups.
    fn published_code(name: &str) -> &'static str {
        match name {
            "重要价值客户" => "111",
            "重要保持客户" => "011",
            "重要发展客户" => "101",
            "重要挽留客户" => "001",
            "一般价值客户" => "110",
            "一般保持客户" => "010",
            "一般发展客户" => "100",
            "一般挽留客户" => "000",
            other => panic!("{other} has no code"),
        }
    }

    /// The counts were run outside this project on the customers of R package rfm.
    #[tokio::test]
    async fn groups_have_the_sizes_of_the_reference() {
        let (Some(ctx), Some(cases)) = (customers().await, published_cases("rfm_cn8.json")) else {
            return;
        };
        for (name, case) in cases {
            let threshold = match name.as_str() {
                "mean_raw" => "mean",
                "median_raw" => "median",
                _ => continue,
            };
            for (group, n) in case["expected"].as_object().unwrap() {
                let query = format!(
                    "select count(*) from (select rfm_cn8(days, orders, amount, '{threshold}') over () \
                     as code from customers) where code = '{}'",
                    published_code(group)
                );
                let got = value(&ctx, &query).await;
                assert_eq!(got, [n.as_f64().into()], "{name} {group}");
            }
        }
    }

    /// The reference scores by the rule of the R package, so its scores come as values:
    /// their mean, and a fixed limit of 3, are then the two rules on scores.
    #[tokio::test]
    async fn rules_on_scores_have_the_sizes_of_the_reference() {
        let (Some(ctx), Some(cases)) = (customers().await, published_cases("rfm_cn8.json")) else {
            return;
        };
        for (name, case) in cases {
            let call = match name.as_str() {
                "mean_score" => "rfm_cn8(-r, f, m) over ()",
                "score_ge_4" => "rfm_cn8(-r, f, m, 'fixed', -3, 3, 3) over ()",
                _ => continue,
            };
            for (group, n) in case["expected"].as_object().unwrap() {
                let query = format!(
                    "select count(*) from (select {call} as code from customers) \
                     where code = '{}'",
                    published_code(group)
                );
                let got = value(&ctx, &query).await;
                assert_eq!(got, [n.as_f64().into()], "{name} {group}");
            }
        }
    }

    /// The rules on scores, against the same thing in plain SQL.
    #[tokio::test]
    async fn rules_on_scores_use_the_scores_of_rfm_score() {
        let Some(ctx) = customers().await else {
            return;
        };
        for (threshold, limits) in [
            ("score4", ["3.5", "3.5", "3.5"]),
            (
                "mean_score",
                ["avg(s.r) over ()", "avg(s.f) over ()", "avg(s.m) over ()"],
            ),
        ] {
            let [r, f, m] = limits;
            let query = format!(
                "select count(*) filter (where code = concat(cast(good_r as int), \
                 cast(good_f as int), cast(good_m as int))) from (select code, s.r > {r} as good_r, \
                 s.f > {f} as good_f, s.m > {m} as good_m from (select \
                 rfm_cn8(days, orders, amount, '{threshold}') over () as code, \
                 rfm_score(days, orders, amount) over () as s from customers))"
            );
            assert_eq!(
                value(&ctx, &query).await,
                [Some(995.0).into()],
                "{threshold}"
            );
        }
    }

    #[tokio::test]
    async fn equal_to_the_threshold_is_not_good() {
        let query = "select rfm_cn8(10, 3, 200, 'fixed', 10, 3, 200) over () \
                     from (values (1)) as t(i)";
        assert_eq!(
            value(&session(), query).await,
            [Cell::Text("000".to_string())]
        );
    }

    #[tokio::test]
    async fn limits_belong_to_fixed_only() {
        let ctx = session();
        for (options, message) in [
            (
                "'fixed', 10",
                "a number for 'fixed' as argument 6 (frequency_limit), got none",
            ),
            (
                "'mean', 10",
                "no limit except for 'fixed' as argument 5 (recency_limit), got 10",
            ),
            ("'meen'", "Did you mean 'mean'?"),
        ] {
            let query =
                format!("select rfm_cn8(a, a, a, {options}) over () from (values (1)) as t(a)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{options}: {got}");
        }
    }
}
