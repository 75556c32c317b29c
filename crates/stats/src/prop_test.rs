//! Tests of one, two or many proportions.

use crate::distribution::{chi_square_tail, normal_two_sided};
use crate::error::{Result, StatsError, finite, open_unit, ratio};

/// Successes among trials: one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// Number of successes.
    pub successes: u64,
    /// Number of trials.
    pub n: u64,
}

impl Proportion {
    /// A group, refused when it has more successes than trials.
    pub fn new(successes: u64, n: u64) -> Result<Self> {
        if successes > n {
            return Err(StatsError::argument(
                "successes",
                "must not exceed the trials",
            ));
        }
        Ok(Self { successes, n })
    }

    /// Counts one trial.
    pub fn update(&mut self, success: bool) {
        self.successes += u64::from(success);
        self.n += 1;
    }

    /// Counts the trials of another state.
    pub fn merge(&mut self, other: &Self) {
        self.successes += other.successes;
        self.n += other.n;
    }

    /// Successes over trials; `None` without trials.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        ratio(self.successes as f64, self.n as f64)
    }
}

/// A test of proportions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PropTest {
    /// Pearson's chi-square; `None` when nobody or everybody succeeded.
    pub chisq: Option<f64>,
    /// Degrees of freedom.
    pub df: u64,
    /// Two-sided p-value.
    pub p: Option<f64>,
    /// Signed root of chi-square for one or two groups: first minus second.
    pub z: Option<f64>,
    /// Rate of all groups together.
    pub pooled: Option<f64>,
}

/// Tests whether all groups have one rate. Groups without trials are left out.
///
/// With `continuity`, Yates' correction applies to two groups, as in R's
/// `prop.test`; without it z² is the chi-square of the pooled z test.
pub fn prop_test(groups: &[Proportion], continuity: bool) -> Result<PropTest> {
    let used: Vec<&Proportion> = groups.iter().filter(|group| group.n > 0).collect();
    if used.len() < 2 {
        return Err(StatsError::TooFew {
            what: "groups with trials",
            needed: 2,
            got: used.len(),
        });
    }
    let successes: u64 = used.iter().map(|group| group.successes).sum();
    let n: u64 = used.iter().map(|group| group.n).sum();
    let pooled = successes as f64 / n as f64;
    let variance = pooled * (1.0 - pooled);
    let df = used.len() as u64 - 1;
    if used.len() == 2 {
        let (a, b) = (used[0], used[1]);
        let difference = a.successes as f64 / a.n as f64 - b.successes as f64 / b.n as f64;
        let inverse = 1.0 / a.n as f64 + 1.0 / b.n as f64;
        let correction = if continuity {
            (0.5 * inverse).min(difference.abs())
        } else {
            0.0
        };
        let distance = difference.abs() - correction;
        let z = ratio(distance.copysign(difference), (variance * inverse).sqrt());
        return Ok(PropTest {
            chisq: z.map(|z| z * z),
            df,
            p: z.and_then(normal_two_sided),
            z,
            pooled: Some(pooled),
        });
    }
    let statistic: f64 = used
        .iter()
        .map(|group| {
            let n = group.n as f64;
            let distance = group.successes as f64 / n - pooled;
            n * distance * distance
        })
        .sum();
    let chisq = ratio(statistic, variance);
    Ok(PropTest {
        chisq,
        df,
        p: chisq.and_then(|value| chi_square_tail(value, df as f64)),
        z: None,
        pooled: Some(pooled),
    })
}

/// Tests one rate against a given one.
pub fn prop_test_one(group: Proportion, expected: f64, continuity: bool) -> Result<PropTest> {
    open_unit("expected", expected)?;
    let n = group.n as f64;
    let distance = group.successes as f64 - n * expected;
    let correction = if continuity {
        0.5f64.min(distance.abs())
    } else {
        0.0
    };
    let z = if group.n == 0 {
        None
    } else {
        finite(
            (distance.abs() - correction).copysign(distance)
                / (n * expected * (1.0 - expected)).sqrt(),
        )
    };
    Ok(PropTest {
        chisq: z.map(|z| z * z),
        df: 1,
        p: z.and_then(normal_two_sided),
        z,
        pooled: group.rate(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    fn groups(x: &[u64], n: &[u64]) -> Vec<Proportion> {
        x.iter()
            .zip(n)
            .map(|(&x, &n)| Proportion::new(x, n).unwrap())
            .collect()
    }

    // R: example(prop.test), smokers in four groups.
    #[test]
    fn four_groups_of_smokers_are_the_published_test() {
        let smokers = groups(&[73, 90, 114, 75], &[86, 93, 136, 82]);
        let test = prop_test(&smokers, false).unwrap();
        close(test.chisq, 11.119_387_686_288_61, 1e-10);
        close(test.p, 0.011_097_511_366_581_344, 1e-12);
        // prop.test(83 of 86 alone) as stored in statsmodels, p0 = .9.
        let one = prop_test_one(smokers[0], 0.9, false).unwrap();
        close(one.chisq, 2.501_291_989_664_086, 1e-10);
        close(one.p, 0.113_752_943_640_092, 1e-10);
    }

    #[test]
    fn two_groups_are_the_pooled_z_test() {
        let test = prop_test(&groups(&[5, 12], &[83, 99]), false).unwrap();
        close(test.z, -1.407_830_415_125_878_7, 1e-12);
        close(test.p, 0.159_181_291_811_569_92, 1e-11);
        // R: prop.test(c(15, 25), c(50, 50)): X-squared 3.375, p 0.06619.
        let corrected = prop_test(&groups(&[15, 25], &[50, 50]), true).unwrap();
        close(corrected.chisq, 3.375, 1e-12);
        close(corrected.p, 0.066_19, 5e-6);
        // The same as the test of the table.
        let table =
            crate::chisq_test::chisq_test(&[vec![15.0, 35.0], vec![25.0, 25.0]], true).unwrap();
        close(corrected.chisq, table.chisq.unwrap(), 1e-12);
    }

    #[test]
    fn empty_and_unanimous_groups_have_no_statistic() {
        let test = prop_test(&groups(&[5, 7, 0], &[5, 7, 0]), false).unwrap();
        assert_eq!((test.chisq, test.p, test.pooled), (None, None, Some(1.0)));
        assert!(prop_test(&groups(&[5, 0], &[9, 0]), false).is_err());
        assert!(Proportion::new(3, 2).is_err());
        assert!(prop_test_one(Proportion::default(), 1.0, false).is_err());
        assert_eq!(
            prop_test_one(Proportion::default(), 0.5, false).unwrap().p,
            None
        );
    }
}
