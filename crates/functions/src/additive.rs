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
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, FixedSizeBinaryBuilder, Int64Array,
};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::cast::{
    as_fixed_size_binary_array, as_float64_array, as_int64_array, as_primitive_array,
};
use datafusion::common::{Result, ScalarValue, internal_datafusion_err, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::{
    accumulate, accumulate_multiple,
};

use crate::kernel::exact_sum::ExactSum;

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
    /// Reads what `encode` wrote.
    fn decode(columns: &[ArrayRef]) -> Result<Vec<Self>>;
}

/// What a function does with states.
pub(crate) trait Kernel: Debug + Send + Sync + 'static {
    /// What is kept for one group.
    type State: State;
    /// Adds rows to the states of their groups.
    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()>;
    /// Returns the results, one for each state.
    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef>;
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

    fn decode(columns: &[ArrayRef]) -> Result<Vec<Self>> {
        let Some(rows) = columns.first().map(Array::len) else {
            return internal_err!("a state of {N} counts has no columns");
        };
        let mut states = vec![Self::default(); rows];
        for (i, column) in columns.iter().take(N).enumerate() {
            for (state, count) in states.iter_mut().zip(as_int64_array(column)?.values()) {
                state.0[i] = *count;
            }
        }
        Ok(states)
    }
}

/// A sum that does not depend on order: exact, or as good as.
pub(crate) trait Total: Copy + Default + Debug + Send + Sync + 'static {
    /// The bytes a sum travels as.
    const BYTES: usize;
    /// Adds another sum.
    fn merge(&mut self, other: &Self);
    /// Takes another sum away.
    fn unmerge(&mut self, other: &Self);
    /// Appends [`Total::BYTES`] bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Reads what `write` wrote, or nothing if the length is another.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Total for ExactSum {
    const BYTES: usize = Self::BYTES;

    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }

    fn unmerge(&mut self, other: &Self) {
        Self::unmerge(self, other);
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes)
    }
}

/// Sums of integers, and of decimals in units of their last digit.
///
/// Wrapping, so that order does not matter even to an overflow; summands of at
/// most 29 digits (see `args`) need more than 10^9 rows to get there.
impl Total for i128 {
    const BYTES: usize = 16;

    fn merge(&mut self, other: &Self) {
        *self = self.wrapping_add(*other);
    }

    fn unmerge(&mut self, other: &Self) {
        *self = self.wrapping_sub(*other);
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_le_bytes(bytes.try_into().ok()?))
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
        let bytes = (N * S::BYTES) as i32;
        vec![
            ("n_rows".to_string(), DataType::Int64),
            ("sums".to_string(), DataType::FixedSizeBinary(bytes)),
        ]
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
        let mut sums = FixedSizeBinaryBuilder::with_capacity(states.len(), (N * S::BYTES) as i32);
        let mut bytes = Vec::with_capacity(N * S::BYTES);
        for state in states {
            bytes.clear();
            state.sums.iter().for_each(|s| s.write(&mut bytes));
            sums.append_value(&bytes)?;
        }
        Ok(vec![Arc::new(n_rows), Arc::new(sums.finish())])
    }

    fn decode(columns: &[ArrayRef]) -> Result<Vec<Self>> {
        let [n_rows, sums] = columns else {
            return internal_err!("a state of sums has {} columns", columns.len());
        };
        let (n_rows, sums) = (as_int64_array(n_rows)?, as_fixed_size_binary_array(sums)?);
        (0..n_rows.len())
            .map(|row| {
                let mut state = Self {
                    n_rows: n_rows.value(row),
                    ..Self::default()
                };
                let chunks = sums.value(row).chunks(S::BYTES);
                for (sum, bytes) in state.sums.iter_mut().zip(chunks) {
                    *sum = S::read(bytes)
                        .ok_or_else(|| internal_datafusion_err!("a sum is cut short"))?;
                }
                Ok(state)
            })
            .collect()
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
        for state in K::State::decode(states)? {
            self.state.merge(&state);
        }
        Ok(())
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
        for (state, &group) in K::State::decode(values)?.iter().zip(groups) {
            self.states[group].merge(state);
        }
        Ok(())
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
