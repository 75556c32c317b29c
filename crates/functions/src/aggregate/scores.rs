//! Scores from 1 up, as a sum and counts: the state behind `csat_mean` and `ces`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use crate::additive::{Counts, Kernel, Rows};

/// Which end of the scale is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ease,
    Effort,
}

/// What is asked of the scores.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Statistic {
    Mean,
    Effort(Direction),
}

/// Sums valid scores, and counts them: all, above and below the middle of the scale.
#[derive(Debug)]
pub(crate) struct Scores {
    highest: f64,
    statistic: Statistic,
}

impl Scores {
    pub(crate) fn new(highest: i64, statistic: Statistic) -> Self {
        Self {
            highest: highest as f64,
            statistic,
        }
    }
}

/// Returns the fields of a customer effort score.
pub(crate) fn effort_fields() -> Fields {
    Fields::from(vec![
        Field::new("mean", DataType::Float64, true),
        Field::new("easy", DataType::Float64, true),
        Field::new("difficult", DataType::Float64, true),
        Field::new("net", DataType::Float64, true),
        Field::new("n", DataType::Int64, true),
    ])
}

/// Returns a fraction, NULL of nothing.
fn fractions(pairs: impl Iterator<Item = (i64, i64)>) -> ArrayRef {
    let fractions: Float64Array = pairs
        .map(|(part, n)| (n > 0).then(|| part as f64 / n as f64))
        .collect();
    Arc::new(fractions)
}

impl Kernel for Scores {
    /// Sum of the scores, number of all, of those above and of those below the middle.
    type State = Counts<4>;

    fn update(&self, states: &mut [Counts<4>], rows: &Rows<'_>) -> Result<()> {
        let highest = self.highest;
        // On a scale of odd length the middle is an answer, and on neither side.
        let middle = f64::midpoint(1.0, highest);
        rows.numbers(0, |group, score| {
            if score >= 1.0 && score <= highest && score.fract() == 0.0 {
                let counts = &mut states[group].0;
                counts[0] += score as i64;
                counts[1] += 1;
                counts[2] += i64::from(score > middle);
                counts[3] += i64::from(score < middle);
            }
        })
    }

    fn finish(&self, states: &[Counts<4>]) -> Result<ArrayRef> {
        let counts = || states.iter().map(|s| s.0);
        let mean = fractions(counts().map(|[sum, n, ..]| (sum, n)));
        let direction = match self.statistic {
            Statistic::Mean => return Ok(mean),
            Statistic::Effort(direction) => direction,
        };
        let sides = |[_, n, above, below]: [i64; 4]| match direction {
            Direction::Ease => (above, below, n),
            Direction::Effort => (below, above, n),
        };
        let columns = vec![
            mean,
            fractions(counts().map(sides).map(|(easy, _, n)| (easy, n))),
            fractions(counts().map(sides).map(|(_, difficult, n)| (difficult, n))),
            fractions(counts().map(sides).map(|(e, d, n)| (e - d, n))),
            Arc::new(Int64Array::from_iter_values(counts().map(|c| c[1]))),
        ];
        Ok(Arc::new(StructArray::new(effort_fields(), columns, None)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cells, Row, Subject, assert_close, planning_error, published_cases, session, value,
    };

    const SCORES: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.0, 8.0, 0.0, 2.5];

    fn valid(rows: &[Row], highest: i64) -> Vec<i64> {
        let scores = rows.iter().filter_map(|r| r.0);
        let whole = scores.filter(|x| x.fract() == 0.0).map(|x| x as i64);
        whole.filter(|x| (1..=highest).contains(x)).collect()
    }

    fn mean(scores: &[i64]) -> Option<f64> {
        let total: f64 = scores.iter().map(|x| *x as f64).sum();
        (!scores.is_empty()).then(|| total / scores.len() as f64)
    }

    #[test]
    fn csat_mean_passes_the_common_tests() {
        Subject {
            call: "csat_mean(x)",
            x: SCORES,
            y: &[1.0],
            slowly: |rows| vec![mean(&valid(rows, 5)).into()],
        }
        .check();
    }

    #[test]
    fn ces_passes_the_common_tests() {
        Subject {
            call: "ces(x, 'effort')",
            x: SCORES,
            y: &[1.0],
            slowly: |rows| {
                let scores = valid(rows, 7);
                let share = |sign: i64| {
                    // -1, 0 or 1 for difficult, neither, easy: high is difficult here.
                    let side = |x: &i64| (4 - x).signum();
                    let n_side = scores.iter().filter(|x| side(x) == sign).count() as f64;
                    (!scores.is_empty()).then(|| n_side / scores.len() as f64)
                };
                let net = share(1)
                    .zip(share(-1))
                    .map(|(easy, difficult)| easy - difficult);
                Cells::from([
                    mean(&scores).into(),
                    share(1).into(),
                    share(-1).into(),
                    net.into(),
                    Some(scores.len() as f64).into(),
                ])
            },
        }
        .check();
    }

    #[tokio::test]
    async fn the_direction_is_never_guessed() {
        let ctx = session();
        for (call, message) in [
            (
                "ces(s)",
                "'ces' expects 2 to 3 arguments, ces(score, direction [, scale]), got 1",
            ),
            (
                "ces(s, null)",
                "one of 'ease', 'effort' as argument 2 (direction), got NULL",
            ),
            ("ces(s, 'easy')", "Did you mean 'ease'?"),
        ] {
            let query = format!("select {call} from (values (5)) as t(s)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{call}: {got}");
        }
    }

    /// CES 2.0 and 1.0 on the same answers: customergauge and zonkafeedback for the sides.
    #[tokio::test]
    async fn published_effort_scores_are_met() {
        let Some(cases) = published_cases("ces.json") else {
            return;
        };
        let ctx = session();
        for (name, case) in cases {
            let scores: Vec<String> = case["input"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| format!("({s})"))
                .collect();
            let query = format!(
                "select ces(s, '{}', {}) from (values {}) as t(s)",
                case["params"]["direction"].as_str().unwrap(),
                case["params"]["scale"],
                scores.join(", ")
            );
            let expected = |key: &str| case["expected"][key].as_f64().unwrap();
            let got = value(&ctx, &query).await;
            let expected = [
                Some(expected("mean")).into(),
                Some(expected("pct_easy") / 100.0).into(),
                Some(expected("pct_difficult") / 100.0).into(),
                Some(expected("net") / 100.0).into(),
            ];
            assert_close(&got[..4], &expected, &name);
        }
    }
}
