//! The arithmetic of after-sales statistics in plain Rust, without arrow.

pub mod journey;
pub mod survival;
pub mod time;
