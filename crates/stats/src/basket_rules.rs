//! What is bought, or sent back, together: support, confidence and lift.

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
///
/// Takes a step for every two frequent things of a basket, and memory for the
/// baskets and the rules, however many pairs there could be: what goes with a
/// thing is counted in a row of counters of its own, then the next thing's.
#[must_use]
pub fn basket_rules<T: Clone + Ord>(baskets: &[Vec<T>], min_support: f64) -> Vec<BasketRule<T>> {
    let total = baskets.len() as u64;
    let enough = |count: u64| count > 0 && count as f64 >= min_support * total as f64;
    let (things, baskets) = frequent(baskets, enough);
    let mut holders: Vec<Vec<usize>> = vec![Vec::new(); things.len()];
    for (basket, members) in baskets.iter().enumerate() {
        members
            .iter()
            .for_each(|thing| holders[*thing].push(basket));
    }

    let mut rules = Vec::new();
    let mut both = vec![0_u64; things.len()];
    let mut met = Vec::new();
    for (antecedent, own) in holders.iter().enumerate() {
        for member in own.iter().flat_map(|basket| &baskets[*basket]) {
            if both[*member] == 0 {
                met.push(*member);
            }
            both[*member] += 1;
        }
        met.sort_unstable();
        for consequent in met.drain(..) {
            let both = std::mem::take(&mut both[consequent]);
            if consequent != antecedent && enough(both) {
                rules.push(BasketRule {
                    antecedent: things[antecedent].clone(),
                    consequent: things[consequent].clone(),
                    counts: PairCounts {
                        baskets: total,
                        antecedent: own.len() as u64,
                        consequent: holders[consequent].len() as u64,
                        both,
                    },
                });
            }
        }
    }
    rules
}

/// The things that are in enough baskets, in order, and the baskets of their numbers. A pair
/// is never more frequent than its rarer half, so others cannot be in a rule.
fn frequent<T: Ord>(
    baskets: &[Vec<T>],
    enough: impl Fn(u64) -> bool,
) -> (Vec<&T>, Vec<Vec<usize>>) {
    let mut things: Vec<&T> = baskets.iter().flatten().collect();
    things.sort_unstable();
    things.dedup();
    let mut counts = vec![0; things.len()];
    let mut numbered: Vec<Vec<usize>> = Vec::with_capacity(baskets.len());
    for basket in baskets {
        let numbers = basket.iter().map(|thing| things.binary_search(&thing));
        let mut numbers: Vec<usize> = numbers.filter_map(Result::ok).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.iter().for_each(|number| counts[*number] += 1);
        numbered.push(numbers);
    }

    // Numbers among the frequent alone, in the same order.
    let mut kept = Vec::new();
    let places: Vec<Option<usize>> = things
        .iter()
        .zip(&counts)
        .map(|(thing, count)| {
            enough(*count).then(|| {
                kept.push(*thing);
                kept.len() - 1
            })
        })
        .collect();
    for basket in &mut numbered {
        *basket = basket.iter().filter_map(|number| places[*number]).collect();
    }
    (kept, numbered)
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

    /// Both counts by a loop over all pairs of things and all baskets.
    #[test]
    fn the_rules_are_those_of_a_slow_loop() {
        let mut state = 5_u64;
        let mut draw = |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % n
        };
        let baskets: Vec<Vec<u64>> = (0..60)
            .map(|_| (0..draw(9)).map(|_| draw(4) * draw(8)).collect())
            .collect();
        for min_support in [0.0, 0.03, 0.06] {
            let mut expected = Vec::new();
            for a in 0..32 {
                for b in (0..32).filter(|b| *b != a) {
                    let mut counts = PairCounts::default();
                    for basket in &baskets {
                        counts.update(basket.contains(&a), basket.contains(&b));
                    }
                    if counts.both > 0 && counts.both as f64 >= min_support * 60.0 {
                        expected.push(BasketRule {
                            antecedent: a,
                            consequent: b,
                            counts,
                        });
                    }
                }
            }
            assert!(!expected.is_empty());
            assert_eq!(basket_rules(&baskets, min_support), expected);
        }
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
