//! What an argument may be, and the Arrow type it is handed on as.
//!
//! Every spelling of a thing is taken (any width, any text encoding,
//! dictionaries of them), so that a function knows one type for each kind.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};

/// What an argument may be, and the type it is handed on as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any number, as Float64.
    Number,
    /// Any number; integers as Int64, decimals of up to 29 digits as Decimal128, others as Float64.
    Amount,
    /// Any number; integers that fit as Int64, others as Float64.
    Measure,
    /// A list of numbers, as List(Float64).
    Numbers,
    /// True or false.
    Boolean,
    /// Any number, as Float64, or true and false as they are.
    Outcome,
    /// Text in any encoding, as Utf8.
    Text,
    /// A timestamp or date, as microseconds in its own zone; or an integer, as Int64.
    Time,
    /// A timestamp or date, as microseconds in its own zone.
    Instant,
    /// An integer or text of any width, as it is.
    Id,
    /// A number, or an interval as one of months, days and nanoseconds.
    Duration,
    /// True or false, or a text of modes in the last place.
    Step,
    /// Any number, as Float64, or a text of modes in the last place.
    Predictor,
    /// What tells groups apart: text, whole numbers, dates, true and false; as Utf8.
    Label,
    /// A sentiment: any number as Float64, or text as Utf8.
    Sentiment,
    /// What rows are put in order by: numbers as Float64, dates and times in microseconds.
    Order,
    /// A date, or a time whose date counts, as Date32.
    Day,
    /// A struct with at least these fields, all numbers, as it is.
    Model(&'static [&'static str]),
}

impl Kind {
    /// Returns the type this kind hands on for `given`, or nothing if `given` does not fit.
    pub(super) fn coerce(self, given: &DataType) -> Option<DataType> {
        let plain = match given {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        match (self, plain) {
            (Self::Number, t) if t.is_numeric() || t.is_null() => Some(DataType::Float64),
            (Self::Amount, t) => amount_type(t),
            (Self::Measure, t) if t.is_integer() && *t != DataType::UInt64 => Some(DataType::Int64),
            (Self::Measure, t) => Self::Number.coerce(t),
            (Self::Numbers, DataType::Null) => Some(numbers_type()),
            (
                Self::Numbers,
                DataType::List(item)
                | DataType::LargeList(item)
                | DataType::ListView(item)
                | DataType::LargeListView(item)
                | DataType::FixedSizeList(item, _),
            ) if item.data_type().is_numeric() || item.data_type().is_null() => {
                Some(numbers_type())
            }
            (Self::Outcome, DataType::Boolean) => Some(DataType::Boolean),
            (Self::Outcome, t) if t.is_numeric() || t.is_null() => Some(DataType::Float64),
            (Self::Boolean, DataType::Boolean | DataType::Null) => Some(DataType::Boolean),
            (
                Self::Text,
                DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null,
            ) => Some(DataType::Utf8),
            (Self::Time, t) => time_type(t),
            (Self::Instant, t) if !t.is_integer() => time_type(t),
            (Self::Duration, DataType::Interval(_)) => {
                Some(DataType::Interval(IntervalUnit::MonthDayNano))
            }
            (Self::Duration, t) => Self::Number.coerce(t),
            (Self::Step, t) => Self::Boolean.coerce(t).or_else(|| Self::Text.coerce(t)),
            (Self::Predictor, t) => Self::Number.coerce(t).or_else(|| Self::Text.coerce(t)),
            (Self::Id, DataType::Null) => Some(DataType::Int64),
            (Self::Id, t) if t.is_integer() || t.is_string() => Some(t.clone()),
            (
                Self::Label,
                DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Utf8View
                | DataType::Null
                | DataType::Boolean
                | DataType::Date32,
            ) => Some(DataType::Utf8),
            (Self::Label, t) if t.is_integer() => Some(DataType::Utf8),
            (Self::Sentiment, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
                Some(DataType::Utf8)
            }
            (Self::Sentiment, t) if t.is_numeric() || t.is_null() => Some(DataType::Float64),
            (Self::Order, t) if t.is_numeric() || t.is_null() => Some(DataType::Float64),
            (Self::Order, DataType::Date32 | DataType::Date64) => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            (Self::Order, DataType::Timestamp(_, zone)) => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
            }
            (
                Self::Day,
                DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Null,
            ) => Some(DataType::Date32),
            (Self::Model(_), DataType::Null) => Some(DataType::Null),
            (Self::Model(names), DataType::Struct(fields)) => names
                .iter()
                .all(|name| {
                    let field = fields.iter().find(|f| f.name() == name);
                    field.is_some_and(|f| f.data_type().is_numeric() || f.data_type().is_null())
                })
                .then(|| plain.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number | Self::Amount | Self::Measure | Self::Predictor => "a number",
            Self::Numbers => "a list of numbers",
            Self::Boolean | Self::Step => "true or false",
            Self::Text => "text",
            Self::Time => "a timestamp, date or integer",
            Self::Instant => "a timestamp or date",
            Self::Id => "an integer or text",
            Self::Duration => "a number or an interval",
            Self::Outcome => "a number, or true or false",
            Self::Label => "text, a whole number, a date, or true or false",
            Self::Sentiment => "text or a number",
            Self::Order => "a time, a date or a number",
            Self::Day => "a date or a time",
            Self::Model(names) => {
                return write!(f, "a struct with the numbers {}", names.join(", "));
            }
        })
    }
}

/// Returns the type in which an amount is summed without loss.
fn amount_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Null => Some(DataType::Int64),
        // Twenty digits hold every unsigned 64-bit number; Int64 does not.
        DataType::UInt64 => Some(DataType::Decimal128(20, 0)),
        t if t.is_integer() => Some(DataType::Int64),
        t if t.is_floating() => Some(DataType::Float64),
        // 29 digits leave room for the sum of 10^9 rows in 128 bits; what is
        // longer than that is beyond any currency.
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => Some(match p {
            ..=29 => DataType::Decimal128(*p, *s),
            _ => DataType::Float64,
        }),
        _ => None,
    }
}

/// Returns the type in which points in time are compared.
fn time_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Timestamp(_, zone) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        DataType::Date32 | DataType::Date64 | DataType::Null => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        t if t.is_integer() => Some(DataType::Int64),
        _ => None,
    }
}

/// Returns the type of a list of numbers.
pub(crate) fn numbers_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_encoding_become_floats() {
        for t in [
            DataType::Int8,
            DataType::UInt64,
            DataType::Float16,
            DataType::Float32,
            DataType::Decimal128(10, 2),
            DataType::Decimal256(50, 2),
            DataType::Null,
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int64)),
        ] {
            assert_eq!(Kind::Number.coerce(&t), Some(DataType::Float64), "{t}");
        }
        assert_eq!(Kind::Number.coerce(&DataType::Utf8), None);
    }

    #[test]
    fn text_of_every_encoding_becomes_utf8() {
        for t in [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ] {
            assert_eq!(Kind::Text.coerce(&t), Some(DataType::Utf8), "{t}");
        }
        assert_eq!(Kind::Text.coerce(&DataType::Int64), None);
    }

    #[test]
    fn amounts_keep_what_makes_them_exact() {
        let check = |given, expected| assert_eq!(Kind::Amount.coerce(&given), Some(expected));
        check(DataType::Int16, DataType::Int64);
        check(DataType::UInt64, DataType::Decimal128(20, 0));
        check(DataType::Decimal64(9, 2), DataType::Decimal128(9, 2));
        check(DataType::Float32, DataType::Float64);
    }
}
