//! Aggregates whose state is a few sums.
//!
//! Counts and sums add, take away and travel without loss, so everything
//! DataFusion may ask of an aggregate (grouping, merging, spilling, moving
//! windows) follows from three things a function says: what a state is, what
//! the rows add to it, and what it means in the end. Functions over such
//! states are a [`Kernel`]; this file is the rest.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Decimal128Array, FixedSizeBinaryBuilder,
    Int64Array,
};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use datafusion::common::cast::{
    as_fixed_size_binary_array, as_float64_array, as_int64_array, as_primitive_array,
};
use datafusion::common::{Result, ScalarValue, internal_datafusion_err, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::{
    accumulate, accumulate_multiple,
};

use crate::kernel::binned_sum::BinnedSum;

/// What is kept for one group.
pub(crate) trait State: Clone + Default + Debug + Send + Sync + 'static {
    /// Returns the columns a state travels as: names and types, never NULL.
    fn columns() -> Vec<(String, DataType)>;
    /// Adds what another state has seen.
    fn merge(&mut self, other: &Self);
    /// Takes away what another state has seen.
    fn unmerge(&mut self, other: &Self);
    /// Writes states as columns, one row each.
    fn encode(states: &[Self]) -> Result<Vec<ArrayRef>>;
    /// Merges what `encode` wrote into the states of its groups, one for each row.
    fn merge_encoded(states: &mut [Self], groups: &[usize], columns: &[ArrayRef]) -> Result<()>;
}

/// What a function does with states.
pub(crate) trait Kernel: Debug + Send + Sync + 'static {
    /// What is kept for one group.
    type State: State;
    /// Adds rows to the states of their groups.
    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()>;
    /// Returns the results, one for each state.
    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef>;
    /// Returns the encoded states of rows by themselves, of which none is NULL,
    /// where that is done faster than by `update`.
    fn states_of_rows(&self, _: &[ArrayRef]) -> Option<Result<Vec<ArrayRef>>> {
        None
    }
}

/// Rows of arguments, each with the group it belongs to.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [ArrayRef],
    pub(crate) groups: &'a [usize],
    pub(crate) filter: Option<&'a BooleanArray>,
}

impl Rows<'_> {
    /// Calls `each` with group and number, wherever argument `i` is not NULL.
    pub(crate) fn numbers(&self, i: usize, each: impl FnMut(usize, f64) + Send) -> Result<()> {
        self.values_of::<Float64Type>(i, each)
    }

    /// Calls `each` with group and value, wherever argument `i` is not NULL.
    pub(crate) fn values_of<T: ArrowPrimitiveType + Send>(
        &self,
        i: usize,
        each: impl FnMut(usize, T::Native) + Send,
    ) -> Result<()> {
        let column = as_primitive_array::<T>(&self.values[i])?;
        accumulate(self.groups, column, self.filter, each);
        Ok(())
    }

    /// Calls `each` with group and both numbers, wherever neither is NULL.
    pub(crate) fn pairs(
        &self,
        (i, j): (usize, usize),
        mut each: impl FnMut(usize, f64, f64) + Send,
    ) -> Result<()> {
        let columns = [
            as_float64_array(&self.values[i])?,
            as_float64_array(&self.values[j])?,
        ];
        accumulate_multiple::<Float64Type, _>(
            self.groups,
            &columns,
            self.filter,
            |group, row, columns| each(group, columns[0].value(row), columns[1].value(row)),
        );
        Ok(())
    }
}

/// Returns a count of each row by itself, which follows from a number.
pub(crate) fn count_of_rows(column: &ArrayRef, count: impl Fn(f64) -> i64) -> Result<ArrayRef> {
    let numbers = as_float64_array(column)?.values();
    let counts = numbers.iter().map(|x| count(*x));
    Ok(Arc::new(Int64Array::from_iter_values(counts)))
}

/// A fixed number of counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts<const N: usize>(pub(crate) [i64; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> State for Counts<N> {
    fn columns() -> Vec<(String, DataType)> {
        (0..N)
            .map(|i| (format!("count_{i}"), DataType::Int64))
            .collect()
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    fn unmerge(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine -= theirs;
        }
    }

    fn encode(states: &[Self]) -> Result<Vec<ArrayRef>> {
        Ok((0..N)
            .map(|i| {
                let column = Int64Array::from_iter_values(states.iter().map(|s| s.0[i]));
                Arc::new(column) as ArrayRef
            })
            .collect())
    }

    fn merge_encoded(states: &mut [Self], groups: &[usize], columns: &[ArrayRef]) -> Result<()> {
        let columns: Vec<&Int64Array> = columns
            .iter()
            .map(|c| as_int64_array(c))
            .collect::<Result<_>>()?;
        let Ok(columns) = <[&Int64Array; N]>::try_from(columns) else {
            return internal_err!("a state of {N} counts has other columns");
        };
        // Row by row, so that a group's counts are fetched from memory once.
        let columns = columns.map(|column| column.values().as_ref());
        for (row, &group) in groups.iter().enumerate() {
            for (mine, theirs) in states[group].0.iter_mut().zip(columns) {
                *mine += theirs[row];
            }
        }
        Ok(())
    }
}

/// A sum that does not depend on order: exact, or as good as.
pub(crate) trait Total: Copy + Default + Debug + Send + Sync + 'static {
    /// The type of column sums travel in.
    fn column() -> DataType;
    /// Adds another sum.
    fn merge(&mut self, other: &Self);
    /// Takes another sum away.
    fn unmerge(&mut self, other: &Self);
    /// Writes sums as a column.
    fn encode(sums: impl ExactSizeIterator<Item = Self>) -> Result<ArrayRef>;
    /// Reads the sum in each row of what `encode` wrote.
    fn decode(column: &ArrayRef) -> Result<Vec<Self>>;
}

impl Total for BinnedSum {
    fn column() -> DataType {
        DataType::FixedSizeBinary(Self::BYTES as i32)
    }

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }

    fn unmerge(&mut self, other: &Self) {
        Self::unmerge(self, other);
    }

    fn encode(sums: impl ExactSizeIterator<Item = Self>) -> Result<ArrayRef> {
        let mut column = FixedSizeBinaryBuilder::with_capacity(sums.len(), Self::BYTES as i32);
        for sum in sums {
            column.append_value(sum.to_bytes())?;
        }
        Ok(Arc::new(column.finish()))
    }

    fn decode(column: &ArrayRef) -> Result<Vec<Self>> {
        let column = as_fixed_size_binary_array(column)?;
        (0..column.len())
            .map(|row| {
                let sum = Self::from_bytes(column.value(row));
                sum.ok_or_else(|| internal_datafusion_err!("a sum is cut short"))
            })
            .collect()
    }
}

/// Sums of integers, and of decimals in units of their last digit.
///
/// Wrapping, so that order does not matter even to an overflow; summands of at
/// most 29 digits (see `args`) need more than 10^9 rows to get there. They travel
/// as decimals because those are 128 bits wide, whatever their digits say.
impl Total for i128 {
    fn column() -> DataType {
        DataType::Decimal128(38, 0)
    }

    fn merge(&mut self, other: &Self) {
        *self = self.wrapping_add(*other);
    }

    fn unmerge(&mut self, other: &Self) {
        *self = self.wrapping_sub(*other);
    }

    fn encode(sums: impl ExactSizeIterator<Item = Self>) -> Result<ArrayRef> {
        let column = Decimal128Array::from_iter_values(sums);
        Ok(Arc::new(column.with_data_type(Self::column())))
    }

    fn decode(column: &ArrayRef) -> Result<Vec<Self>> {
        let column = as_primitive_array::<Decimal128Type>(column)?;
        Ok(column.values().to_vec())
    }
}

/// A fixed number of sums, and of rows that were summed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals<S, const N: usize> {
    /// Rows summed; tells a sum of nothing from a sum of zero, also in a moving window.
    pub(crate) n_rows: i64,
    pub(crate) sums: [S; N],
}

impl<S: Total, const N: usize> Default for Totals<S, N> {
    fn default() -> Self {
        Self {
            n_rows: 0,
            sums: [S::default(); N],
        }
    }
}

impl<S: Total, const N: usize> State for Totals<S, N> {
    fn columns() -> Vec<(String, DataType)> {
        let n_rows = ("n_rows".to_string(), DataType::Int64);
        let sums = (0..N).map(|i| (format!("sum_{i}"), S::column()));
        std::iter::once(n_rows).chain(sums).collect()
    }

    fn merge(&mut self, other: &Self) {
        self.n_rows += other.n_rows;
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.merge(theirs);
        }
    }

    fn unmerge(&mut self, other: &Self) {
        self.n_rows -= other.n_rows;
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.unmerge(theirs);
        }
    }

    fn encode(states: &[Self]) -> Result<Vec<ArrayRef>> {
        let n_rows = Int64Array::from_iter_values(states.iter().map(|s| s.n_rows));
        let mut columns = vec![Arc::new(n_rows) as ArrayRef];
        for i in 0..N {
            columns.push(S::encode(states.iter().map(|state| state.sums[i]))?);
        }
        Ok(columns)
    }

    fn merge_encoded(states: &mut [Self], groups: &[usize], columns: &[ArrayRef]) -> Result<()> {
        let Some((n_rows, sums)) = columns.split_first().filter(|(_, sums)| sums.len() == N) else {
            return internal_err!("a state of {N} sums has {} columns", columns.len());
        };
        let n_rows = as_int64_array(n_rows)?;
        let sums: Vec<Vec<S>> = sums.iter().map(S::decode).collect::<Result<_>>()?;
        for (row, &group) in groups.iter().enumerate() {
            let state = &mut states[group];
            state.n_rows += n_rows.value(row);
            for (mine, theirs) in state.sums.iter_mut().zip(&sums) {
                mine.merge(&theirs[row]);
            }
        }
        Ok(())
    }
}

/// A kernel, made into the two accumulators DataFusion runs.
pub(crate) trait Build {
    /// For queries without groups and for windows that only grow.
    fn plain(self: Box<Self>) -> Box<dyn Accumulator>;
    /// For windows that move.
    fn sliding(self: Box<Self>) -> Box<dyn Accumulator>;
    /// For queries with groups.
    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator>;
}

impl<K: Kernel> Build for K {
    fn plain(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Plain {
            kernel: *self,
            state: K::State::default(),
            first_group: Vec::new(),
        })
    }

    fn sliding(self: Box<Self>) -> Box<dyn Accumulator> {
        self.plain()
    }

    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator> {
        Box::new(Groups {
            kernel: *self,
            states: Vec::new(),
        })
    }
}

/// One state.
#[derive(Debug)]
struct Plain<K: Kernel> {
    kernel: K,
    state: K::State,
    /// Zeros: every row belongs to the only group. Kept to be allocated once.
    first_group: Vec<usize>,
}

impl<K: Kernel> Plain<K> {
    /// Returns the state of a batch by itself.
    fn batch(&mut self, values: &[ArrayRef]) -> Result<K::State> {
        let rows = values.first().map_or(0, |v| v.len());
        if self.first_group.len() < rows {
            self.first_group.resize(rows, 0);
        }
        let mut states = [K::State::default()];
        self.kernel.update(
            &mut states,
            &Rows {
                values,
                groups: &self.first_group[..rows],
                filter: None,
            },
        )?;
        let [state] = states;
        Ok(state)
    }
}

impl<K: Kernel> Accumulator for Plain<K> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let batch = self.batch(values)?;
        self.state.merge(&batch);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let batch = self.batch(values)?;
        self.state.unmerge(&batch);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |column| column.len());
        let groups = vec![0; rows];
        K::State::merge_encoded(std::slice::from_mut(&mut self.state), &groups, states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        K::State::encode(std::slice::from_ref(&self.state))?
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let result = self.kernel.finish(std::slice::from_ref(&self.state))?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.first_group.capacity() * size_of::<usize>()
    }
}

/// One state for each group.
#[derive(Debug)]
struct Groups<K: Kernel> {
    kernel: K,
    states: Vec<K::State>,
}

impl<K: Kernel> GroupsAccumulator for Groups<K> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.states.resize_with(total_num_groups, K::State::default);
        self.kernel.update(
            &mut self.states,
            &Rows {
                values,
                groups,
                filter,
            },
        )
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.states.resize_with(total_num_groups, K::State::default);
        K::State::merge_encoded(&mut self.states, groups, values)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let states = emit_to.take_needed(&mut self.states);
        self.kernel.finish(&states)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = emit_to.take_needed(&mut self.states);
        K::State::encode(&states)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |v| v.len());
        if filter.is_none()
            && values.iter().all(|column| column.null_count() == 0)
            && let Some(states) = self.kernel.states_of_rows(values)
        {
            return states;
        }
        // Every row is a group of its own.
        let groups: Vec<usize> = (0..rows).collect();
        let mut states = vec![K::State::default(); rows];
        self.kernel.update(
            &mut states,
            &Rows {
                values,
                groups: &groups,
                filter,
            },
        )?;
        K::State::encode(&states)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.states.capacity() * size_of::<K::State>()
    }
}
