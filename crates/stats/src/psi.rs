//! The population stability index: how far a distribution has moved.
//!
//! Σ (a − e) ln(a / e) over the shares of the classes. Below 0.1 is usually
//! read as stable, above 0.25 as changed; those are habits and not tests.

use crate::error::{Result, StatsError, finite};

/// The index and the part of each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Psi {
    /// The index; `None` when a side is empty, or a class is empty on one side
    /// and `floor` is 0.
    pub psi: Option<f64>,
    /// The part of each class, in order.
    pub parts: Vec<Option<f64>>,
}

/// The index of `actual` counts against `expected` counts.
///
/// A class that is empty on one side would make the index infinite. Shares
/// below `floor` are raised to it (0.0001 is common); a floor of 0 leaves the
/// index undefined instead. A class empty on both sides adds nothing.
pub fn psi(expected: &[f64], actual: &[f64], floor: f64) -> Result<Psi> {
    if expected.len() != actual.len() {
        return Err(StatsError::Length {
            argument: "actual",
            expected: expected.len(),
            got: actual.len(),
        });
    }
    if !(0.0..1.0).contains(&floor) {
        return Err(StatsError::argument("floor", "must be from 0 to below 1"));
    }
    if let Some(row) = expected
        .iter()
        .zip(actual)
        .position(|(e, a)| !(*e >= 0.0 && *a >= 0.0 && e.is_finite() && a.is_finite()))
    {
        return Err(StatsError::Row {
            row,
            argument: "count",
            reason: "is negative or not a number",
        });
    }
    let totals = (expected.iter().sum::<f64>(), actual.iter().sum::<f64>());
    let parts: Vec<Option<f64>> = expected
        .iter()
        .zip(actual)
        .map(|(&e, &a)| {
            if e == 0.0 && a == 0.0 && totals.0 > 0.0 && totals.1 > 0.0 {
                return Some(0.0);
            }
            let e = (e / totals.0).max(floor);
            let a = (a / totals.1).max(floor);
            if e > 0.0 && a > 0.0 {
                finite((a - e) * (a / e).ln())
            } else {
                None
            }
        })
        .collect();
    let complete = totals.0 > 0.0 && totals.1 > 0.0;
    let psi = if complete {
        parts.iter().copied().sum::<Option<f64>>()
    } else {
        None
    };
    Ok(Psi { psi, parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_the_sum_of_its_printed_parts() {
        let result = psi(&[50.0, 30.0, 20.0], &[40.0, 40.0, 20.0], 0.0).unwrap();
        let by_hand = -0.1 * (0.4f64 / 0.5).ln() + 0.1 * (0.4f64 / 0.3).ln();
        assert!((result.psi.unwrap() - by_hand).abs() < 1e-15);
        assert_eq!(result.parts[2], Some(0.0));
    }

    #[test]
    fn an_empty_class_is_infinite_unless_floored() {
        assert_eq!(psi(&[1.0, 0.0], &[1.0, 1.0], 0.0).unwrap().psi, None);
        assert!(psi(&[1.0, 0.0], &[1.0, 1.0], 1e-4).unwrap().psi.unwrap() > 1.0);
        assert_eq!(psi(&[0.0, 0.0], &[1.0, 1.0], 1e-4).unwrap().psi, None);
        assert_eq!(
            psi(&[1.0, 0.0, 2.0], &[1.0, 0.0, 2.0], 0.0).unwrap().psi,
            Some(0.0)
        );
        assert!(psi(&[1.0], &[1.0, 2.0], 0.0).is_err());
        assert!(psi(&[-1.0], &[1.0], 0.0).is_err());
    }
}
