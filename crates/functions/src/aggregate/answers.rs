//! Net promoter answers as sums: the states behind `nps` and its companions.
//!
//! Unweighted answers are four counts. Weighted ones are sums of weights and of
//! their squares in each category, kept exactly, since weights are floats and a
//! report must not change with the partitions of its query.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use crate::additive::{Build, Counts, Kernel, Rows, State, Totals, count_of_rows};
use crate::args::Call;
use crate::interval::interval_array;
use crate::kernel::binned_sum::BinnedSum;
use crate::kernel::nps::{Answers, Category, Method, category};

/// What is asked of the answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Statistic {
    Score,
    StandardError,
    Interval { method: Method, z: f64 },
}

impl Statistic {
    fn of(self, answers: impl Iterator<Item = Answers>) -> ArrayRef {
        match self {
            Self::Score => {
                let scores: Float64Array = answers.map(|a| a.score()).collect();
                Arc::new(scores)
            }
            Self::StandardError => {
                let errors: Float64Array = answers.map(|a| a.standard_error()).collect();
                Arc::new(errors)
            }
            Self::Interval { method, z } => {
                let intervals: Vec<_> = answers.map(|a| a.interval(method, z)).collect();
                interval_array(&intervals)
            }
        }
    }
}

/// The score of answers that count once each: valid ones, and promoters less detractors.
///
/// Two counts are all it takes, and with many groups the width of a state is
/// most of what a query costs.
#[derive(Debug)]
struct Net;

/// What an answer adds, by category.
const NET: [[i64; 2]; 4] = [[1, 1], [1, 0], [1, -1], [0, 0]];

impl Kernel for Net {
    type State = Counts<2>;

    fn update(&self, states: &mut [Counts<2>], rows: &Rows<'_>) -> Result<()> {
        rows.numbers(0, |group, score| {
            let [valid, net] = NET[category(score) as usize];
            let counts = &mut states[group].0;
            counts[0] += valid;
            counts[1] += net;
        })
    }

    fn states_of_rows(&self, values: &[ArrayRef]) -> Option<Result<Vec<ArrayRef>>> {
        let count = |i: usize| count_of_rows(&values[0], |x| NET[category(x) as usize][i]);
        Some(count(0).and_then(|valid| Ok(vec![valid, count(1)?])))
    }

    fn finish(&self, states: &[Counts<2>]) -> Result<ArrayRef> {
        let scores: Float64Array = states
            .iter()
            .map(|Counts([valid, net])| (*valid > 0).then(|| 100.0 * (*net as f64 / *valid as f64)))
            .collect();
        Ok(Arc::new(scores))
    }
}

/// Answers that count once each.
#[derive(Debug)]
struct Counted(Statistic);

impl Kernel for Counted {
    type State = Counts<3>;

    fn update(&self, states: &mut [Counts<3>], rows: &Rows<'_>) -> Result<()> {
        rows.numbers(0, |group, score| {
            // The category after the last is that of invalid answers.
            if let Some(count) = states[group].0.get_mut(category(score) as usize) {
                *count += 1;
            }
        })
    }

    fn finish(&self, states: &[Counts<3>]) -> Result<ArrayRef> {
        Ok(self.0.of(states
            .iter()
            .map(|Counts([p, n, d])| Answers::counted(*p, *n, *d))))
    }
}

/// Counts the answers of each [`Category`].
pub(crate) fn count_categories(states: &mut [Counts<4>], rows: &Rows<'_>) -> Result<()> {
    rows.numbers(0, |group, score| {
        states[group].0[category(score) as usize] += 1;
    })
}

/// Sums of weights and of squared weights: promoters, passives, detractors, each.
pub(crate) type WeightSums = Totals<BinnedSum, 6>;

/// Returns the answers of a group.
fn answers(totals: &WeightSums) -> Answers {
    if totals.n_rows == 0 {
        return Answers::default();
    }
    let [p, n, d, pp, nn, dd] = totals.sums.map(|s| s.value());
    Answers {
        weights: [p, n, d],
        squares: [pp, nn, dd],
    }
}

/// Answers with weights.
#[derive(Debug)]
pub(crate) struct Weighted {
    pub(crate) function: &'static str,
    pub(crate) statistic: Statistic,
    /// Argument with the weights; without one (the literal NULL) all weigh 1.
    pub(crate) weight: Option<usize>,
}

impl Kernel for Weighted {
    type State = WeightSums;

    fn update(&self, states: &mut [WeightSums], rows: &Rows<'_>) -> Result<()> {
        let mut refused = None;
        let mut add = |group: usize, score: f64, weight: f64| {
            let category = category(score);
            if category == Category::Invalid {
                return;
            }
            if !(weight.is_finite() && weight >= 0.0) {
                refused = Some(weight);
                return;
            }
            let state: &mut WeightSums = &mut states[group];
            state.n_rows += 1;
            state.sums[category as usize].add(weight);
            state.sums[3 + category as usize].add(weight * weight);
        };
        match self.weight {
            Some(weight) => rows.pairs((0, weight), add)?,
            None => rows.numbers(0, |group, score| add(group, score, 1.0))?,
        }
        match refused {
            None => Ok(()),
            Some(weight) => exec_err!("{}", refused_weight(self.function, weight)),
        }
    }

    fn finish(&self, states: &[WeightSums]) -> Result<ArrayRef> {
        Ok(self.statistic.of(states.iter().map(answers)))
    }
}

/// Returns what is wrong with a weight.
pub(super) fn refused_weight(function: &str, weight: f64) -> String {
    format!("'{function}' expects weights that are finite and not negative, got {weight}")
}

/// Returns the kernel for a statistic of answers whose weights, if any, are argument `weight`.
pub(crate) fn kernel(
    function: &'static str,
    statistic: Statistic,
    call: &Call,
    weight: usize,
) -> Box<dyn Build> {
    if call.n_arguments() <= weight {
        return match statistic {
            Statistic::Score => Box::new(Net),
            _ => Box::new(Counted(statistic)),
        };
    }
    Box::new(Weighted {
        function,
        statistic,
        weight: call.gives(weight).then_some(weight),
    })
}

/// Returns the columns of the state of a call with such arguments.
pub(crate) fn state(
    arguments: &[DataType],
    weight: usize,
    is_score: bool,
) -> Vec<(String, DataType)> {
    match (arguments.len() <= weight, is_score) {
        (true, true) => Counts::<2>::columns(),
        (true, false) => Counts::<3>::columns(),
        (false, _) => WeightSums::columns(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::harness::{Cells, Row, Subject, published_cases, session, value};

    /// Scores with ties, every category, and all that is not an answer.
    pub(crate) const SCORES: &[f64] = &[10.0, 10.0, 9.0, 8.0, 7.0, 6.0, 0.0, 3.0, 6.5, 11.0, -1.0];
    /// Weights that decimal fractions make inexact, zero among them.
    pub(crate) const WEIGHTS: &[f64] = &[1.0, 0.1, 0.3, 2.5, 1e-7, 0.0];

    /// Codes valid answers 1, 0, -1, and pairs them with their weights.
    pub(crate) fn coded(rows: &[Row], is_weighted: bool) -> Vec<(f64, f64)> {
        let mut coded = vec![];
        for (score, weight) in rows {
            let weight = if is_weighted { *weight } else { Some(1.0) };
            let (Some(score), Some(weight)) = (score, weight) else {
                continue;
            };
            if score.fract() == 0.0 && (0.0..=10.0).contains(score) {
                let code = match *score as i64 {
                    9.. => 1.0,
                    7 | 8 => 0.0,
                    _ => -1.0,
                };
                coded.push((code, weight));
            }
        }
        coded
    }

    /// Mean of the coding and its linearised error, in points.
    pub(crate) fn mean_and_error(answers: &[(f64, f64)]) -> Option<(f64, f64)> {
        let total: f64 = answers.iter().map(|a| a.1).sum();
        if total == 0.0 {
            return None;
        }
        let mean = answers.iter().map(|(c, w)| c * w).sum::<f64>() / total;
        let squares: f64 = answers.iter().map(|(c, w)| (w * (c - mean)).powi(2)).sum();
        Some((100.0 * mean, 100.0 * squares.sqrt() / total))
    }

    fn adjusted_wald(rows: &[Row], is_weighted: bool) -> Cells {
        let answers = coded(rows, is_weighted);
        let total: f64 = answers.iter().map(|a| a.1).sum();
        if total == 0.0 {
            return Cells::from([None.into(), None.into()]);
        }
        let share = |code: f64| {
            answers
                .iter()
                .filter(|a| a.0 == code)
                .map(|a| a.1)
                .sum::<f64>()
                / total
        };
        let n = total * total / answers.iter().map(|a| a.1 * a.1).sum::<f64>();
        let p = (share(1.0) * n + 0.75) / (n + 3.0);
        let d = (share(-1.0) * n + 0.75) / (n + 3.0);
        // The textbook formula, unlike the kernel's sum of squares.
        let error = ((p + d - (p - d).powi(2)) / (n + 3.0)).sqrt();
        let z = 1.644_853_626_951_472;
        Cells::from(
            [-z, z].map(|z| Some((100.0 * (p - d + z * error)).clamp(-100.0, 100.0)).into()),
        )
    }

    #[test]
    fn nps_passes_the_common_tests() {
        Subject {
            call: "nps(x)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| {
                let result = mean_and_error(&coded(rows, false));
                vec![result.map(|r| r.0).into()]
            },
        }
        .check();
    }

    #[test]
    fn weighted_nps_passes_the_common_tests() {
        Subject {
            call: "nps(x, y)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| {
                let result = mean_and_error(&coded(rows, true));
                vec![result.map(|r| r.0).into()]
            },
        }
        .check();
    }

    #[test]
    fn nps_se_passes_the_common_tests() {
        Subject {
            call: "nps_se(x)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| {
                let result = mean_and_error(&coded(rows, false));
                vec![result.map(|r| r.1).into()]
            },
        }
        .check();
    }

    #[test]
    fn weighted_nps_se_passes_the_common_tests() {
        Subject {
            call: "nps_se(x, y)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| {
                let result = mean_and_error(&coded(rows, true));
                vec![result.map(|r| r.1).into()]
            },
        }
        .check();
    }

    #[test]
    fn nps_ci_passes_the_common_tests() {
        Subject {
            call: "nps_ci(x, 'adjusted_wald', 0.9)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| adjusted_wald(rows, false),
        }
        .check();
    }

    #[test]
    fn weighted_nps_ci_passes_the_common_tests() {
        Subject {
            call: "nps_ci(x, null, 0.9, y)",
            x: SCORES,
            y: WEIGHTS,
            slowly: |rows| adjusted_wald(rows, true),
        }
        .check();
    }

    #[tokio::test]
    async fn a_null_weight_means_the_default() {
        let ctx = session();
        let from = "from (values (10), (9), (3)) as t(score)";
        let plain = value(&ctx, &format!("select nps(score) {from}")).await;
        let null = value(&ctx, &format!("select nps(score, null) {from}")).await;
        assert_eq!(plain, null);
    }

    #[tokio::test]
    async fn numbers_of_every_type_are_scores() {
        let ctx = session();
        for t in [
            "tinyint",
            "bigint unsigned",
            "real",
            "double",
            "decimal(4, 1)",
            "decimal(50, 1)",
            "arrow_cast(s, 'Dictionary(Int8, Int64)')",
        ] {
            let cast = match t.starts_with("arrow") {
                true => t.to_string(),
                false => format!("cast(s as {t})"),
            };
            let query = format!("select nps({cast}) from (values (10), (9), (8), (6)) as t(s)");
            assert_eq!(value(&ctx, &query).await, [Some(25.0).into()], "{t}");
        }
    }

    #[tokio::test]
    async fn wrong_calls_are_refused_while_planning() {
        let ctx = session();
        for (call, message) in [
            (
                "nps('ten')",
                "'nps' expects a number as argument 1 (score), got Utf8",
            ),
            (
                "nps()",
                "'nps' expects 1 to 2 arguments, nps(score [, weight]), got 0",
            ),
            (
                "nps_ci(s, 'wold')",
                "'nps_ci' expects one of 'adjusted_wald', 'wald' as argument 2 (method), \
                 got 'wold'. Did you mean 'wald'?",
            ),
            (
                "nps_ci(s, 'wald', 95)",
                "'nps_ci' expects a confidence level between 0 and 1 as argument 3 (level), got 95",
            ),
            (
                "nps_ci(s, 'wald', s / 10)",
                "'nps_ci' expects a literal as argument 3 (level), got an expression",
            ),
        ] {
            let query = format!("select {call} from (values (10)) as t(s)");
            let got = crate::harness::planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{call}: {got}");
        }
    }

    #[tokio::test]
    async fn negative_weights_are_an_error() {
        let ctx = session();
        let query = "select nps(s, w) from (values (10, 1), (3, -1)) as t(s, w)";
        assert_eq!(
            crate::harness::error(&ctx, query).await,
            "Execution error: 'nps' expects weights that are finite and not negative, got -1"
        );
    }

    /// Formulas of R NPS 1.1 and of Lewis and Sauro; the file clips nothing, we end at 100.
    #[tokio::test]
    async fn published_scores_and_intervals_are_met() {
        let Some(cases) = published_cases("nps_basic.json") else {
            return;
        };
        let ctx = session();
        let mut n_checked = 0;
        for (name, case) in cases {
            let Some(n) = case["input"]["n"].as_i64() else {
                continue;
            };
            let count = |key: &str| case["input"][key].as_i64().unwrap();
            let (p, d) = (count("promoters"), count("detractors"));
            let answers = format!(
                "from (select case when i <= {p} then 10 when i <= {p} + {d} then 0 else 7 end \
                 as s from generate_series(1, {n}) as t(i))"
            );
            let expected = |key: &str| match &case["expected"][key] {
                serde_json::Value::Array(bounds) => bounds
                    .iter()
                    .map(|b| Some(b.as_f64().unwrap().clamp(-100.0, 100.0)).into())
                    .collect(),
                number => Cells::from([number.as_f64().into()]),
            };
            for (call, key) in [
                ("nps(s)", "nps"),
                ("nps_se(s)", "se"),
                ("nps_ci(s, 'wald')", "wald"),
                ("nps_ci(s)", "adj_wald"),
            ] {
                let got = value(&ctx, &format!("select {call} {answers}")).await;
                crate::harness::assert_close(&got, &expected(key), &format!("{name}: {call}"));
                n_checked += 1;
            }
        }
        assert_eq!(n_checked, 28);
    }
}
