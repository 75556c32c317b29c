//! The error of a kernel that was asked for something impossible.
//!
//! One type for the three folders of this crate that take options: a caller
//! adds the name of its SQL function in front and has a planning error.

use std::error::Error;
use std::fmt;

/// An argument a kernel cannot work with, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidArgument {
    /// The argument, by the name the SQL user knows.
    pub argument: &'static str,
    /// What is wrong with it: expected and given.
    pub reason: String,
}

impl InvalidArgument {
    /// Names the argument and the reason.
    pub fn new(argument: &'static str, reason: impl Into<String>) -> Self {
        Self {
            argument,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument '{}': {}", self.argument, self.reason)
    }
}

impl Error for InvalidArgument {}
