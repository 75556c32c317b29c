//! Days that follow from the report day: periods, windows, and when a local day begins.
//!
//! Plain arithmetic over calendar days; which settings it is about stands in `settings`.

use chrono::{Datelike, Days, Months, NaiveDate, TimeZone};
use chrono_tz::Tz;

/// The first day a window can start on.
pub(super) const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Days that follow from `as_of` and `period`; each also exists as an instant with `_at`.
pub(super) const DERIVED_DAYS: &[&str] = &[
    "period_start",
    "period_end",
    "prev_start",
    "prev_end",
    "year_ago_start",
    "year_ago_end",
];

/// Returns the first or last day of a period that ends (exclusively) at `as_of`.
///
/// A week a year ago is 52 weeks ago, so that weekdays match.
pub(super) fn period_day(name: &str, as_of: NaiveDate, period: &str) -> Option<NaiveDate> {
    let back = |day: NaiveDate, n: u32| match period {
        "month" => day.checked_sub_months(Months::new(n)),
        "quarter" => day.checked_sub_months(Months::new(3 * n)),
        "year" => day.checked_sub_months(Months::new(12 * n)),
        _ => day.checked_sub_days(Days::new(7 * u64::from(n))),
    };
    let year_ago = |day: NaiveDate| match period {
        "week" => day.checked_sub_days(Days::new(364)),
        _ => day.checked_sub_months(Months::new(12)),
    };
    match name {
        "period_end" => Some(as_of),
        "period_start" | "prev_end" => back(as_of, 1),
        "prev_start" => back(as_of, 2),
        "year_ago_end" => year_ago(as_of),
        "year_ago_start" => back(as_of, 1).and_then(year_ago),
        _ => None,
    }
}

/// Returns the end of the last complete period before `day`: the report day of a job that runs on `day`.
pub fn last_complete_period_end(day: NaiveDate, period: &str) -> NaiveDate {
    let start = match period {
        "month" => day.with_day(1),
        "quarter" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
        "year" => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        _ => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
    };
    start.unwrap_or(day)
}

/// Parses an ISO day; anything else is `None`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

pub(super) fn days_since_epoch(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - 719_163
}

/// Returns the first instant of a local day in microseconds since the epoch.
///
/// Where daylight saving skips midnight the day starts at the end of the gap.
pub(super) fn midnight_us(day: NaiveDate, zone: Tz) -> i64 {
    let mut local = day.and_time(chrono::NaiveTime::MIN);
    // No zone has ever skipped more than a day at once.
    for _ in 0..=96 {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return instant.timestamp_micros();
        }
        local += chrono::Duration::minutes(15);
    }
    day.and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_micros()
}
