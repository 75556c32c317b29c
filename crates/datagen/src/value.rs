//! Money, instants, and how a column of Rust values becomes an Arrow array.
//!
//! A row's field type decides the column: `Option` means nullable, everything
//! else is what the canonical table file calls it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, TimeUnit};
use chrono::NaiveDate;

use crate::Ids;

/// An amount in hundredths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

/// A point in time: microseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// Returns the instant so many seconds after 1970 in UTC.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Returns the whole seconds since 1970 in UTC.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the local day, days since 1970, at an offset from UTC.
    #[must_use]
    pub fn local_day(self, utc_offset_minutes: i32) -> i64 {
        (self.seconds() + i64::from(utc_offset_minutes) * 60).div_euclid(86_400)
    }
}

/// A value that can fill a column.
pub(crate) trait Value: Sized {
    fn data_type(ids: Ids) -> DataType;
    fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, ids: Ids) -> ArrayRef
    where
        Self: 'a;
}

/// A field of a row: a value, or a value that may be absent.
pub(crate) trait Cell: Sized {
    const NULLABLE: bool;
    fn data_type(ids: Ids) -> DataType;
    fn array<'a>(cells: impl Iterator<Item = &'a Self>, ids: Ids) -> ArrayRef
    where
        Self: 'a;
}

impl<T: Value> Cell for T {
    const NULLABLE: bool = false;

    fn data_type(ids: Ids) -> DataType {
        T::data_type(ids)
    }

    fn array<'a>(cells: impl Iterator<Item = &'a Self>, ids: Ids) -> ArrayRef
    where
        Self: 'a,
    {
        T::array(cells.map(Some), ids)
    }
}

impl<T: Value> Cell for Option<T> {
    const NULLABLE: bool = true;

    fn data_type(ids: Ids) -> DataType {
        T::data_type(ids)
    }

    fn array<'a>(cells: impl Iterator<Item = &'a Self>, ids: Ids) -> ArrayRef
    where
        Self: 'a,
    {
        T::array(cells.map(Option::as_ref), ids)
    }
}

/// Fills in [`Value`] for a type whose Arrow array collects from options.
macro_rules! value {
    ($type:ty, $data_type:expr, $array:ty, $native:expr) => {
        impl Value for $type {
            fn data_type(_: Ids) -> DataType {
                $data_type
            }

            fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, _: Ids) -> ArrayRef
            where
                Self: 'a,
            {
                Arc::new(values.map(|value| value.map($native)).collect::<$array>())
            }
        }
    };
}

value!(i64, DataType::Int64, Int64Array, |value| *value);
value!(f64, DataType::Float64, Float64Array, |value| *value);
value!(bool, DataType::Boolean, BooleanArray, |value| *value);
value!(&'static str, DataType::Utf8, StringArray, |value| *value);
value!(String, DataType::Utf8, StringArray, |value| value.as_str());
value!(NaiveDate, DataType::Date32, Date32Array, |value| {
    epoch_day(*value) as i32
});

/// Precision and scale of every amount.
const MONEY: (u8, i8) = (18, 2);

impl Value for Money {
    fn data_type(_: Ids) -> DataType {
        DataType::Decimal128(MONEY.0, MONEY.1)
    }

    fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, _: Ids) -> ArrayRef {
        let array: Decimal128Array = values
            .map(|value| value.map(|money| i128::from(money.0)))
            .collect();
        Arc::new(
            array
                .with_precision_and_scale(MONEY.0, MONEY.1)
                .expect("18 digits, 2 of them decimals, is a valid decimal"),
        )
    }
}

impl Value for Instant {
    fn data_type(_: Ids) -> DataType {
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    }

    fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, _: Ids) -> ArrayRef {
        let array: TimestampMicrosecondArray =
            values.map(|value| value.map(|instant| instant.0)).collect();
        Arc::new(array.with_timezone("UTC"))
    }
}

/// Returns the days since 1970.
pub(crate) fn epoch_day(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

/// Returns the day so many days after 1970.
pub(crate) fn day_from_epoch(days: i64) -> NaiveDate {
    chrono::Duration::try_days(days)
        .and_then(|duration| NaiveDate::default().checked_add_signed(duration))
        .unwrap_or(NaiveDate::MAX)
}
