//! `date_trunc` on instants: the start of the local hour, day, week, month, quarter or year.
//!
//! Equal to DataFusion's built-in function on zoned timestamps, also where a
//! midnight is skipped (it moves forward) or shown twice (the one with the
//! offset of the instant), but with integer arithmetic only. A truncator keeps
//! the last period it found: rows in order of time, or of few periods, cost two
//! comparisons each.

use super::civil::{civil_from_day, day_from_civil, weekday};
use super::{DAY_US, SECOND_US, ZoneTable};
use crate::error::{Result, StatsError};

/// The unit to cut to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateUnit {
    /// The clock hour.
    Hour,
    /// Midnight.
    Day,
    /// The midnight of Monday.
    Week,
    /// The first of the month.
    Month,
    /// The first of January, April, July or October.
    Quarter,
    /// The first of January.
    Year,
}

impl DateUnit {
    /// Reads a unit as SQL spells it, in any case.
    pub fn parse(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            "quarter" => Ok(Self::Quarter),
            "year" => Ok(Self::Year),
            _ => Err(StatsError::argument(
                "unit",
                format!("must be hour, day, week, month, quarter or year, got '{text}'"),
            )),
        }
    }

    /// Returns the start of the period a wall clock lies in, and of the next one.
    fn period(self, naive: i64) -> (i64, i64) {
        let day = naive.div_euclid(DAY_US);
        let first_of = |month: u8, year: i64| day_from_civil(year, month, 1);
        let months = |length: u8| {
            let (year, month, _) = civil_from_day(day);
            let start = month - (month - 1) % length;
            let (next, next_year) = if start + length > 12 {
                (1, year + 1)
            } else {
                (start + length, year)
            };
            (first_of(start, year), first_of(next, next_year))
        };
        let (from, to) = match self {
            Self::Hour => {
                let hour_us = 3_600 * SECOND_US;
                let from = naive.div_euclid(hour_us).saturating_mul(hour_us);
                return (from, from.saturating_add(hour_us));
            }
            Self::Day => (day, day + 1),
            Self::Week => {
                let monday = day - weekday(day) as i64;
                (monday, monday + 7)
            }
            Self::Month => months(1),
            Self::Quarter => months(3),
            Self::Year => months(12),
        };
        (from.saturating_mul(DAY_US), to.saturating_mul(DAY_US))
    }
}

/// Cuts instants to one unit in one zone.
#[derive(Debug, Clone)]
pub struct LocalTruncator<'a> {
    zone: &'a ZoneTable,
    unit: DateUnit,
    /// The instants `from..to` whose answer is known.
    from: i64,
    to: i64,
    start: i64,
}

impl<'a> LocalTruncator<'a> {
    /// A truncator that has seen nothing yet.
    pub fn new(zone: &'a ZoneTable, unit: DateUnit) -> Self {
        Self {
            zone,
            unit,
            from: 0,
            to: 0,
            start: 0,
        }
    }

    /// Returns the instant at which the local period of `instant` starts.
    pub fn truncate(&mut self, instant: i64) -> i64 {
        if instant < self.from || instant >= self.to {
            let segment = self.zone.segment(instant);
            let offset = self.zone.segment_offset(segment);
            let (segment_from, segment_to) = self.zone.segment_range(segment);
            let (naive_from, naive_to) = self.unit.period(instant.saturating_add(offset));
            // The usual case: the period starts under the same offset. Otherwise
            // a transition lies between and its rule decides.
            let start = naive_from.saturating_sub(offset);
            self.start = if start >= segment_from {
                start
            } else {
                self.zone.to_instant_like(naive_from, offset)
            };
            // Within the stretch of one offset the period is one range of instants.
            self.from = segment_from.max(naive_from.saturating_sub(offset));
            self.to = segment_to.min(naive_to.saturating_sub(offset));
        }
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::super::zone::tests::{TABLES, ZONES, instants_around_transitions};
    use super::*;
    use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDateTime, Offset, TimeZone, Timelike};
    use chrono_tz::Tz;
    use proptest::prelude::*;

    const UNITS: [DateUnit; 6] = [
        DateUnit::Hour,
        DateUnit::Day,
        DateUnit::Week,
        DateUnit::Month,
        DateUnit::Quarter,
        DateUnit::Year,
    ];

    /// The rule of DataFusion 55's `date_trunc` on zoned timestamps, with chrono.
    fn slow(zone: Tz, unit: DateUnit, instant: i64) -> i64 {
        let value = DateTime::from_timestamp_micros(instant)
            .unwrap()
            .with_timezone(&zone);
        let local = value.naive_local();
        let date = local.date();
        let midnight = match unit {
            DateUnit::Hour | DateUnit::Day => date,
            DateUnit::Week => {
                let days = i64::from(date.weekday().num_days_from_monday());
                date - chrono::TimeDelta::days(days)
            }
            DateUnit::Month => date.with_day(1).unwrap(),
            DateUnit::Quarter => {
                let month = 1 + 3 * (date.month0() / 3);
                date.with_day(1).unwrap().with_month(month).unwrap()
            }
            DateUnit::Year => date.with_day(1).unwrap().with_month(1).unwrap(),
        };
        let hour = if unit == DateUnit::Hour {
            local.hour()
        } else {
            0
        };
        let truncated: NaiveDateTime = midnight.and_hms_opt(hour, 0, 0).unwrap();
        let found = match zone.from_local_datetime(&truncated) {
            MappedLocalTime::Single(found) => found,
            MappedLocalTime::Ambiguous(first, second) => {
                if first.offset().fix() == value.offset().fix() {
                    first
                } else {
                    second
                }
            }
            MappedLocalTime::None => {
                let mut back = chrono::TimeDelta::hours(3);
                loop {
                    let before = zone.from_local_datetime(&(truncated - back)).single();
                    if let Some(before) = before {
                        break before + back;
                    }
                    back += chrono::TimeDelta::hours(3);
                }
            }
        };
        found.timestamp_micros()
    }

    #[test]
    fn every_unit_agrees_with_the_built_in_at_every_transition() {
        for (zone, table) in TABLES.iter() {
            for unit in UNITS {
                let mut truncator = LocalTruncator::new(table, unit);
                for instant in instants_around_transitions(table) {
                    let expected = slow(*zone, unit, instant);
                    assert_eq!(
                        truncator.truncate(instant),
                        expected,
                        "{zone} {unit:?} {instant}"
                    );
                }
            }
        }
    }

    #[test]
    fn units_are_read_in_any_case() {
        assert_eq!(DateUnit::parse("WEEK").unwrap(), DateUnit::Week);
        assert_eq!(DateUnit::parse("minute").unwrap_err().about(), Some("unit"));
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for unit in UNITS {
            let mut truncator = LocalTruncator::new(&TABLES[2].1, unit);
            truncator.truncate(i64::MIN);
            truncator.truncate(i64::MAX);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn random_instants_agree_with_the_built_in(
            which in 0usize..ZONES.len(),
            unit in 0usize..UNITS.len(),
            instants in prop::collection::vec(0i64..2_500_000_000_000_000, 1..4),
        ) {
            let (zone, table) = &TABLES[which];
            let mut truncator = LocalTruncator::new(table, UNITS[unit]);
            for instant in instants {
                prop_assert_eq!(truncator.truncate(instant), slow(*zone, UNITS[unit], instant));
            }
        }
    }
}
