//! The events of all groups in one list.
//!
//! Rows come in any order of groups, so the list is put in order of groups when
//! results or states are asked for, in place and in linear time. Groups may
//! leave a few at a time; then the order is kept and they leave from the front.

use datafusion::common::{Result, resources_err};
use datafusion::logical_expr::EmitTo;

use super::Event;

/// The events and whose they are.
///
/// Invariant: both lists are of one length; `events[..taken]` are of groups that
/// left, and where `is_ordered`, the others are in order of groups.
#[derive(Debug)]
pub(super) struct Arena<E> {
    /// Numbers counted from the groups that left: group 0 is `first_group` here.
    groups: Vec<u32>,
    events: Vec<E>,
    /// Groups there are now.
    n_groups: usize,
    /// Groups that left since the lists were last cut.
    first_group: u32,
    /// Events of groups that left and are still in the lists.
    taken: usize,
    is_ordered: bool,
    /// Bytes behind the events of the groups there are now.
    heap_bytes: usize,
}

impl<E> Default for Arena<E> {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            events: Vec::new(),
            n_groups: 0,
            first_group: 0,
            taken: 0,
            is_ordered: true,
            heap_bytes: 0,
        }
    }
}

impl<E: Event> Arena<E> {
    /// Makes room for groups without events.
    pub(super) fn grow(&mut self, n_groups: usize) -> Result<()> {
        if n_groups + self.first_group as usize > u32::MAX as usize {
            return resources_err!("events of {n_groups} groups do not fit");
        }
        self.n_groups = n_groups;
        Ok(())
    }

    /// Adds an event to a group.
    pub(super) fn push(&mut self, group: usize, event: E) {
        // `grow` has seen to it that the number is small enough.
        let group = group as u32 + self.first_group;
        self.is_ordered &= self.groups.last().is_none_or(|last| *last <= group);
        self.heap_bytes += event.heap_bytes();
        self.groups.push(group);
        self.events.push(event);
    }

    /// Lets groups leave; `finish` sees the events of each.
    pub(super) fn take<R>(
        &mut self,
        emit_to: EmitTo,
        finish: impl FnOnce(Vec<&mut [E]>) -> Result<R>,
    ) -> Result<R> {
        self.order();
        let n = match emit_to {
            EmitTo::All => self.n_groups,
            EmitTo::First(n) => n.min(self.n_groups),
        };
        let end_group = self.first_group + n as u32;
        let mut left = &mut self.events[self.taken..];
        let mut at = self.taken;
        let mut groups = Vec::with_capacity(n);
        for group in self.first_group..end_group {
            let n_events = self.groups[at..]
                .iter()
                .take_while(|g| **g == group)
                .count();
            let (events, rest) = left.split_at_mut(n_events);
            groups.push(events);
            left = rest;
            at += n_events;
        }
        let leaving = groups.iter().flat_map(|g| g.iter());
        let leaving: usize = leaving.map(E::heap_bytes).sum();
        let result = finish(groups)?;
        if n == self.n_groups {
            *self = Self::default();
        } else {
            self.n_groups -= n;
            self.first_group = end_group;
            self.taken = at;
            self.heap_bytes -= leaving;
            self.cut();
        }
        Ok(result)
    }

    /// Puts the events in order of groups: each is swapped to where its group is next filled.
    fn order(&mut self) {
        if self.is_ordered {
            return;
        }
        let (first, taken) = (self.first_group, self.taken);
        let (groups, events) = (&mut self.groups[taken..], &mut self.events[taken..]);
        let mut next = vec![0; self.n_groups + 1];
        for group in groups.iter() {
            next[(group - first) as usize + 1] += 1;
        }
        for group in 0..self.n_groups {
            next[group + 1] += next[group];
        }
        let ends = next.clone();
        for group in 0..self.n_groups {
            while next[group] < ends[group + 1] {
                let here = next[group];
                let belongs = (groups[here] - first) as usize;
                let there = next[belongs];
                groups.swap(here, there);
                events.swap(here, there);
                next[belongs] += 1;
            }
        }
        self.is_ordered = true;
    }

    /// Drops the events of groups that left, once they are the larger part.
    fn cut(&mut self) {
        if 2 * self.taken < self.events.len() {
            return;
        }
        self.groups.drain(..self.taken);
        self.events.drain(..self.taken);
        for group in &mut self.groups {
            *group -= self.first_group;
        }
        self.first_group = 0;
        self.taken = 0;
    }

    /// Returns the bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        self.groups.capacity() * size_of::<u32>()
            + self.events.capacity() * size_of::<E>()
            + self.heap_bytes
    }
}
