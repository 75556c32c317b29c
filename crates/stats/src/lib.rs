//! The arithmetic of after-sales statistics in plain Rust, without arrow.
//!
//! One thing per file, named as the SQL function that wraps it. What can be
//! merged between partitions is a state with `update` and `merge`; the rest
//! takes slices and returns structs. Nothing here reads a clock, prints or
//! panics on user input; a quantity that is undefined is `None`, never NaN.

// Foundations.
pub mod distribution;
pub mod error;
pub mod exact_sum;
pub mod fit;
pub mod hyp2f1;
pub mod moments;

// Loyalty.
pub mod bgnbd;
pub mod bgnbd_fit;
pub mod btyd_summary;
pub mod clv;
pub mod gamma_gamma;
pub mod repeat_rate;

// Drivers.
pub mod chisq_test;
pub mod correlation;
pub mod cross_products;
pub mod driver_relative_weights;
pub mod driver_shapley;
pub mod linear_regression;
pub mod psi;

// Experiments.
pub mod cuped;
pub mod did;
pub mod mcnemar;
pub mod p_adjust;
pub mod prop_diff_ci;
pub mod prop_power;
pub mod prop_test;
pub mod t_test;
pub mod uplift_ci;

// Time to an event, journeys and clocks, a folder each.
pub mod journey;
pub mod survival;
pub mod time;

pub use error::{Column, Result, StatsError};
