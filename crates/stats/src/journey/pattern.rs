//! The pattern language of `sequence_match` and its relatives, parsed.
//!
//! `(?N)` is an event that meets condition N, `.` any event, `.*` any number of
//! events, `(?t op seconds)` a bound on the time from the last event to the
//! next one, with `op` one of `<`, `<=`, `>`, `>=`, `==`. Nothing else is a
//! pattern: no blanks, no alternatives, no groups, as in ClickHouse. A time
//! bound needs an event before it to measure from.

use super::MAX_CONDITIONS;
use crate::error::{Result, StatsError};

/// How a time bound compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
}

/// What consumes one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// An event that meets the condition with this index, from 0.
    Condition(u32),
    /// Any event.
    Any,
}

/// What lies between two steps and consumes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gap {
    /// Any number of events may be skipped.
    Star,
    /// Events may be skipped up to one within this time of the last step.
    Time(Comparison, u64),
}

/// A parsed pattern.
///
/// Invariant: `gaps` has one more element than `steps`; the first one holds
/// what precedes the first step, the last one what follows the last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    pub(super) steps: Vec<Step>,
    pub(super) gaps: Vec<Vec<Gap>>,
}

impl Pattern {
    /// Reads a pattern over `n_conditions` conditions.
    pub fn parse(text: &str, n_conditions: usize) -> Result<Self> {
        let mut reader = Reader { text, at: 0 };
        if !(1..=MAX_CONDITIONS).contains(&n_conditions) {
            return Err(reader.error(format!(
                "a pattern works on 1 to {MAX_CONDITIONS} conditions, got {n_conditions}"
            )));
        }
        let mut pattern = Self {
            steps: Vec::new(),
            gaps: vec![Vec::new()],
        };
        while !reader.rest().is_empty() {
            if reader.take("(?t") {
                pattern.time(&mut reader)?;
            } else if reader.take("(?") {
                pattern.condition(&mut reader, n_conditions)?;
            } else if reader.take(".*") {
                pattern.gap(Gap::Star);
            } else if reader.take(".") {
                pattern.step(Step::Any);
            } else {
                return Err(reader.expected("(?N), (?t op seconds), . or .*"));
            }
        }
        Ok(pattern)
    }

    fn time(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let start = reader.at - "(?t".len();
        // The longer operators first: `<` is the beginning of `<=`.
        let comparisons = [
            ("<=", Comparison::LessOrEqual),
            ("<", Comparison::Less),
            (">=", Comparison::GreaterOrEqual),
            (">", Comparison::Greater),
            ("==", Comparison::Equal),
        ];
        let found = comparisons.into_iter().find(|(sign, _)| reader.take(sign));
        let Some((_, comparison)) = found else {
            return Err(reader.expected("<, <=, >, >= or =="));
        };
        let seconds = reader.number("a number of seconds")?;
        reader.close()?;
        let follows_time = matches!(
            self.gaps.last().and_then(|gaps| gaps.last()),
            Some(Gap::Time(..))
        );
        if self.steps.is_empty() || follows_time {
            reader.at = start;
            return Err(reader.error("a time bound must follow (?N) or .".to_owned()));
        }
        self.gap(Gap::Time(comparison, seconds));
        Ok(())
    }

    fn condition(&mut self, reader: &mut Reader<'_>, n_conditions: usize) -> Result<()> {
        let start = reader.at;
        let number = reader.number("the number of a condition or t")?;
        reader.close()?;
        let index = number
            .checked_sub(1)
            .and_then(|index| u32::try_from(index).ok());
        match index {
            Some(index) if (index as usize) < n_conditions => {
                self.step(Step::Condition(index));
                Ok(())
            }
            _ => {
                reader.at = start;
                Err(reader.error(format!(
                    "expected a condition from 1 to {n_conditions}, got {number}"
                )))
            }
        }
    }

    fn step(&mut self, step: Step) {
        self.steps.push(step);
        self.gaps.push(Vec::new());
    }

    fn gap(&mut self, gap: Gap) {
        if let Some(gaps) = self.gaps.last_mut() {
            gaps.push(gap);
        }
    }
}

/// The text and how far it was read, in bytes.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn number(&mut self, what: &str) -> Result<u64> {
        let rest = self.rest();
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if n_digits == 0 {
            return Err(self.expected(what));
        }
        match rest[..n_digits].parse() {
            Ok(number) => {
                self.at += n_digits;
                Ok(number)
            }
            Err(_) => Err(self.error(format!("{} is too large", &rest[..n_digits]))),
        }
    }

    fn close(&mut self) -> Result<()> {
        if self.take(")") {
            Ok(())
        } else {
            Err(self.expected(")"))
        }
    }

    fn expected(&self, what: &str) -> StatsError {
        let found = match self.rest().chars().next() {
            Some(found) => format!("'{found}'"),
            None => "the end".to_owned(),
        };
        self.error(format!("expected {what}, got {found}"))
    }

    fn error(&self, reason: String) -> StatsError {
        let read = self.text.get(..self.at).unwrap_or(self.text);
        StatsError::Syntax {
            argument: "pattern",
            character: read.chars().count() + 1,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_element_is_read() {
        let pattern = Pattern::parse("(?1).*(?t<=3600).(?2)(?t==0)", 2).unwrap();
        assert_eq!(
            pattern.steps,
            [Step::Condition(0), Step::Any, Step::Condition(1)]
        );
        assert_eq!(
            pattern.gaps,
            [
                vec![],
                vec![Gap::Star, Gap::Time(Comparison::LessOrEqual, 3600)],
                vec![],
                vec![Gap::Time(Comparison::Equal, 0)],
            ]
        );
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, position, reason) in [
            ("(?0)", 3, "expected a condition from 1 to 2, got 0"),
            ("(?1)(?3)", 7, "expected a condition from 1 to 2, got 3"),
            ("(?1", 4, "expected ), got the end"),
            (
                "(?x)",
                3,
                "expected the number of a condition or t, got 'x'",
            ),
            (
                "(?-1)",
                3,
                "expected the number of a condition or t, got '-'",
            ),
            ("(?1)(?t=5)", 8, "expected <, <=, >, >= or ==, got '='"),
            ("(?1)(?t<)", 9, "expected a number of seconds, got ')'"),
            ("(?t>1)(?1)", 1, "a time bound must follow (?N) or ."),
            ("(?1)(?t>1)(?t<5)", 11, "a time bound must follow (?N) or ."),
            (
                "(?1) (?2)",
                5,
                "expected (?N), (?t op seconds), . or .*, got ' '",
            ),
            (
                "(?1)é",
                5,
                "expected (?N), (?t op seconds), . or .*, got 'é'",
            ),
            ("*", 1, "expected (?N), (?t op seconds), . or .*, got '*'"),
            (
                "(?99999999999999999999)",
                3,
                "99999999999999999999 is too large",
            ),
        ] {
            let error = Pattern::parse(text, 2).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("pattern at character {position}: {reason}")
            );
        }
        assert_eq!(
            Pattern::parse("(?0)", 2).unwrap_err().to_string(),
            "pattern at character 3: expected a condition from 1 to 2, got 0"
        );
        assert!(Pattern::parse(".", 33).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[(?t.*)<>=0-9 é]{0,20}") {
            if let Err(error) = Pattern::parse(&text, 3) {
                let StatsError::Syntax { character, .. } = error else {
                    panic!("{error}");
                };
                prop_assert!(character <= text.chars().count() + 1);
            }
        }
    }
}
