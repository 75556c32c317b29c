//! Business calendars as an argument: text, read once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aftersight_stats::time::{BusinessCalendar, ZoneTable};
use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::ticks;
use crate::args::Call;

/// Calendars read so far: reading one costs as much as the zone table in it.
static CALENDARS: LazyLock<Mutex<HashMap<String, Arc<BusinessCalendar>>>> =
    LazyLock::new(Mutex::default);

/// More calendars than any company has: text that is generated shall not pile up.
const MOST_CALENDARS: usize = 256;

/// Reads the calendar that argument `i` of a call describes; nothing for NULL.
pub(super) fn calendar(call: &Call, i: usize) -> Result<Option<Arc<BusinessCalendar>>> {
    let Some(text) = call.text(i)? else {
        return Ok(None);
    };
    let mut calendars = CALENDARS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(calendar) = calendars.get(text) {
        return Ok(Some(Arc::clone(calendar)));
    }
    match BusinessCalendar::parse(text) {
        Ok(calendar) => {
            let calendar = Arc::new(calendar);
            if calendars.len() == MOST_CALENDARS {
                calendars.clear();
            }
            calendars.insert(text.to_owned(), Arc::clone(&calendar));
            Ok(Some(calendar))
        }
        Err(error) => call.refuse(
            i,
            "a calendar such as 'tz=Europe/Berlin; mon-fri 09:00-17:00; off 2026-12-25'",
            format!("'{text}': {error}"),
        ),
    }
}

/// Returns a column as instants; timestamps without zone are wall clocks of the zone.
pub(super) fn instants(column: &ArrayRef, zone: &ZoneTable) -> Result<Int64Array> {
    let ticks = ticks(column)?;
    Ok(match column.data_type() {
        DataType::Timestamp(_, None) => ticks.unary(|naive| zone.to_instant(naive)),
        _ => ticks,
    })
}

/// Returns a column as wall clocks of the zone; timestamps without zone are such already.
pub(super) fn wall_clocks(column: &ArrayRef, zone: &ZoneTable) -> Result<Int64Array> {
    let ticks = ticks(column)?;
    Ok(match column.data_type() {
        DataType::Timestamp(_, None) => ticks,
        _ => ticks.unary(|instant| zone.to_local(instant)),
    })
}
