//! Shares, means and ratios with their standard errors.

use std::collections::HashMap;

use aftersight_datagen::CustomerId;

/// A number and its standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Estimate {
    /// Difference of two independent numbers.
    pub(crate) fn less(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            error: self.error.hypot(other.error),
        }
    }
}

/// Hits among trials.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    pub(crate) hits: f64,
    pub(crate) trials: f64,
}

impl Share {
    pub(crate) fn add(&mut self, is_hit: bool) {
        self.hits += f64::from(u8::from(is_hit));
        self.trials += 1.0;
    }

    pub(crate) fn value(self) -> f64 {
        self.hits / self.trials
    }

    /// Never nothing: with half a hit more it could be another.
    pub(crate) fn variance(self) -> f64 {
        let trials = self.trials + 1.0;
        let padded = (self.hits + 0.5) / trials;
        padded * (1.0 - padded) / trials
    }

    pub(crate) fn estimate(self) -> Estimate {
        Estimate {
            value: self.value(),
            error: self.variance().sqrt(),
        }
    }
}

pub(crate) fn difference(after: Share, before: Share) -> Estimate {
    Estimate {
        value: after.value() - before.value(),
        error: (after.variance() + before.variance()).sqrt(),
    }
}

/// Ratio of two shares; the error by the delta method on the logarithm.
pub(crate) fn ratio(of: Share, to: Share) -> Estimate {
    let value = of.value() / to.value();
    let log = (1.0 - of.value()) / of.hits + (1.0 - to.value()) / to.hits;
    Estimate {
        value,
        error: value * log.sqrt(),
    }
}

/// Ratio of two counts, each for its exposure. Nothing counted is a rate of
/// nothing, whose error is that of one event.
pub(crate) fn rates(of: (f64, f64), to: (f64, f64)) -> Estimate {
    let rate = to.0 / to.1;
    let value = of.0 / of.1 / rate;
    let one = (of.0.max(1.0)).sqrt() / of.1 / rate;
    Estimate {
        value,
        error: one.hypot(value / to.0.sqrt()),
    }
}

/// Pearson's correlation of pairs.
pub(crate) fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> Estimate {
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let n = pairs.len() as f64;
    let mean_x = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
        xy += (x - mean_x) * (y - mean_y);
    }
    let value = xy / (xx * yy).sqrt();
    Estimate {
        value,
        error: (1.0 - value * value) / n.sqrt(),
    }
}

/// Hits among trials that come together by customer.
#[derive(Default)]
pub(crate) struct Clusters {
    by_customer: HashMap<CustomerId, Share>,
    alone: Vec<Share>,
}

impl Clusters {
    pub(crate) fn add(&mut self, customer: Option<CustomerId>, hits: f64, trials: f64) {
        match customer {
            Some(id) => {
                let share = self.by_customer.entry(id).or_default();
                share.hits += hits;
                share.trials += trials;
            }
            None => self.alone.push(Share { hits, trials }),
        }
    }

    /// The ratio of the sums, whose unit is the customer.
    pub(crate) fn estimate(&self) -> Estimate {
        let all = || self.by_customer.values().chain(&self.alone);
        let trials: f64 = all().map(|share| share.trials).sum();
        let value = all().map(|share| share.hits).sum::<f64>() / trials;
        let squares: f64 = all()
            .map(|share| (share.hits - value * share.trials).powi(2))
            .sum();
        Estimate {
            value,
            error: squares.sqrt() / trials,
        }
    }
}

/// Sums of a number, for a mean and its error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) n: f64,
    pub(crate) sum: f64,
    pub(crate) squares: f64,
}

impl Sums {
    pub(crate) fn add(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub(crate) fn mean(self) -> f64 {
        self.sum / self.n
    }

    pub(crate) fn variance_of_mean(self) -> f64 {
        (self.squares / self.n - self.mean() * self.mean()) / self.n
    }

    pub(crate) fn less(self, other: Self) -> Estimate {
        Estimate {
            value: self.mean() - other.mean(),
            error: (self.variance_of_mean() + other.variance_of_mean()).sqrt(),
        }
    }

    /// Ratio of two means.
    pub(crate) fn over(self, other: Self) -> Estimate {
        let value = self.mean() / other.mean();
        let relative = |sums: Self| sums.variance_of_mean() / sums.mean().powi(2);
        Estimate {
            value,
            error: value * (relative(self) + relative(other)).sqrt(),
        }
    }
}

/// +100, 0 or -100 for a promoter, a passive or a detractor.
pub(crate) fn points(score: f64) -> f64 {
    match score as i64 {
        9.. => 100.0,
        7..=8 => 0.0,
        _ => -100.0,
    }
}
