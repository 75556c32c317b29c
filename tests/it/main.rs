//! Tests of the whole: the program, the engine's traps, the stores, the house.

mod cli;
mod slt;
mod support;
mod views;
