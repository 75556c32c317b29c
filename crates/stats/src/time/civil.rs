//! Days since 1970 as year, month and day, and back, in the Gregorian calendar.
//!
//! Counted from the first of March, so that the leap day is the last of its
//! year; valid far beyond the range of microsecond timestamps.

/// Returns the year and month (1 to 12) and day of month of a day since 1970.
pub(crate) fn civil_from_day(day: i64) -> (i64, u8, u8) {
    // 719,468 days lie between 0000-03-01 and 1970-01-01; 146,097 in 400 years.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March have 153 days in every five.
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month as u8, day_of_month as u8)
}

/// Returns the day since 1970 of a date; the date must exist.
pub(super) fn day_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns the weekday, 0 for Monday to 6 for Sunday.
pub(super) fn weekday(day: i64) -> usize {
    // 1970-01-01 was a Thursday.
    (day + 3).rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};

    #[test]
    fn every_day_of_five_centuries_agrees_with_chrono() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for day in -100_000i64..90_000 {
            let date = epoch + chrono::TimeDelta::days(day);
            let expected = (i64::from(date.year()), date.month() as u8, date.day() as u8);
            assert_eq!(civil_from_day(day), expected);
            assert_eq!(day_from_civil(expected.0, expected.1, expected.2), day);
            let from_monday = date.weekday().num_days_from_monday() as usize;
            assert_eq!(weekday(day), from_monday);
        }
    }
}
