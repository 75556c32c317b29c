//! Patterns within the limits that are as unlikely as a point beyond them.
//!
//! A rule fires at the point that completes its pattern. The two sets differ in
//! the run on one side, eight points or nine; both are kept under their names.

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunRule {
    /// One point beyond three standard deviations.
    Beyond3Sigma,
    /// Eight in a row on one side of the centre (Western Electric).
    Run8,
    /// Nine in a row on one side (Nelson).
    Run9,
    /// Six in a row steadily rising or falling.
    Trend6,
    /// Fourteen in a row alternating up and down.
    Alternating14,
    /// Two of three beyond two standard deviations on one side.
    TwoOf3Beyond2Sigma,
    /// Four of five beyond one standard deviation on one side.
    FourOf5Beyond1Sigma,
    /// Fifteen in a row within one standard deviation.
    Hugging15,
    /// Eight in a row with none within one standard deviation, on both sides.
    Mixture8,
}

/// The four rules of the Western Electric handbook (1956), in its order.
pub const WESTERN_ELECTRIC: [RunRule; 4] = [
    RunRule::Beyond3Sigma,
    RunRule::TwoOf3Beyond2Sigma,
    RunRule::FourOf5Beyond1Sigma,
    RunRule::Run8,
];

/// The eight rules of Nelson (1984), in his order.
pub const NELSON: [RunRule; 8] = [
    RunRule::Beyond3Sigma,
    RunRule::Run9,
    RunRule::Trend6,
    RunRule::Alternating14,
    RunRule::TwoOf3Beyond2Sigma,
    RunRule::FourOf5Beyond1Sigma,
    RunRule::Hugging15,
    RunRule::Mixture8,
];

/// What we use unless told otherwise: Nelson's 1 to 3, 5 and 6.
pub const DEFAULT: [RunRule; 5] = [
    RunRule::Beyond3Sigma,
    RunRule::Run9,
    RunRule::Trend6,
    RunRule::TwoOf3Beyond2Sigma,
    RunRule::FourOf5Beyond1Sigma,
];

impl RunRule {
    /// The rule's name in data.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Beyond3Sigma => "beyond_3_sigma",
            Self::Run8 => "run_8",
            Self::Run9 => "run_9",
            Self::Trend6 => "trend_6",
            Self::Alternating14 => "alternating_14",
            Self::TwoOf3Beyond2Sigma => "two_of_3_beyond_2_sigma",
            Self::FourOf5Beyond1Sigma => "four_of_5_beyond_1_sigma",
            Self::Hugging15 => "hugging_15",
            Self::Mixture8 => "mixture_8",
        }
    }

    /// How many points, the last included, the pattern spans.
    fn span(self) -> usize {
        match self {
            Self::Beyond3Sigma => 1,
            Self::TwoOf3Beyond2Sigma => 3,
            Self::FourOf5Beyond1Sigma => 5,
            Self::Trend6 => 6,
            Self::Run8 | Self::Mixture8 => 8,
            Self::Run9 => 9,
            Self::Alternating14 => 14,
            Self::Hugging15 => 15,
        }
    }

    /// Whether the pattern ends at the last point of `z`.
    fn ends(self, z: &[f64]) -> bool {
        let Some(&last) = z.last() else {
            return false;
        };
        match self {
            Self::Beyond3Sigma => last.abs() > 3.0,
            Self::TwoOf3Beyond2Sigma => some_beyond(z, 3, 2, 2.0),
            Self::FourOf5Beyond1Sigma => some_beyond(z, 5, 4, 1.0),
            _ => tail(z, self.span()).is_some_and(|points| self.whole(points)),
        }
    }

    /// Patterns in which every point of the span takes part.
    fn whole(self, points: &[f64]) -> bool {
        let all = |test: fn(f64) -> bool| points.iter().all(|&z| test(z));
        match self {
            Self::Run8 | Self::Run9 => all(|z| z > 0.0) || all(|z| z < 0.0),
            Self::Trend6 => {
                points.windows(2).all(|w| w[1] > w[0]) || points.windows(2).all(|w| w[1] < w[0])
            }
            Self::Alternating14 => points
                .windows(3)
                .all(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0),
            Self::Hugging15 => all(|z| z.abs() < 1.0),
            Self::Mixture8 => {
                all(|z| z.abs() > 1.0)
                    && points.iter().any(|&z| z > 0.0)
                    && points.iter().any(|&z| z < 0.0)
            }
            Self::Beyond3Sigma | Self::TwoOf3Beyond2Sigma | Self::FourOf5Beyond1Sigma => false,
        }
    }
}

fn tail(z: &[f64], span: usize) -> Option<&[f64]> {
    z.len().checked_sub(span).map(|start| &z[start..])
}

/// Whether the last point and enough of those before it lie beyond `distance`
/// on one side. Fewer points than `span` can suffice at the start of a chart.
fn some_beyond(z: &[f64], span: usize, needed: usize, distance: f64) -> bool {
    let points = &z[z.len().saturating_sub(span)..];
    let Some(&last) = points.last() else {
        return false;
    };
    [1.0, -1.0].into_iter().any(|sign| {
        sign * last > distance && points.iter().filter(|&&z| sign * z > distance).count() >= needed
    })
}

/// The rules that fire at each point. `z` are distances from the centre in
/// standard deviations; a missing one ends every pattern.
#[must_use]
pub fn run_rules(z: &[Option<f64>], rules: &[RunRule]) -> Vec<Vec<RunRule>> {
    let longest = rules.iter().map(|rule| rule.span()).max().unwrap_or(0);
    let mut recent: Vec<f64> = Vec::with_capacity(z.len());
    z.iter()
        .map(|point| {
            let Some(point) = *point else {
                recent.clear();
                return Vec::new();
            };
            recent.push(point);
            let window = &recent[recent.len().saturating_sub(longest)..];
            rules
                .iter()
                .copied()
                .filter(|rule| rule.ends(window))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The positions, from 1, at which `rule` fires.
    fn fires(rule: RunRule, z: &[f64]) -> Vec<usize> {
        let z: Vec<Option<f64>> = z.iter().copied().map(Some).collect();
        let fired = run_rules(&z, &[rule]);
        (0..z.len())
            .filter(|&i| !fired[i].is_empty())
            .map(|i| i + 1)
            .collect()
    }

    #[test]
    fn each_rule_fires_at_the_point_that_completes_it_and_not_before() {
        assert_eq!(fires(RunRule::Beyond3Sigma, &[0.0, 3.0, 3.1, -3.1]), [3, 4]);
        assert_eq!(fires(RunRule::Run8, &[0.1; 9]), [8, 9]);
        assert_eq!(fires(RunRule::Run9, &[-0.1; 9]), [9]);
        assert_eq!(
            fires(RunRule::Trend6, &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5]),
            [6]
        );
        let mut zigzag = [0.5; 14];
        for i in (0..14).step_by(2) {
            zigzag[i] = -0.5;
        }
        assert_eq!(fires(RunRule::Alternating14, &zigzag), [14]);
        assert_eq!(
            fires(RunRule::TwoOf3Beyond2Sigma, &[2.1, 0.0, 2.2, 0.0]),
            [3]
        );
        assert_eq!(
            fires(RunRule::TwoOf3Beyond2Sigma, &[2.1, -2.2, 0.0]),
            [0; 0]
        );
        assert_eq!(
            fires(RunRule::FourOf5Beyond1Sigma, &[-1.1, -1.2, 0.0, -1.3, -1.4]),
            [5]
        );
        assert_eq!(fires(RunRule::Hugging15, &[0.9; 15]), [15]);
        assert_eq!(
            fires(
                RunRule::Mixture8,
                &[1.5, -1.5, 1.1, 1.2, 1.3, -1.1, 1.9, 1.4]
            ),
            [8]
        );
        // All on one side is a run and no mixture.
        assert_eq!(fires(RunRule::Mixture8, &[1.5; 8]), [0; 0]);
    }

    #[test]
    fn a_point_on_the_centre_or_a_missing_one_breaks_a_run() {
        let mut z = [0.1; 9];
        z[4] = 0.0;
        assert_eq!(fires(RunRule::Run9, &z), [0; 0]);
        let mut gap: Vec<Option<f64>> = vec![Some(0.1); 12];
        gap[5] = None;
        assert!(run_rules(&gap, &NELSON).iter().all(Vec::is_empty));
    }

    #[test]
    fn the_sets_are_the_published_ones() {
        assert!(WESTERN_ELECTRIC.contains(&RunRule::Run8));
        assert!(!WESTERN_ELECTRIC.contains(&RunRule::Run9));
        let ours: Vec<usize> = DEFAULT
            .iter()
            .map(|rule| NELSON.iter().position(|n| n == rule).unwrap() + 1)
            .collect();
        assert_eq!(ours, [1, 2, 3, 5, 6]);
    }
}
