//! `business_seconds` and `business_days`: open time between two instants.
//!
//! An instant is open when its wall clock in the calendar's zone is: an hour
//! that is skipped is not there, one that is shown twice counts twice, and the
//! schedule in force is that of each instant. Both ends are half-open and a
//! span that runs backwards is negative.
//!
//! Open time is the difference of two running totals. A total is found by
//! arithmetic on whole weeks, one look at the dates with hours of their own and
//! one at the zone's transitions, so ten years cost as much as ten minutes.

use super::calendar_spec::{CalendarSpec, Hours};
use super::civil::weekday;
use super::{DAY_US, SECOND_US, ZoneTable};
use crate::error::{Result, StatsError};

/// A date with hours of its own, and what the dates before it change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnHours {
    day: i64,
    hours: Hours,
    /// Open microseconds all such dates before this one add to their weekdays'.
    change_before_us: i64,
    /// Open days they add.
    days_before: i64,
}

/// Weekly hours, exceptions and a time zone, ready to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessCalendar {
    zone: ZoneTable,
    week: [Hours; 7],
    /// Open microseconds and open days of a week before each weekday, and of the whole week.
    week_us: [i64; 8],
    week_days: [i64; 8],
    /// Ascending by day.
    own_hours: Vec<OwnHours>,
    /// What all dates with hours of their own change.
    change_us: i64,
    change_days: i64,
    /// For each stretch of constant offset: the running total minus that of the wall clock.
    segment_base_us: Vec<i64>,
}

impl BusinessCalendar {
    /// Reads a calendar from its text form, for example
    /// `tz=Europe/Berlin; mon-fri 09:00-17:00; off 2026-12-25`.
    pub fn parse(text: &str) -> Result<Self> {
        let spec = CalendarSpec::parse(text)?;
        let zone = ZoneTable::new(&spec.time_zone).map_err(|error| {
            let at = text.find("tz=").map_or(0, |at| at + "tz=".len());
            StatsError::Syntax {
                argument: "calendar",
                character: text.get(..at).unwrap_or(text).chars().count() + 1,
                reason: error.to_string(),
            }
        })?;
        Ok(Self::new(zone, spec))
    }

    fn new(zone: ZoneTable, spec: CalendarSpec) -> Self {
        let mut week_us = [0; 8];
        let mut week_days = [0; 8];
        for (day, hours) in spec.week.iter().enumerate() {
            week_us[day + 1] = week_us[day] + open_us(hours, DAY_US);
            week_days[day + 1] = week_days[day] + i64::from(!hours.is_empty());
        }
        let mut own_hours = Vec::with_capacity(spec.dates.len());
        let mut change_us = 0;
        let mut change_days = 0;
        for (day, hours) in spec.dates {
            let usual = &spec.week[weekday(day)];
            let us = open_us(&hours, DAY_US) - open_us(usual, DAY_US);
            let days = i64::from(!hours.is_empty()) - i64::from(!usual.is_empty());
            own_hours.push(OwnHours {
                day,
                hours,
                change_before_us: change_us,
                days_before: change_days,
            });
            change_us += us;
            change_days += days;
        }
        let mut calendar = Self {
            zone,
            week: spec.week,
            week_us,
            week_days,
            own_hours,
            change_us,
            change_days,
            segment_base_us: vec![0],
        };
        for segment in 1..calendar.zone.n_segments() {
            let (start, _) = calendar.zone.segment_range(segment);
            let before = start + calendar.zone.segment_offset(segment - 1);
            let after = start + calendar.zone.segment_offset(segment);
            let change = calendar.wall_total_us(before) - calendar.wall_total_us(after);
            let base = calendar.segment_base_us[segment - 1] + change;
            calendar.segment_base_us.push(base);
        }
        calendar
    }

    /// Returns the time zone of the calendar.
    pub fn zone(&self) -> &ZoneTable {
        &self.zone
    }

    /// Returns the open microseconds from one instant to another, negative if
    /// they are in the wrong order.
    pub fn business_us(&self, from: i64, to: i64) -> i64 {
        self.total_us(to).saturating_sub(self.total_us(from))
    }

    /// Returns [`BusinessCalendar::business_us`] in seconds.
    pub fn business_seconds(&self, from: i64, to: i64) -> f64 {
        self.business_us(from, to) as f64 / SECOND_US as f64
    }

    /// Returns how many local dates with open hours lie in `from_day..to_day`,
    /// days since 1970; negative if they are in the wrong order.
    pub fn business_days(&self, from_day: i64, to_day: i64) -> i64 {
        self.total_days(to_day)
            .saturating_sub(self.total_days(from_day))
    }

    /// Returns the local date of an instant, as a day since 1970.
    pub fn local_day(&self, instant: i64) -> i64 {
        self.zone.to_local(instant).div_euclid(DAY_US)
    }

    /// Returns whether the calendar is open at an instant.
    pub fn is_open(&self, instant: i64) -> bool {
        let wall = self.zone.to_local(instant);
        let second = (wall.rem_euclid(DAY_US) / SECOND_US) as u32;
        let (hours, _, _) = self.day(wall.div_euclid(DAY_US));
        hours
            .iter()
            .any(|(from, to)| *from <= second && second < *to)
    }

    /// Returns the running total of open time at an instant.
    fn total_us(&self, instant: i64) -> i64 {
        let segment = self.zone.segment(instant);
        let wall = instant.saturating_add(self.zone.segment_offset(segment));
        self.segment_base_us[segment].saturating_add(self.wall_total_us(wall))
    }

    /// Returns the running total of a clock that never changes its offset.
    fn wall_total_us(&self, wall: i64) -> i64 {
        let day = wall.div_euclid(DAY_US);
        let (hours, change, _) = self.day(day);
        let within_week = self.week_us[weekday(day)] + open_us(hours, wall.rem_euclid(DAY_US));
        (whole_weeks(day) * self.week_us[7])
            .saturating_add(within_week)
            .saturating_add(change)
    }

    fn total_days(&self, day: i64) -> i64 {
        let (_, _, change) = self.day(day);
        whole_weeks(day) * self.week_days[7] + self.week_days[weekday(day)] + change
    }

    /// Returns a date's hours and what the exceptions before it change, in
    /// microseconds and in days.
    fn day(&self, day: i64) -> (&Hours, i64, i64) {
        let next = self.own_hours.partition_point(|own| own.day < day);
        match self.own_hours.get(next) {
            Some(own) if own.day == day => (&own.hours, own.change_before_us, own.days_before),
            Some(own) => (
                &self.week[weekday(day)],
                own.change_before_us,
                own.days_before,
            ),
            None => (&self.week[weekday(day)], self.change_us, self.change_days),
        }
    }
}

/// Returns the weeks from Monday, 1969-12-29, to the Monday of a day.
fn whole_weeks(day: i64) -> i64 {
    (day + 3).div_euclid(7)
}

/// Returns the open microseconds of a day until a time of it.
fn open_us(hours: &Hours, until_us: i64) -> i64 {
    hours
        .iter()
        .map(|(from, to)| {
            let from = i64::from(*from) * SECOND_US;
            let to = i64::from(*to) * SECOND_US;
            until_us.clamp(from, to) - from
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDateTime;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    fn at(text: &str) -> i64 {
        let time: NaiveDateTime = text.parse().unwrap();
        time.and_utc().timestamp_micros()
    }

    fn seconds(calendar: &str, from: &str, to: &str) -> f64 {
        let calendar = BusinessCalendar::parse(calendar).unwrap();
        let there = calendar.business_seconds(at(from), at(to));
        assert_eq!(calendar.business_seconds(at(to), at(from)), -there);
        there
    }

    // README and tests of businesstimedelta (seppemans/businesstimedelta, MIT).
    #[test]
    fn the_cases_of_businesstimedelta() {
        let lunch = "mon-fri 09:00-18:00; break 12:00-13:00";
        let week = seconds(lunch, "2016-01-18T09:00:00", "2016-01-25T09:00:00");
        assert_eq!(week, 40.0 * 3_600.0);
        let christmas = format!("{lunch}; off 2015-12-25");
        let week = seconds(&christmas, "2015-12-21T09:00:00", "2015-12-28T09:00:00");
        assert_eq!(week, 32.0 * 3_600.0);
        let plain = "mon-fri 09:00-17:00";
        assert_eq!(
            seconds(plain, "2016-01-21T10:00:00", "2016-01-21T10:00:05"),
            5.0
        );
        assert_eq!(
            seconds(plain, "2016-01-20T10:00:00", "2016-01-21T10:00:05"),
            28_805.0
        );
        assert_eq!(
            seconds(plain, "2016-01-18T02:00:00", "2016-01-24T00:00:00"),
            144_000.0
        );
        let none = "mon-fri 09:00-09:00; sat 01:00-02:00";
        assert_eq!(
            seconds(none, "2016-01-21T10:00:00", "2016-01-21T10:00:05"),
            0.0
        );
        let night = "mon-fri 23:00-01:00";
        assert_eq!(
            seconds(night, "2016-01-21T10:00:00", "2016-01-22T10:00:00"),
            7_200.0
        );
    }

    #[test]
    fn a_skipped_hour_is_not_open_and_a_repeated_one_is_open_twice() {
        let nights = "tz=Europe/Berlin; sun 00:00-06:00";
        let spring = seconds(nights, "2024-03-30T12:00:00", "2024-03-31T12:00:00");
        assert_eq!(spring, 5.0 * 3_600.0);
        let autumn = seconds(nights, "2024-10-26T12:00:00", "2024-10-27T12:00:00");
        assert_eq!(autumn, 7.0 * 3_600.0);
        let winter = seconds(nights, "2024-12-14T12:00:00", "2024-12-15T12:00:00");
        assert_eq!(winter, 6.0 * 3_600.0);
    }

    #[test]
    fn a_holiday_is_closed_from_midnight_to_midnight() {
        let calendar = "mon-fri 22:00-02:00; off 2026-12-25; open 2026-12-27 10:00-11:00";
        // Thursday night is cut at midnight, Friday's shift keeps what lies on Saturday.
        let hours = seconds(calendar, "2026-12-24T12:00:00", "2026-12-28T12:00:00") / 3_600.0;
        assert_eq!(hours, 2.0 + 0.0 + 2.0 + 1.0);
    }

    #[test]
    fn business_days_count_open_dates() {
        let calendar = BusinessCalendar::parse(
            "mon-fri 09:00-17:00; off 2026-12-25; open 2026-12-26 9:00-12:00",
        )
        .unwrap();
        let day = |text: &str| calendar.local_day(at(&format!("{text}T12:00:00")));
        let monday = day("2026-12-21");
        assert_eq!(calendar.business_days(monday, monday + 7), 5);
        assert_eq!(calendar.business_days(monday, day("2026-12-25")), 4);
        assert_eq!(calendar.business_days(monday + 7, monday), -5);
        assert_eq!(calendar.business_days(monday, monday), 0);
        assert_eq!(calendar.zone().name(), "UTC");
    }

    #[test]
    fn an_unknown_zone_is_an_error_at_its_place() {
        let error = BusinessCalendar::parse("mon 09:00-17:00; tz=Mars/Base").unwrap_err();
        assert_eq!(
            error.to_string(),
            "calendar at character 21: time_zone must be an IANA time zone such as Europe/Berlin, \
             got 'Mars/Base'"
        );
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let calendar = BusinessCalendar::parse("tz=Asia/Kathmandu; mon-sun 00:00-24:00").unwrap();
        assert!(calendar.business_us(i64::MIN, i64::MAX) > 0);
        let century = 100 * 365 * DAY_US;
        assert_eq!(calendar.business_us(0, century), century);
    }

    static CALENDARS: LazyLock<Vec<BusinessCalendar>> = LazyLock::new(|| {
        [
            "mon-fri 09:00-12:00,13:00-17:30",
            "tz=Europe/Berlin; mon-sun 00:00-24:00; break 02:30-02:45; off 2024-03-30..2024-03-31",
            "tz=Australia/Lord_Howe; sat-mon 22:00-04:00; open 2024-04-07 01:00-03:00",
            "tz=America/New_York; sun 01:30-02:30; mon 08:00-20:00; off 2024-11-04",
        ]
        .iter()
        .map(|text| BusinessCalendar::parse(text).unwrap())
        .collect()
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn totals_agree_with_looking_at_every_quarter_hour(
            which in 0usize..4,
            // Around the changes of clocks of 2024 in all of these zones.
            start in prop::sample::select(vec![
                "2024-03-08T00:00:00", "2024-03-29T00:00:00", "2024-04-05T00:00:00",
                "2024-10-04T00:00:00", "2024-10-25T00:00:00", "2024-11-01T00:00:00",
            ]),
            from in 0i64..400,
            length in 0i64..400,
        ) {
            let quarter = 900 * SECOND_US;
            let calendar = &CALENDARS[which];
            let from = at(start) + from * quarter;
            let to = from + length * quarter;
            let open = (0..length).filter(|i| calendar.is_open(from + i * quarter)).count() as i64;
            prop_assert_eq!(calendar.business_us(from, to), open * quarter);
            let middle = from + (to - from) / 3;
            prop_assert_eq!(
                calendar.business_us(from, middle) + calendar.business_us(middle, to),
                calendar.business_us(from, to)
            );
        }

        #[test]
        fn days_agree_with_counting_them(which in 0usize..4, from in 19_700i64..20_100, length in 0i64..100) {
            let calendar = &CALENDARS[which];
            let slow = (from..from + length).filter(|day| !calendar.day(*day).0.is_empty()).count();
            prop_assert_eq!(calendar.business_days(from, from + length), slow as i64);
        }
    }
}
