//! What the orders of `order_sequence` carry beside their time: nothing, or a value of one of three types.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, PrimitiveBuilder, new_null_array,
};
use arrow::datatypes::{
    ArrowNativeType, DataType, Decimal128Type, Float64Type, Int64Type, ToByteSlice,
};
use datafusion::common::Result;
use datafusion::common::cast::as_primitive_array;

use super::VALUE;
use crate::events::{Event, split_bytes};
use crate::kernel::binned_sum::BinnedSum;
use crate::time::ticks;

/// A timestamp by itself.
impl Event for i64 {
    #[inline]
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }

    #[inline]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

/// What orders are worth: nothing that is asked for, or numbers of one type.
pub(super) trait Worth: Debug + 'static {
    /// One order.
    type Order: Event;
    /// First, last and total values of the customers so far.
    type Values: Default;
    /// Calls `keep` for each row with a time.
    fn read(values: &[ArrayRef], keep: impl FnMut(usize, Self::Order)) -> Result<()>;
    /// Returns when an order was placed.
    fn at(order: &Self::Order) -> i64;
    /// Orders orders by time, those of one time by value.
    fn sort(orders: &mut [Self::Order]);
    /// Adds the values of a customer's orders, which are sorted.
    fn add(values: &mut Self::Values, orders: &[Self::Order]);
    /// Returns first, last and total values, in their type.
    fn finish(values: Self::Values, value: &DataType) -> [ArrayRef; 3];
}

impl Worth for () {
    type Order = i64;
    /// How many customers there are.
    type Values = usize;

    fn read(values: &[ArrayRef], mut keep: impl FnMut(usize, i64)) -> Result<()> {
        let at = ticks(&values[0])?;
        for row in 0..at.len() {
            if at.is_valid(row) {
                keep(row, at.value(row));
            }
        }
        Ok(())
    }

    #[inline]
    fn at(at: &i64) -> i64 {
        *at
    }

    fn sort(times: &mut [i64]) {
        times.sort_unstable();
    }

    fn add(n: &mut usize, _: &[i64]) {
        *n += 1;
    }

    fn finish(n: usize, value: &DataType) -> [ArrayRef; 3] {
        std::array::from_fn(|_| new_null_array(value, n))
    }
}

/// An order and what it was worth, NULL if that is unknown.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Order<N> {
    at: i64,
    value: Option<N>,
}

/// Numbers that travel as bytes.
pub(super) trait Bytes: ArrowNativeType {
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

impl Bytes for i64 {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

impl Bytes for i128 {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

impl Bytes for f64 {
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

impl<N: Bytes> Event for Order<N> {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.at.write(bytes);
        bytes.push(u8::from(self.value.is_some()));
        bytes.extend(self.value.unwrap_or_default().to_byte_slice());
    }

    #[inline]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let at = i64::read(bytes)?;
        let [is_known] = split_bytes(bytes)?;
        let value = Some(N::take(bytes)?).filter(|_| is_known == 1);
        Some(Self { at, value })
    }
}

/// Numbers that add up to the same sum in any order.
pub(super) trait Adding: ArrowPrimitiveType<Native: Bytes> + Debug {
    fn total(values: impl Iterator<Item = Self::Native>) -> Option<Self::Native>;
}

impl Adding for Int64Type {
    fn total(values: impl Iterator<Item = i64>) -> Option<i64> {
        i64::try_from(values.map(i128::from).sum::<i128>()).ok()
    }
}

impl Adding for Decimal128Type {
    fn total(mut values: impl Iterator<Item = i128>) -> Option<i128> {
        values.try_fold(0, i128::checked_add)
    }
}

impl Adding for Float64Type {
    fn total(values: impl Iterator<Item = f64>) -> Option<f64> {
        let mut sum = BinnedSum::default();
        values.for_each(|x| sum.add(x));
        Some(sum.value()).filter(|x| x.is_finite())
    }
}

impl<T: Adding> Worth for T {
    type Order = Order<T::Native>;
    type Values = [PrimitiveBuilder<T>; 3];

    fn read(values: &[ArrayRef], mut keep: impl FnMut(usize, Self::Order)) -> Result<()> {
        let (at, worth) = (ticks(&values[0])?, as_primitive_array::<T>(&values[VALUE])?);
        for row in 0..at.len() {
            if at.is_valid(row) {
                let value = worth.is_valid(row).then(|| worth.value(row));
                let at = at.value(row);
                keep(row, Order { at, value });
            }
        }
        Ok(())
    }

    #[inline]
    fn at(order: &Self::Order) -> i64 {
        order.at
    }

    fn sort(orders: &mut [Self::Order]) {
        orders.sort_unstable_by(|a, b| {
            let values = match (a.value, b.value) {
                (Some(a), Some(b)) => a.compare(b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
            a.at.cmp(&b.at).then(values)
        });
    }

    fn add([first, last, total]: &mut Self::Values, orders: &[Self::Order]) {
        first.append_option(orders.first().and_then(|order| order.value));
        last.append_option(orders.last().and_then(|order| order.value));
        // A sum of nothing is not known, unlike a sum of zeros.
        let is_known = orders.iter().any(|order| order.value.is_some());
        let known = || T::total(orders.iter().filter_map(|order| order.value));
        total.append_option(is_known.then(known).flatten());
    }

    fn finish(values: Self::Values, value: &DataType) -> [ArrayRef; 3] {
        values.map(|mut values| {
            let values = values.finish().with_data_type(value.clone());
            Arc::new(values) as ArrayRef
        })
    }
}
