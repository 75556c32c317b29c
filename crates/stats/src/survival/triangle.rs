//! `Triangle`: amounts by origin and age, as far as they are known.
//!
//! An origin is a delivery week, an age the weeks since; the amount is what was
//! returned (or refunded) up to that age. Origins are as old as they are, so
//! their rows end on a diagonal: the latest period.

use std::collections::BTreeMap;

use crate::error::{Result, StatsError};

/// The largest triangle: more ages than this are a wrong unit of age.
const MOST_CELLS: usize = 4_000_000;

/// Cumulative amounts, one row for each origin, known up to its age.
///
/// Invariant: rows are not empty, no longer than `n_ages`, and hold finite
/// numbers that are not negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Triangle {
    rows: Vec<Vec<f64>>,
    n_ages: usize,
}

impl Triangle {
    /// Takes cumulative amounts, oldest origin first, ages from the first.
    pub fn from_cumulative(rows: Vec<Vec<f64>>) -> Result<Self> {
        let n_ages = rows.iter().map(Vec::len).max().unwrap_or_default();
        for (origin, row) in rows.iter().enumerate() {
            if row.is_empty() {
                let reason = format!("has no amount in origin {}", origin + 1);
                return Err(StatsError::argument("triangle", reason));
            }
            if let Some(amount) = row
                .iter()
                .find(|amount| !(amount.is_finite() && **amount >= 0.0))
            {
                let reason = format!(
                    "must hold cumulative amounts of 0 or more, got {amount} in origin {}",
                    origin + 1
                );
                return Err(StatsError::argument("triangle", reason));
            }
        }
        Ok(Self { rows, n_ages })
    }

    /// Returns the known amounts of each origin.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// Returns the number of ages of the oldest origin.
    pub fn n_ages(&self) -> usize {
        self.n_ages
    }
}

/// Amounts as they come in, by origin and age, mergeable in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TriangleCells {
    cells: BTreeMap<(i64, i64), f64>,
    n_dropped: u64,
}

impl TriangleCells {
    /// No amounts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what came in for an origin at an age, counted in the same periods.
    ///
    /// An amount of 0 makes an origin known. Missing values, negative ages and
    /// amounts that are not finite are dropped and counted.
    pub fn push(&mut self, origin: Option<i64>, age: Option<i64>, amount: Option<f64>) {
        let age = age.filter(|age| *age >= 0);
        let amount = amount.filter(|amount| amount.is_finite());
        if let (Some(origin), Some(age), Some(amount)) = (origin, age, amount) {
            *self.cells.entry((origin, age)).or_default() += amount;
        } else {
            self.n_dropped += 1;
        }
    }

    /// Adds the amounts of another state.
    pub fn merge(&mut self, other: &Self) {
        self.n_dropped += other.n_dropped;
        for (cell, amount) in &other.cells {
            *self.cells.entry(*cell).or_default() += amount;
        }
    }

    /// Returns the cells as origin, age and amount, in order.
    pub fn cells(&self) -> impl Iterator<Item = (i64, i64, f64)> {
        self.cells
            .iter()
            .map(|((origin, age), amount)| (*origin, *age, *amount))
    }

    /// Returns how many rows lacked something.
    pub fn n_dropped(&self) -> u64 {
        self.n_dropped
    }

    /// Adds up the cells to a triangle known up to the period `latest`, with
    /// the origin of each row.
    ///
    /// A cell is known if `origin + age <= latest`; later ones are left out,
    /// so that a report of an earlier day reads nothing from after it. A known
    /// cell without an amount is 0. Every period from the first origin to the
    /// last is a row. Ages of `max_age` and above count as `max_age`.
    pub fn triangle(&self, latest: i64, max_age: i64) -> Result<(Vec<i64>, Triangle)> {
        if max_age < 0 {
            let reason = format!("must be an age of 0 or more, got {max_age}");
            return Err(StatsError::argument("max_age", reason));
        }
        let known = || {
            self.cells.iter().filter(|((origin, age), _)| {
                origin.checked_add(*age).is_some_and(|at| at <= latest)
            })
        };
        let origins = known().map(|((origin, _), _)| *origin);
        let (Some(first), Some(last)) = (origins.clone().min(), origins.max()) else {
            let triangle = Triangle::from_cumulative(Vec::new())?;
            return Ok((Vec::new(), triangle));
        };
        let n_rows = usize::try_from(last.abs_diff(first))
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let oldest = usize::try_from(latest.abs_diff(first).min(max_age.unsigned_abs()))
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        if n_rows.saturating_mul(oldest) > MOST_CELLS {
            let reason = format!(
                "has {n_rows} origins by {oldest} ages, too many: use longer periods or a max_age"
            );
            return Err(StatsError::argument("triangle", reason));
        }
        let mut rows: Vec<Vec<f64>> = (first..=last)
            .map(|origin| {
                let age = latest.abs_diff(origin).min(max_age.unsigned_abs());
                vec![0.0; usize::try_from(age).unwrap_or_default() + 1]
            })
            .collect();
        for ((origin, age), amount) in known() {
            let row = usize::try_from(origin.abs_diff(first)).unwrap_or_default();
            let age = usize::try_from(*age.min(&max_age)).unwrap_or_default();
            if let Some(cell) = rows.get_mut(row).and_then(|row| row.get_mut(age)) {
                *cell += amount;
            }
        }
        for row in &mut rows {
            let mut total = 0.0;
            for cell in row {
                total += *cell;
                *cell = total;
            }
        }
        Ok(((first..=last).collect(), Triangle::from_cumulative(rows)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_cumulative_and_end_on_the_diagonal() {
        let mut cells = TriangleCells::new();
        let mut part = TriangleCells::new();
        for (origin, age, amount) in [(10, 0, 5.0), (10, 2, 1.0), (12, 0, 4.0), (12, 1, 9.0)] {
            part.push(Some(origin), Some(age), Some(amount));
        }
        cells.push(Some(10), Some(0), Some(1.0));
        cells.push(Some(10), Some(-1), Some(1.0));
        cells.merge(&part);
        let (origins, triangle) = cells.triangle(12, 100).unwrap();
        assert_eq!(origins, [10, 11, 12]);
        let expected = [vec![6.0, 6.0, 7.0], vec![0.0, 0.0], vec![4.0]];
        assert_eq!(triangle.rows(), expected);
        assert_eq!((triangle.n_ages(), cells.n_dropped()), (3, 1));
        assert_eq!(cells.cells().count(), 4);
        let (_, young) = cells.triangle(12, 1).unwrap();
        assert_eq!(young.rows(), [vec![6.0, 7.0], vec![0.0, 0.0], vec![4.0]]);
    }

    #[test]
    fn nothing_known_is_an_empty_triangle_and_wrong_units_are_refused() {
        let mut cells = TriangleCells::new();
        assert!(cells.triangle(0, 5).unwrap().0.is_empty());
        cells.push(Some(0), Some(0), Some(1.0));
        assert!(cells.triangle(-1, 5).unwrap().0.is_empty());
        assert_eq!(cells.triangle(0, -1).unwrap_err().about(), Some("max_age"));
        cells.push(Some(i64::MIN), Some(0), Some(1.0));
        assert_eq!(
            cells.triangle(i64::MAX, i64::MAX).unwrap_err().about(),
            Some("triangle")
        );
    }

    #[test]
    fn negative_sums_and_empty_rows_are_named() {
        let error = Triangle::from_cumulative(vec![vec![1.0], vec![-1.0]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "triangle must hold cumulative amounts of 0 or more, got -1 in origin 2"
        );
        assert!(Triangle::from_cumulative(vec![vec![]]).is_err());
        assert!(Triangle::from_cumulative(vec![vec![f64::NAN]]).is_err());
    }
}
