//! What is bought, or sent back, together: support, confidence and lift.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ratio;

/// How often two things happen together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairCounts {
    /// Number of baskets.
    pub baskets: u64,
    /// Baskets with the first thing.
    pub antecedent: u64,
    /// Baskets with the second thing.
    pub consequent: u64,
    /// Baskets with both.
    pub both: u64,
}

impl PairCounts {
    /// Counts one basket.
    pub fn update(&mut self, antecedent: bool, consequent: bool) {
        self.baskets += 1;
        self.antecedent += u64::from(antecedent);
        self.consequent += u64::from(consequent);
        self.both += u64::from(antecedent && consequent);
    }

    /// Counts the baskets of another state.
    pub fn merge(&mut self, other: &Self) {
        self.baskets += other.baskets;
        self.antecedent += other.antecedent;
        self.consequent += other.consequent;
        self.both += other.both;
    }

    /// Share of baskets with both.
    #[must_use]
    pub fn support(&self) -> Option<f64> {
        ratio(self.both as f64, self.baskets as f64)
    }

    /// Share of the first thing's baskets that have the second.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        ratio(self.both as f64, self.antecedent as f64)
    }

    /// Confidence over the second thing's share: above 1 they attract.
    #[must_use]
    pub fn lift(&self) -> Option<f64> {
        // One division of whole numbers, so that independence is exactly 1.
        ratio(
            self.both as f64 * self.baskets as f64,
            self.antecedent as f64 * self.consequent as f64,
        )
    }

    /// Support minus what independence would give.
    #[must_use]
    pub fn leverage(&self) -> Option<f64> {
        let n = self.baskets as f64;
        ratio(
            self.both as f64 * n - self.antecedent as f64 * self.consequent as f64,
            n * n,
        )
    }
}

/// A rule from one thing to another.
#[derive(Clone, Debug, PartialEq)]
pub struct BasketRule<T> {
    /// What is there.
    pub antecedent: T,
    /// What is there too.
    pub consequent: T,
    /// How often.
    pub counts: PairCounts,
}

/// All rules between two things whose support reaches `min_support`, ordered
/// by the things. A thing twice in a basket counts once.
#[must_use]
pub fn basket_rules<T: Clone + Ord>(baskets: &[Vec<T>], min_support: f64) -> Vec<BasketRule<T>> {
    let total = baskets.len() as u64;
    let mut singles: BTreeMap<&T, u64> = BTreeMap::new();
    let sets: Vec<BTreeSet<&T>> = baskets
        .iter()
        .map(|basket| basket.iter().collect())
        .collect();
    for set in &sets {
        for item in set {
            *singles.entry(item).or_insert(0) += 1;
        }
    }
    let enough = |count: u64| count > 0 && count as f64 >= min_support * total as f64;
    let mut pairs: BTreeMap<(&T, &T), u64> = BTreeMap::new();
    for set in &sets {
        // A pair is never more frequent than its rarer half.
        let frequent: Vec<&T> = set
            .iter()
            .copied()
            .filter(|item| enough(singles[item]))
            .collect();
        for &a in &frequent {
            for &b in &frequent {
                if a != b {
                    *pairs.entry((a, b)).or_insert(0) += 1;
                }
            }
        }
    }
    pairs
        .into_iter()
        .filter(|(_, both)| enough(*both))
        .map(|((a, b), both)| BasketRule {
            antecedent: a.clone(),
            consequent: b.clone(),
            counts: PairCounts {
                baskets: total,
                antecedent: singles[a],
                consequent: singles[b],
                both,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // mlxtend's user guide.
    #[test]
    fn the_user_guide_s_baskets_have_its_rules() {
        let baskets: Vec<Vec<&str>> = [
            "Milk,Onion,Nutmeg,Kidney Beans,Eggs,Yogurt",
            "Dill,Onion,Nutmeg,Kidney Beans,Eggs,Yogurt",
            "Milk,Apple,Kidney Beans,Eggs",
            "Milk,Unicorn,Corn,Kidney Beans,Yogurt",
            "Corn,Onion,Onion,Kidney Beans,Ice cream,Eggs",
        ]
        .iter()
        .map(|basket| basket.split(',').collect())
        .collect();
        let rules = basket_rules(&baskets, 0.6);
        assert_eq!(rules.len(), 10);
        let rule = rules
            .iter()
            .find(|rule| (rule.antecedent, rule.consequent) == ("Onion", "Eggs"))
            .unwrap();
        assert_eq!(rule.counts.support(), Some(0.6));
        assert_eq!(rule.counts.confidence(), Some(1.0));
        assert_eq!(rule.counts.lift(), Some(1.25));
        assert_eq!(rule.counts.leverage(), Some(0.12));
    }

    #[test]
    fn counting_baskets_one_by_one_gives_the_same_and_nothing_is_null() {
        let mut counts = PairCounts::default();
        assert_eq!((counts.support(), counts.lift()), (None, None));
        for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
            counts.update(a, b);
        }
        let mut merged = PairCounts::default();
        merged.merge(&counts);
        assert_eq!((merged.lift(), merged.leverage()), (Some(1.0), Some(0.0)));
        assert!(basket_rules::<u8>(&[], 0.1).is_empty());
    }
}
