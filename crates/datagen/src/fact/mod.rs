//! What was planted in the shop, in words, as a comparison, and with its size.
//!
//! Tests read this list twice: once against the raw rows, to show that the
//! generator does what it says, and once against the views, to show that an
//! analyst would find it.

mod deliveries;
mod desk;
mod goods;
mod opinions;
mod returns;
mod sales;

use std::ops::RangeInclusive;

use crate::timeline::Mark;

/// One thing that is true of a shop with a story.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedFact {
    /// Name in tests.
    pub id: &'static str,
    /// What is true, in a sentence.
    pub what: &'static str,
    /// What is to be compared with what to see it.
    pub compare: Comparison,
    /// How `size` is to be read.
    pub unit: Unit,
    /// Expected size in the raw rows: the planted parameter where the rows show
    /// it directly, else the mean over eighty seeds of the demo.
    pub size: f64,
    /// The same in a shop without a story: mostly that of no difference.
    pub quiet: f64,
    /// Standard deviation of the measured size over seeds of the demo, which
    /// has about 20,000 orders.
    pub spread: f64,
}

/// A comparison of two groups of rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Canonical table the rows are of.
    pub table: &'static str,
    /// What is counted or averaged over them.
    pub measure: &'static str,
    /// Column, or property of a row, that tells the groups apart.
    pub by: &'static str,
    /// Where the fact shows.
    pub of: &'static str,
    /// What that is compared with.
    pub to: &'static str,
    /// When the fact holds.
    pub when: When,
}

/// When a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In all of the data.
    Always,
    /// In the span of a mark, which the shop's
    /// [`Timeline`](crate::Timeline) gives in days.
    During(Mark),
    /// At an age of the goods: days since delivery.
    AtAge {
        /// First day of age.
        from_days: u32,
        /// Day of age after the last.
        until_days: u32,
    },
}

/// How the size of a fact is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One rate divided by another.
    Ratio,
    /// A fraction, or one fraction less another.
    Fraction,
    /// NPS points, one less another.
    Points,
    /// Steps of a rating from 1 to 5, one mean less another.
    Stars,
    /// A correlation, from -1 to 1.
    Correlation,
    /// Days.
    Days,
}

/// Orders of the shop for which `spread` is stated.
const DEMO_ORDERS: f64 = 20_000.0;

/// Spreads around the size in which a measurement counts as agreeing: with some
/// fifty facts a correct one is outside once in 300 shops.
const NEAR: f64 = 4.0;

impl PlantedFact {
    /// Returns whether there is a difference to be found at all. Some facts say
    /// that there is none.
    #[must_use]
    pub fn is_effect(&self) -> bool {
        self.size != self.quiet
    }

    /// Returns 1 where the size is above that of a shop without a story, -1
    /// where it is below, 0 where it is the same.
    #[must_use]
    pub fn sign(&self) -> i8 {
        i8::from(self.size > self.quiet) - i8::from(self.size < self.quiet)
    }

    /// Returns the interval in which a measurement on a shop of about so many
    /// orders should lie.
    #[must_use]
    pub fn interval(&self, orders: u32) -> RangeInclusive<f64> {
        let half = NEAR * self.spread * (DEMO_ORDERS / f64::from(orders.max(1))).sqrt();
        self.size - half..=self.size + half
    }
}

/// Everything that is planted.
pub const FACTS: &[PlantedFact] = &GATHERED;

const PARTS: [&[PlantedFact]; 6] = [
    sales::FACTS,
    deliveries::FACTS,
    returns::FACTS,
    goods::FACTS,
    opinions::FACTS,
    desk::FACTS,
];

const N_FACTS: usize = {
    let (mut n, mut part) = (0, 0);
    while part < PARTS.len() {
        n += PARTS[part].len();
        part += 1;
    }
    n
};

const GATHERED: [PlantedFact; N_FACTS] = {
    let mut all = [PARTS[0][0]; N_FACTS];
    let (mut n, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut idx = 0;
        while idx < PARTS[part].len() {
            all[n] = PARTS[part][idx];
            n += 1;
            idx += 1;
        }
        part += 1;
    }
    all
};
