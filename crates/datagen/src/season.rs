//! How much is bought on a day: season, weekday, sale days, growth.

use chrono::{Datelike, NaiveDate, Weekday};

use crate::value::day_from_epoch;

/// January to December, against an average month. February is the Spring
/// Festival, June and November have the sale days on top.
const MONTHS: [f64; 12] = [
    0.95, 0.78, 0.95, 0.96, 1.00, 1.08, 0.96, 0.94, 1.00, 1.05, 1.18, 1.15,
];

/// Monday to Sunday, against an average day.
const WEEKDAYS: [f64; 7] = [0.97, 0.95, 0.95, 0.96, 1.00, 1.08, 1.09];

/// Largest value of [`weight`], without growth.
pub(crate) const PEAK: f64 = 1.18 * 1.09 * SINGLES_DAY;

/// Purchases on 11.11 against any November day.
pub(crate) const SINGLES_DAY: f64 = 6.0;

/// Returns the appetite to buy on a local day, about 1 on average; 1 on every
/// day of a shop without a story.
pub(crate) fn weight(day: i64, story: bool) -> f64 {
    if !story {
        return 1.0;
    }
    let date = day_from_epoch(day);
    let season = MONTHS[date.month0() as usize] * WEEKDAYS[weekday_idx(date.weekday())];
    season * sale(date)
}

/// Returns the appetite for a first purchase: as [`weight`], growing by the
/// year.
pub(crate) fn newcomer_weight(day: i64, end: i64, story: bool, growth_per_year: f64) -> f64 {
    let years = (day - end) as f64 / 365.25;
    weight(day, story) * (1.0 + growth_per_year * years).max(0.1)
}

/// Returns the extra appetite on and around the sale days. People wait for a
/// sale, so the days before are quiet.
fn sale(date: NaiveDate) -> f64 {
    match (date.month(), date.day()) {
        (11, 11) => SINGLES_DAY,
        (11, 10) => 0.7,
        (11, 12) => 1.6,
        (11, 5..=9) => 0.85,
        (6, 18) => 3.0,
        (6, 14..=17) => 0.85,
        _ => 1.0,
    }
}

fn weekday_idx(weekday: Weekday) -> usize {
    weekday.num_days_from_monday() as usize
}

/// Cumulative weights of the days on which customers come for the first time.
pub(crate) struct Arrivals {
    first: i64,
    cumulative: Vec<f64>,
}

impl Arrivals {
    pub(crate) fn new(first: i64, end: i64, story: bool, growth_per_year: f64) -> Self {
        let mut total = 0.0;
        let cumulative = (first..end)
            .map(|day| {
                total += newcomer_weight(day, end, story, growth_per_year);
                total
            })
            .collect();
        Self { first, cumulative }
    }

    /// Returns the day at a share of all arrivals; `None` for an empty period.
    pub(crate) fn day(&self, share: f64) -> Option<i64> {
        let target = share * self.cumulative.last()?;
        let idx = self.cumulative.partition_point(|sum| *sum <= target);
        Some(self.first + idx.min(self.cumulative.len() - 1) as i64)
    }
}
