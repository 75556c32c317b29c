//! Tests of the whole: the program, the engine's traps, the stores, the house.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, like the tests themselves"
)]

mod cli;
mod online_retail;
mod planted;
mod reports;
mod requirements;
mod rfm_by_r;
mod rules;
mod slt;
mod stores;
mod support;
mod tidy;
mod traps;
mod views;
