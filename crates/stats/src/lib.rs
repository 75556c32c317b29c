//! The arithmetic of after-sales statistics in plain Rust, without arrow.
//!
//! One thing per file, named as the SQL function that wraps it. What can be
//! merged between partitions is a state with `update` and `merge`; the rest
//! takes slices and returns structs. Nothing here reads a clock, prints or
//! panics on user input; a quantity that is undefined is `None`, never NaN.

// Foundations.
mod distinct_rows;
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
mod refinement;

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

// Monitoring.
pub mod control_chart;
pub mod cusum;
pub mod ewma_chart;
pub mod exp_smoothing;
pub mod forecast_accuracy;
pub mod holt;
pub mod holt_winters;
pub mod mad;
pub mod p_chart;
pub mod quantile;
pub mod run_rules;
pub mod seasonal_decompose;
pub mod ses;
pub mod smoothing_fit;
mod smoothing_start;
pub mod xmr_chart;

// Change, costs, texts, baskets.
pub mod basket_rules;
pub mod net_sentiment;
pub mod rate_change;
pub mod shapley_change;
pub mod tdabc;
pub mod tfidf;

// Time to an event, journeys and clocks, a folder each.
pub mod journey;
pub mod survival;
pub mod time;

#[cfg(test)]
mod close;

pub use error::{Column, Result, StatsError};
