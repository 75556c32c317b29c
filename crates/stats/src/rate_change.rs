//! Why a rate moved: within groups, or because the groups' shares moved.

use crate::error::Result;
use crate::shapley_change::{GroupChange, check, rates};

/// The parts of a change of a rate.
#[derive(Clone, Debug, PartialEq)]
pub struct RateChange {
    /// Rate before.
    pub before: f64,
    /// Rate after.
    pub after: f64,
    /// Through groups with rates above or below the average gaining share.
    pub mix: f64,
    /// Through rates that changed within groups.
    pub within: f64,
    /// (mix, within) of each group, in order; they sum to the above.
    pub groups: Vec<(f64, f64)>,
}

/// Splits the change of total/volume additively, without a rest: mix is the
/// change of share times the mean rate above the overall mean rate, within the
/// change of rate times the mean share (Kitagawa 1955).
///
/// Subtracting the overall rate does not change the sum of the mix, because
/// shares sum to one, but makes a single group's part readable: a growing group
/// with a low rate pulls down. A group that is empty on one side is given the
/// other side's rate. `None` when either period has no volume.
pub fn rate_change(groups: &[GroupChange]) -> Result<Option<RateChange>> {
    check(groups)?;
    let sum = |of: fn(&GroupChange) -> f64| groups.iter().map(of).sum::<f64>();
    let volume = (sum(|g| g.volume_before), sum(|g| g.volume_after));
    if volume.0 <= 0.0 || volume.1 <= 0.0 {
        return Ok(None);
    }
    let before = sum(|g| g.total_before) / volume.0;
    let after = sum(|g| g.total_after) / volume.1;
    let overall = 0.5 * (before + after);
    let parts: Vec<(f64, f64)> = groups
        .iter()
        .map(|group| {
            let share = (
                group.volume_before / volume.0,
                group.volume_after / volume.1,
            );
            let rate = rates(group);
            (
                (share.1 - share.0) * (0.5 * (rate.0 + rate.1) - overall),
                (rate.1 - rate.0) * 0.5 * (share.0 + share.1),
            )
        })
        .collect();
    Ok(Some(RateChange {
        before,
        after,
        mix: parts.iter().map(|part| part.0).sum(),
        within: parts.iter().map(|part| part.1).sum(),
        groups: parts,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(before: (f64, f64), after: (f64, f64)) -> GroupChange {
        GroupChange {
            volume_before: before.0,
            total_before: before.1,
            volume_after: after.0,
            total_after: after.1,
        }
    }

    // Simpson's paradox: both groups improve and the rate rises.
    #[test]
    fn mix_can_turn_an_improvement_around() {
        let groups = [
            group((900.0, 45.0), (500.0, 20.0)),
            group((100.0, 30.0), (500.0, 140.0)),
        ];
        let change = rate_change(&groups).unwrap().unwrap();
        assert!((change.after - change.before - 0.085).abs() < 1e-12);
        assert!(change.within < 0.0 && change.mix > 0.0);
        assert!((change.within + change.mix - 0.085).abs() < 1e-12);
        // By hand: -.01 * .7 - .02 * .3
        assert!((change.within + 0.013).abs() < 1e-12);
    }

    #[test]
    fn new_groups_are_mix_and_empty_periods_are_null() {
        let groups = [
            group((10.0, 1.0), (10.0, 1.0)),
            group((0.0, 0.0), (10.0, 5.0)),
        ];
        let change = rate_change(&groups).unwrap().unwrap();
        assert_eq!(change.within, 0.0);
        assert!((change.mix - 0.2).abs() < 1e-12);
        assert_eq!(rate_change(&[group((1.0, 1.0), (0.0, 0.0))]), Ok(None));
    }
}
