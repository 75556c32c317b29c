//! The events of all groups, in blocks.
//!
//! Rows come in any order of groups and are kept in the order they come, in
//! blocks of one size: a list that doubles would hold, and copy, up to twice
//! the events there are. They are put in order of groups when results or states
//! are asked for, which is what [`ByGroup`] does.

use std::mem;

use datafusion::common::{Result, resources_err};
use datafusion::logical_expr::EmitTo;

use super::Event;
use super::by_group::ByGroup;

/// Events of a full block: what is dealt to places at a time stays in the near cache.
pub(super) const BLOCK_EVENTS: usize = 1 << 15;

/// Some events and whose they are: two lists of one length.
#[derive(Debug)]
pub(super) struct Block<E> {
    pub(super) groups: Vec<u32>,
    pub(super) events: Vec<E>,
}

impl<E> Default for Block<E> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<E> Block<E> {
    fn with_capacity(n_events: usize) -> Self {
        Self {
            groups: Vec::with_capacity(n_events),
            events: Vec::with_capacity(n_events),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.groups.capacity() * size_of::<u32>()
            + self.events.capacity() * size_of::<E>()
    }
}

/// The events of all groups.
#[derive(Debug)]
pub(super) struct Arena<E> {
    full: Vec<Block<E>>,
    /// The block that events are added to; the first one grows, so that few events take little.
    filling: Block<E>,
    n_groups: usize,
    /// Bytes behind the events.
    heap_bytes: usize,
}

impl<E> Default for Arena<E> {
    fn default() -> Self {
        Self {
            full: Vec::new(),
            filling: Block::default(),
            n_groups: 0,
            heap_bytes: 0,
        }
    }
}

impl<E: Event> Arena<E> {
    /// Makes room for groups without events.
    pub(super) fn grow(&mut self, n_groups: usize) -> Result<()> {
        if n_groups > u32::MAX as usize {
            return resources_err!("events of {n_groups} groups do not fit");
        }
        self.n_groups = n_groups;
        Ok(())
    }

    /// Adds an event to a group.
    #[inline]
    pub(super) fn push(&mut self, group: usize, event: E) {
        if self.filling.events.len() == BLOCK_EVENTS {
            self.begin_block();
        }
        self.heap_bytes += event.heap_bytes();
        // `grow` has seen to it that the number is small enough.
        self.filling.groups.push(group as u32);
        self.filling.events.push(event);
    }

    #[cold]
    fn begin_block(&mut self) {
        let next = Block::with_capacity(BLOCK_EVENTS);
        self.full.push(mem::replace(&mut self.filling, next));
    }

    /// Lets groups leave; `finish` sees the events of each.
    pub(super) fn take<R>(
        &mut self,
        emit_to: EmitTo,
        finish: impl FnOnce(ByGroup<'_, E>) -> Result<R>,
    ) -> Result<R> {
        let leaving = match emit_to {
            EmitTo::First(n) if n < self.n_groups => self.split_off_first(n),
            EmitTo::First(_) | EmitTo::All => mem::take(self),
        };
        let n_groups = leaving.n_groups;
        finish(ByGroup::new(leaving.into_blocks(), n_groups))
    }

    /// Takes the first groups away, in time that follows all events there are:
    /// the engine asks for a few groups only where rows come in their order, so
    /// that hardly any others are there.
    fn split_off_first(&mut self, n_groups: usize) -> Self {
        let all = mem::take(self);
        self.n_groups = all.n_groups - n_groups;
        let mut first = Self {
            n_groups,
            ..Self::default()
        };
        for block in all.into_blocks() {
            for (group, event) in block.groups.into_iter().zip(block.events) {
                let group = group as usize;
                match group.checked_sub(n_groups) {
                    Some(group) => self.push(group, event),
                    None => first.push(group, event),
                }
            }
        }
        first
    }

    fn into_blocks(self) -> Vec<Block<E>> {
        let mut blocks = self.full;
        blocks.push(self.filling);
        blocks
    }

    /// Returns the bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        let full: usize = self.full.iter().map(Block::bytes).sum();
        full + self.filling.bytes() + self.heap_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_follows_the_events_and_leaves_with_them() {
        let mut arena = Arena::<i64>::default();
        arena.grow(1000).unwrap();
        let empty = arena.heap_bytes();
        arena.push(7, 7);
        assert!(arena.heap_bytes() - empty < 100);
        for i in 0..10 * BLOCK_EVENTS {
            arena.push(i % 1000, i as i64);
        }
        let bytes = (arena.heap_bytes() - empty) as f64;
        let least = (10 * BLOCK_EVENTS * (size_of::<i64>() + size_of::<u32>())) as f64;
        assert!(bytes >= least && bytes < 1.2 * least, "{bytes} of {least}");
        let are_own = arena.take(EmitTo::All, |mut groups| {
            let mut group = 0;
            let mut are_own = groups.len() == 1000;
            while let Some(events) = groups.next_group() {
                are_own &= events.len() >= 10 * BLOCK_EVENTS / 1000;
                are_own &= events.iter().all(|event| event % 1000 == group);
                group += 1;
            }
            Ok(are_own)
        });
        assert!(are_own.unwrap());
        assert_eq!(arena.heap_bytes(), empty);
    }

    #[test]
    fn groups_that_stay_are_counted_from_those_that_left() {
        let mut arena = Arena::default();
        arena.grow(4).unwrap();
        for group in [3, 0, 2, 3, 1] {
            arena.push(group, group as i64);
        }
        let lists =
            |groups: ByGroup<'_, i64>| Ok(groups.map(|events| events.to_vec()).collect::<Vec<_>>());
        let first = arena.take(EmitTo::First(2), lists).unwrap();
        assert_eq!(first, [vec![0], vec![1]]);
        arena.grow(3).unwrap();
        arena.push(2, 4);
        let rest = arena.take(EmitTo::First(9), lists).unwrap();
        assert_eq!(rest, [vec![2], vec![3, 3], vec![4]]);
    }
}
