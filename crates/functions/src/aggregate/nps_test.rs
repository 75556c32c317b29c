//! `nps_test(score, is_second [, level [, cluster]])`: difference of two net promoter scores.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::{as_boolean_array, as_float64_array};
use datafusion::logical_expr::Documentation;
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::accumulate;
use datafusion_macros::user_doc;

use super::{Aggregate, state_of};
use crate::additive::{Build, Counts, Kernel as Sums, Rows};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Bytes, Folded, Reader, Tally};
use crate::kernel::normal::{two_sided_p, two_sided_z};
use crate::kernel::nps::{Answers, category};
use crate::tally::{Flags, Labels, Numbers};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the difference between the net promoter scores of two independent groups, \
`struct(diff, se, z, p_value, lower, upper, reason)`: diff is the score of the rows where is_second is true less that of the \
others, in points from -200 to 200; se the root of the summed squared errors of both (`nps_se`); z their ratio and \
p_value its two-sided probability under no difference; lower and upper the interval diff +- z * se. R's nps.test \
(package NPS 1.1) drops the sign. With a cluster, the customer, answers of one \
customer may be alike, within a group and across both: se is then the root of the summed squares of what each customer \
contributes to diff, which for one answer each is the same; an answer whose cluster is NULL stands for itself. Where both \
groups are each of one mind, se is 0, and z and p_value are NULL; where a group has no valid answer all are; reason says \
which. Rows with a NULL and invalid scores are left out; without a valid answer at all the result is NULL.",
    syntax_example = "nps_test(score, is_second [, level [, cluster]])",
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
    argument(
        name = "cluster",
        description = "Whose answers are alike, the customer: text, a whole number or a date; none by default."
    ),
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
            Parameter::column("cluster", Kind::Label).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)> {
        match arguments.len() > CLUSTER {
            true => folded::columns(),
            false => state_of::<TwoGroups>(),
        }
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let z = two_sided_z(call.level(2)?);
        if call.n_arguments() > CLUSTER {
            return Ok(Box::new(Folded {
                empty: Customers::default(),
                result: &RESULT,
                finish: move |customers: &Customers| Ok(customers.test(z)),
            }));
        }
        Ok(Box::new(TwoGroups { z }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Position of the clusters among the arguments.
const CLUSTER: usize = 3;

const RESULT: Type = Type::Record(&[
    ("diff", Type::Number),
    ("se", Type::Number),
    ("z", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("reason", Type::Text),
]);

/// Counts of the four categories in the first and in the second group.
type Halves = [i64; 8];

/// Returns the valid answers of the first and of the second group.
fn answers(counts: &Halves) -> [Answers; 2] {
    let [p1, n1, d1, _, p2, n2, d2, _] = *counts;
    [Answers::counted(p1, n1, d1), Answers::counted(p2, n2, d2)]
}

/// Returns the result, given how to get the standard error where both groups have a score.
fn test(counts: &Halves, z: f64, error: impl FnOnce() -> Option<f64>) -> Value {
    let scores = answers(counts).map(|group| group.score());
    let reason = match scores {
        [None, None] => return Value::Null,
        [None, _] => "score has no valid answer in the first group",
        [_, None] => "score has no valid answer in the second group",
        [Some(first), Some(second)] => {
            let (diff, se) = (second - first, error());
            let ratio = se.filter(|se| *se > 0.0).map(|se| diff / se);
            let reason = ratio
                .is_none()
                .then_some("score has zero variance in both groups");
            let limit = |sign: f64| se.map(|se| (diff + sign * z * se).clamp(-200.0, 200.0));
            return Value::Record(vec![
                diff.into(),
                se.into(),
                ratio.into(),
                ratio.map(two_sided_p).into(),
                limit(-1.0).into(),
                limit(1.0).into(),
                reason.into(),
            ]);
        }
    };
    let mut values = vec![Value::Null; 6];
    values.push(reason.into());
    Value::Record(values)
}

/// Answers by customer; those of nobody in particular stand for themselves.
#[derive(Debug, Clone, Default)]
struct Customers {
    known: BTreeMap<String, Halves>,
    alone: Halves,
    names: usize,
}

impl Customers {
    fn add(&mut self, cluster: Option<&str>, counts: &Halves) {
        let mine = match cluster {
            None => &mut self.alone,
            Some(name) => {
                // Looks before it copies: customers repeat.
                if !self.known.contains_key(name) {
                    self.names += name.len();
                    self.known.insert(name.to_string(), Halves::default());
                }
                match self.known.get_mut(name) {
                    Some(counts) => counts,
                    None => return,
                }
            }
        };
        mine.iter_mut().zip(counts).for_each(|(n, more)| *n += more);
    }

    fn test(&self, z: f64) -> Value {
        let mut all = self.alone;
        for counts in self.known.values() {
            all.iter_mut().zip(counts).for_each(|(n, more)| *n += more);
        }
        test(&all, z, || {
            let halves = [half(&all, 0), half(&all, 1)];
            let [n1, n2] = halves.map(|(n, _)| n);
            // In whole numbers, so that what cancels is 0 and no rounding: answers less their
            // share of the group's sum, over the square of the group's size.
            let residual = |counts: &Halves, i: usize| {
                let (n, sum) = half(counts, i);
                sum.saturating_mul(halves[i].0) - n.saturating_mul(halves[i].1)
            };
            let scale = (n1 as f64 * n2 as f64).powi(2);
            let contribution = |counts: &Halves| {
                let second = residual(counts, 1).saturating_mul(n1.saturating_mul(n1));
                let first = residual(counts, 0).saturating_mul(n2.saturating_mul(n2));
                second.saturating_sub(first) as f64 / scale
            };
            let mut variance = 0.0;
            for (place, n) in self.alone.iter().enumerate() {
                let mut one = Halves::default();
                one[place] = 1;
                variance += *n as f64 * contribution(&one).powi(2);
            }
            let known = self
                .known
                .values()
                .map(|counts| contribution(counts).powi(2));
            variance += known.sum::<f64>();
            Some(100.0 * variance.sqrt())
        })
    }
}

/// Returns how many valid answers a group has, and promoters less detractors.
fn half(counts: &Halves, i: usize) -> (i128, i128) {
    let [promoters, passives, detractors] = [0, 1, 2].map(|c| i128::from(counts[4 * i + c]));
    (promoters + passives + detractors, promoters - detractors)
}

impl Tally for Customers {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (score, is_second) = (Numbers::of(columns, 0)?, Flags::of(columns, 1)?);
        let cluster = Labels::of(columns, CLUSTER)?;
        for &row in rows {
            if let (Some(score), Some(is_second)) = (score.get(row), is_second.get(row)) {
                let mut counts = Halves::default();
                counts[4 * usize::from(is_second) + category(score) as usize] = 1;
                self.add(cluster.get(row), &counts);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.add(None, &other.alone);
        for (name, counts) in &other.known {
            self.add(Some(name), counts);
        }
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        let counts = |counts: &Halves, bytes: &mut Bytes| {
            counts.iter().for_each(|n| bytes.whole(n.unsigned_abs()));
        };
        counts(&self.alone, bytes);
        bytes.whole(self.known.len() as u64);
        for (name, known) in &self.known {
            bytes.text(name);
            counts(known, bytes);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        fn counts(bytes: &mut Reader<'_>) -> Option<Halves> {
            let mut counts = Halves::default();
            for n in &mut counts {
                *n = i64::try_from(bytes.whole()?).ok()?;
            }
            Some(counts)
        }
        let mut customers = Self::default();
        let alone = counts(bytes)?;
        customers.add(None, &alone);
        for _ in 0..bytes.count()? {
            let name = bytes.text()?;
            let known = counts(bytes)?;
            customers.add(Some(&name), &known);
        }
        Some(customers)
    }

    fn heap_bytes(&self) -> usize {
        self.known.len() * size_of::<(String, Halves)>() + self.names
    }
}

/// Answers that are independent of each other.
#[derive(Debug)]
struct TwoGroups {
    z: f64,
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
        let tests = states.iter().map(|state| {
            test(&state.0, self.z, || {
                let [first, second] = answers(&state.0);
                Some(second.standard_error()?.hypot(first.standard_error()?))
            })
        });
        RESULT.array(tests.collect())
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
                let why = |reason: &str| {
                    let mut cells = vec![Cell::Null; 6];
                    cells.push(Cell::Text(reason.to_string()));
                    cells
                };
                let ((first, e1), (second, e2)) = match (of(0.0), of(1.0)) {
                    (None, None) => return vec![Cell::Null; 7],
                    (None, _) => return why("score has no valid answer in the first group"),
                    (_, None) => return why("score has no valid answer in the second group"),
                    (Some(first), Some(second)) => (first, second),
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
                    match z {
                        Some(_) => Cell::Null,
                        None => Cell::Text("score has zero variance in both groups".to_string()),
                    },
                ])
            },
        }
        .check();
    }

    /// Customers are the whole part of y / 2; one answer of a customer less the mean of its group,
    /// over the size of the group, is its part of the difference.
    #[test]
    fn nps_test_with_clusters_passes_the_common_tests() {
        Subject {
            call: "nps_test(x, y = 1 or y = 3 or y = 7, 0.9, cast(y as int) / 2)",
            x: &[10.0, 9.0, 7.0, 3.0, 11.0],
            y: &[0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 7.0],
            slowly: |rows| {
                let coded: Vec<(f64, usize, usize)> = rows
                    .iter()
                    .filter_map(|r| Some((r.0.filter(|x| *x <= 10.0)?, r.1? as usize)))
                    .map(|(x, y)| {
                        (
                            f64::from(i8::from(x >= 9.0) - i8::from(x <= 6.0)),
                            y % 2,
                            y / 2,
                        )
                    })
                    .collect();
                let why = |reason: &str| {
                    let mut cells = vec![Cell::Null; 6];
                    cells.push(Cell::Text(reason.to_string()));
                    cells
                };
                let size = |g: usize| coded.iter().filter(|c| c.1 == g).count() as f64;
                match (size(0), size(1)) {
                    (0.0, 0.0) => return vec![Cell::Null; 7],
                    (0.0, _) => return why("score has no valid answer in the first group"),
                    (_, 0.0) => return why("score has no valid answer in the second group"),
                    _ => {}
                }
                let mean = |g: usize| {
                    coded.iter().filter(|c| c.1 == g).map(|c| c.0).sum::<f64>() / size(g)
                };
                let mut parts = [0.0; 4];
                for (code, g, customer) in &coded {
                    let sign = if *g == 1 { 1.0 } else { -1.0 };
                    parts[*customer] += sign * (code - mean(*g)) / size(*g);
                }
                let diff = 100.0 * (mean(1) - mean(0));
                let se = 100.0 * parts.iter().map(|p| p * p).sum::<f64>().sqrt();
                if se < 1e-9 {
                    let mut cells = vec![
                        Cell::Number(diff),
                        Cell::Number(0.0),
                        Cell::Null,
                        Cell::Null,
                    ];
                    cells.extend([Cell::Number(diff), Cell::Number(diff)]);
                    cells.push(Cell::Text(
                        "score has zero variance in both groups".to_string(),
                    ));
                    return cells;
                }
                let half = 1.644_853_626_951_472_7 * se;
                vec![
                    Cell::Number(diff),
                    Cell::Number(se),
                    Cell::Number(diff / se),
                    Cell::Number(crate::kernel::normal::two_sided_p(diff / se)),
                    Cell::Number((diff - half).clamp(-200.0, 200.0)),
                    Cell::Number((diff + half).clamp(-200.0, 200.0)),
                    Cell::Null,
                ]
            },
        }
        .check();
    }

    /// With a customer for each answer, or none that is known, nothing changes.
    #[tokio::test]
    async fn single_answers_have_the_same_error_with_and_without_clusters() {
        let call = |more: &str| {
            format!(
                "select nps_test(i * 7 % 11, i % 3 = 0, null{more}) from generate_series(1, 50) as s(i)"
            )
        };
        let ctx = session();
        let plain = value(&ctx, &call("")).await;
        for more in [", i", ", null", ", nullif(i, i)"] {
            assert_close(&value(&ctx, &call(more)).await, &plain, more);
        }
        // Every customer twice: the error is that of half as many answers.
        let query = "select nps_test(i * 7 % 11, i % 3 = 0, null, i) from generate_series(1, 50) as s(i) \
                     cross join generate_series(1, 2) as t(j)";
        assert_close(&value(&ctx, query).await, &plain, query);
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
