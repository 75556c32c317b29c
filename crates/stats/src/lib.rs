//! The arithmetic of after-sales statistics in plain Rust, without arrow.
