//! Aggregates that need every number of a group.
//!
//! Quantiles and their kin cannot be told from a few sums. Exact ones are worth
//! eight bytes a row here: scores compare with cut points, and an approximate
//! cut moves customers. Where an estimate will do, `approx_percentile_cont`
//! takes less memory.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::cast::{as_float64_array, as_list_array};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion_functions_aggregate_common::aggregate::groups_accumulator::accumulate::accumulate;

use crate::additive::Build;
use crate::filter::passes;

/// What a function makes of the numbers of its groups.
pub(crate) trait Summary: Debug + Send + Sync + 'static {
    /// Returns the results, one for each group; may reorder the numbers, not change them.
    fn finish(&self, groups: &mut [Vec<f64>]) -> Result<ArrayRef>;
}

/// A summary, to be made into accumulators.
#[derive(Debug)]
pub(crate) struct Collected<S>(pub(crate) S);

/// Returns the columns a state travels as.
pub(crate) fn columns() -> Vec<(String, DataType)> {
    vec![("numbers".to_string(), DataType::List(item()))]
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Float64, false))
}

/// Returns what is kept of a number: not infinities or NaN, and only one zero,
/// so that what is equal in SQL is equal in every comparison.
fn kept(x: f64) -> Option<f64> {
    x.is_finite().then_some(x + 0.0)
}

impl<S: Summary> Build for Collected<S> {
    fn plain(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Plain {
            summary: self.0,
            numbers: [Vec::new()],
        })
    }

    fn sliding(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Sliding {
            summary: self.0,
            sorted: Vec::new(),
        })
    }

    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator> {
        Box::new(Groups {
            summary: self.0,
            groups: Vec::new(),
            bytes: 0,
        })
    }
}

/// Writes numbers as states, one row for each group.
fn encode(groups: &[Vec<f64>]) -> ArrayRef {
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    let numbers = Float64Array::from(groups.concat());
    Arc::new(ListArray::new(item(), offsets, Arc::new(numbers), None))
}

/// Returns the list column of states.
fn decode(states: &[ArrayRef]) -> Result<&ListArray> {
    match states {
        [list] => as_list_array(list),
        _ => internal_err!("a state of numbers has {} columns", states.len()),
    }
}

/// The numbers of the only group.
#[derive(Debug)]
struct Plain<S> {
    summary: S,
    numbers: [Vec<f64>; 1],
}

impl<S: Summary> Accumulator for Plain<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let numbers = as_float64_array(&values[0])?;
        self.numbers[0].extend(numbers.iter().flatten().filter_map(kept));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for numbers in decode(states)?.iter().flatten() {
            self.numbers[0].extend_from_slice(as_float64_array(&numbers)?.values());
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::try_from_array(
            &encode(&self.numbers),
            0,
        )?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.summary.finish(&mut self.numbers)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.numbers[0].capacity() * size_of::<f64>()
    }
}

/// The numbers of a moving window, sorted so that those which leave are found.
#[derive(Debug)]
struct Sliding<S> {
    summary: S,
    sorted: Vec<f64>,
}

impl<S: Summary> Accumulator for Sliding<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for x in as_float64_array(&values[0])?
            .iter()
            .flatten()
            .filter_map(kept)
        {
            let at = self.sorted.partition_point(|y| *y < x);
            self.sorted.insert(at, x);
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for x in as_float64_array(&values[0])?
            .iter()
            .flatten()
            .filter_map(kept)
        {
            let at = self.sorted.partition_point(|y| *y < x);
            if self.sorted.get(at) != Some(&x) {
                return internal_err!("{x} leaves a window it never entered");
            }
            self.sorted.remove(at);
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for numbers in decode(states)?.iter().flatten() {
            self.update_batch(&[numbers])?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = encode(std::slice::from_ref(&self.sorted));
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        // A copy, since a summary may reorder what it is given.
        let result = self.summary.finish(&mut [self.sorted.clone()])?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sorted.capacity() * size_of::<f64>()
    }
}

/// The numbers of each group.
#[derive(Debug)]
struct Groups<S> {
    summary: S,
    groups: Vec<Vec<f64>>,
    /// Bytes behind all groups; counting them anew for every batch would walk all groups.
    bytes: usize,
}

impl<S: Summary> Groups<S> {
    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<f64>> {
        let taken = emit_to.take_needed(&mut self.groups);
        self.bytes -= taken.iter().map(Vec::capacity).sum::<usize>() * size_of::<f64>();
        taken
    }
}

/// Adds a number to a group and its new memory to the count.
fn push(group: &mut Vec<f64>, x: f64, bytes: &mut usize) {
    let before = group.capacity();
    group.push(x);
    *bytes += (group.capacity() - before) * size_of::<f64>();
}

impl<S: Summary> GroupsAccumulator for Groups<S> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize_with(total_num_groups, Vec::new);
        let Self {
            groups: all, bytes, ..
        } = self;
        accumulate(groups, as_float64_array(&values[0])?, filter, |group, x| {
            if let Some(x) = kept(x) {
                push(&mut all[group], x, bytes);
            }
        });
        Ok(())
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize_with(total_num_groups, Vec::new);
        for (numbers, &group) in decode(states)?.iter().zip(groups) {
            let Some(numbers) = numbers else { continue };
            for x in as_float64_array(&numbers)?.values() {
                push(&mut self.groups[group], *x, &mut self.bytes);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut groups = self.take(emit_to);
        self.summary.finish(&mut groups)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![encode(&self.take(emit_to))])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let numbers = as_float64_array(&values[0])?;
        let kept: Vec<Option<f64>> = numbers
            .iter()
            .enumerate()
            .map(|(row, x)| x.and_then(kept).filter(|_| passes(filter, row)))
            .collect();
        let offsets = OffsetBuffer::from_lengths(kept.iter().map(|x| usize::from(x.is_some())));
        let numbers = Float64Array::from_iter_values(kept.into_iter().flatten());
        let lists = ListArray::new(item(), offsets, Arc::new(numbers), None);
        Ok(vec![Arc::new(lists)])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.capacity() * size_of::<Vec<f64>>() + self.bytes
    }
}
