//! Satisfaction answers as counts: the state behind `csat` and its companions.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use datafusion::common::Result;

use crate::additive::{Counts, Kernel, Rows, count_of_rows};
use crate::args::Call;
use crate::interval::interval_array;
use crate::kernel::proportion::Interval;

/// The scale of a survey: valid answers are 1 to `highest`, satisfied ones `satisfied_min` and up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    highest: f64,
    satisfied_min: f64,
}

impl Scale {
    /// Reads the options; 5 answers and the top two of them by default.
    pub(crate) fn read(call: &Call, scale: usize, satisfied_min: usize) -> Result<Self> {
        let highest = call.whole(scale, 2, 100)?.unwrap_or(5);
        let default = (highest - 1).max(2);
        let least = call.whole(satisfied_min, 2, highest)?.unwrap_or(default);
        Ok(Self {
            highest: highest as f64,
            satisfied_min: least as f64,
        })
    }
}

/// What is asked of the answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Statistic {
    Share,
    Interval(Interval),
}

/// Counts satisfied and valid answers.
#[derive(Debug)]
pub(crate) struct Satisfied {
    pub(crate) scale: Scale,
    pub(crate) statistic: Statistic,
}

impl Scale {
    /// Whether a score is an answer. NaN fails every comparison.
    #[inline]
    fn is_valid(self, score: f64) -> bool {
        // A cast there and back finds fractions faster than `fract`, which is a
        // call on most machines.
        score >= 1.0 && score <= self.highest && f64::from(score as u8) == score
    }

    #[inline]
    fn is_satisfied(self, score: f64) -> bool {
        self.is_valid(score) && score >= self.satisfied_min
    }
}

impl Kernel for Satisfied {
    type State = Counts<2>;

    fn update(&self, states: &mut [Counts<2>], rows: &Rows<'_>) -> Result<()> {
        let scale = self.scale;
        rows.numbers(0, |group, score| {
            let counts = &mut states[group].0;
            counts[0] += i64::from(scale.is_satisfied(score));
            counts[1] += i64::from(scale.is_valid(score));
        })
    }

    fn states_of_rows(&self, values: &[ArrayRef]) -> Option<Result<Vec<ArrayRef>>> {
        let scale = self.scale;
        let satisfied = count_of_rows(&values[0], |x| i64::from(scale.is_satisfied(x)));
        let valid = count_of_rows(&values[0], |x| i64::from(scale.is_valid(x)));
        Some(satisfied.and_then(|satisfied| Ok(vec![satisfied, valid?])))
    }

    fn finish(&self, states: &[Counts<2>]) -> Result<ArrayRef> {
        let counts = states.iter().map(|Counts([s, n])| (*s as f64, *n as f64));
        Ok(match self.statistic {
            Statistic::Share => {
                let shares: Float64Array = counts.map(|(s, n)| (n > 0.0).then(|| s / n)).collect();
                Arc::new(shares)
            }
            Statistic::Interval(interval) => {
                let intervals: Vec<_> = counts.map(|(s, n)| interval.of(s, n)).collect();
                interval_array(&intervals)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cells, Row, Subject, assert_close, planning_error, published_cases, session, value,
    };

    const SCORES: &[f64] = &[5.0, 5.0, 4.0, 3.0, 1.0, 0.0, 6.0, 4.5, -2.0, 7.0];

    fn counts(rows: &[Row], highest: i64, least: i64) -> (f64, f64) {
        let answers: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
        let n_equal = |score: i64| answers.iter().filter(|a| **a == score as f64).count() as f64;
        (
            (least..=highest).map(n_equal).sum(),
            (1..=highest).map(n_equal).sum(),
        )
    }

    #[test]
    fn csat_passes_the_common_tests() {
        Subject {
            call: "csat(x)",
            x: SCORES,
            y: &[1.0],
            slowly: |rows| {
                let (satisfied, n) = counts(rows, 5, 4);
                vec![(n > 0.0).then(|| satisfied / n).into()]
            },
        }
        .check();
    }

    #[test]
    fn csat_on_another_scale_passes_the_common_tests() {
        Subject {
            call: "csat(x, 7, 5)",
            x: SCORES,
            y: &[1.0],
            slowly: |rows| {
                let (satisfied, n) = counts(rows, 7, 5);
                vec![(n > 0.0).then(|| satisfied / n).into()]
            },
        }
        .check();
    }

    #[test]
    fn csat_ci_passes_the_common_tests() {
        Subject {
            call: "csat_ci(x, 'wilson', 0.9)",
            x: SCORES,
            y: &[1.0],
            slowly: |rows| {
                let (satisfied, n) = counts(rows, 5, 4);
                if n == 0.0 {
                    return Cells::from([None.into(), None.into()]);
                }
                // Wilson's bounds are where |p - share| is z standard errors of p.
                let (z, share) = (1.644_853_626_951_472_f64, satisfied / n);
                let (a, b) = (n + z * z, 2.0 * n * share + z * z);
                let root = (b * b - 4.0 * a * n * share * share).sqrt();
                [b - root, b + root]
                    .map(|top| Some((top / (2.0 * a)).clamp(0.0, 1.0)).into())
                    .to_vec()
            },
        }
        .check();
    }

    /// kicue.com: the share of 4 and 5, not the mean.
    #[tokio::test]
    async fn csat_is_the_share_of_the_top_two_answers() {
        let ctx = session();
        let from = "from (values (5), (5), (4), (3), (2), (1), (null), (4)) as t(s)";
        for (call, expected) in [("csat(s)", 4.0 / 7.0), ("csat(s, 5, 5)", 2.0 / 7.0)] {
            let got = value(&ctx, &format!("select {call} {from}")).await;
            assert_close(&got, &[Some(expected).into()], call);
        }
    }

    #[tokio::test]
    async fn published_shares_are_met() {
        let Some(cases) = published_cases("csat.json") else {
            return;
        };
        let ctx = session();
        for (name, case) in cases {
            let scores: Vec<String> = case["input"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| format!("(cast({s} as int))"))
                .collect();
            let from = format!("from (values {}) as t(s)", scores.join(", "));
            let percent = case["expected"]["top2"].as_f64();
            let got = value(&ctx, &format!("select csat(s) {from}")).await;
            assert_close(&got, &[percent.map(|p| p / 100.0).into()], &name);
            if let Some(n_invalid) = case["expected"]["out_of_range"].as_f64() {
                let got = value(&ctx, &format!("select n_invalid(s, 'csat') {from}")).await;
                assert_close(&got, &[Some(n_invalid).into()], &name);
            }
        }
    }

    /// R binom.confint (statsmodels 0.15, results_proportion.py); the plain
    /// normal interval is cut to 0..1 here and not there.
    #[tokio::test]
    async fn published_intervals_are_met() {
        let Some(cases) = published_cases("proportion_ci.json") else {
            return;
        };
        let ctx = session();
        let mut n_checked = 0;
        for (name, case) in cases {
            let (satisfied, n) = (&case["input"]["count"], &case["input"]["n"]);
            for (method, key) in [
                ("wilson", "wilson"),
                ("agresti_coull", "agresti-coull"),
                ("clopper_pearson", "exact"),
                ("wald", "asymptotic"),
            ] {
                let Some(bounds) = case["expected"][key].as_array() else {
                    continue;
                };
                let expected: Cells = bounds
                    .iter()
                    .map(|b| Some(b.as_f64().unwrap().clamp(0.0, 1.0)).into())
                    .collect();
                let query = format!(
                    "select csat_ci(case when i <= {satisfied} then 5 else 2 end, '{method}') \
                     from generate_series(1, {n}) as t(i)"
                );
                assert_close(
                    &value(&ctx, &query).await,
                    &expected,
                    &format!("{name} {key}"),
                );
                n_checked += 1;
            }
        }
        assert_eq!(n_checked, 13);
    }

    #[tokio::test]
    async fn scales_without_sense_are_refused_while_planning() {
        let ctx = session();
        for (call, message) in [
            (
                "csat(s, 1)",
                "'csat' expects a whole number from 2 to 100 as argument 2 (scale), got 1",
            ),
            (
                "csat(s, 5, 6)",
                "'csat' expects a whole number from 2 to 5 as argument 3 (satisfied_min), got 6",
            ),
            ("csat(s, 5.5)", "got 5.5"),
            ("csat_ci(s, 'wilsn')", "Did you mean 'wilson'?"),
        ] {
            let query = format!("select {call} from (values (5)) as t(s)");
            let got = planning_error(&ctx, &query).await;
            assert!(got.contains(message), "{call}: {got}");
        }
    }
}
