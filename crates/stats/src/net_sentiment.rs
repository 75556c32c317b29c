//! The balance of what people say.

use crate::error::ratio;

/// Texts by sentiment, mergeable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sentiments {
    /// Number of positive texts.
    pub positive: u64,
    /// Number of neutral texts.
    pub neutral: u64,
    /// Number of negative texts.
    pub negative: u64,
}

impl Sentiments {
    /// Counts one text by the sign of its sentiment.
    pub fn update(&mut self, sentiment: f64) {
        if sentiment > 0.0 {
            self.positive += 1;
        } else if sentiment < 0.0 {
            self.negative += 1;
        } else if sentiment == 0.0 {
            self.neutral += 1;
        }
    }

    /// Counts the texts of another state.
    pub fn merge(&mut self, other: &Self) {
        self.positive += other.positive;
        self.neutral += other.neutral;
        self.negative += other.negative;
    }

    /// (positive − negative) / all, from -1 to 1; `None` without texts.
    #[must_use]
    pub fn net(&self) -> Option<f64> {
        let all = self.positive + self.neutral + self.negative;
        ratio(self.positive as f64 - self.negative as f64, all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_balance_counts_neutral_texts_and_ignores_unknown_ones() {
        let mut texts = Sentiments::default();
        assert_eq!(texts.net(), None);
        for sentiment in [0.9, 0.1, -0.4, 0.0, f64::NAN] {
            texts.update(sentiment);
        }
        let mut merged = Sentiments::default();
        merged.merge(&texts);
        assert_eq!(merged.net(), Some(0.25));
    }
}
