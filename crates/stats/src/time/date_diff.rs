//! `date_diff`: how many whole units lie between two points in time.
//!
//! The answer is the largest number of units that can be added to the first
//! point without passing the second. Months are added as SQL adds them: the
//! 31st becomes the last of a shorter month. Nothing is counted for merely
//! crossing a boundary, so 23:59 to 00:01 is no day.

use super::civil::{civil_from_day, day_from_civil};
use super::{DAY_US, SECOND_US};
use crate::error::{Result, StatsError};

/// The unit to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffUnit {
    /// 1 second.
    Second,
    /// 60 seconds.
    Minute,
    /// 3600 seconds.
    Hour,
    /// The same clock time on the next date.
    Day,
    /// 7 days.
    Week,
    /// The same date and time of the next month.
    Month,
    /// 3 months.
    Quarter,
    /// 12 months.
    Year,
}

/// A unit is a number of microseconds or of months.
enum Length {
    Us(i64),
    Months(i64),
}

impl DiffUnit {
    /// Reads a unit as SQL spells it, in any case.
    pub fn parse(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "second" => Ok(Self::Second),
            "minute" => Ok(Self::Minute),
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            "quarter" => Ok(Self::Quarter),
            "year" => Ok(Self::Year),
            _ => Err(StatsError::argument(
                "unit",
                format!(
                    "must be second, minute, hour, day, week, month, quarter or year, got '{text}'"
                ),
            )),
        }
    }

    /// Returns whether the unit counts time that passed rather than dates on the wall.
    ///
    /// Such units compare instants, the others wall clocks: the day on which
    /// clocks change is one day, of 23 or 25 hours.
    pub fn is_elapsed(self) -> bool {
        matches!(self, Self::Second | Self::Minute | Self::Hour)
    }

    fn length(self) -> Length {
        match self {
            Self::Second => Length::Us(SECOND_US),
            Self::Minute => Length::Us(60 * SECOND_US),
            Self::Hour => Length::Us(3_600 * SECOND_US),
            Self::Day => Length::Us(DAY_US),
            Self::Week => Length::Us(7 * DAY_US),
            Self::Month => Length::Months(1),
            Self::Quarter => Length::Months(3),
            Self::Year => Length::Months(12),
        }
    }

    /// Returns the whole units from one point to another; where the second is
    /// the earlier one, what the points the other way round would give, negative.
    ///
    /// Both are instants or both are wall clocks, in microseconds.
    pub fn between(self, from: i64, to: i64) -> i64 {
        match self.length() {
            Length::Us(us) => {
                let units = (i128::from(to) - i128::from(from)) / i128::from(us);
                // A quotient by a second or more is far from the limits.
                units as i64
            }
            Length::Months(months) if from <= to => whole_months(from, to) / months,
            Length::Months(months) => -(whole_months(to, from) / months),
        }
    }
}

/// Returns the largest number of months that can be added to `from` without passing `to`.
fn whole_months(from: i64, to: i64) -> i64 {
    let (year, month, day) = civil_from_day(from.div_euclid(DAY_US));
    let (to_year, to_month, _) = civil_from_day(to.div_euclid(DAY_US));
    let months = 12 * (to_year - year) + i64::from(to_month) - i64::from(month);
    // `day` of the later month, or its last day.
    let next = if to_month == 12 {
        day_from_civil(to_year + 1, 1, 1)
    } else {
        day_from_civil(to_year, to_month + 1, 1)
    };
    let first = day_from_civil(to_year, to_month, 1);
    let reached = (first + i64::from(day) - 1).min(next - 1);
    let reached = (reached, from.rem_euclid(DAY_US));
    let end = (to.div_euclid(DAY_US), to.rem_euclid(DAY_US));
    months - i64::from(reached > end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Months, NaiveDate};
    use proptest::prelude::*;

    fn noon(text: &str) -> i64 {
        let date: NaiveDate = text.parse().unwrap();
        let noon = date.and_hms_opt(12, 0, 0).unwrap();
        noon.and_utc().timestamp_micros()
    }

    #[test]
    fn months_end_where_sql_says() {
        for (from, to, months) in [
            ("2026-01-31", "2026-02-28", 1),
            ("2026-01-31", "2026-02-27", 0),
            ("2024-02-29", "2025-02-28", 12),
            ("2026-03-15", "2026-03-14", 0),
            ("2026-03-15", "2026-02-15", -1),
            ("2026-11-30", "2027-01-30", 2),
        ] {
            let got = DiffUnit::Month.between(noon(from), noon(to));
            assert_eq!(got, months, "{from} {to}");
        }
    }

    #[test]
    fn crossing_a_boundary_is_not_a_unit() {
        let (from, to) = (noon("2026-01-01"), noon("2026-01-02"));
        assert_eq!(DiffUnit::Day.between(from, to), 1);
        assert_eq!(DiffUnit::Day.between(from, to - 1), 0);
        assert_eq!(DiffUnit::Day.between(to - 1, from), 0);
        assert_eq!(DiffUnit::Hour.between(from, to - 1), 23);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for unit in [
            DiffUnit::Second,
            DiffUnit::Day,
            DiffUnit::Month,
            DiffUnit::Year,
        ] {
            let all = unit.between(i64::MIN, i64::MAX);
            assert!(all > 0);
            assert_eq!(unit.between(i64::MAX, i64::MIN), -all);
        }
    }

    #[test]
    fn an_unknown_unit_names_itself() {
        assert_eq!(DiffUnit::parse("MONTH").unwrap(), DiffUnit::Month);
        assert_eq!(
            DiffUnit::parse("fortnight").unwrap_err().about(),
            Some("unit")
        );
    }

    proptest! {
        #[test]
        fn adding_that_many_months_does_not_pass_the_end_and_one_more_does(
            from in -60_000_000_000_000_000_i64..200_000_000_000_000_000,
            length in 0i64..4_000_000_000_000_000,
        ) {
            let time = |us| DateTime::from_timestamp_micros(us).unwrap().naive_utc();
            let (start, end) = (time(from), time(from + length));
            let months = DiffUnit::Month.between(from, from + length) as u32;
            prop_assert!(start + Months::new(months) <= end);
            prop_assert!(start + Months::new(months + 1) > end);
            let years = DiffUnit::Year.between(from, from + length);
            prop_assert_eq!(years, i64::from(months) / 12);
        }
    }
}
