//! Service: first contact resolution, churn status and outliers.

mod churn_status;
mod fcr;
mod mad;
mod modified_zscore;

pub(crate) use churn_status::ChurnStatus;
pub(crate) use fcr::Fcr;
pub(crate) use mad::Mad;
pub(crate) use modified_zscore::ModifiedZscore;
