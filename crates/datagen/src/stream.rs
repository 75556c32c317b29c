//! Random streams: one per topic and entity, so that a draw more in one place
//! moves nothing elsewhere.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream decides. The discriminant is part of the stream's number:
/// appending a topic leaves the others as they are, reordering does not.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    Person = 1,
    Purchase,
    Basket,
    Delivery,
    Return,
    Refund,
    Survey,
    Ticket,
    Interaction,
    Campaign,
    Dirt,
    Failure,
    Web,
}

/// Draws for one topic of one entity.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, topic: Topic, entity: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // 48 bits of entity below the topic: no shop has 280 billion customers.
        rng.set_stream(((topic as u64) << 48) | (entity & ((1 << 48) - 1)));
        Self(rng)
    }

    /// Returns a number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Returns a whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// Returns an exponential waiting time.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Returns a share from the beta distribution with whole parameters: the
    /// `a`-th smallest of `a + b - 1` draws.
    pub(crate) fn beta(&mut self, a: u32, b: u32) -> f64 {
        let mut draws: Vec<f64> = (1..a + b).map(|_| self.unit()).collect();
        draws.sort_by(f64::total_cmp);
        draws.get(a as usize - 1).copied().unwrap_or(0.5)
    }

    /// Returns an index, drawn in proportion to the weights.
    pub(crate) fn index(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let total: f64 = weights.clone().sum();
        let mut left = self.unit() * total;
        let mut last = 0;
        for (idx, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = idx;
                if left < weight {
                    return idx;
                }
                left -= weight;
            }
        }
        last
    }

    /// Returns one of the choices, drawn in proportion to its weight.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[(T, f64)]) -> T {
        choices[self.index(choices.iter().map(|choice| choice.1))].0
    }
}
