//! What control charts have in common: points as results, and rows that are not part of the chart.

use arrow::array::ArrayRef;
use datafusion::common::Result;

use aftersight_stats::control_chart::ChartPoint;

use crate::args::Call;
use crate::tally::{Flags, Numbers};
use crate::value::{Type, Value};

/// The fields of a point.
pub(super) const POINT: &[(&str, Type)] = &[
    ("value", Type::Number),
    ("centre", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("z", Type::Number),
    ("signal", Type::Whole),
    ("reason", Type::Text),
];

/// Returns the fields of a point, in order; the reason says why what is NULL is NULL.
pub(super) fn fields(point: &ChartPoint, reason: Option<&str>) -> Vec<Value> {
    let mut values = numbers(point);
    values.push(reason.into());
    values
}

/// Returns the fields of a point before the reason.
pub(super) fn numbers(point: &ChartPoint) -> Vec<Value> {
    vec![
        point.value.into(),
        point.centre.into(),
        point.lower.into(),
        point.upper.into(),
        point.z.into(),
        point.signal.into(),
    ]
}

/// The rows whose numbers are known, in the order of the window.
#[derive(Debug)]
pub(super) struct Known {
    n_rows: usize,
    rows: Vec<usize>,
}

impl Known {
    /// Keeps the rows that have all of the first `width` numbers, and returns those by column.
    pub(super) fn of(arguments: &[ArrayRef], width: usize) -> Result<(Self, Vec<Vec<f64>>)> {
        let columns = (0..width)
            .map(|i| Numbers::of(arguments, i))
            .collect::<Result<Vec<_>>>()?;
        let n_rows = arguments[0].len();
        let is_known = |row: &usize| columns.iter().all(|c| c.get(*row).is_some());
        let rows: Vec<usize> = (0..n_rows).filter(is_known).collect();
        let numbers = columns
            .iter()
            .map(|c| rows.iter().filter_map(|row| c.get(*row)).collect())
            .collect();
        Ok((Self { n_rows, rows }, numbers))
    }

    /// Returns why limits of single values are unknown, where they are: two values of the
    /// baseline are needed to see how far neighbours are apart.
    pub(super) fn too_few(&self, baseline: Option<&[bool]>) -> Option<String> {
        let n = baseline.map_or(self.rows.len(), |mask| mask.iter().filter(|m| **m).count());
        (n < 2).then(|| format!("x has {n} of at least 2 values in the baseline"))
    }

    /// Returns which of the known rows belong to the baseline, where the call gives one.
    pub(super) fn baseline(
        &self,
        arguments: &[ArrayRef],
        place: Option<usize>,
    ) -> Result<Option<Vec<bool>>> {
        let Some(place) = place else {
            return Ok(None);
        };
        let flags = Flags::of(arguments, place)?;
        let flags = self.rows.iter().map(|row| flags.get(*row) == Some(true));
        Ok(Some(flags.collect()))
    }

    /// Puts the results of the known rows in their places; the others have none.
    pub(super) fn spread(&self, results: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let mut values = vec![Value::Null; self.n_rows];
        for (row, result) in self.rows.iter().zip(results) {
            values[*row] = result;
        }
        values
    }
}

/// Returns the place of the baseline column, where the call gives it.
pub(super) fn baseline_place(call: &Call, i: usize) -> Option<usize> {
    call.gives(i).then_some(i)
}
