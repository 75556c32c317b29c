//! What the functions over patterns share: arguments, pattern and events.

use aftersight_stats::journey::{Event, Pattern};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::conditions;
use crate::args::{Call, Kind, Parameter};
use crate::time::ticks_per_second;

/// Positions of the first arguments.
const PATTERN: usize = 0;
const AT: usize = 1;
const CONDITIONS: usize = 2;

/// Pattern, timestamp and conditions.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::option("pattern", Kind::Text).mandatory(),
    Parameter::column("ts", Kind::Time),
    Parameter::column("condition", Kind::Boolean).repeated(),
];

/// A pattern and the columns it is searched in.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) pattern: Pattern,
    /// Type of the timestamps.
    pub(super) at: DataType,
}

impl Sequence {
    pub(super) fn new(call: &Call) -> Result<Self> {
        let Some(text) = call.text(PATTERN)? else {
            return call.refuse(PATTERN, "a pattern", "NULL");
        };
        match Pattern::parse(text, call.n_arguments() - CONDITIONS) {
            Ok(pattern) => Ok(Self {
                pattern,
                at: call.types().get(AT).cloned().unwrap_or(DataType::Int64),
            }),
            Err(error) => call.invalid(error),
        }
    }

    pub(super) fn ticks_per_second(&self) -> u64 {
        ticks_per_second(&self.at)
    }

    pub(super) fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        conditions::read(&values[AT], &values[CONDITIONS..], false, keep)
    }
}
