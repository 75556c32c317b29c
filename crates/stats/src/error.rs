//! What can be wrong with the shape of an input, in terms the caller can act on.
//!
//! A fit that stops early is not here: it is a result with its last values and
//! a reason (see [`crate::fit::Fit`]), because half an answer with a warning is
//! more useful in a table than a failed query.

use std::borrow::Cow;
use std::fmt;

/// Which column of a model an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The outcome, the left-hand side.
    Outcome,
    /// The predictor with this index, from 0.
    Predictor(usize),
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome => f.write_str("the outcome"),
            Self::Predictor(index) => write!(f, "predictor {}", index + 1),
        }
    }
}

/// Why a computation is refused.
///
/// Each variant carries what an adaptor needs to put the column's own name in
/// its message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatsError {
    /// An option is outside its range.
    Argument {
        /// Name of the option.
        argument: &'static str,
        /// What it must be, and what it is.
        reason: Cow<'static, str>,
    },
    /// A text option cannot be read.
    Syntax {
        /// Name of the option.
        argument: &'static str,
        /// The character at which reading stopped, counting from 1.
        character: usize,
        /// What was expected there, and what was found.
        reason: String,
    },
    /// One row contradicts the model.
    Row {
        /// Index of the row, from 0, in the order given.
        row: usize,
        /// Name of the value that is wrong.
        argument: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There are fewer values than the method needs.
    TooFew {
        /// What is counted.
        what: &'static str,
        /// How many are needed.
        needed: usize,
        /// How many there are.
        got: usize,
    },
    /// There are more values than the method can take.
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
        /// How many there are.
        got: usize,
    },
    /// Two inputs that must have the same length do not.
    Length {
        /// Name of the input with the wrong length.
        argument: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// A column holds one value only.
    ZeroVariance {
        /// The column.
        column: Column,
    },
    /// A predictor is a linear combination of the predictors before it.
    Singular {
        /// The first such column.
        column: Column,
    },
    /// A value is NaN or infinite.
    NotFinite {
        /// The column.
        column: Column,
        /// Index of the row, from 0.
        row: usize,
    },
}

impl StatsError {
    /// Refuses an option: the reason continues its name, as in `lambda must be at most 1`.
    pub fn argument(argument: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Argument {
            argument,
            reason: reason.into(),
        }
    }

    /// Returns the name of the argument the error is about, where it has one.
    pub fn about(&self) -> Option<&'static str> {
        match self {
            Self::Argument { argument, .. }
            | Self::Syntax { argument, .. }
            | Self::Row { argument, .. }
            | Self::Length { argument, .. } => Some(argument),
            _ => None,
        }
    }
}

impl fmt::Display for StatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument { argument, reason } => write!(f, "{argument} {reason}"),
            Self::Syntax {
                argument,
                character,
                reason,
            } => write!(f, "{argument} at character {character}: {reason}"),
            Self::Row {
                row,
                argument,
                reason,
            } => {
                write!(f, "row {}: {argument} {reason}", row + 1)
            }
            Self::TooFew { what, needed, got } => {
                write!(f, "needs at least {needed} {what}, got {got}")
            }
            Self::TooMany { what, limit, got } => {
                write!(f, "takes at most {limit} {what}, got {got}")
            }
            Self::Length {
                argument,
                expected,
                got,
            } => {
                write!(f, "{argument} has {got} values where {expected} are needed")
            }
            Self::ZeroVariance { column } => write!(f, "{column} has zero variance"),
            Self::Singular { column } => write!(
                f,
                "singular design: {column} is a linear combination of the predictors before it"
            ),
            Self::NotFinite { column, row } => {
                write!(f, "row {}: {column} is not a finite number", row + 1)
            }
        }
    }
}

impl std::error::Error for StatsError {}

/// A result whose error is a [`StatsError`].
pub type Result<T> = std::result::Result<T, StatsError>;

/// Refuses `value` unless it lies strictly between 0 and 1.
pub(crate) fn open_unit(argument: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::argument(
            argument,
            "must be between 0 and 1, both excluded",
        ))
    }
}

/// Refuses `value` unless it is finite and greater than 0.
pub(crate) fn positive(argument: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(StatsError::argument(argument, "must be greater than 0"))
    }
}

/// `Some(value)` when it is finite: how every ratio leaves this crate.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// `numerator / denominator`, `None` where that is no finite number.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    finite(numerator / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_from_one_and_names_the_reason() {
        let error = StatsError::Singular {
            column: Column::Predictor(2),
        };
        assert_eq!(
            error.to_string(),
            "singular design: predictor 3 is a linear combination of the predictors before it"
        );
        let error = StatsError::Row {
            row: 4,
            argument: "t_x",
            reason: "is 0 although x is not",
        };
        assert_eq!(error.to_string(), "row 5: t_x is 0 although x is not");
    }

    #[test]
    fn a_ratio_never_leaves_as_nan_or_infinity() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(0.0, 0.0), None);
        assert_eq!(ratio(1.0, 4.0), Some(0.25));
    }
}
