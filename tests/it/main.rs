//! Tests of the whole: the program, the engine's traps, the stores, the house.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, like the tests themselves"
)]

mod check;
mod cleaning;
mod cli;
mod edges;
mod incidents;
mod init;
mod left_out;
mod online_retail;
mod planted;
mod reconcile;
mod reports;
mod requirements;
mod reviews;
mod rfm_by_r;
mod rules;
mod shared_views;
mod slt;
mod stores;
mod support;
mod tidy;
mod traps;
mod views;
mod weights;
