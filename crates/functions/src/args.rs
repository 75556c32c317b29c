//! How functions declare and coerce their arguments; [`Call`] reads them.
//!
//! A function lists its parameters once, as data. The SQL signature, the
//! coercions, the counts, the names for `f(level => 0.9)` and every error
//! message follow from that list, so that all functions answer a wrong call in
//! the same words: function, argument, expected, given.
//!
//! Options are arguments that must be literals. NULL means the default. They
//! are checked while the query is planned, before any data is read.

mod call;
mod kind;

use std::fmt;

use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Signature, TypeSignature, Volatility};

pub(crate) use call::Call;
pub(crate) use kind::{Kind, numbers_type};

/// One parameter of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    name: &'static str,
    kind: Kind,
    literal: bool,
    optional: bool,
    repeated: bool,
}

impl Parameter {
    /// A column that every call gives.
    pub(crate) const fn column(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            literal: false,
            optional: false,
            repeated: false,
        }
    }

    /// An optional literal.
    pub(crate) const fn option(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            literal: true,
            optional: true,
            repeated: false,
        }
    }

    /// The same parameter, which a call may leave out.
    pub(crate) const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The same parameter, which every call gives.
    pub(crate) const fn mandatory(self) -> Self {
        Self {
            optional: false,
            ..self
        }
    }

    /// The same parameter, which a call gives once or more; only as the last one.
    pub(crate) const fn repeated(self) -> Self {
        Self {
            repeated: true,
            ..self
        }
    }
}

/// The parameters of one function: mandatory ones first, then optional ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters {
    function: &'static str,
    list: &'static [Parameter],
}

impl Parameters {
    pub(crate) const fn new(function: &'static str, list: &'static [Parameter]) -> Self {
        Self { function, list }
    }

    /// Returns the parameter that argument `i` belongs to.
    fn at(&self, i: usize) -> Option<&Parameter> {
        let last = self.list.last().filter(|p| p.repeated);
        self.list.get(i).or(last)
    }

    /// Returns the signature under which DataFusion plans a call.
    pub(crate) fn signature(&self) -> Signature {
        let names: Vec<String> = self.list.iter().map(|p| p.name.to_string()).collect();
        Signature {
            type_signature: TypeSignature::UserDefined,
            volatility: Volatility::Immutable,
            // A repeated argument cannot be named.
            parameter_names: self.list.iter().all(|p| !p.repeated).then_some(names),
        }
    }

    /// Returns the types to cast the arguments to.
    ///
    /// What does not fit stays as it is: DataFusion wraps an error raised here
    /// in a sentence of its own, so [`Parameters::check`] raises it later.
    pub(crate) fn coerce(&self, given: &[DataType]) -> Vec<DataType> {
        given
            .iter()
            .enumerate()
            .map(|(i, t)| {
                self.at(i)
                    .and_then(|p| p.kind.coerce(t))
                    .unwrap_or_else(|| t.clone())
            })
            .collect()
    }

    /// Checks number and types of the arguments of a call.
    pub(crate) fn check(&self, given: &[DataType]) -> Result<()> {
        let least = self.list.iter().filter(|p| !p.optional).count();
        let most = match self.list.last() {
            Some(last) if last.repeated => usize::MAX,
            _ => self.list.len(),
        };
        if given.len() < least || given.len() > most {
            let expected = match (least, most) {
                (1, 1) => "1 argument".to_string(),
                (l, usize::MAX) => format!("{l} or more arguments"),
                (l, m) if l == m => format!("{l} arguments"),
                (l, m) => format!("{l} to {m} arguments"),
            };
            return plan_err!(
                "'{}' expects {expected}, {self}, got {}",
                self.function,
                given.len()
            );
        }
        for (i, t) in given.iter().enumerate() {
            if let Some(parameter) = self.at(i)
                && parameter.kind.coerce(t).is_none()
            {
                return plan_err!(
                    "'{}' expects {} as argument {} ({}), got {t}",
                    self.function,
                    parameter.kind,
                    i + 1,
                    parameter.name
                );
            }
        }
        Ok(())
    }
}

/// Writes the call as a user would: `nps_ci(score [, method [, level]])`.
impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function)?;
        let mut open = 0;
        for (i, p) in self.list.iter().enumerate() {
            match (i, p.optional) {
                (0, false) => write!(f, "{}", p.name)?,
                (_, false) => write!(f, ", {}", p.name)?,
                (0, true) => {
                    write!(f, "[{}", p.name)?;
                    open += 1;
                }
                (_, true) => {
                    write!(f, " [, {}", p.name)?;
                    open += 1;
                }
            }
        }
        if self.list.last().is_some_and(|p| p.repeated) {
            write!(f, ", ...")?;
        }
        write!(f, "{})", "]".repeat(open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const INTERVAL: Parameters = Parameters::new(
        "nps_ci",
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
        ],
    );

    #[test]
    fn a_call_is_written_as_a_user_would() {
        assert_eq!(INTERVAL.to_string(), "nps_ci(score [, method [, level]])");
    }

    #[test]
    fn a_wrong_type_names_function_argument_expected_and_given() {
        let error = INTERVAL.check(&[DataType::Utf8]).unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects a number as argument 1 (score), got Utf8"
        );
    }

    #[test]
    fn a_wrong_count_shows_the_whole_call() {
        let error = INTERVAL.check(&[]).unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects 1 to 3 arguments, \
             nps_ci(score [, method [, level]]), got 0"
        );
    }
}
