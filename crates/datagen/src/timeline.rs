//! When the parts of the story begin and end, counted back from the end of the
//! data.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::Config;
use crate::value::epoch_day;

/// A span of local days: its first, and the day after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Day after the last.
    pub until: NaiveDate,
}

impl Span {
    /// Returns whether a day is in the span.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.from..self.until).contains(&day)
    }

    /// Returns the days since 1970 of both ends.
    pub(crate) fn epoch_days(&self) -> [i64; 2] {
        [epoch_day(self.from), epoch_day(self.until)]
    }
}

/// A part of the story that has a beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// One carrier is late: the last 17 weeks, from ISO week 30 in the demo.
    LateCarrier,
    /// Refunds at approval instead of after inspection: the last 40 weeks.
    InstantRefunds,
    /// The courier strike: a week, 30 weeks before the end.
    Strike,
    /// Fourteen days from the campaign that works, 26 weeks before the end.
    Coupon,
    /// Fourteen days from the campaign without effect, 20 weeks before the end.
    Newsletter,
    /// More apparel is sold, and the pictures of home goods are new: the last
    /// 34 weeks.
    NewRange,
    /// Refunds of one marketplace take longer: the last 22 weeks.
    SlowRefunds,
    /// A marketplace sends no orders: five days, 12 weeks before the end.
    FeedGap,
    /// Tickets about invoices burst: a week, 14 weeks before the end.
    InvoiceBurst,
    /// The app's checkout is broken: two weeks, from 9 weeks before the end.
    BrokenCheckout,
    /// An article is sold out: four weeks, from 24 weeks before the end.
    SoldOut,
    /// Detractors are called back later: the last 16 weeks.
    SlowCallBacks,
    /// First orders of this calendar month stay longer: the 13th before the
    /// month of the end.
    LoyalCohort,
}

impl Mark {
    /// Every mark, in the order of its discriminant.
    pub(crate) const ALL: [Self; 13] = [
        Self::LateCarrier,
        Self::InstantRefunds,
        Self::Strike,
        Self::Coupon,
        Self::Newsletter,
        Self::NewRange,
        Self::SlowRefunds,
        Self::FeedGap,
        Self::InvoiceBurst,
        Self::BrokenCheckout,
        Self::SoldOut,
        Self::SlowCallBacks,
        Self::LoyalCohort,
    ];
}

/// The spans of the story for one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    end: NaiveDate,
}

impl Timeline {
    /// Returns the spans of the story for a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { end: config.end }
    }

    /// Returns when a part of the story is told. What has no end of its own
    /// lasts until the end of the data.
    #[must_use]
    pub fn span(&self, mark: Mark) -> Span {
        match mark {
            Mark::LateCarrier => self.last_weeks(17),
            Mark::InstantRefunds => self.last_weeks(40),
            Mark::Strike => self.days_from(30, 7),
            Mark::Coupon => self.days_from(26, 14),
            Mark::Newsletter => self.days_from(20, 14),
            Mark::NewRange => self.last_weeks(34),
            Mark::SlowRefunds => self.last_weeks(22),
            Mark::FeedGap => self.days_from(12, 5),
            Mark::InvoiceBurst => self.days_from(14, 7),
            Mark::BrokenCheckout => self.days_from(9, 14),
            Mark::SoldOut => self.days_from(24, 28),
            Mark::SlowCallBacks => self.last_weeks(16),
            Mark::LoyalCohort => self.month(13),
        }
    }

    fn weeks_before_end(&self, weeks: u64) -> NaiveDate {
        self.end
            .checked_sub_days(Days::new(7 * weeks))
            .unwrap_or(NaiveDate::MIN)
    }

    fn last_weeks(&self, weeks: u64) -> Span {
        Span {
            from: self.weeks_before_end(weeks),
            until: self.end,
        }
    }

    fn days_from(&self, weeks: u64, days: u64) -> Span {
        let from = self.weeks_before_end(weeks);
        Span {
            from,
            until: from.checked_add_days(Days::new(days)).unwrap_or(from),
        }
    }

    fn month(&self, months: u32) -> Span {
        let first = |months| {
            self.end
                .checked_sub_months(Months::new(months))
                .and_then(|day| day.with_day(1))
                .unwrap_or(NaiveDate::MIN)
        };
        Span {
            from: first(months),
            until: first(months - 1),
        }
    }
}
