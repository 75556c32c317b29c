//! How many customers a test of two rates needs, and how often it finds a
//! difference that is there.

use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Result, StatsError, finite, open_unit, positive};

/// A planned comparison of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PropDesign {
    /// Rate of the control.
    pub p1: f64,
    /// Rate of the treatment.
    pub p2: f64,
    /// Probability of a false alarm.
    pub alpha: f64,
    /// Treatment's size over control's.
    pub ratio: f64,
    /// Whether a difference in either direction counts.
    pub two_sided: bool,
}

impl PropDesign {
    /// A two-sided design with equal groups.
    pub fn new(p1: f64, p2: f64, alpha: f64) -> Result<Self> {
        for (argument, p) in [("p1", p1), ("p2", p2)] {
            if !(0.0..=1.0).contains(&p) {
                return Err(StatsError::argument(argument, "must be from 0 to 1"));
            }
        }
        open_unit("alpha", alpha)?;
        Ok(Self {
            p1,
            p2,
            alpha,
            ratio: 1.0,
            two_sided: true,
        })
    }

    /// The design with a treatment group `ratio` times the control.
    pub fn with_ratio(self, ratio: f64) -> Result<Self> {
        positive("ratio", ratio)?;
        Ok(Self { ratio, ..self })
    }

    /// The design that only looks in one direction.
    #[must_use]
    pub fn one_sided(self) -> Self {
        Self {
            two_sided: false,
            ..self
        }
    }

    /// Standard deviations times √n₁ under "no difference" and under the
    /// design's rates.
    fn deviations(&self) -> (f64, f64) {
        let pooled = (self.p1 + self.ratio * self.p2) / (1.0 + self.ratio);
        let null = (pooled * (1.0 - pooled) * (1.0 + 1.0 / self.ratio)).sqrt();
        let design = (self.p1 * (1.0 - self.p1) + self.p2 * (1.0 - self.p2) / self.ratio).sqrt();
        (null, design)
    }

    fn critical(&self) -> Option<f64> {
        let tail = if self.two_sided {
            0.5 * self.alpha
        } else {
            self.alpha
        };
        normal_quantile(1.0 - tail)
    }
}

/// The size of the control group that gives `power`, before rounding up; R's
/// `power.prop.test` with its default `strict = FALSE`. `None` when the rates
/// are equal.
pub fn prop_sample_size(design: &PropDesign, power: f64) -> Result<Option<f64>> {
    open_unit("power", power)?;
    let (null, alternative) = design.deviations();
    let distance = (design.p2 - design.p1).abs();
    let sum = design
        .critical()
        .zip(normal_quantile(power))
        .map(|(critical, z)| critical * null + z * alternative);
    Ok(sum.and_then(|sum| {
        // A power below the false alarm rate needs no customers at all.
        finite((sum.max(0.0) / distance).powi(2))
    }))
}

/// The probability that a control group of `n` finds the design's difference.
pub fn prop_power(design: &PropDesign, n: f64) -> Result<Option<f64>> {
    positive("n", n)?;
    let (null, alternative) = design.deviations();
    let distance = (design.p2 - design.p1).abs() * n.sqrt();
    Ok(design.critical().and_then(|critical| {
        if alternative == 0.0 {
            // Rates of 0 and 1: the difference is seen or not, surely.
            return Some(if distance > critical * null { 1.0 } else { 0.0 });
        }
        finite(normal_cdf((distance - critical * null) / alternative))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    // R: power.prop.test(p1 = .50, p2 = .75, power = .90): n = 76.7 (help page);
    // power.prop.test(n = 50, p1 = .50, p2 = .75): power = 0.740.
    #[test]
    fn the_help_page_of_r_comes_out() {
        let design = PropDesign::new(0.5, 0.75, 0.05).unwrap();
        let n = prop_sample_size(&design, 0.9).unwrap().unwrap();
        assert!((n - 76.7).abs() < 0.05, "{n}");
        let power = prop_power(&design, 50.0).unwrap().unwrap();
        assert!((power - 0.7401659).abs() < 1e-6, "{power}");
    }

    #[test]
    fn size_and_power_are_inverse() {
        let design = PropDesign::new(0.1, 0.12, 0.05)
            .unwrap()
            .with_ratio(2.0)
            .unwrap();
        for power in [0.5, 0.8, 0.99] {
            for design in [design, design.one_sided()] {
                let n = prop_sample_size(&design, power).unwrap().unwrap();
                let back = prop_power(&design, n).unwrap().unwrap();
                assert!((back - power).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn equal_rates_need_more_customers_than_there_are() {
        let design = PropDesign::new(0.2, 0.2, 0.05).unwrap();
        assert_eq!(prop_sample_size(&design, 0.8), Ok(None));
        assert!((prop_power(&design, 100.0).unwrap().unwrap() - 0.025).abs() < 1e-12);
        assert!(PropDesign::new(1.2, 0.2, 0.05).is_err());
        assert!(prop_power(&design, 0.0).is_err());
        assert!(prop_sample_size(&design, 1.0).is_err());
    }
}
