//! What `chain_ladder` and `mack` share: arguments and triangles.

use aftersight_stats::survival::{
    ChainLadder, ChainLadderOptions, SigmaRule, TriangleCells, chain_ladder,
};
use arrow::array::{Array, ArrayRef};
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;

use crate::args::{Call, Kind, Parameter};
use crate::events::{Event, split_bytes};

/// Origin, age, amount, and how far the triangle goes.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::column("origin", Kind::Number),
    Parameter::column("age", Kind::Number),
    Parameter::column("amount", Kind::Number),
    Parameter::option("latest", Kind::Number),
    Parameter::option("max_age", Kind::Number),
    Parameter::option("sigma", Kind::Text),
];

/// The largest number of a period: beyond it floats skip integers.
const MOST: i64 = 1 << 53;

/// What came in for an origin at an age.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cell {
    origin: i64,
    age: i64,
    amount: f64,
}

impl Event for Cell {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.origin.to_le_bytes());
        bytes.extend(self.age.to_le_bytes());
        bytes.extend(self.amount.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            origin: i64::from_le_bytes(split_bytes(bytes)?),
            age: i64::from_le_bytes(split_bytes(bytes)?),
            amount: f64::from_le_bytes(split_bytes(bytes)?),
        })
    }
}

/// How far a triangle goes.
#[derive(Debug)]
pub(super) struct Extent {
    latest: Option<i64>,
    max_age: Option<i64>,
    options: ChainLadderOptions,
}

const SIGMAS: [(&str, SigmaRule); 2] = [
    ("mack", SigmaRule::Mack),
    ("log_linear", SigmaRule::LogLinear),
];

/// The periods of the origins and what becomes of them.
pub(super) type Developed = (Vec<i64>, ChainLadder);

impl Extent {
    pub(super) fn new(call: &Call) -> Result<Self> {
        Ok(Self {
            latest: call.whole(3, -MOST, MOST)?,
            max_age: call.whole(4, 0, MOST)?,
            options: ChainLadderOptions {
                sigma: call.choice(5, &SIGMAS)?.unwrap_or_default(),
                ..ChainLadderOptions::default()
            },
        })
    }

    /// Calls `keep` for each row whose numbers are known, and whole where they count periods.
    pub(super) fn read(
        &self,
        values: &[ArrayRef],
        mut keep: impl FnMut(usize, Cell),
    ) -> Result<()> {
        let origins = as_float64_array(&values[0])?;
        let ages = as_float64_array(&values[1])?;
        let amounts = as_float64_array(&values[2])?;
        let period = |x: f64| (x.fract() == 0.0 && x.abs() <= MOST as f64).then_some(x as i64);
        for row in 0..origins.len() {
            let is_known = [origins, ages, amounts].iter().all(|a| a.is_valid(row));
            let amount = amounts.value(row);
            if let (Some(origin), Some(age)) = (period(origins.value(row)), period(ages.value(row)))
                && is_known
                && age >= 0
                && amount.is_finite()
            {
                keep(
                    row,
                    Cell {
                        origin,
                        age,
                        amount,
                    },
                );
            }
        }
        Ok(())
    }

    /// Develops the triangle of one group; with the periods of its origins, nothing without cells,
    /// or the reason why cells make no triangle.
    pub(super) fn develop(&self, cells: &mut [Cell]) -> Result<Option<Developed>, String> {
        // Floats add up to the same sum in one order only.
        cells.sort_unstable_by(|a, b| {
            (a.origin, a.age)
                .cmp(&(b.origin, b.age))
                .then(a.amount.total_cmp(&b.amount))
        });
        let newest = cells.iter().map(|cell| cell.origin + cell.age).max();
        let Some(latest) = self.latest.or(newest) else {
            return Ok(None);
        };
        let mut triangle = TriangleCells::new();
        for cell in cells.iter() {
            triangle.push(Some(cell.origin), Some(cell.age), Some(cell.amount));
        }
        let triangle = triangle.triangle(latest, self.max_age.unwrap_or(i64::MAX));
        let (origins, triangle) = triangle.map_err(|e| e.to_string())?;
        if origins.is_empty() {
            return Ok(None);
        }
        let developed = chain_ladder(&triangle, &self.options);
        Ok(Some((origins, developed.map_err(|e| e.to_string())?)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use aftersight_stats::survival::{ChainLadder, ChainLadderOptions, Triangle, chain_ladder};

    use crate::harness::Row;

    /// Counts rows of origin `x` and age `y` into a square up to period `latest` by plain loops.
    pub(in super::super) fn slow_triangle(rows: &[Row], latest: i64) -> Option<(i64, ChainLadder)> {
        let rows = rows.iter().filter_map(|r| Some((r.0? as i64, r.1? as i64)));
        let rows: Vec<(i64, i64)> = rows.filter(|(o, a)| o + a <= latest).collect();
        let first = rows.iter().map(|r| r.0).min()?;
        let last = rows.iter().map(|r| r.0).max()?;
        let count = |origin: i64, age: i64| {
            let up_to = rows.iter().filter(|(o, a)| *o == origin && *a <= age);
            up_to.count() as f64
        };
        let origins = first..=last;
        let triangle = origins.map(|o| (0..=latest - o).map(|a| count(o, a)).collect());
        let triangle = Triangle::from_cumulative(triangle.collect()).unwrap();
        let developed = chain_ladder(&triangle, &ChainLadderOptions::default()).unwrap();
        Some((first, developed))
    }
}
