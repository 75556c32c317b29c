//! Why a total moved: volume, mix and rate, without a rest and without an order
//! in which they are changed.
//!
//! A total is Σ volume · share · rate over groups. The three factors are
//! exchanged one after the other, and the average over all six orders is taken
//! (Shapley): the usual price-volume-mix analysis depends on the order, or keeps
//! a residual.

use crate::error::{Result, StatsError};

/// One group in both periods: a quantity and what it amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupChange {
    /// Quantity before.
    pub volume_before: f64,
    /// Total before.
    pub total_before: f64,
    /// Quantity after.
    pub volume_after: f64,
    /// Total after.
    pub total_after: f64,
}

/// The parts of a change of a total.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapleyChange {
    /// The change to be explained.
    pub change: f64,
    /// Through more or fewer cases altogether.
    pub volume: f64,
    /// Through cases moving between groups.
    pub mix: f64,
    /// Through other totals per case within groups.
    pub rate: f64,
    /// (volume, mix, rate) of each group, in order; they sum to the above.
    pub groups: Vec<(f64, f64, f64)>,
}

/// Splits the change of a total. A group that is empty on one side has no rate
/// there and is given the other side's, so that it counts as mix; `None` when
/// either period has no volume at all.
pub fn shapley_change(groups: &[GroupChange]) -> Result<Option<ShapleyChange>> {
    check(groups)?;
    let before: f64 = groups.iter().map(|group| group.volume_before).sum();
    let after: f64 = groups.iter().map(|group| group.volume_after).sum();
    if before <= 0.0 || after <= 0.0 {
        return Ok(None);
    }
    let parts: Vec<(f64, f64, f64)> = groups
        .iter()
        .map(|group| {
            let (rate_before, rate_after) = rates(group);
            let volume = (before, after);
            let share = (group.volume_before / before, group.volume_after / after);
            let rate = (rate_before, rate_after);
            (
                shapley_of_product(volume, share, rate),
                shapley_of_product(share, volume, rate),
                shapley_of_product(rate, volume, share),
            )
        })
        .collect();
    let total = |of: fn(&(f64, f64, f64)) -> f64| parts.iter().map(of).sum::<f64>();
    Ok(Some(ShapleyChange {
        change: groups
            .iter()
            .map(|group| group.total_after - group.total_before)
            .sum(),
        volume: total(|part| part.0),
        mix: total(|part| part.1),
        rate: total(|part| part.2),
        groups: parts,
    }))
}

/// What the first of three factors contributes to the change of their product:
/// its own change, weighted with the averages of the others over all orders.
fn shapley_of_product(own: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let weight = (2.0 * a.0 * b.0 + 2.0 * a.1 * b.1 + a.0 * b.1 + a.1 * b.0) / 6.0;
    (own.1 - own.0) * weight
}

/// Totals per case; a side without cases takes the other's.
pub(crate) fn rates(group: &GroupChange) -> (f64, f64) {
    let before = (group.volume_before > 0.0).then(|| group.total_before / group.volume_before);
    let after = (group.volume_after > 0.0).then(|| group.total_after / group.volume_after);
    let (before, after) = (before.or(after), after.or(before));
    (before.unwrap_or(0.0), after.unwrap_or(0.0))
}

pub(crate) fn check(groups: &[GroupChange]) -> Result<()> {
    for (row, group) in groups.iter().enumerate() {
        let refuse = |argument, reason| {
            Err(StatsError::Row {
                row,
                argument,
                reason,
            })
        };
        let periods = [
            (
                ["volume_before", "total_before"],
                group.volume_before,
                group.total_before,
            ),
            (
                ["volume_after", "total_after"],
                group.volume_after,
                group.total_after,
            ),
        ];
        for (names, volume, total) in periods {
            if !(volume >= 0.0 && volume.is_finite()) {
                return refuse(names[0], "is negative or not a number");
            }
            if !total.is_finite() {
                return refuse(names[1], "is not a number");
            }
            if volume == 0.0 && total != 0.0 {
                return refuse(names[1], "is not 0 although the volume is");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [GroupChange; 3] = [
        GroupChange {
            volume_before: 100.0,
            total_before: 500.0,
            volume_after: 140.0,
            total_after: 840.0,
        },
        GroupChange {
            volume_before: 50.0,
            total_before: 600.0,
            volume_after: 30.0,
            total_after: 330.0,
        },
        GroupChange {
            volume_before: 0.0,
            total_before: 0.0,
            volume_after: 10.0,
            total_after: 70.0,
        },
    ];

    #[test]
    fn the_parts_sum_to_the_change_and_equal_all_six_orders() {
        let result = shapley_change(&GROUPS).unwrap().unwrap();
        assert!((result.volume + result.mix + result.rate - result.change).abs() < 1e-9);
        assert!((result.change - 140.0).abs() < 1e-12);
        // The slow way: the total with some factors exchanged.
        let total = |after: [bool; 3]| -> f64 {
            let sum = |side: bool| -> f64 {
                GROUPS
                    .iter()
                    .map(|g| {
                        if side {
                            g.volume_after
                        } else {
                            g.volume_before
                        }
                    })
                    .sum()
            };
            GROUPS
                .iter()
                .map(|g| {
                    let own = if after[1] {
                        g.volume_after
                    } else {
                        g.volume_before
                    };
                    let share = own / sum(after[1]);
                    let (before, now) = rates(g);
                    sum(after[0]) * share * if after[2] { now } else { before }
                })
                .sum()
        };
        let orders = [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        let mut average = [0.0; 3];
        for order in orders {
            let mut state = [false; 3];
            for factor in order {
                let before = total(state);
                state[factor] = true;
                average[factor] += (total(state) - before) / 6.0;
            }
        }
        assert!((average[0] - result.volume).abs() < 1e-9);
        assert!((average[1] - result.mix).abs() < 1e-9);
        assert!((average[2] - result.rate).abs() < 1e-9);
    }

    #[test]
    fn one_factor_alone_explains_everything() {
        let doubled = [GroupChange {
            volume_before: 10.0,
            total_before: 30.0,
            volume_after: 20.0,
            total_after: 60.0,
        }];
        let result = shapley_change(&doubled).unwrap().unwrap();
        assert_eq!((result.volume, result.mix, result.rate), (30.0, 0.0, 0.0));
    }

    #[test]
    fn impossible_groups_are_refused_and_empty_periods_are_null() {
        assert_eq!(shapley_change(&[]), Ok(None));
        let group = GroupChange {
            total_after: 3.0,
            ..GroupChange::default()
        };
        assert_eq!(
            shapley_change(&[group]).unwrap_err().to_string(),
            "row 1: total_after is not 0 although the volume is"
        );
    }
}
