//! The arithmetic of the functions, in plain Rust: no arrow, no DataFusion.

pub(crate) mod abc;
pub(crate) mod binned_sum;
pub(crate) mod cn8;
pub(crate) mod normal;
pub(crate) mod nps;
pub(crate) mod places;
pub(crate) mod proportion;
pub(crate) mod quantile;
pub(crate) mod rfm;
