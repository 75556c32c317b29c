//! What `window_funnel` and `window_funnel_times` share: arguments and events.

use aftersight_stats::journey::{Event, FunnelModes, WindowFunnel};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};

use super::conditions;
use crate::args::{Call, Kind, Parameter};

/// Positions of the first arguments.
const WINDOW: usize = 0;
const AT: usize = 1;
const CONDITIONS: usize = 2;

/// Window, timestamp, and the conditions with the modes behind them.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::option("window", Kind::Duration).mandatory(),
    Parameter::column("ts", Kind::Time),
    Parameter::column("condition", Kind::Step).repeated(),
];

/// Checks what the types of single arguments do not show: that text, the modes,
/// is last, and that integer timestamps have no interval for a window.
pub(super) fn check(function: &str, types: &[DataType]) -> Result<()> {
    for (i, t) in types.iter().enumerate().skip(CONDITIONS) {
        if t.is_string() && (i == CONDITIONS || i + 1 < types.len()) {
            return plan_err!(
                "'{function}' expects true or false as argument {} (condition), got {t}: \
                 modes come last, behind the conditions",
                i + 1
            );
        }
    }
    if let (DataType::Interval(_), DataType::Int64) = (&types[WINDOW], &types[AT]) {
        return plan_err!(
            "'{function}' expects a number as argument 1 (window), got an interval: \
             integer timestamps have no unit"
        );
    }
    Ok(())
}

/// A funnel and the columns it reads.
#[derive(Debug)]
pub(super) struct Funnel {
    pub(super) funnel: WindowFunnel,
    /// Type of the timestamps.
    pub(super) at: DataType,
    n_conditions: usize,
}

impl Funnel {
    pub(super) fn new(call: &Call) -> Result<Self> {
        let last = call.n_arguments() - 1;
        let (n_conditions, modes) = if last > CONDITIONS && call.is_text(last) {
            let modes = match FunnelModes::parse(call.text(last)?.unwrap_or_default()) {
                Ok(modes) => modes,
                Err(error) => return call.invalid(error),
            };
            (last - CONDITIONS, modes)
        } else {
            (last + 1 - CONDITIONS, FunnelModes::default())
        };
        let Some(window) = call.ticks(WINDOW, call.types().get(AT))? else {
            return call.refuse(WINDOW, "a duration", "NULL");
        };
        match WindowFunnel::new(window, n_conditions, modes) {
            Ok(funnel) => Ok(Self {
                funnel,
                at: call.types().get(AT).cloned().unwrap_or(DataType::Int64),
                n_conditions,
            }),
            Err(error) => call.invalid(error),
        }
    }

    pub(super) fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Event)) -> Result<()> {
        conditions::read(
            &values[AT],
            &values[CONDITIONS..CONDITIONS + self.n_conditions],
            self.funnel.keeps_unmatched(),
            keep,
        )
    }
}
