//! Aggregates that need the events of a group in order.
//!
//! Funnels, gaps and matches cannot be told from sums: they walk the events of
//! a group by time. What is kept is a short record for each row that matters,
//! of all groups in one growing list, so that memory follows the matching rows
//! and a million groups cost no million allocations. States are records in any
//! order, because every walk begins with a sort: partitions, batches and spills
//! cannot change an answer.
//!
//! Nothing is taken away again: a record that leaves a moving window would have
//! to be searched, so such windows are refused.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, LargeBinaryArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::DataType;
use datafusion::common::cast::as_large_binary_array;
use datafusion::common::{Result, ScalarValue, internal_datafusion_err, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use crate::additive::Build;
use crate::filter::passes;

mod arena;
mod by_group;

use arena::Arena;
pub(crate) use by_group::ByGroup;

/// What is kept of one row; the default is what is left where one was taken away.
pub(crate) trait Event: Debug + Default + Send + Sync + 'static {
    /// Returns the bytes it holds beyond its own size.
    #[inline]
    fn heap_bytes(&self) -> usize {
        0
    }
    /// Appends it to a state.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes what `write` wrote off the front, or nothing if it is cut short.
    fn read(bytes: &mut &[u8]) -> Option<Self>
    where
        Self: Sized;
}

/// What a function makes of the events of its groups.
pub(crate) trait Walk: Debug + Send + Sync + 'static {
    /// What is kept of one row.
    type Event: Event;
    /// Calls `keep` with row number and event, for each row that matters.
    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Self::Event)) -> Result<()>;
    /// Returns the results, one for each group; the events of a group come in
    /// any order and may be reordered.
    fn finish(&self, groups: ByGroup<'_, Self::Event>) -> Result<ArrayRef>;
}

/// A walk, to be made into accumulators.
#[derive(Debug)]
pub(crate) struct Walked<W>(pub(crate) W);

/// Returns the columns a state travels as.
pub(crate) fn columns() -> Vec<(String, DataType)> {
    vec![("events".to_string(), DataType::LargeBinary)]
}

impl<W: Walk> Build for Walked<W> {
    fn plain(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Plain {
            walk: self.0,
            events: Vec::new(),
            heap_bytes: 0,
        })
    }

    fn sliding(self: Box<Self>) -> Box<dyn Accumulator> {
        self.plain()
    }

    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator> {
        Box::new(Groups {
            walk: self.0,
            arena: Arena::default(),
        })
    }
}

/// Writes events as states, one row for each group.
fn encode<E: Event>(mut groups: ByGroup<'_, E>) -> ArrayRef {
    let mut bytes = Vec::new();
    let mut lengths = Vec::with_capacity(groups.len());
    while let Some(events) = groups.next_group() {
        let before = bytes.len();
        events.iter().for_each(|event| event.write(&mut bytes));
        lengths.push(bytes.len() - before);
    }
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(LargeBinaryArray::new(
        offsets,
        Buffer::from_vec(bytes),
        None,
    ))
}

/// Calls `each` with row number and event of a column of states.
fn decode<E: Event>(
    states: &[ArrayRef],
    mut each: impl FnMut(usize, E) -> Result<()>,
) -> Result<()> {
    let [states] = states else {
        return internal_err!("a state of events has {} columns", states.len());
    };
    for (row, mut bytes) in as_large_binary_array(states)?.iter().enumerate() {
        while let Some(rest) = bytes.as_mut().filter(|rest| !rest.is_empty()) {
            let event = E::read(rest);
            each(
                row,
                event.ok_or_else(|| internal_datafusion_err!("a state of events is cut short"))?,
            )?;
        }
    }
    Ok(())
}

/// The events of the only group.
#[derive(Debug)]
struct Plain<W: Walk> {
    walk: W,
    events: Vec<W::Event>,
    heap_bytes: usize,
}

impl<W: Walk> Accumulator for Plain<W> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Self {
            walk,
            events,
            heap_bytes,
        } = self;
        walk.read(values, |_, event| {
            *heap_bytes += event.heap_bytes();
            events.push(event);
        })
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        decode(states, |_, event: W::Event| {
            self.heap_bytes += event.heap_bytes();
            self.events.push(event);
            Ok(())
        })
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = encode(ByGroup::one(&mut self.events));
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let result = self.walk.finish(ByGroup::one(&mut self.events))?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.events.capacity() * size_of::<W::Event>() + self.heap_bytes
    }
}

/// The events of all groups.
#[derive(Debug)]
struct Groups<W: Walk> {
    walk: W,
    arena: Arena<W::Event>,
}

impl<W: Walk> GroupsAccumulator for Groups<W> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.arena.grow(total_num_groups)?;
        let arena = &mut self.arena;
        self.walk.read(values, |row, event| {
            if passes(filter, row) {
                arena.push(groups[row], event);
            }
        })
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.arena.grow(total_num_groups)?;
        decode(states, |row, event| {
            self.arena.push(groups[row], event);
            Ok(())
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.arena.take(emit_to, |groups| self.walk.finish(groups))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = self.arena.take(emit_to, |groups| Ok(encode(groups)))?;
        Ok(vec![states])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let n_rows = values.first().map_or(0, |v| v.len());
        let mut bytes = Vec::new();
        let mut lengths = vec![0; n_rows];
        self.walk.read(values, |row, event| {
            if passes(filter, row) {
                let before = bytes.len();
                event.write(&mut bytes);
                lengths[row] = bytes.len() - before;
            }
        })?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let states = LargeBinaryArray::new(offsets, Buffer::from_vec(bytes), None);
        Ok(vec![Arc::new(states)])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.arena.heap_bytes()
    }
}

/// Takes `N` bytes off the front.
#[inline]
pub(crate) fn split_bytes<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}
