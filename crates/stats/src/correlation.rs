//! Pearson's and Spearman's correlation with a confidence interval.

use crate::distribution::{normal_quantile, t_two_sided};
use crate::error::{Result, StatsError, open_unit};
use crate::moments::CoMoments;

/// A correlation with Fisher's interval and the test against zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// The coefficient; `None` below two pairs or where a column is constant.
    pub r: Option<f64>,
    /// Number of pairs.
    pub n: u64,
    /// Lower limit by Fisher's z; `None` below four pairs.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
    /// Two-sided p-value of Student's t; `None` below three pairs.
    pub p: Option<f64>,
}

impl Correlation {
    /// Pearson's correlation of counted pairs.
    pub fn pearson(moments: &CoMoments, confidence: f64) -> Result<Self> {
        Self::new(moments.correlation(), moments.n(), 1.0, confidence)
    }

    /// `spread` is the factor of the standard error of Fisher's z.
    fn new(r: Option<f64>, n: u64, spread: f64, confidence: f64) -> Result<Self> {
        open_unit("confidence", confidence)?;
        let mut correlation = Self {
            r,
            n,
            low: None,
            high: None,
            p: None,
        };
        let Some(r) = r else {
            return Ok(correlation);
        };
        if n > 2 {
            let df = (n - 2) as f64;
            let t = r * (df / ((1.0 - r) * (1.0 + r))).sqrt();
            correlation.p = t_two_sided(t, df);
        }
        if n > 3
            && let Some(z) = normal_quantile(0.5 + 0.5 * confidence)
        {
            let half = spread * z / ((n - 3) as f64).sqrt();
            // Perfect correlation: atanh is infinite and tanh brings it back.
            correlation.low = Some((r.atanh() - half).tanh());
            correlation.high = Some((r.atanh() + half).tanh());
        }
        Ok(correlation)
    }
}

/// Spearman's correlation: Pearson's of the ranks, equal values sharing their
/// average rank.
///
/// The interval uses the standard error of Fieller, Hartley & Pearson (1957),
/// √(1.06 / (n − 3)).
pub fn spearman(x: &[f64], y: &[f64], confidence: f64) -> Result<Correlation> {
    if x.len() != y.len() {
        return Err(StatsError::Length {
            argument: "y",
            expected: x.len(),
            got: y.len(),
        });
    }
    let moments: CoMoments = average_ranks(x).into_iter().zip(average_ranks(y)).collect();
    Correlation::new(
        moments.correlation(),
        moments.n(),
        1.06f64.sqrt(),
        confidence,
    )
}

/// Ranks from 1; equal values share the average of their ranks.
#[must_use]
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        // -0 and 0 are one value, whatever order they sort in.
        let end = (start..order.len())
            .find(|&i| values[order[i]] != value)
            .unwrap_or(order.len())
            .max(start + 1);
        let rank = (start + 1 + end) as f64 / 2.0;
        for &index in &order[start..end] {
            ranks[index] = rank;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    // Anscombe 1973, set 1 and 4.
    #[test]
    fn anscombe_sets_have_the_published_coefficients() {
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ];
        let moments: CoMoments = x.into_iter().zip(y).collect();
        let pearson = Correlation::pearson(&moments, 0.95).unwrap();
        close(pearson.r, 0.816_420_516_344_84, 1e-12);
        // R: cor.test(anscombe$x1, anscombe$y1): p 0.00217, 0.4243912..0.9506933
        close(pearson.p, 0.002_170, 1e-6);
        close(pearson.low, 0.424_391_2, 1e-6);
        close(pearson.high, 0.950_693_3, 1e-6);
        close(
            spearman(&x, &y, 0.95).unwrap().r,
            0.818_181_818_181_818_2,
            1e-12,
        );
        let x = [8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 19.0, 8.0, 8.0, 8.0];
        let y = [
            6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89,
        ];
        close(spearman(&x, &y, 0.95).unwrap().r, 0.5, 1e-12);
    }

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(average_ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(average_ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(average_ranks(&[]).is_empty());
    }

    #[test]
    fn constant_short_and_perfect_columns_have_no_more_than_they_can() {
        let constant = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0; 5], 0.95).unwrap();
        assert_eq!((constant.r, constant.p, constant.low), (None, None, None));
        let short = spearman(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0], 0.95).unwrap();
        assert_eq!((short.r, short.low), (Some(0.5), None));
        let perfect =
            spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 5.0, 6.0, 7.0], 0.9).unwrap();
        assert_eq!(
            (perfect.r, perfect.low, perfect.p),
            (Some(1.0), Some(1.0), Some(0.0))
        );
        assert!(spearman(&[1.0], &[], 0.95).is_err());
        assert!(spearman(&[1.0], &[1.0], 1.0).is_err());
    }
}
