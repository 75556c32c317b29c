//! Shares, means and ratios with their standard errors.

/// A number and its standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) error: f64,
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

    pub(crate) fn variance(self) -> f64 {
        self.value() * (1.0 - self.value()) / self.trials
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
}

/// +100, 0 or -100 for a promoter, a passive or a detractor.
pub(crate) fn points(score: f64) -> f64 {
    match score as i64 {
        9.. => 100.0,
        7..=8 => 0.0,
        _ => -100.0,
    }
}
