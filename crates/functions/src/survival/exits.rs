//! Subjects as events: when each left observation, and why.

use aftersight_stats::survival::{IntervalKind, SurvivalTimes};
use arrow::array::{Array, ArrayRef};
use datafusion::common::cast::{as_boolean_array, as_float64_array};
use datafusion::common::{Result, exec_datafusion_err};

use crate::args::Call;
use crate::events::{Event, split_bytes};

/// One subject: when it left and why, 0 for no event yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exit {
    pub(super) time: f64,
    pub(super) cause: u32,
}

impl Event for Exit {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.time.to_le_bytes());
        bytes.extend(self.cause.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            time: f64::from_le_bytes(split_bytes(bytes)?),
            cause: u32::from_le_bytes(split_bytes(bytes)?),
        })
    }
}

/// Calls `keep` for each row with a time of 0 or more and a known event.
pub(super) fn read(values: &[ArrayRef], mut keep: impl FnMut(usize, Exit)) -> Result<()> {
    let (times, events) = (as_float64_array(&values[0])?, as_boolean_array(&values[1])?);
    for row in 0..times.len() {
        let time = times.value(row);
        if times.is_valid(row) && events.is_valid(row) && time.is_finite() && time >= 0.0 {
            let cause = u32::from(events.value(row));
            keep(row, Exit { time, cause });
        }
    }
    Ok(())
}

/// Returns the subjects of one group.
pub(super) fn times(exits: &[Exit]) -> SurvivalTimes {
    let mut times = SurvivalTimes::new();
    for exit in exits {
        times.push_cause(Some(exit.time), Some(exit.cause), 1.0, 0);
    }
    times
}

/// The kinds of intervals, as an option.
pub(super) fn interval(call: &Call, i: usize) -> Result<IntervalKind> {
    let choices = [
        ("log", IntervalKind::Log),
        ("plain", IntervalKind::Plain),
        ("log_log", IntervalKind::LogLog),
    ];
    Ok(call.choice(i, &choices)?.unwrap_or_default())
}

/// Returns a kernel's answer; its options are checked before, so its errors are about the rows.
pub(super) fn answer<T, E: std::fmt::Display>(
    function: &str,
    answer: std::result::Result<T, E>,
) -> Result<T> {
    answer.map_err(|error| exec_datafusion_err!("'{function}': {error}"))
}
