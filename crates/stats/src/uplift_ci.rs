//! The relative difference of two means and its interval by the delta method.

use crate::error::{Result, ratio};
use crate::moments::Moments;
use crate::t_test::{TTest, satterthwaite};

/// The uplift of `treatment` over `control`, (t − c) / c of the means, with the
/// interval of Welch's degrees of freedom.
///
/// The variance is that of a ratio to first order,
/// `var(t)/c² + t² var(c)/c⁴`. `None` where the control's mean is 0. For
/// proportions build the moments with
/// [`Moments::from_proportion`](crate::moments::Moments::from_proportion).
pub fn uplift_ci(treatment: &Moments, control: &Moments, confidence: f64) -> Result<TTest> {
    let means = treatment.mean().zip(control.mean());
    let uplift = means.and_then(|(t, c)| ratio(t - c, c));
    let parts = treatment
        .variance()
        .zip(control.variance())
        .map(|(vt, vc)| {
            [
                (vt / treatment.n() as f64, treatment.n()),
                (vc / control.n() as f64, control.n()),
            ]
        });
    let variance = means.zip(parts).and_then(|((t, c), [(vt, _), (vc, _)])| {
        ratio(vt, c * c)
            .zip(ratio(vc * t * t, c.powi(4)))
            .map(|(a, b)| a + b)
    });
    TTest::new(
        uplift,
        uplift.and(variance),
        parts.and_then(satterthwaite),
        confidence,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    // GrowthBook gbstats, test_tests.py.
    #[test]
    fn relative_differences_are_the_published_ones() {
        let a = Moments::from_sums(3407, 1396.87, 52377.9767).unwrap();
        let b = Moments::from_sums(3461, 2422.7, 134_698.29).unwrap();
        let uplift = uplift_ci(&b, &a, 0.95).unwrap();
        close(uplift.difference, 0.707_32, 1e-5);
        close(uplift.standard_error, 0.378_79, 1e-5);
        close(uplift.low, -0.035_26, 1e-5);
        close(uplift.high, 1.449_89, 1e-5);
        close(uplift.p, 0.061_91, 1e-5);
    }

    #[test]
    fn a_control_of_zero_has_no_uplift() {
        let zero = Moments::from_proportion(0, 20);
        let some = Moments::from_proportion(3, 20);
        let uplift = uplift_ci(&some, &zero, 0.95).unwrap();
        assert_eq!(
            (uplift.difference, uplift.low, uplift.p),
            (None, None, None)
        );
    }
}
