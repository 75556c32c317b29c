//! Time-driven activity-based costing (Kaplan & Anderson 2004): what a minute of
//! a team costs, and what its idle time does.
//!
//! Unused capacity is a result of its own and is never spread over the cases.

use crate::error::{Result, StatsError, finite, positive, ratio};

/// Something the team does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// Minutes for one case.
    pub unit_minutes: f64,
    /// Number of cases.
    pub cases: f64,
}

/// What an activity costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivityCost {
    /// Cost of one case.
    pub unit_cost: f64,
    /// Minutes of all cases.
    pub minutes: f64,
    /// Cost of all cases.
    pub cost: f64,
}

/// Where the team's time and money went.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityReport {
    /// Cost of a minute.
    pub rate_per_minute: f64,
    /// One entry per activity, in order.
    pub activities: Vec<ActivityCost>,
    /// Minutes worked on cases.
    pub used_minutes: f64,
    /// Their cost.
    pub used_cost: f64,
    /// Minutes paid and not used; negative when more was done than planned.
    pub unused_minutes: f64,
    /// Their cost.
    pub unused_cost: f64,
    /// Used over practical minutes.
    pub utilisation: f64,
}

/// Cost of the capacity supplied over the practical capacity in minutes.
pub fn capacity_rate(total_cost: f64, practical_minutes: f64) -> Result<Option<f64>> {
    positive("practical_minutes", practical_minutes)?;
    Ok(ratio(total_cost, practical_minutes))
}

/// Spreads the used part of a team's cost over its activities. `None` when a
/// sum leaves the range of numbers.
pub fn capacity_report(
    total_cost: f64,
    practical_minutes: f64,
    activities: &[Activity],
) -> Result<Option<CapacityReport>> {
    let Some(rate) = capacity_rate(total_cost, practical_minutes)? else {
        return Ok(None);
    };
    if let Some(row) = activities
        .iter()
        .position(|activity| !(activity.unit_minutes >= 0.0 && activity.cases >= 0.0))
    {
        return Err(StatsError::Row {
            row,
            argument: "unit_minutes or cases",
            reason: "are negative or not a number",
        });
    }
    let costs: Vec<ActivityCost> = activities
        .iter()
        .map(|activity| {
            let minutes = activity.unit_minutes * activity.cases;
            ActivityCost {
                unit_cost: rate * activity.unit_minutes,
                minutes,
                cost: rate * minutes,
            }
        })
        .collect();
    let used_minutes: f64 = costs.iter().map(|cost| cost.minutes).sum();
    let unused_minutes = practical_minutes - used_minutes;
    Ok(finite(rate * used_minutes).map(|used_cost| CapacityReport {
        rate_per_minute: rate,
        activities: costs,
        used_minutes,
        used_cost,
        unused_minutes,
        unused_cost: rate * unused_minutes,
        utilisation: used_minutes / practical_minutes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Kaplan & Anderson's customer service department.
    #[test]
    fn the_service_department_has_the_published_costs() {
        let activities =
            [(40.0, 9800.0), (220.0, 280.0), (250.0, 500.0)].map(|(unit_minutes, cases)| {
                Activity {
                    unit_minutes,
                    cases,
                }
            });
        let report = capacity_report(560_000.0, 700_000.0, &activities)
            .unwrap()
            .unwrap();
        assert!((report.rate_per_minute - 0.8).abs() < 1e-12);
        let unit_costs: Vec<f64> = report.activities.iter().map(|a| a.unit_cost).collect();
        assert_eq!(unit_costs, [32.0, 176.0, 200.0]);
        assert_eq!(report.used_minutes, 578_600.0);
        assert!((report.used_cost - 462_880.0).abs() < 1e-6);
        assert!((report.unused_cost - 97_120.0).abs() < 1e-6);
        assert!((report.utilisation - 0.826_57).abs() < 1e-5);
    }

    #[test]
    fn a_team_without_time_is_refused() {
        assert!(capacity_report(1.0, 0.0, &[]).is_err());
        let wrong = Activity {
            unit_minutes: -1.0,
            cases: 1.0,
        };
        assert!(capacity_report(1.0, 10.0, &[wrong]).is_err());
        let idle = capacity_report(100.0, 10.0, &[]).unwrap().unwrap();
        assert_eq!((idle.used_cost, idle.unused_cost), (0.0, 100.0));
    }
}
