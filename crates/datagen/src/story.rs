//! The story of the shop: every planted effect as a number, and when it begins.
//!
//! [`FACTS`](crate::FACTS) describes the same effects to people and tests. The
//! neutral story keeps the machinery and sets each effect to nothing, so that
//! false findings can be counted on shops where there is nothing to find.

use chrono::{Days, NaiveDate};

use crate::Config;
use crate::value::epoch_day;

/// The local days on which parts of the story begin, counted back from the end
/// of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// First day on which the late carrier is late: 17 weeks before the end,
    /// ISO week 30 in the demo.
    pub carrier_late_from: NaiveDate,
    /// First day of refunds at approval instead of after inspection: 40 weeks
    /// before the end.
    pub instant_refunds_from: NaiveDate,
    /// First day of the courier strike: 30 weeks before the end.
    pub strike_from: NaiveDate,
    /// Day after the strike's last: a week later.
    pub strike_until: NaiveDate,
    /// Day on which the campaign that works is sent: 26 weeks before the end.
    pub coupon_sent_on: NaiveDate,
    /// Day on which the campaign without effect is sent: 20 weeks before the
    /// end.
    pub newsletter_sent_on: NaiveDate,
}

impl Timeline {
    /// Returns the days of the story for a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let strike_from = config.weeks_before_end(30);
        Self {
            carrier_late_from: config.weeks_before_end(17),
            instant_refunds_from: config.weeks_before_end(40),
            strike_from,
            strike_until: strike_from
                .checked_add_days(Days::new(7))
                .unwrap_or(strike_from),
            coupon_sent_on: config.weeks_before_end(26),
            newsletter_sent_on: config.weeks_before_end(20),
        }
    }
}

/// Every planted effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    /// Factor on size/fit returns of the article that runs small.
    pub(crate) runs_small_factor: f64,
    /// Factor on damage in transit in the fragile category.
    pub(crate) fragile_factor: f64,
    /// Share of late parcels of the late carrier from its day on.
    pub(crate) late_carrier_share: f64,
    /// Share of late parcels of all carriers during the strike.
    pub(crate) strike_share: f64,
    /// Added probability per line of a return for late delivery.
    pub(crate) late_return: f64,
    /// Share of customers who return most of what they buy.
    pub(crate) serial_share: f64,
    /// NPS of a late order less that of one in time, as a fraction.
    pub(crate) late_nps: f64,
    /// NPS after a return less that without, as a fraction.
    pub(crate) return_nps: f64,
    /// CSAT of a late order less that of one in time.
    pub(crate) late_csat: f64,
    /// Added probability of a ticket when an order is late.
    pub(crate) late_ticket: f64,
    /// Added probability of another order after a return, before and since
    /// instant refunds.
    pub(crate) repeat_after_return: [f64; 2],
    /// Whether refunds become instant at all.
    pub(crate) instant_refunds: bool,
    /// Added probability of an order within two weeks of the coupon.
    pub(crate) coupon_lift: f64,
    /// Share of the warranty tickets that go to one agent.
    pub(crate) warranty_to_one_agent: f64,
    /// Growth of arrivals by the year, against the last year.
    pub(crate) growth_per_year: f64,
}

/// Share of late parcels where nothing is wrong.
pub(crate) const LATE_SHARE: f64 = 0.07;

impl Story {
    pub(crate) fn planted() -> Self {
        Self {
            runs_small_factor: 3.0,
            fragile_factor: 5.0,
            late_carrier_share: 0.50,
            strike_share: 0.40,
            late_return: 0.03,
            serial_share: 0.01,
            late_nps: -0.40,
            return_nps: -0.25,
            late_csat: -0.25,
            late_ticket: 0.20,
            repeat_after_return: [-0.14, 0.12],
            instant_refunds: true,
            coupon_lift: 0.06,
            warranty_to_one_agent: 0.70,
            growth_per_year: 0.10,
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            runs_small_factor: 1.0,
            fragile_factor: 1.0,
            late_carrier_share: LATE_SHARE,
            strike_share: LATE_SHARE,
            late_return: 0.0,
            serial_share: 0.0,
            late_nps: 0.0,
            return_nps: 0.0,
            late_csat: 0.0,
            late_ticket: 0.0,
            repeat_after_return: [0.0, 0.0],
            instant_refunds: false,
            coupon_lift: 0.0,
            warranty_to_one_agent: 0.0,
            growth_per_year: 0.0,
        }
    }
}

/// The story's days as numbers, beside the limits of the data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days1970 {
    pub(crate) carrier_late_from: i64,
    pub(crate) instant_refunds_from: i64,
    pub(crate) strike: [i64; 2],
    pub(crate) coupon: i64,
    pub(crate) newsletter: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Days1970 {
    pub(crate) fn of(config: &Config) -> Self {
        let timeline = Timeline::of(config);
        Self {
            carrier_late_from: epoch_day(timeline.carrier_late_from),
            instant_refunds_from: epoch_day(timeline.instant_refunds_from),
            strike: [
                epoch_day(timeline.strike_from),
                epoch_day(timeline.strike_until),
            ],
            coupon: epoch_day(timeline.coupon_sent_on),
            newsletter: epoch_day(timeline.newsletter_sent_on),
            start: epoch_day(config.start),
            end: epoch_day(config.end),
        }
    }
}
