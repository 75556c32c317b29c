//! Student's tests of means: Welch's for two groups, the paired one for the
//! same customers before and after.

use crate::distribution::{t_quantile, t_two_sided};
use crate::error::{Result, StatsError, finite, open_unit, ratio};
use crate::moments::Moments;

/// A test of a difference of means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    /// First mean minus second; `None` without values.
    pub difference: Option<f64>,
    /// Its standard error; `None` when a group is too small to have one.
    pub standard_error: Option<f64>,
    /// Difference over standard error; `None` when nothing varies.
    pub t: Option<f64>,
    /// Degrees of freedom, Satterthwaite's for Welch.
    pub df: Option<f64>,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// Lower confidence limit of the difference.
    pub low: Option<f64>,
    /// Upper confidence limit.
    pub high: Option<f64>,
}

impl TTest {
    pub(crate) fn new(
        difference: Option<f64>,
        variance: Option<f64>,
        df: Option<f64>,
        confidence: f64,
    ) -> Result<Self> {
        open_unit("confidence", confidence)?;
        let standard_error = variance.map(f64::sqrt);
        let t = difference
            .zip(standard_error)
            .and_then(|(d, se)| ratio(d, se));
        let half = standard_error
            .zip(df.and_then(|df| t_quantile(0.5 + 0.5 * confidence, df)))
            .map(|(se, quantile)| se * quantile);
        let limit = |sign: f64| {
            difference
                .zip(half)
                .and_then(|(d, half)| finite(d + sign * half))
        };
        Ok(Self {
            difference,
            standard_error,
            t,
            df,
            p: t.zip(df).and_then(|(t, df)| t_two_sided(t, df)),
            low: limit(-1.0),
            high: limit(1.0),
        })
    }
}

/// Satterthwaite's degrees of freedom of a sum of variances with their own.
pub(crate) fn satterthwaite(parts: [(f64, u64); 2]) -> Option<f64> {
    let total: f64 = parts.iter().map(|(variance, _)| variance).sum();
    let spread: f64 = parts
        .iter()
        .map(|(variance, n)| variance * variance / (*n as f64 - 1.0))
        .sum();
    ratio(total * total, spread)
}

/// Welch's test of `a`'s mean minus `b`'s, from sums.
pub fn t_test_welch(a: &Moments, b: &Moments, confidence: f64) -> Result<TTest> {
    let difference = a.mean().zip(b.mean()).map(|(a, b)| a - b);
    let parts = a
        .variance()
        .zip(b.variance())
        .map(|(va, vb)| [(va / a.n() as f64, a.n()), (vb / b.n() as f64, b.n())]);
    TTest::new(
        difference,
        parts.map(|parts| parts[0].0 + parts[1].0),
        parts.and_then(satterthwaite),
        confidence,
    )
}

/// The test that differences of pairs have mean zero, from the moments of the
/// differences.
pub fn t_test_paired(differences: &Moments, confidence: f64) -> Result<TTest> {
    let n = differences.n();
    TTest::new(
        differences.mean(),
        differences.variance().map(|variance| variance / n as f64),
        (n > 1).then_some(n as f64 - 1.0),
        confidence,
    )
}

/// The moments of `x - y`, pair by pair.
pub fn paired_differences(x: &[f64], y: &[f64]) -> Result<Moments> {
    if x.len() != y.len() {
        return Err(StatsError::Length {
            argument: "y",
            expected: x.len(),
            got: y.len(),
        });
    }
    Ok(x.iter().zip(y).map(|(x, y)| x - y).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    const FIRST: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const SECOND: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    // R: t.test on datasets::sleep (Student 1908).
    #[test]
    fn sleep_is_the_published_test_paired_and_unpaired() {
        let paired = t_test_paired(&paired_differences(&FIRST, &SECOND).unwrap(), 0.95).unwrap();
        close(paired.t, -4.0621, 5e-5);
        close(paired.p, 0.002_833, 5e-7);
        close(paired.low, -2.459_885_8, 1e-7);
        close(paired.high, -0.700_114_2, 1e-7);
        let (a, b): (Moments, Moments) =
            (FIRST.into_iter().collect(), SECOND.into_iter().collect());
        let welch = t_test_welch(&a, &b, 0.95).unwrap();
        close(welch.t, -1.8608, 5e-5);
        close(welch.df, 17.776, 5e-4);
        close(welch.p, 0.079_39, 5e-6);
        close(welch.low, -3.365_483_2, 1e-7);
        close(welch.high, 0.205_483_2, 1e-7);
    }

    // GrowthBook gbstats, test_tests.py.
    #[test]
    fn sums_alone_are_enough() {
        let a = Moments::from_sums(3407, 1396.87, 52377.9767).unwrap();
        let b = Moments::from_sums(3461, 2422.7, 134_698.29).unwrap();
        let test = t_test_welch(&b, &a, 0.95).unwrap();
        close(test.difference, 0.29, 5e-6);
        close(test.standard_error, 0.124_78, 5e-6);
        close(test.p, 0.020_16, 5e-6);
        close(test.low, 0.045_38, 1e-5);
        close(test.high, 0.534_62, 1e-5);
    }

    #[test]
    fn small_and_constant_groups_have_what_they_can() {
        let one: Moments = [1.0].into_iter().collect();
        let two: Moments = [3.0, 3.0].into_iter().collect();
        let test = t_test_welch(&one, &two, 0.95).unwrap();
        assert_eq!((test.difference, test.standard_error), (Some(-2.0), None));
        let test = t_test_welch(&two, &two, 0.95).unwrap();
        assert_eq!((test.difference, test.t, test.p), (Some(0.0), None, None));
        assert_eq!(
            t_test_paired(&Moments::new(), 0.95).unwrap().difference,
            None
        );
        assert!(t_test_paired(&two, 0.0).is_err());
        assert!(paired_differences(&[1.0], &[]).is_err());
    }
}
