//! `churn_status`: active, at risk or churned, by the time since the last order.
//!
//! The thresholds come from elsewhere: a fixed window, percentiles of the gaps
//! of all customers, or the customer's own gaps (the quantile and the median of
//! [`OrderSummary`](super::OrderSummary)). Reaching a threshold is enough.

use crate::error::{Result, StatsError};

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChurnStatus {
    /// Below both thresholds.
    Active,
    /// At or above the first.
    AtRisk,
    /// At or above the second.
    Churned,
}

impl ChurnStatus {
    /// Returns the code that stands in data.
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::AtRisk => "at_risk",
            Self::Churned => "churned",
        }
    }
}

/// Returns the status of a customer whose last order is `elapsed` ago.
///
/// All three are in one unit; NULL where one is missing or not a number.
/// Thresholds below 0 or in the wrong order are an error.
pub fn churn_status(
    elapsed: Option<f64>,
    at_risk: Option<f64>,
    churned: Option<f64>,
) -> Result<Option<ChurnStatus>> {
    let number = |value: Option<f64>| value.filter(|value| !value.is_nan());
    let (Some(elapsed), Some(at_risk), Some(churned)) =
        (number(elapsed), number(at_risk), number(churned))
    else {
        return Ok(None);
    };
    if at_risk < 0.0 {
        let reason = format!("must be a duration of 0 or more, got {at_risk}");
        return Err(StatsError::argument("at_risk", reason));
    }
    if churned < at_risk {
        let reason = format!("must be at least at_risk ({at_risk}), got {churned}");
        return Err(StatsError::argument("churned", reason));
    }
    Ok(Some(if elapsed >= churned {
        ChurnStatus::Churned
    } else if elapsed >= at_risk {
        ChurnStatus::AtRisk
    } else {
        ChurnStatus::Active
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    // statlas-docs.web.app: at risk from 29, churned from 47 days ("29+ days").
    #[test]
    fn reaching_a_threshold_is_enough() {
        for (elapsed, expected) in [
            (10.0, "active"),
            (29.0, "at_risk"),
            (46.0, "at_risk"),
            (47.0, "churned"),
            (400.0, "churned"),
        ] {
            let status = churn_status(Some(elapsed), Some(29.0), Some(47.0)).unwrap();
            assert_eq!(status.unwrap().code(), expected);
        }
    }

    #[test]
    fn a_missing_number_has_no_status_and_thresholds_are_checked() {
        assert_eq!(churn_status(None, Some(1.0), Some(2.0)).unwrap(), None);
        assert_eq!(
            churn_status(Some(1.0), Some(f64::NAN), Some(2.0)).unwrap(),
            None
        );
        let error = churn_status(Some(1.0), Some(3.0), Some(2.0)).unwrap_err();
        assert_eq!(error.about(), Some("churned"));
        let error = churn_status(Some(1.0), Some(-3.0), Some(2.0)).unwrap_err();
        assert_eq!(error.about(), Some("at_risk"));
    }
}
