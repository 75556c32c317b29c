//! Net promoter score: categories, score, standard error and intervals.
//!
//! Promoters answer 9 or 10, passives 7 or 8, detractors 0 to 6 (Reichheld
//! 2003). With the coding +1, 0, -1 the score is 100 times a mean, and all else
//! follows from that mean. Everything here works on the share of weight in each
//! category, so weighted and unweighted answers take the same path.

/// The place of an answer among the counts of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Promoter = 0,
    Passive = 1,
    Detractor = 2,
    Invalid = 3,
}

/// The category of each whole score from 0 to 10; one more place for all above.
const CATEGORIES: [Category; 12] = {
    use Category::{Detractor as D, Invalid, Passive, Promoter};
    [
        D, D, D, D, D, D, D, Passive, Passive, Promoter, Promoter, Invalid,
    ]
};

/// Returns the category of a score. Fractions are invalid, not rounded: 6.5 is no one's answer.
#[inline]
pub(crate) fn category(score: f64) -> Category {
    // The cast saturates and turns NaN into 0; the comparison then finds it out.
    let whole = score as u8;
    if f64::from(whole) == score {
        CATEGORIES[usize::from(whole.min(11))]
    } else {
        Category::Invalid
    }
}

/// How to build an interval around a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    AdjustedWald,
    Wald,
}

/// The names of the methods in SQL, the default first.
pub(crate) const METHODS: [(&str, Method); 2] = [
    ("adjusted_wald", Method::AdjustedWald),
    ("wald", Method::Wald),
];

/// Valid answers of one group: sums of weights and of squared weights, in the order of [`Category`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Answers {
    pub(crate) weights: [f64; 3],
    pub(crate) squares: [f64; 3],
}

impl Answers {
    /// Builds the answers of a group where each counts once.
    pub(crate) fn counted(promoters: i64, passives: i64, detractors: i64) -> Self {
        let counts = [promoters, passives, detractors].map(|n| n as f64);
        Self {
            weights: counts,
            squares: counts,
        }
    }

    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Returns the mean of the coding, or nothing without answers of any weight.
    fn mean(&self) -> Option<f64> {
        let [promoters, _, detractors] = self.weights;
        let total = self.total();
        (total > 0.0).then(|| (promoters - detractors) / total)
    }

    /// Returns the score in points.
    pub(crate) fn score(&self) -> Option<f64> {
        finite(100.0 * self.mean()?)
    }

    /// Returns the standard error in points.
    ///
    /// The linearised error of a ratio, sqrt(sum w^2 (c - mean)^2) / sum w, which
    /// for equal weights is sqrt(variance / n) with divisor n. A sum of squares
    /// of deviations has nothing to cancel, unlike a difference of moments.
    pub(crate) fn standard_error(&self) -> Option<f64> {
        let mean = self.mean()?;
        finite(100.0 * spread(self.squares, mean).sqrt() / self.total())
    }

    /// Returns an interval in points, cut to -100..100; `z` sets its level.
    pub(crate) fn interval(&self, method: Method, z: f64) -> Option<(f64, f64)> {
        self.interval_of(method, z, || self.standard_error(), 1.0)
    }

    /// Returns an interval, given the standard error and how many answers count as one.
    fn interval_of(
        &self,
        method: Method,
        z: f64,
        standard_error: impl FnOnce() -> Option<f64>,
        effect: f64,
    ) -> Option<(f64, f64)> {
        let (centre, half_width) = match method {
            Method::Wald => (self.score()?, z * standard_error()?),
            Method::AdjustedWald => self.adjusted(z, effect)?,
        };
        let lower = finite(centre - half_width)?.clamp(-100.0, 100.0);
        let upper = finite(centre + half_width)?.clamp(-100.0, 100.0);
        Some((lower, upper))
    }

    /// Returns centre and half width after adding three answers: 3/4 promoter, 3/4 detractor, 3/2 passive.
    ///
    /// With weights the number of answers is Kish's effective number, (sum w)^2 / sum w^2.
    fn adjusted(&self, z: f64, effect: f64) -> Option<(f64, f64)> {
        self.mean()?;
        let total = self.total();
        let n = total * (total / self.squares.iter().sum::<f64>()) / effect;
        let added = [0.75, 1.5, 0.75];
        let shares: [f64; 3] =
            std::array::from_fn(|i| (self.weights[i] / total * n + added[i]) / (n + 3.0));
        let mean = shares[0] - shares[2];
        let error = (spread(shares, mean) / (n + 3.0)).sqrt();
        Some((100.0 * mean, 100.0 * z * error))
    }
}

/// Answers of which those of one cluster may be alike.
#[derive(Debug)]
pub(crate) struct Clustering<'a> {
    answers: &'a Answers,
    /// Promoters less detractors, and all.
    net: f64,
    total: f64,
    /// Squares of what clusters contribute to the mean.
    variance: f64,
    /// Squares of what clusters weigh.
    squares: f64,
}

impl<'a> Clustering<'a> {
    /// Begins with all answers; nothing where they have no mean.
    pub(crate) fn new(answers: &'a Answers) -> Option<Self> {
        answers.mean()?;
        let [promoters, _, detractors] = answers.weights;
        Some(Self {
            answers,
            net: promoters - detractors,
            total: answers.total(),
            variance: 0.0,
            squares: 0.0,
        })
    }

    /// Adds answers that are a cluster each, by the squares of their weights.
    pub(crate) fn add_answers(&mut self, squares: [f64; 3]) {
        for (squares, code) in squares.into_iter().zip([1.0, 0.0, -1.0]) {
            self.variance += squares * self.contribution(code, 1.0).powi(2);
            self.squares += squares;
        }
    }

    /// Adds a cluster, by the weights of its answers.
    pub(crate) fn add_cluster(&mut self, weights: [f64; 3]) {
        let [promoters, _, detractors] = weights;
        let weight: f64 = weights.iter().sum();
        self.variance += self.contribution(promoters - detractors, weight).powi(2);
        self.squares += weight.powi(2);
    }

    /// Returns the weighted deviations from the mean, in whole numbers for whole
    /// weights, so that what cancels is 0 and no rounding.
    fn contribution(&self, net: f64, weight: f64) -> f64 {
        (net * self.total - self.net * weight) / self.total / self.total
    }

    /// Returns the linearised error in points: the root of the summed squares of
    /// what each cluster contributes to the mean.
    pub(crate) fn standard_error(&self) -> Option<f64> {
        finite(100.0 * self.variance.sqrt())
    }

    /// Returns an interval in points, as [`Answers::interval`] does.
    ///
    /// The effective number of answers is divided by the design effect, the squared
    /// ratio of the errors with and without clusters (Korn and Graubard 1998), at least 1.
    /// Where all are of one mind both errors are 0, and a cluster counts as one answer.
    pub(crate) fn interval(&self, method: Method, z: f64) -> Option<(f64, f64)> {
        let independent = self.answers.standard_error()?;
        let effect = if independent > 0.0 {
            (self.standard_error()? / independent).powi(2)
        } else {
            self.squares / self.answers.squares.iter().sum::<f64>()
        };
        let effect = if effect > 1.0 && effect.is_finite() {
            effect
        } else {
            1.0
        };
        self.answers
            .interval_of(method, z, || self.standard_error(), effect)
    }
}

/// Returns the sum of squared deviations of the coding from `mean`, each category counted as given.
fn spread([promoters, passives, detractors]: [f64; 3], mean: f64) -> f64 {
    promoters * (1.0 - mean).powi(2) + passives * mean.powi(2) + detractors * (1.0 + mean).powi(2)
}

/// Returns `x` unless it is infinite or not a number.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::normal::two_sided_z;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    /// R package NPS 1.1 maps -2..12 so: NA for what is not 0..10.
    #[test]
    fn whole_scores_fall_into_the_published_categories() {
        for score in -2..=12 {
            let expected = match score {
                0..=6 => Category::Detractor,
                7 | 8 => Category::Passive,
                9 | 10 => Category::Promoter,
                _ => Category::Invalid,
            };
            assert_eq!(category(f64::from(score)), expected, "{score}");
        }
    }

    #[test]
    fn fractions_and_what_is_no_number_are_invalid() {
        for score in [6.5, 8.999, 10.000_001, -0.5, 300.0, f64::NAN, f64::INFINITY] {
            assert_eq!(category(score), Category::Invalid, "{score}");
        }
        assert_eq!(category(-0.0), Category::Detractor);
    }

    /// The box model of whuber (stats.stackexchange 18603): one half promoters,
    /// one third passives: NPS 1/3, variance 5/9.
    #[test]
    fn the_box_model_has_its_published_score_and_variance() {
        let answers = Answers::counted(3, 2, 1);
        close(answers.score().unwrap(), 100.0 / 3.0);
        let variance = (answers.standard_error().unwrap() / 100.0).powi(2) * 6.0;
        close(variance, 5.0 / 9.0);
    }

    /// n = 100, 50 promoters, 20 detractors: formulas of R NPS 1.1 and of
    /// Lewis and Sauro (measuringu.com), worked out by hand.
    #[test]
    fn intervals_agree_with_the_published_formulas() {
        let answers = Answers::counted(50, 30, 20);
        let z = two_sided_z(0.95);
        close(answers.score().unwrap(), 30.0);
        close(answers.standard_error().unwrap(), 7.810_249_675_906_654);
        let (lower, upper) = answers.interval(Method::Wald, z).unwrap();
        close(lower, 14.692_191_924_957_33);
        close(upper, 45.307_808_075_042_665);
        let (lower, upper) = answers.interval(Method::AdjustedWald, z).unwrap();
        close(lower, 14.051_130_178_761_607);
        close(upper, 44.201_297_005_704_41);
    }

    #[test]
    fn an_interval_ends_where_the_scale_ends() {
        let (lower, upper) = Answers::counted(10, 0, 0)
            .interval(Method::AdjustedWald, two_sided_z(0.95))
            .unwrap();
        close(lower, 47.503_551_544_790_2);
        close(upper, 100.0);
    }

    #[test]
    fn without_answers_there_is_no_score() {
        let none = Answers::counted(0, 0, 0);
        assert_eq!(none.score(), None);
        assert_eq!(none.standard_error(), None);
        assert_eq!(none.interval(Method::AdjustedWald, 1.96), None);
    }

    #[test]
    fn the_scale_of_the_weights_does_not_matter() {
        let scaled = |w: f64| Answers {
            weights: [3.0, 2.0, 1.0].map(|n| n * w),
            squares: [3.0, 2.0, 1.0].map(|n| n * w * w),
        };
        let plain = Answers::counted(3, 2, 1);
        for w in [1e-6, 1.0, 1e6] {
            close(scaled(w).score().unwrap(), plain.score().unwrap());
            close(
                scaled(w).standard_error().unwrap(),
                plain.standard_error().unwrap(),
            );
            let (lower, _) = scaled(w).interval(Method::AdjustedWald, 1.96).unwrap();
            close(lower, plain.interval(Method::AdjustedWald, 1.96).unwrap().0);
        }
    }
}
