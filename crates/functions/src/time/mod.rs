//! Local time: instants from wall clocks, and days and weeks cut from instants.

mod business_days;
mod business_seconds;
mod calendar;
mod date_diff;
mod date_trunc;
mod instant_bounds;
mod to_instant;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aftersight_stats::time::ZoneTable;
use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, internal_err, plan_err};

pub(crate) use business_days::BusinessDays;
pub(crate) use business_seconds::BusinessSeconds;
pub(crate) use date_diff::DateDiff;
pub(crate) use date_trunc::DateTrunc;
pub(crate) use instant_bounds::InstantBounds;
pub(crate) use to_instant::ToInstant;

/// Zone tables read so far. A table takes milliseconds to read and never
/// changes, so it is shared; a few zones are all a workspace ever names.
static ZONES: LazyLock<Mutex<HashMap<String, Arc<ZoneTable>>>> = LazyLock::new(Mutex::default);

/// Returns the transitions of a zone.
pub(crate) fn zone_table(function: &str, name: &str) -> Result<Arc<ZoneTable>> {
    let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(table) = zones.get(name) {
        return Ok(Arc::clone(table));
    }
    match ZoneTable::new(name) {
        Ok(table) => {
            let table = Arc::new(table);
            zones.insert(name.to_owned(), Arc::clone(&table));
            Ok(table)
        }
        Err(error) => plan_err!("'{function}': {error}"),
    }
}

/// Returns points in time as the numbers behind them: microseconds, or what an integer column counts.
pub(crate) fn ticks(column: &ArrayRef) -> Result<Int64Array> {
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let timestamps = column.as_primitive::<TimestampMicrosecondType>();
            Ok(timestamps.reinterpret_cast::<Int64Type>())
        }
        DataType::Int64 => Ok(column.as_primitive::<Int64Type>().clone()),
        other => internal_err!("{other} was not coerced to a point in time"),
    }
}

/// Returns numbers as the points in time they stand for, in the type of the column they are from.
pub(crate) fn from_ticks(ticks: Int64Array, at: &DataType) -> ArrayRef {
    match at {
        DataType::Timestamp(_, zone) => {
            let timestamps = ticks.reinterpret_cast::<TimestampMicrosecondType>();
            Arc::new(timestamps.with_timezone_opt(zone.clone()))
        }
        _ => Arc::new(ticks),
    }
}

/// Returns how many ticks of a column a second has: integers count seconds.
pub(crate) fn ticks_per_second(at: &DataType) -> u64 {
    match at {
        DataType::Timestamp(..) => 1_000_000,
        _ => 1,
    }
}
