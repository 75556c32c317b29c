//! Sums of two columns of integers, exact and narrow.
//!
//! With a million groups the width of a state is most of what grouping costs.
//! So a sum is 64 bits, and what exceeds them, which only numbers no shop counts
//! with can do, is kept aside for the groups concerned. Without groups, and for
//! windows, there is one state, as wide as it likes.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::cast::as_int64_array;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::accumulate;

use super::rates;
use crate::additive::{Build, Kernel, Rows, State, Total, Totals};

/// Sums of integers for `return_rate`.
#[derive(Debug)]
pub(super) struct Integers;

impl Build for Integers {
    fn plain(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(OfOne).plain()
    }

    fn sliding(self: Box<Self>) -> Box<dyn Accumulator> {
        self.plain()
    }

    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator> {
        Box::new(Groups::default())
    }
}

/// Returns the columns a state travels as.
pub(super) fn columns() -> Vec<(String, DataType)> {
    ["returned", "base", "rest"]
        .map(|name| (name.to_string(), DataType::Int64))
        .to_vec()
}

/// What is not in the lower 64 bits of two sums, packed into one number so that
/// it costs little on the way: how often each went beyond them, and whether
/// anything is known of the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rest {
    is_known: bool,
    /// A sum is its lower bits and 2^64 times this. Wrapping at 31 bits: a group
    /// would need 10^9 rows of the largest numbers to get there.
    carries: [i32; 2],
}

impl Rest {
    fn packed(self) -> i64 {
        let [returned, base] = self.carries.map(i64::from);
        returned << 32 | (base & 0x7FFF_FFFF) << 1 | i64::from(self.is_known)
    }

    fn unpacked(packed: i64) -> Self {
        // Up and down again, for the sign to be that of the highest of 31 bits.
        let base = packed as i32 >> 1;
        Self {
            is_known: packed & 1 == 1,
            carries: [(packed >> 32) as i32, base],
        }
    }
}

/// Returns a sum and how often it left the 64 bits, upwards or downwards.
fn add(sum: i64, summand: i64) -> (i64, i32) {
    match sum.overflowing_add(summand) {
        (sum, false) => (sum, 0),
        (sum, true) => (sum, if summand < 0 { -1 } else { 1 }),
    }
}

/// The columns of states: lower bits of both sums, and the rest.
struct Columns<'a> {
    sums: [&'a [i64]; 2],
    rest: &'a [i64],
}

impl<'a> Columns<'a> {
    fn of(columns: &'a [ArrayRef]) -> Result<Self> {
        let [returned, base, rest] = columns else {
            return internal_err!("a state of a rate has {} columns", columns.len());
        };
        let values = |column: &'a ArrayRef| -> Result<&'a [i64]> {
            Ok(as_int64_array(column)?.values().as_ref())
        };
        Ok(Self {
            sums: [values(returned)?, values(base)?],
            rest: values(rest)?,
        })
    }

    fn arrays(returned: Vec<i64>, base: Vec<i64>, rest: Vec<i64>) -> Vec<ArrayRef> {
        [returned, base, rest]
            .map(|column| Arc::new(Int64Array::from(column)) as ArrayRef)
            .to_vec()
    }
}

/// The sums of all groups.
#[derive(Debug, Default)]
struct Groups {
    /// Lower 64 bits of both sums.
    sums: Vec<[i64; 2]>,
    /// Whether anything is known of what was returned.
    is_known: Vec<bool>,
    /// What left the 64 bits, by group.
    carries: HashMap<usize, [i32; 2]>,
}

impl Groups {
    fn grow(&mut self, n_groups: usize) {
        self.sums.resize(n_groups, [0; 2]);
        self.is_known.resize(n_groups, false);
    }

    /// Adds to the sum of column `i`.
    #[inline]
    fn add(&mut self, group: usize, i: usize, summand: i64) {
        let sum = &mut self.sums[group][i];
        let carry;
        (*sum, carry) = add(*sum, summand);
        if carry != 0 {
            self.carry(group, i, carry);
        }
    }

    #[cold]
    fn carry(&mut self, group: usize, i: usize, carry: i32) {
        let carries = self.carries.entry(group).or_default();
        carries[i] = carries[i].wrapping_add(carry);
    }

    /// Takes the states of groups that leave: their sums and the rest.
    fn take(&mut self, emit_to: EmitTo) -> (Vec<[i64; 2]>, Vec<Rest>) {
        let sums = emit_to.take_needed(&mut self.sums);
        let known = emit_to.take_needed(&mut self.is_known);
        let mut rests: Vec<Rest> = known
            .into_iter()
            .map(|is_known| Rest {
                is_known,
                ..Rest::default()
            })
            .collect();
        for (group, carries) in std::mem::take(&mut self.carries) {
            match rests.get_mut(group) {
                Some(rest) => rest.carries = carries,
                None => {
                    self.carries.insert(group - rests.len(), carries);
                }
            }
        }
        (sums, rests)
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let (returned, base) = (as_int64_array(&values[0])?, as_int64_array(&values[1])?);
        if filter.is_none() && returned.null_count() == 0 && base.null_count() == 0 {
            // Both at once, so that a group's sums are fetched from memory once.
            let rows = groups.iter().zip(returned.values()).zip(base.values());
            for ((&group, returned), base) in rows {
                self.add(group, 0, *returned);
                self.add(group, 1, *base);
                self.is_known[group] = true;
            }
            return Ok(());
        }
        accumulate(groups, returned, filter, |group, n| {
            self.add(group, 0, n);
            self.is_known[group] = true;
        });
        accumulate(groups, base, filter, |group, n| self.add(group, 1, n));
        Ok(())
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let Columns { sums, rest } = Columns::of(states)?;
        let rows = groups.iter().zip(sums[0]).zip(sums[1]).zip(rest);
        for (((&group, returned), base), rest) in rows {
            self.add(group, 0, *returned);
            self.add(group, 1, *base);
            self.is_known[group] |= rest & 1 == 1;
            if rest >> 1 != 0 {
                let [returned, base] = Rest::unpacked(*rest).carries;
                self.carry(group, 0, returned);
                self.carry(group, 1, base);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (sums, rests) = self.take(emit_to);
        Ok(rates(sums.into_iter().zip(rests).map(|(sums, rest)| {
            let [returned, base] = std::array::from_fn(|i| {
                let sum = i128::from(rest.carries[i]) << 64;
                (sum + i128::from(sums[i])) as f64
            });
            (i64::from(rest.is_known), returned, base)
        })))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let (sums, rests) = self.take(emit_to);
        Ok(Columns::arrays(
            sums.iter().map(|sums| sums[0]).collect(),
            sums.iter().map(|sums| sums[1]).collect(),
            rests.into_iter().map(Rest::packed).collect(),
        ))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let [returned, base] = values else {
            return internal_err!("a rate has {} columns", values.len());
        };
        let n_rows = returned.len();
        if filter.is_none() && returned.null_count() == 0 && base.null_count() == 0 {
            // Every row is the sum of itself.
            let known = Rest {
                is_known: true,
                ..Rest::default()
            };
            let rest = Int64Array::from(vec![known.packed(); n_rows]);
            return Ok(vec![Arc::clone(returned), Arc::clone(base), Arc::new(rest)]);
        }
        let mut groups = Self::default();
        let rows: Vec<usize> = (0..n_rows).collect();
        groups.update_batch(values, &rows, filter, n_rows)?;
        groups.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of_val(self)
            + self.sums.capacity() * size_of::<[i64; 2]>()
            + self.is_known.capacity()
            + self.carries.capacity() * size_of::<(usize, [i32; 2])>()
    }
}

/// The sums of a single group.
#[derive(Debug)]
struct OfOne;

/// Totals that travel as those of [`Groups`] do.
#[derive(Debug, Clone, Default)]
struct Wide(Totals<i128, 2>);

impl State for Wide {
    fn columns() -> Vec<(String, DataType)> {
        columns()
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn unmerge(&mut self, other: &Self) {
        self.0.unmerge(&other.0);
    }

    fn encode(states: &[Self]) -> Result<Vec<ArrayRef>> {
        let low = |i: usize| states.iter().map(|s| s.0.sums[i] as i64).collect();
        let rest = states.iter().map(|Wide(totals)| {
            // Lower bits are signed: a sum below a half of 2^64 carries nothing.
            let carry = |sum: i128| ((sum - i128::from(sum as i64)) >> 64) as i32;
            Rest {
                is_known: totals.n_rows > 0,
                carries: totals.sums.map(carry),
            }
        });
        let rest = rest.map(Rest::packed).collect();
        Ok(Columns::arrays(low(0), low(1), rest))
    }

    fn merge_encoded(states: &mut [Self], groups: &[usize], columns: &[ArrayRef]) -> Result<()> {
        let Columns { sums, rest } = Columns::of(columns)?;
        for (row, &group) in groups.iter().enumerate() {
            let rest = Rest::unpacked(rest[row]);
            let Wide(totals) = &mut states[group];
            // How many rows were known does not travel: merged states never lose any.
            totals.n_rows += i64::from(rest.is_known);
            for ((sum, carry), low) in totals.sums.iter_mut().zip(rest.carries).zip(sums) {
                sum.merge(&((i128::from(carry) << 64) + i128::from(low[row])));
            }
        }
        Ok(())
    }
}

impl Kernel for OfOne {
    type State = Wide;

    fn update(&self, states: &mut [Wide], rows: &Rows<'_>) -> Result<()> {
        for i in 0..2 {
            rows.values_of::<Int64Type>(i, |group, n| {
                let Wide(totals) = &mut states[group];
                totals.n_rows += i64::from(i == 0);
                totals.sums[i].merge(&i128::from(n));
            })?;
        }
        Ok(())
    }

    fn finish(&self, states: &[Wide]) -> Result<ArrayRef> {
        Ok(rates(states.iter().map(|Wide(totals)| {
            let [returned, base] = totals.sums.map(|sum| sum as f64);
            (totals.n_rows, returned, base)
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;
    use proptest::prelude::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        for is_known in [false, true] {
            for carries in [
                [0, 0],
                [1, -1],
                [-1, 1],
                [i32::MAX, i32::MAX >> 1],
                [7, i32::MIN >> 1],
            ] {
                let rest = Rest { is_known, carries };
                assert_eq!(Rest::unpacked(rest.packed()), rest);
            }
        }
    }

    proptest! {
        /// Numbers near the ends of 64 bits, in groups that leave in two parts, through
        /// states of groups and of single accumulators: all are the sum in 128 bits.
        #[test]
        fn sums_beyond_64_bits_are_those_of_128(
            rows in prop::collection::vec((0..2usize, any::<bool>(), -3i64..3, any::<bool>()), 1..40),
            n_parts in 1..4usize,
        ) {
            let number = |is_large: bool, small: i64| match (is_large, small < 0) {
                (false, _) => small,
                (true, false) => i64::MAX - small,
                (true, true) => i64::MIN - small,
            };
            let rows: Vec<(usize, Option<i64>, i64)> = rows
                .into_iter()
                .map(|(group, is_large, small, is_known)| {
                    let n = number(is_large, small);
                    (group, is_known.then_some(n), number(!is_large, -small))
                })
                .collect();
            let arrays = |rows: &[(usize, Option<i64>, i64)]| -> (Vec<usize>, Vec<ArrayRef>) {
                let returned: Int64Array = rows.iter().map(|r| r.1).collect();
                let base: Int64Array = rows.iter().map(|r| Some(r.2)).collect();
                (rows.iter().map(|r| r.0).collect(), vec![Arc::new(returned), Arc::new(base)])
            };
            let (mut merged, mut ones) = (Groups::default(), [Wide::default(), Wide::default()]);
            for part in rows.chunks(rows.len().div_ceil(n_parts)) {
                let (groups, values) = arrays(part);
                let mut partial = Groups::default();
                partial.update_batch(&values, &groups, None, 2).unwrap();
                let first = partial.state(EmitTo::First(1)).unwrap();
                merged.merge_batch(&first, &[0], 2).unwrap();
                let second = partial.state(EmitTo::All).unwrap();
                merged.merge_batch(&second, &[1], 2).unwrap();
                let mut partial = [Wide::default(), Wide::default()];
                let part = Rows { values: &values, groups: &groups, filter: None };
                OfOne.update(&mut partial, &part).unwrap();
                let states = Wide::encode(&partial).unwrap();
                Wide::merge_encoded(&mut ones, &[0, 1], &states).unwrap();
            }
            let expected = rates((0..2).map(|group| {
                let mine = || rows.iter().filter(move |r| r.0 == group);
                let returned: i128 = mine().filter_map(|r| r.1).map(i128::from).sum();
                let base: i128 = mine().map(|r| i128::from(r.2)).sum();
                let n_known = mine().filter(|r| r.1.is_some()).count();
                (n_known as i64, returned as f64, base as f64)
            }));
            let first = merged.evaluate(EmitTo::First(1)).unwrap();
            let second = merged.evaluate(EmitTo::All).unwrap();
            let of_one = OfOne.finish(&ones).unwrap();
            let rate = |array: &ArrayRef, i: usize| {
                let array = array.as_primitive::<Float64Type>();
                array.is_valid(i).then(|| array.value(i))
            };
            let expected = [rate(&expected, 0), rate(&expected, 1)];
            prop_assert_eq!([rate(&first, 0), rate(&second, 0)], expected);
            prop_assert_eq!([rate(&of_one, 0), rate(&of_one, 1)], expected);
        }
    }
}
