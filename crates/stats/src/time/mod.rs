//! Local time and business time in integer arithmetic.
//!
//! A [`ZoneTable`] holds the transitions of a time zone, so that days and weeks
//! are cut, and naive timestamps placed, without asking a calendar library for
//! each row. A [`BusinessCalendar`] counts the open time between two instants.
//! Instants are microseconds since 1970 UTC; a naive timestamp is the
//! microseconds of its wall clock, read as if it were UTC.

mod business_time;
mod calendar_spec;
pub(crate) mod civil;
mod date_diff;
mod date_trunc;
mod zone;

pub use business_time::BusinessCalendar;
pub use date_diff::DiffUnit;
pub use date_trunc::{DateUnit, LocalTruncator};
pub use zone::{InstantRange, NaiveRange, ZoneTable};

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;

/// Microseconds in a day of 24 hours.
pub const DAY_US: i64 = 86_400 * SECOND_US;
