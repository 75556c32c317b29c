//! `nps_test(score, is_second [, level])`: difference of two net promoter scores.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;
use datafusion::common::cast::{as_boolean_array, as_float64_array};
use datafusion::logical_expr::Documentation;
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::accumulate;
use datafusion_macros::user_doc;

use super::{Aggregate, state_of};
use crate::additive::{Build, Counts, Kernel as Sums, Rows};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::normal::{two_sided_p, two_sided_z};
use crate::kernel::nps::{Answers, category};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the difference between the net promoter scores of two independent groups, \
`struct(diff, se, z, p_value, lower, upper)`: diff is the score of the rows where is_second is true less that of the \
others, in points from -200 to 200; se the root of the summed squared errors of both (`nps_se`); z their ratio and \
p_value its two-sided probability under no difference; lower and upper the interval diff +- z * se. R's nps.test \
(package NPS 1.1) drops the sign. Where both groups are each of one mind, se is 0, and z and p_value are NULL. \
Customers who answered in both groups need a paired test instead. Rows with a NULL and invalid scores are left out; \
where a group has no valid answer the result is NULL.",
    syntax_example = "nps_test(score, is_second [, level])",
    sql_example = r#"```sql
select t.diff as diff, round(t.se, 2) as se, round(t.z, 2) as z, round(t.p_value, 4) as p_value
from (
    select nps_test(case when i % 10 < k then 10 else 3 end, k = 7) as t
    from generate_series(1, 100) as survey(i) cross join (values (5), (7)) as period(k)
);
+------+-------+------+---------+
| diff | se    | z    | p_value |
+------+-------+------+---------+
| 40.0 | 13.56 | 2.95 | 0.0032  |
+------+-------+------+---------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10."),
    argument(
        name = "is_second",
        description = "Whether the row belongs to the group to compare (true) or to compare with (false)."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    related_udf(name = "nps"),
    related_udf(name = "nps_se")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsTest;

impl Aggregate for NpsTest {
    const NAME: &'static str = "nps_test";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("score", Kind::Number),
            Parameter::column("is_second", Kind::Boolean),
            Parameter::option("level", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Struct(fields())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        state_of::<TwoGroups>()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(TwoGroups {
            z: two_sided_z(call.level(2)?),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn fields() -> Fields {
    ["diff", "se", "z", "p_value", "lower", "upper"]
        .map(|name| Field::new(name, DataType::Float64, true))
        .to_vec()
        .into()
}

/// Counts of the four categories in the first and in the second group.
#[derive(Debug)]
struct TwoGroups {
    z: f64,
}

impl TwoGroups {
    /// Returns the fields of a result, in order.
    fn test(&self, counts: &[i64; 8]) -> Option<[Option<f64>; 6]> {
        let [p1, n1, d1, _, p2, n2, d2, _] = *counts;
        let first = Answers::counted(p1, n1, d1);
        let second = Answers::counted(p2, n2, d2);
        let diff = second.score()? - first.score()?;
        let se = second.standard_error()?.hypot(first.standard_error()?);
        let z = (se > 0.0).then(|| diff / se);
        let half_width = self.z * se;
        Some([
            Some(diff),
            Some(se),
            z,
            z.map(two_sided_p),
            Some((diff - half_width).max(-200.0)),
            Some((diff + half_width).min(200.0)),
        ])
    }
}

impl Sums for TwoGroups {
    type State = Counts<8>;

    fn update(&self, states: &mut [Counts<8>], rows: &Rows<'_>) -> Result<()> {
        let scores = as_float64_array(&rows.values[0])?;
        let is_second = as_boolean_array(&rows.values[1])?;
        // A row without a group is as if it had no score.
        let valid = NullBuffer::union(scores.nulls(), is_second.nulls());
        let scores = Float64Array::new(scores.values().clone(), valid);
        // Halves the groups, so that the common loop over scores can tell the two apart.
        let halves: Vec<usize> = rows
            .groups
            .iter()
            .zip(is_second.values())
            .map(|(group, second)| 2 * group + usize::from(second))
            .collect();
        accumulate(&halves, &scores, rows.filter, |half, score| {
            states[half / 2].0[half % 2 * 4 + category(score) as usize] += 1;
        });
        Ok(())
    }

    fn finish(&self, states: &[Counts<8>]) -> Result<ArrayRef> {
        let tests: Vec<_> = states.iter().map(|s| self.test(&s.0)).collect();
        let columns = (0..fields().len())
            .map(|i| {
                let column: Float64Array = tests.iter().map(|t| t.and_then(|t| t[i])).collect();
                Arc::new(column) as ArrayRef
            })
            .collect();
        let valid = NullBuffer::from_iter(tests.iter().map(Option::is_some));
        Ok(Arc::new(StructArray::new(fields(), columns, Some(valid))))
    }
}

#[cfg(test)]
mod tests {
    use crate::aggregate::answers::tests::{SCORES, coded, mean_and_error};
    use crate::harness::{Cell, Cells, Row, Subject, assert_close, session, value};

    #[test]
    fn nps_test_passes_the_common_tests() {
        Subject {
            call: "nps_test(x, y > 0)",
            x: SCORES,
            y: &[0.0, 1.0],
            slowly: |rows| {
                let of = |second: f64| {
                    let rows: Vec<Row> = rows
                        .iter()
                        .copied()
                        .filter(|r| r.1 == Some(second))
                        .collect();
                    mean_and_error(&coded(&rows, false))
                };
                let (Some((first, e1)), Some((second, e2))) = (of(0.0), of(1.0)) else {
                    return vec![Cell::Null; 6];
                };
                let (diff, se) = (second - first, (e1 * e1 + e2 * e2).sqrt());
                let z = (se > 0.0).then(|| diff / se);
                // The tail by summing the density, a route without any special function.
                let p = z.map(|z| {
                    let step = 1e-3;
                    let density =
                        |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
                    let n = (z.abs() / step).ceil().max(1.0);
                    let h = z.abs() / n;
                    let inner: f64 = (0..n as usize)
                        .map(|i| {
                            let x = i as f64 * h;
                            h / 6.0 * (density(x) + 4.0 * density(x + h / 2.0) + density(x + h))
                        })
                        .sum();
                    1.0 - 2.0 * inner
                });
                let half = 1.959_963_984_540_054 * se;
                Cells::from([
                    Some(diff).into(),
                    Some(se).into(),
                    z.into(),
                    p.into(),
                    Some((diff - half).max(-200.0)).into(),
                    Some((diff + half).min(200.0)).into(),
                ])
            },
        }
        .check();
    }

    /// From n = 100 with 50 promoters and 20 detractors (error 7.8102...) and n = 400 with
    /// 180 and 100 (error 4.0620...): both errors as in the published formulas.
    #[tokio::test]
    async fn the_sign_of_the_difference_is_kept() {
        let query = "select nps_test(case when i <= p then 10 when i <= p + d then 0 else 7 end, n = 400) \
                     from (values (100, 50, 20), (400, 180, 100)) as t(n, p, d) \
                     cross join generate_series(1, 400) as s(i) where i <= n";
        let got = value(&session(), query).await;
        let se = 7.810_249_675_906_654_f64.hypot(4.062_019_202_317_979_5);
        let expected = [Some(-10.0), Some(se), Some(-10.0 / se)].map(Cell::from);
        assert_close(&got[..3], &expected, query);
    }
}
