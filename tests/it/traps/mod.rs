//! DataFusion's traps that touch what is built, one test each: without its cure the test fails.
//!
//! Most of them give wrong rows or lose a good file without any error, so the
//! tests compare with a second way to the same answer.

mod buffers;
mod constants;
mod copy;
mod distinct;
mod durations;
mod files;
mod instants;
mod keys;
mod limits;
mod mapping;
mod names;
mod nulls;
mod pruning;
