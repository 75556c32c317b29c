//! Service: first contact resolution and churn status.

mod churn_status;
mod fcr;

pub(crate) use churn_status::ChurnStatus;
pub(crate) use fcr::Fcr;
