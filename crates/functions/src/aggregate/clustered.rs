//! Net promoter answers by customer: the state behind `nps_se` and `nps_ci` with clusters.
//!
//! A customer who answers twice tends to answer alike, and counting both as
//! independent promises more than is known. What a customer contributes to the
//! score, all answers together, is independent; so sums are kept for each, exactly,
//! as in `answers`. Without clusters nothing of this is touched.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, Float64Array};
use datafusion::common::cast::as_float64_array;
use datafusion::common::{Result, exec_err};

use super::answers::{Statistic, refused_weight};
use crate::additive::Build;
use crate::args::Call;
use crate::folded::{Bytes, Folded, Reader, Tally};
use crate::kernel::binned_sum::BinnedSum;
use crate::kernel::nps::{Answers, Category, Clustering, category};
use crate::tally::Labels;
use crate::value::{Type, Value};

const NUMBER: Type = Type::Number;
const INTERVAL: Type = Type::Record(&[("lower", Type::Number), ("upper", Type::Number)]);

/// Returns what computes a statistic of answers whose clusters are argument `cluster`.
pub(super) fn build(
    function: &'static str,
    statistic: Statistic,
    call: &Call,
    weight: usize,
    cluster: usize,
) -> Box<dyn Build> {
    let empty = Customers {
        function,
        weight: call.gives(weight).then_some(weight),
        cluster,
        known: BTreeMap::new(),
        names: 0,
        alone: Weights::default(),
        squares: Weights::default(),
        alone_squares: Weights::default(),
    };
    let result = match statistic {
        Statistic::Interval { .. } => &INTERVAL,
        _ => &NUMBER,
    };
    let finish = move |customers: &Customers| Ok(customers.finish(statistic));
    Box::new(Folded {
        empty,
        result,
        finish,
    })
}

/// Sums of weights, or of their squares: promoters, passives, detractors.
type Weights = [BinnedSum; 3];

fn values(weights: &Weights) -> [f64; 3] {
    weights.map(|sum| sum.value())
}

fn merge(weights: &mut Weights, others: &Weights) {
    for (sum, other) in weights.iter_mut().zip(others) {
        sum.merge(other);
    }
}

/// Answers by customer; those of nobody in particular stand for themselves.
#[derive(Debug, Clone)]
struct Customers {
    function: &'static str,
    /// Argument with the weights; without one all weigh 1.
    weight: Option<usize>,
    /// Argument with the clusters.
    cluster: usize,
    known: BTreeMap<String, Weights>,
    /// Bytes of all names.
    names: usize,
    /// Answers without a cluster.
    alone: Weights,
    alone_squares: Weights,
    /// Squared weights of all answers.
    squares: Weights,
}

impl Customers {
    fn of(&mut self, name: &str) -> Option<&mut Weights> {
        // Looks before it copies: customers repeat.
        if !self.known.contains_key(name) {
            self.names += name.len();
            self.known.insert(name.to_string(), Weights::default());
        }
        self.known.get_mut(name)
    }

    fn add(&mut self, cluster: Option<&str>, category: Category, weight: f64) {
        let i = category as usize;
        self.squares[i].add(weight * weight);
        match cluster {
            Some(name) => {
                if let Some(weights) = self.of(name) {
                    weights[i].add(weight);
                }
            }
            None => {
                self.alone[i].add(weight);
                self.alone_squares[i].add(weight * weight);
            }
        }
    }

    fn finish(&self, statistic: Statistic) -> Value {
        let mut all = self.alone;
        for weights in self.known.values() {
            merge(&mut all, weights);
        }
        let answers = Answers {
            weights: values(&all),
            squares: values(&self.squares),
        };
        let Some(mut clustering) = Clustering::new(&answers) else {
            return Value::Null;
        };
        clustering.add_answers(values(&self.alone_squares));
        for weights in self.known.values() {
            clustering.add_cluster(values(weights));
        }
        match statistic {
            Statistic::Score => answers.score().into(),
            Statistic::StandardError => clustering.standard_error().into(),
            Statistic::Interval { method, z } => match clustering.interval(method, z) {
                Some((lower, upper)) => Value::Record(vec![lower.into(), upper.into()]),
                None => Value::Null,
            },
        }
    }
}

impl Tally for Customers {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let scores = as_float64_array(&columns[0])?;
        let weights = match self.weight {
            Some(weight) => Some(as_float64_array(&columns[weight])?),
            None => None,
        };
        let clusters = Labels::of(columns, self.cluster)?;
        let known =
            |numbers: &Float64Array, row: usize| numbers.is_valid(row).then(|| numbers.value(row));
        for &row in rows {
            let Some(score) = known(scores, row) else {
                continue;
            };
            let Some(weight) = weights.map_or(Some(1.0), |weights| known(weights, row)) else {
                continue;
            };
            let category = category(score);
            if category == Category::Invalid {
                continue;
            }
            if !(weight.is_finite() && weight >= 0.0) {
                return exec_err!("{}", refused_weight(self.function, weight));
            }
            self.add(clusters.get(row), category, weight);
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        merge(&mut self.alone, &other.alone);
        merge(&mut self.alone_squares, &other.alone_squares);
        merge(&mut self.squares, &other.squares);
        for (name, theirs) in &other.known {
            if let Some(weights) = self.of(name) {
                merge(weights, theirs);
            }
        }
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        for weights in [&self.alone, &self.alone_squares, &self.squares] {
            write(weights, bytes);
        }
        bytes.whole(self.known.len() as u64);
        for (name, weights) in &self.known {
            bytes.text(name);
            write(weights, bytes);
        }
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let mut customers = self.clone();
        customers.alone = read(bytes)?;
        customers.alone_squares = read(bytes)?;
        customers.squares = read(bytes)?;
        for _ in 0..bytes.count()? {
            let name = bytes.text()?;
            let weights = read(bytes)?;
            merge(customers.of(&name)?, &weights);
        }
        Some(customers)
    }

    fn heap_bytes(&self) -> usize {
        self.known.len() * size_of::<(String, Weights)>() + self.names
    }
}

fn write(weights: &Weights, bytes: &mut Bytes) {
    for sum in weights {
        bytes.raw(&sum.to_bytes());
    }
}

fn read(bytes: &mut Reader<'_>) -> Option<Weights> {
    let mut weights = Weights::default();
    for sum in &mut weights {
        *sum = BinnedSum::from_bytes(bytes.take(BinnedSum::BYTES)?)?;
    }
    Some(weights)
}

#[cfg(test)]
mod tests {
    use crate::aggregate::answers::tests::{SCORES, coded, mean_and_error};
    use crate::harness::{Cell, Cells, Row, Subject, assert_close, error, session, value};

    /// Two customers: 0 and 1 are the first, 2 and 3 the second.
    const CUSTOMERS: &[f64] = &[0.0, 1.0, 2.0, 3.0];

    /// Score, error with clusters and without, in points: by loops over customers.
    fn slowly(rows: &[Row]) -> Option<(f64, f64, f64)> {
        let answers: Vec<(f64, usize)> = rows
            .iter()
            .filter_map(|(score, customer)| {
                let (code, _) = *coded(&[(*score, Some(1.0))], true).first()?;
                Some((code, customer.map_or(usize::MAX, |c| c as usize / 2)))
            })
            .collect();
        let n = answers.len() as f64;
        let (score, independent) = mean_and_error(&coded(rows, false))?;
        let mut squares = 0.0;
        for customer in 0..2 {
            let mine = answers.iter().filter(|a| a.1 == customer);
            let sum: f64 = mine.map(|a| a.0 - score / 100.0).sum();
            squares += sum * sum;
        }
        for (code, _) in answers.iter().filter(|a| a.1 == usize::MAX) {
            squares += (code - score / 100.0).powi(2);
        }
        Some((score, 100.0 * squares.sqrt() / n, independent))
    }

    /// The squared numbers of answers of each customer; who is unknown has one.
    fn voices(rows: &[Row]) -> f64 {
        let mut alone = 0.0;
        let mut known = [0.0_f64; 2];
        for (score, customer) in rows {
            if coded(&[(*score, Some(1.0))], true).is_empty() {
                continue;
            }
            match customer {
                Some(customer) => known[*customer as usize / 2] += 1.0,
                None => alone += 1.0,
            }
        }
        alone + known[0].powi(2) + known[1].powi(2)
    }

    #[test]
    fn nps_se_with_clusters_passes_the_common_tests() {
        Subject {
            call: "nps_se(x, null, cast(y as int) / 2)",
            x: SCORES,
            y: CUSTOMERS,
            slowly: |rows| vec![slowly(rows).map(|(_, error, _)| error).into()],
        }
        .check();
    }

    #[test]
    fn nps_ci_with_clusters_passes_the_common_tests() {
        Subject {
            call: "nps_ci(x, 'adjusted_wald', 0.9, null, cast(y as int) / 2)",
            x: SCORES,
            y: CUSTOMERS,
            slowly: |rows| {
                let Some((score, error, independent)) = slowly(rows) else {
                    return Cells::from([None.into(), None.into()]);
                };
                let answers = coded(rows, false);
                let share = |code: f64| {
                    answers.iter().filter(|a| a.0 == code).count() as f64 / answers.len() as f64
                };
                // As many independent answers as have the error of these, but not more.
                let n = answers.len() as f64;
                let effect = if independent > 1e-9 {
                    (error / independent).powi(2).max(1.0)
                } else {
                    voices(rows) / n
                };
                let n = n / effect;
                let p = (share(1.0) * n + 0.75) / (n + 3.0);
                let d = (share(-1.0) * n + 0.75) / (n + 3.0);
                let error = ((p + d - (p - d).powi(2)) / (n + 3.0)).sqrt();
                assert!((score / 100.0 - share(1.0) + share(-1.0)).abs() < 1e-9);
                let z = 1.644_853_626_951_472;
                Cells::from(
                    [-z, z]
                        .map(|z| Some((100.0 * (p - d + z * error)).clamp(-100.0, 100.0)).into()),
                )
            },
        }
        .check();
    }

    #[tokio::test]
    async fn weighted_clusters_are_those_of_plain_sql() {
        let ctx = session();
        let from = "(select i * 7 % 13 as score, 0.1 * (i % 4) as w, i % 6 as customer \
                    from generate_series(1, 60) as s(i))";
        let query = format!(
            "with answers as (select w, customer, case when score >= 9 then 1 when score <= 6 then -1 else 0 end \
             as c from {from} where score <= 10), \
             total as (select sum(w * c) / sum(w) as mean, sum(w) as n from answers), \
             parts as (select sum(w * (c - mean)) as part, max(n) as n from answers cross join total group by customer) \
             select 100 * sqrt(sum(part * part)) / max(n) from parts"
        );
        let expected = value(&ctx, &query).await;
        let got = value(
            &ctx,
            &format!("select nps_se(score, w, customer) from {from}"),
        )
        .await;
        assert_close(&got, &expected, &query);
    }

    /// With a customer for each answer, or none that is known, nothing changes; with every
    /// answer twice, the error and the interval are those of half as many answers.
    #[tokio::test]
    async fn single_answers_have_the_same_error_with_and_without_clusters() {
        let ctx = session();
        let from = "from generate_series(1, 50) as s(i)";
        for (call, weight) in [
            ("nps_se(i * 7 % 11, W", "null"),
            ("nps_se(i * 7 % 11, W", "0.5 + i % 3"),
            ("nps_ci(i * 7 % 11, 'wald', 0.9, W", "0.5 + i % 3"),
            ("nps_ci(i * 7 % 11, null, null, W", "null"),
            ("nps_ci(i * 7 % 11, null, null, W", "0.5 + i % 3"),
        ] {
            let call = call.replace('W', weight);
            let plain = value(&ctx, &format!("select {call}) {from}")).await;
            for cluster in ["i", "concat('c', i)", "nullif(i, i)"] {
                let query = format!("select {call}, {cluster}) {from}");
                assert_close(&value(&ctx, &query).await, &plain, &query);
            }
            if weight == "null" {
                let query =
                    format!("select {call}, i) {from} cross join generate_series(1, 2) as t(j)");
                assert_close(&value(&ctx, &query).await, &plain, &query);
            }
        }
    }

    #[tokio::test]
    async fn customers_of_one_mind_have_no_error_and_negative_weights_are_refused() {
        let ctx = session();
        let from = "from (values (10, 1, 'a'), (9, 1, 'a'), (10, 1, 'b')) as t(s, w, c)";
        let got = value(&ctx, &format!("select nps_se(s, w, c) {from}")).await;
        assert_eq!(got, [Cell::Number(0.0)]);
        let got = error(&ctx, &format!("select nps_se(s, -w, c) {from}")).await;
        assert!(
            got.ends_with("'nps_se' expects weights that are finite and not negative, got -1"),
            "{got}"
        );
    }
}
