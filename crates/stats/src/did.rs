//! Difference in differences: what changed for the treated beyond what changed
//! for the others.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::distribution::{t_quantile, t_two_sided};
use crate::error::{Result, finite, open_unit, ratio};
use crate::exact_sum::ExactSum;
use crate::moments::Moments;

/// The four cells, mergeable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Did {
    // [treated][post]
    cells: [[Moments; 2]; 2],
}

/// An estimate with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DidEstimate {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error; `None` without degrees of freedom.
    pub standard_error: Option<f64>,
    /// Estimate over standard error.
    pub t: Option<f64>,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// Lower confidence limit.
    pub low: Option<f64>,
    /// Upper confidence limit.
    pub high: Option<f64>,
}

/// The regression of the outcome on post, treated and their product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DidResult {
    /// Number of rows.
    pub n: u64,
    /// Degrees of freedom of the p-values.
    pub df: f64,
    /// Mean of the others before.
    pub constant: DidEstimate,
    /// Change of the others.
    pub post: DidEstimate,
    /// Distance of the treated before.
    pub treated: DidEstimate,
    /// The difference in differences.
    pub did: DidEstimate,
}

impl Did {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one row.
    pub fn update(&mut self, outcome: f64, treated: bool, post: bool) {
        self.cells[usize::from(treated)][usize::from(post)].update(outcome);
    }

    /// Counts the rows of another state.
    pub fn merge(&mut self, other: &Self) {
        for (row, other) in self
            .cells
            .iter_mut()
            .flatten()
            .zip(other.cells.iter().flatten())
        {
            row.merge(other);
        }
    }

    /// One of the cells.
    #[must_use]
    pub fn cell(&self, treated: bool, post: bool) -> &Moments {
        &self.cells[usize::from(treated)][usize::from(post)]
    }

    /// Sets one of the cells, when a state comes back from shipping.
    pub fn set_cell(&mut self, treated: bool, post: bool, cell: Moments) {
        self.cells[usize::from(treated)][usize::from(post)] = cell;
    }

    /// The estimates with the standard errors of least squares; `None` when a
    /// cell is empty.
    pub fn ols(&self, confidence: f64) -> Result<Option<DidResult>> {
        open_unit("confidence", confidence)?;
        let n: u64 = self.cells.iter().flatten().map(Moments::n).sum();
        let within: Option<f64> = self
            .cells
            .iter()
            .flatten()
            .map(Moments::sum_squared_deviations)
            .sum();
        let df = n as f64 - 4.0;
        let variance = if df > 0.0 {
            within.and_then(|w| ratio(w, df))
        } else {
            None
        };
        let weight = |treated: usize, post: usize| 1.0 / self.cells[treated][post].n() as f64;
        let (w00, w01, w10, w11) = (weight(0, 0), weight(0, 1), weight(1, 0), weight(1, 1));
        let error = |weights: f64| variance.map(|v| (v * weights).sqrt());
        self.result(
            n,
            df,
            [
                error(w00),
                error(w00 + w01),
                error(w00 + w10),
                error(w00 + w01 + w10 + w11),
            ],
            confidence,
        )
    }

    fn result(
        &self,
        n: u64,
        df: f64,
        errors: [Option<f64>; 4],
        confidence: f64,
    ) -> Result<Option<DidResult>> {
        let mean = |treated: usize, post: usize| self.cells[treated][post].mean();
        let (Some(m00), Some(m01), Some(m10), Some(m11)) =
            (mean(0, 0), mean(0, 1), mean(1, 0), mean(1, 1))
        else {
            return Ok(None);
        };
        let quantile = t_quantile(0.5 + 0.5 * confidence, df);
        let estimate = |estimate: f64, error: Option<f64>| {
            let t = error.and_then(|error| ratio(estimate, error));
            let half = error
                .zip(quantile)
                .map(|(error, quantile)| error * quantile);
            DidEstimate {
                estimate,
                standard_error: error,
                t,
                p: t.and_then(|t| t_two_sided(t, df)),
                low: half.and_then(|half| finite(estimate - half)),
                high: half.and_then(|half| finite(estimate + half)),
            }
        };
        Ok(Some(DidResult {
            n,
            df,
            constant: estimate(m00, errors[0]),
            post: estimate(m01 - m00, errors[1]),
            treated: estimate(m10 - m00, errors[2]),
            did: estimate((m11 - m10) - (m01 - m00), errors[3]),
        }))
    }
}

/// The cells with their sums per cluster, for standard errors that allow rows
/// of one customer to be alike; mergeable.
#[derive(Clone, Debug)]
pub struct ClusteredDid<K> {
    did: Did,
    // Per cluster and cell: number of rows and their sum.
    clusters: HashMap<K, ClusterSums>,
    // Bytes behind the sums of all clusters, which would be many to walk.
    heap_bytes: usize,
}

/// Number of rows and their sum, by 2 * treated + post.
pub type ClusterSums = [(u64, ExactSum); 4];

impl<K: Clone + Eq + Hash + Ord> ClusteredDid<K> {
    /// No rows yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            did: Did::new(),
            clusters: HashMap::new(),
            heap_bytes: 0,
        }
    }

    /// Counts one row of a cluster.
    pub fn update<Q>(&mut self, cluster: &Q, outcome: f64, treated: bool, post: bool)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        self.did.update(outcome, treated, post);
        let cell = 2 * usize::from(treated) + usize::from(post);
        // Looks before it copies the name: clusters repeat.
        let sums = match self.clusters.get_mut(cluster) {
            Some(sums) => sums,
            None => self.clusters.entry(cluster.to_owned()).or_default(),
        };
        let (n, sum) = &mut sums[cell];
        let before = sum.heap_bytes();
        *n += 1;
        sum.add(outcome);
        self.heap_bytes += sum.heap_bytes() - before.min(sum.heap_bytes());
    }

    /// Adds the sums of a cluster, when a state comes back from shipping.
    pub fn add_cluster(&mut self, cluster: K, sums: &ClusterSums) {
        let mine = self.clusters.entry(cluster).or_default();
        for ((n, sum), (other_n, other_sum)) in mine.iter_mut().zip(sums) {
            let before = sum.heap_bytes();
            *n += other_n;
            sum.merge(other_sum);
            self.heap_bytes += sum.heap_bytes() - before.min(sum.heap_bytes());
        }
    }

    /// The cells, to be set when a state comes back from shipping.
    pub fn did_mut(&mut self) -> &mut Did {
        &mut self.did
    }

    /// The sums of all clusters, in order.
    #[must_use]
    pub fn sums(&self) -> Vec<(&K, &ClusterSums)> {
        let mut sums: Vec<_> = self.clusters.iter().collect();
        sums.sort_unstable_by_key(|(cluster, _)| *cluster);
        sums
    }

    /// Memory held on the heap, in bytes, but for what the names of clusters hold.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.clusters.capacity() * size_of::<(K, ClusterSums)>() + self.heap_bytes
    }

    /// Counts the rows of another state.
    pub fn merge(&mut self, other: &Self) {
        self.did.merge(&other.did);
        for (cluster, sums) in &other.clusters {
            self.add_cluster(cluster.clone(), sums);
        }
    }

    /// The cells alone.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// Number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// The estimates with cluster-robust standard errors (Liang & Zeger 1986)
    /// and the factor G/(G−1)·(n−1)/(n−4) that Stata and `sandwich::vcovCL`
    /// (HC1) use; G−1 degrees of freedom. `None` when a cell is empty.
    pub fn robust(&self, confidence: f64) -> Result<Option<DidResult>> {
        open_unit("confidence", confidence)?;
        let cells: Vec<&Moments> = self.did.cells.iter().flatten().collect();
        let means: Option<Vec<f64>> = cells.iter().map(|cell| cell.mean()).collect();
        let Some(means) = means else {
            return Ok(None);
        };
        let n: u64 = cells.iter().map(|cell| cell.n()).sum();
        let (rows, groups) = (n as f64, self.clusters.len() as f64);
        let factor = groups / (groups - 1.0) * (rows - 1.0) / (rows - 4.0);
        // The influence of a cluster on a cell's mean is the sum of its
        // residuals there over the cell's rows; an estimate adds cells with
        // signs.
        let signs = [
            [1.0, 0.0, 0.0, 0.0],
            [-1.0, 1.0, 0.0, 0.0],
            [-1.0, 0.0, 1.0, 0.0],
            [1.0, -1.0, -1.0, 1.0],
        ];
        // Exact sums, because a hash map has no order.
        let mut squares: [ExactSum; 4] = Default::default();
        for cluster in self.clusters.values() {
            let mut influence = [0.0; 4];
            for (i, (count, sum)) in cluster.iter().enumerate() {
                let residual = sum.value().unwrap_or(f64::NAN) - *count as f64 * means[i];
                influence[i] = residual / cells[i].n() as f64;
            }
            for (square, signs) in squares.iter_mut().zip(&signs) {
                let total: f64 = signs.iter().zip(&influence).map(|(s, i)| s * i).sum();
                square.add_product(total, total);
            }
        }
        let errors = squares.map(|square| {
            let variance = square.value()? * factor;
            if variance.is_finite() && variance >= 0.0 {
                Some(variance.sqrt())
            } else {
                None
            }
        });
        self.did.result(n, groups - 1.0, errors, confidence)
    }
}

impl<K: Clone + Eq + Hash + Ord> Default for ClusteredDid<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear_regression::linear_regression;

    const ROWS: [(u32, f64, bool, bool); 12] = [
        (1, 3.0, false, false),
        (1, 4.5, false, true),
        (2, 2.0, false, false),
        (2, 2.5, false, true),
        (3, 5.0, true, false),
        (3, 9.0, true, true),
        (4, 4.0, true, false),
        (4, 7.5, true, true),
        (5, 6.5, true, false),
        (5, 7.0, true, true),
        (6, 1.0, false, false),
        (6, 2.0, false, true),
    ];

    #[test]
    fn cells_give_the_same_answer_as_the_regression() {
        let mut did = Did::new();
        for (_, y, treated, post) in ROWS {
            did.update(y, treated, post);
        }
        let result = did.ols(0.95).unwrap().unwrap();
        let y: Vec<f64> = ROWS.iter().map(|row| row.1).collect();
        let post: Vec<f64> = ROWS.iter().map(|row| f64::from(u8::from(row.3))).collect();
        let treated: Vec<f64> = ROWS.iter().map(|row| f64::from(u8::from(row.2))).collect();
        let both: Vec<f64> = post.iter().zip(&treated).map(|(p, t)| p * t).collect();
        let fit = linear_regression(&y, &[&post, &treated, &both], true, 0.95).unwrap();
        let estimates = [result.post, result.treated, result.did];
        for (cell, coefficient) in estimates.iter().zip(&fit.coefficients) {
            assert!((cell.estimate - coefficient.estimate).abs() < 1e-12);
            let (a, b) = (
                cell.standard_error.unwrap(),
                coefficient.standard_error.unwrap(),
            );
            assert!((a - b).abs() < 1e-12);
            assert!((cell.p.unwrap() - coefficient.p.unwrap()).abs() < 1e-12);
        }
        let intercept = fit.intercept.unwrap();
        assert!(
            (result.constant.standard_error.unwrap() - intercept.standard_error.unwrap()).abs()
                < 1e-12
        );
    }

    // With every customer once before and once after, the clustered error is
    // that of the difference of mean changes, up to the factor.
    #[test]
    fn clusters_of_two_are_a_test_of_changes() {
        let mut state = ClusteredDid::new();
        let mut half = ClusteredDid::new();
        for (i, (cluster, y, treated, post)) in ROWS.into_iter().enumerate() {
            let target = if i % 2 == 0 { &mut state } else { &mut half };
            target.update(&cluster, y, treated, post);
        }
        state.merge(&half);
        let result = state.robust(0.95).unwrap().unwrap();
        // Changes: treated 4, 3.5, 0.5; others 1.5, 0.5, 1.
        let spread = |changes: [f64; 3]| {
            let mean = changes.iter().sum::<f64>() / 3.0;
            changes.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 9.0
        };
        let factor = 6.0 / 5.0 * 11.0 / 8.0;
        let expected = ((spread([4.0, 3.5, 0.5]) + spread([1.5, 0.5, 1.0])) * factor).sqrt();
        assert!((result.did.standard_error.unwrap() - expected).abs() < 1e-12);
        assert!((result.did.estimate - 5.0 / 3.0).abs() < 1e-12);
        assert_eq!(result.df, 5.0);
    }

    #[test]
    fn an_empty_cell_has_no_estimate() {
        let mut did = Did::new();
        did.update(1.0, true, true);
        did.update(1.0, true, false);
        did.update(1.0, false, false);
        assert_eq!(did.ols(0.95), Ok(None));
        did.update(2.0, false, true);
        let exact = did.ols(0.95).unwrap().unwrap();
        assert_eq!((exact.did.estimate, exact.did.standard_error), (-1.0, None));
    }
}
