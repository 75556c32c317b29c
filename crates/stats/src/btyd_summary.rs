//! From purchases to (x, t_x, T, monetary): the inputs of the purchase models.
//!
//! Time is counted in periods, whose number a day belongs to is plain integer
//! arithmetic on days since 1970-01-01. Purchases in one period are one
//! purchase whose value is their sum; the first period is the customer's start
//! and is neither a repeat nor part of the mean value. This is lifetimes'
//! `summary_data_from_transaction_data`, and equals it on its own tests.

use std::collections::BTreeMap;

use crate::error::{Result, StatsError};
use crate::time::civil::civil_from_day;

/// The grid on which purchases are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Calendar days.
    Day,
    /// Weeks from Monday to Sunday.
    Week,
    /// Calendar months.
    Month,
}

impl Period {
    /// The period's running number for a day counted from 1970-01-01.
    #[must_use]
    pub fn index(self, day: i32) -> i64 {
        let day = i64::from(day);
        match self {
            Self::Day => day,
            // 1970-01-01 was a Thursday: three days after a Monday.
            Self::Week => (day + 3).div_euclid(7),
            Self::Month => month_index(day),
        }
    }
}

/// Months since January of year 0.
fn month_index(day: i64) -> i64 {
    let (year, month, _) = civil_from_day(day);
    year * 12 + i64::from(month) - 1
}

/// Purchases of one customer, by period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchases {
    // The value of a period is None when one of its purchases has no value.
    by_period: BTreeMap<i64, Option<f64>>,
}

/// What the models need of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Periods with a purchase after the first one.
    pub x: u64,
    /// Periods from the first to the last purchase.
    pub t_x: u64,
    /// Periods from the first purchase to the end of observation.
    pub t: u64,
    /// Mean value of the repeat periods; 0 without any, `None` when a value is
    /// missing.
    pub monetary: Option<f64>,
}

/// What the time after the calibration brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holdout {
    /// Periods with a purchase.
    pub x: u64,
    /// Its length in periods.
    pub t: u64,
    /// Mean value of the periods with a purchase; 0 without any.
    pub monetary: Option<f64>,
}

impl Purchases {
    /// No purchases yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a purchase on `day` (days since 1970-01-01).
    pub fn update(&mut self, period: Period, day: i32, value: Option<f64>) {
        let entry = self.by_period.entry(period.index(day)).or_insert(Some(0.0));
        *entry = entry.zip(value).map(|(sum, value)| sum + value);
    }

    /// Counts the purchases of another state of the same customer and period.
    pub fn merge(&mut self, other: &Self) {
        for (index, value) in &other.by_period {
            let entry = self.by_period.entry(*index).or_insert(Some(0.0));
            *entry = entry.zip(*value).map(|(sum, value)| sum + value);
        }
    }

    /// The periods with their values, in order, for shipping.
    pub fn periods(&self) -> impl Iterator<Item = (i64, Option<f64>)> + '_ {
        self.by_period.iter().map(|(index, value)| (*index, *value))
    }

    /// Rebuilds a state from [`periods`](Self::periods).
    #[must_use]
    pub fn from_periods(periods: impl IntoIterator<Item = (i64, Option<f64>)>) -> Self {
        Self {
            by_period: periods.into_iter().collect(),
        }
    }

    /// Summary up to and including `last_day`; `None` when the customer has
    /// not bought by then.
    #[must_use]
    pub fn summary(&self, period: Period, last_day: i32) -> Option<Summary> {
        let end = period.index(last_day);
        let mut seen = self.by_period.range(..=end);
        let (&first, _) = seen.next()?;
        let mut x = 0;
        let mut last = first;
        let mut total = Some(0.0);
        for (&index, value) in seen {
            x += 1;
            last = index;
            total = total.zip(*value).map(|(sum, value)| sum + value);
        }
        Some(Summary {
            x,
            t_x: last.abs_diff(first),
            t: end.abs_diff(first),
            monetary: if x == 0 {
                Some(0.0)
            } else {
                total.map(|sum| sum / x as f64)
            },
        })
    }

    /// What these purchases, which must all be later than `calibration_end`, brought up to
    /// `observation_end`; a state of their own, since a period may hold days of both.
    pub fn holdout(
        &self,
        period: Period,
        calibration_end: i32,
        observation_end: i32,
    ) -> Result<Holdout> {
        if calibration_end >= observation_end {
            return Err(StatsError::argument(
                "calibration_end",
                "must be before the end of observation",
            ));
        }
        let (from, to) = (period.index(calibration_end), period.index(observation_end));
        let mut x = 0;
        let mut total = Some(0.0);
        for (_, value) in self.by_period.range(from..=to) {
            x += 1;
            total = total.zip(*value).map(|(sum, value)| sum + value);
        }
        let monetary = match x {
            0 => Some(0.0),
            _ => total.map(|sum| sum / x as f64),
        };
        Ok(Holdout {
            x,
            t: to.abs_diff(from),
            monetary,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2015-01-01 is day 16436.
    const JAN_1: i32 = 16_436;
    const FEB_7: i32 = JAN_1 + 37;

    fn purchases(period: Period, days: &[(i32, f64)]) -> Purchases {
        let mut purchases = Purchases::new();
        for &(day, value) in days {
            purchases.update(period, day, Some(value));
        }
        purchases
    }

    // lifetimes, tests/test_utils.py.
    #[test]
    fn daily_summaries_are_the_published_ones() {
        let third = purchases(
            Period::Day,
            &[(JAN_1, 3.0), (JAN_1 + 1, 1.0), (JAN_1 + 4, 5.0)],
        );
        assert_eq!(
            third.summary(Period::Day, FEB_7),
            Some(Summary {
                x: 2,
                t_x: 4,
                t: 37,
                monetary: Some(3.0)
            })
        );
        let sixth = purchases(Period::Day, &[(JAN_1 + 32, 5.0)]);
        assert_eq!(
            sixth.summary(Period::Day, FEB_7),
            Some(Summary {
                x: 0,
                t_x: 0,
                t: 5,
                monetary: Some(0.0)
            })
        );
    }

    #[test]
    fn weekly_summaries_count_weeks_that_end_on_sunday() {
        // 2015-02-01 is a Sunday, 2015-02-02 a Monday.
        assert_eq!(
            Period::Week.index(JAN_1 + 32),
            Period::Week.index(JAN_1 + 31) + 1
        );
        let fourth = purchases(
            Period::Week,
            &[(JAN_1 + 15, 6.0), (JAN_1 + 32, 3.0), (JAN_1 + 35, 3.0)],
        );
        let summary = fourth.summary(Period::Week, FEB_7).unwrap();
        assert_eq!((summary.x, summary.t_x, summary.t), (1, 3, 3));
        let calibration = fourth.summary(Period::Week, JAN_1 + 31).unwrap();
        assert_eq!((calibration.x, calibration.t), (0, 2));
        let later = purchases(Period::Week, &[(JAN_1 + 32, 3.0), (JAN_1 + 35, 3.0)]);
        let holdout = later.holdout(Period::Week, JAN_1 + 31, FEB_7).unwrap();
        assert_eq!((holdout.x, holdout.t, holdout.monetary), (1, 1, Some(6.0)));
    }

    #[test]
    fn months_follow_the_calendar() {
        // 2000-02-29, 2000-03-01, 2015-12-31, 2016-01-01, 1969-12-31.
        assert_eq!(Period::Month.index(11_016), 2000 * 12 + 1);
        assert_eq!(Period::Month.index(11_017), 2000 * 12 + 2);
        assert_eq!(Period::Month.index(16_800), 2016 * 12 - 1);
        assert_eq!(Period::Month.index(16_801), 2016 * 12);
        assert_eq!(Period::Month.index(-1), 1969 * 12 + 11);
    }

    #[test]
    fn the_input_order_does_not_matter_and_the_first_purchase_is_by_date() {
        let customer = purchases(
            Period::Day,
            &[(16_169, 20.0), (16_143, 10.0), (16_211, 25.0)],
        );
        let summary = customer.summary(Period::Day, 16_211).unwrap();
        assert_eq!(summary.monetary, Some(22.5));
    }

    #[test]
    fn what_happens_after_the_last_day_is_not_seen() {
        let customer = purchases(Period::Day, &[(100, 1.0), (110, 2.0), (120, 4.0)]);
        assert_eq!(customer.summary(Period::Day, 99), None);
        assert_eq!(customer.summary(Period::Day, 115).unwrap().x, 1);
        assert!(customer.holdout(Period::Day, 115, 115).is_err());
    }

    #[test]
    fn a_missing_value_makes_the_mean_unknown_and_not_smaller() {
        let mut customer = purchases(Period::Day, &[(1, 1.0), (2, 2.0)]);
        customer.update(Period::Day, 3, None);
        assert_eq!(customer.summary(Period::Day, 9).unwrap().monetary, None);
        let rebuilt = Purchases::from_periods(customer.periods());
        assert_eq!(rebuilt, customer);
    }
}
