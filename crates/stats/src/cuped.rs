//! CUPED (Deng, Xu, Kohavi & Walker 2013): removing from an outcome what the
//! time before the experiment already explains.

use crate::error::Result;
use crate::moments::{CoMoments, Moments};
use crate::t_test::{TTest, satterthwaite};

/// θ = cov(x, y) / var(x) over all arms together; 0 when x does not vary,
/// `None` below two pairs.
#[must_use]
pub fn cuped_theta(pooled: &CoMoments) -> Option<f64> {
    let variance = pooled.x().variance()?;
    if variance == 0.0 {
        return Some(0.0);
    }
    crate::error::ratio(pooled.covariance()?, variance)
}

/// y − θ (x − mean of x), which keeps the mean of y.
#[must_use]
pub fn cuped_adjusted(x: f64, y: f64, theta: f64, mean_x: f64) -> f64 {
    y - theta * (x - mean_x)
}

/// An outcome after the adjustment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusted {
    /// Mean of the adjusted outcome.
    pub mean: f64,
    /// Its variance, var(y) − 2θ cov(x, y) + θ² var(x).
    pub variance: f64,
}

/// Mean and variance of one arm's adjusted outcome, from sums.
#[must_use]
pub fn cuped_arm(arm: &CoMoments, theta: f64, mean_x: f64) -> Option<Adjusted> {
    let mean = arm.y().mean()? - theta * (arm.x().mean()? - mean_x);
    let variance = arm.y().variance()? - 2.0 * theta * arm.covariance()?
        + theta * theta * arm.x().variance()?;
    Some(Adjusted {
        mean,
        // A perfect covariate leaves rounding errors of either sign.
        variance: variance.max(0.0),
    })
}

/// Welch's test of treatment minus control on adjusted outcomes; x is the time
/// before, y the time of the experiment.
pub fn cuped_test(treatment: &CoMoments, control: &CoMoments, confidence: f64) -> Result<TTest> {
    let mut pooled = treatment.clone();
    pooled.merge(control);
    let arms = cuped_theta(&pooled)
        .zip(pooled.x().mean())
        .and_then(|(theta, mean)| {
            cuped_arm(treatment, theta, mean).zip(cuped_arm(control, theta, mean))
        });
    let parts = arms.map(|(t, c)| {
        [
            (t.variance / treatment.n() as f64, treatment.n()),
            (c.variance / control.n() as f64, control.n()),
        ]
    });
    TTest::new(
        arms.map(|(t, c)| t.mean - c.mean),
        parts.map(|parts| parts[0].0 + parts[1].0),
        parts.and_then(satterthwaite),
        confidence,
    )
}

/// The share of variance left, 1 − ρ².
#[must_use]
pub fn cuped_variance_ratio(pooled: &CoMoments) -> Option<f64> {
    let rho = pooled.correlation()?;
    Some((1.0 - rho) * (1.0 + rho))
}

/// The outcome of every row after the adjustment, with θ and the mean of its
/// own rows; a convenience over [`cuped_theta`].
#[must_use]
pub fn cuped_outcomes(pairs: &[(f64, f64)]) -> Option<Moments> {
    let pooled: CoMoments = pairs.iter().copied().collect();
    let theta = cuped_theta(&pooled)?;
    let mean_x = pooled.x().mean()?;
    Some(
        pairs
            .iter()
            .map(|&(x, y)| cuped_adjusted(x, y, theta, mean_x))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRE: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const POST: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    // The identity of the paper on datasets::sleep.
    #[test]
    fn the_mean_stays_and_the_variance_falls_by_rho_squared() {
        let pairs: Vec<(f64, f64)> = PRE.into_iter().zip(POST).collect();
        let pooled: CoMoments = pairs.iter().copied().collect();
        let theta = cuped_theta(&pooled).unwrap();
        assert!((theta - 0.889_949_661_517_097_8).abs() < 1e-12);
        let arm = cuped_arm(&pooled, theta, pooled.x().mean().unwrap()).unwrap();
        assert!((arm.mean - 2.33).abs() < 1e-12);
        assert!((arm.variance - 1.474_126_714_112_133).abs() < 1e-12);
        let rows = cuped_outcomes(&pairs).unwrap();
        assert!((rows.variance().unwrap() - arm.variance).abs() < 1e-12);
        let ratio = cuped_variance_ratio(&pooled).unwrap();
        assert!((ratio - 0.367_704_343_754_585_5).abs() < 1e-12);
    }

    #[test]
    fn a_constant_covariate_changes_nothing() {
        let treatment: CoMoments = [(1.0, 2.0), (1.0, 5.0), (1.0, 3.0)].into_iter().collect();
        let control: CoMoments = [(1.0, 1.0), (1.0, 2.0), (1.0, 4.0)].into_iter().collect();
        let adjusted = cuped_test(&treatment, &control, 0.95).unwrap();
        let plain = crate::t_test::t_test_welch(treatment.y(), control.y(), 0.95).unwrap();
        assert_eq!(adjusted, plain);
        assert_eq!(cuped_theta(&CoMoments::new()), None);
    }
}
