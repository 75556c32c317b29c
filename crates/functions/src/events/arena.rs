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
    #[inline]
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
        finish: impl FnOnce(ByGroup<'_, E>) -> Result<R>,
    ) -> Result<R> {
        self.order();
        let n = match emit_to {
            EmitTo::All => self.n_groups,
            EmitTo::First(n) => n.min(self.n_groups),
        };
        let end_group = self.first_group + n as u32;
        let left = &self.groups[self.taken..];
        let end = self.taken + left.partition_point(|group| *group < end_group);
        let leaving = match self.heap_bytes {
            0 => 0,
            _ => self.events[self.taken..end].iter().map(E::heap_bytes).sum(),
        };
        let result = finish(ByGroup {
            groups: &self.groups[self.taken..end],
            events: &mut self.events[self.taken..end],
            next: self.first_group,
            end: end_group,
        })?;
        if n == self.n_groups {
            *self = Self::default();
        } else {
            self.n_groups -= n;
            self.first_group = end_group;
            self.taken = end;
            self.heap_bytes -= leaving;
            self.cut();
        }
        Ok(result)
    }

    /// Puts the events in order of groups.
    fn order(&mut self) {
        if !self.is_ordered {
            let groups = &mut self.groups[self.taken..];
            let events = &mut self.events[self.taken..];
            order(groups, events, self.first_group, self.n_groups);
            self.is_ordered = true;
        }
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

/// The events of groups, in order of the groups.
#[derive(Debug)]
pub(crate) struct ByGroup<'a, E> {
    /// Whose each event is; empty where all are of the only group.
    groups: &'a [u32],
    events: &'a mut [E],
    next: u32,
    end: u32,
}

impl<'a, E> ByGroup<'a, E> {
    /// Returns the events of the only group.
    pub(super) fn one(events: &'a mut [E]) -> Self {
        Self {
            groups: &[],
            events,
            next: 0,
            end: 1,
        }
    }
}

impl<'a, E> Iterator for ByGroup<'a, E> {
    type Item = &'a mut [E];

    #[inline]
    fn next(&mut self) -> Option<&'a mut [E]> {
        if self.next == self.end {
            return None;
        }
        let n_events = if self.groups.is_empty() {
            self.events.len()
        } else {
            let mine = |group: &&u32| **group == self.next;
            self.groups.iter().take_while(mine).count()
        };
        self.groups = self.groups.get(n_events..).unwrap_or_default();
        let (events, rest) = std::mem::take(&mut self.events).split_at_mut(n_events);
        self.events = rest;
        self.next += 1;
        Some(events)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = (self.end - self.next) as usize;
        (n, Some(n))
    }
}

impl<E> ExactSizeIterator for ByGroup<'_, E> {}

/// Most places that are filled at a time: their ends and beginnings fit the nearest cache.
const PLACES_MAX: usize = 1 << 10;

/// Puts events in order of groups, in place and in linear time: ranges of groups
/// first, then the groups of each range. Filling a place for every group at once
/// would wait for memory at each step.
fn order<E>(groups: &mut [u32], events: &mut [E], first: u32, n_groups: usize) {
    let mut shift = 0;
    while n_groups.div_ceil(1 << shift) > PLACES_MAX {
        shift += 1;
    }
    let n_places = n_groups.div_ceil(1 << shift);
    let place = |group: u32| ((group - first) >> shift) as usize;
    let mut next = vec![0; n_places + 1];
    for group in groups.iter() {
        next[place(*group) + 1] += 1;
    }
    for i in 0..n_places {
        next[i + 1] += next[i];
    }
    let starts = next.clone();
    for i in 0..n_places {
        // Each is swapped to where its place is next filled.
        while next[i] < starts[i + 1] {
            let here = next[i];
            let belongs = place(groups[here]);
            let there = next[belongs];
            if here != there {
                groups.swap(here, there);
                events.swap(here, there);
            }
            next[belongs] += 1;
        }
    }
    if shift > 0 {
        for i in 0..n_places {
            let range = starts[i]..starts[i + 1];
            let (groups, events) = (&mut groups[range.clone()], &mut events[range]);
            if !groups.is_sorted() {
                order(groups, events, first + (i << shift) as u32, 1 << shift);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Few groups are put in order at once, many in ranges.
        #[test]
        fn events_come_out_by_group_whatever_their_number(
            n_groups in prop::sample::select(vec![1u32, 3, 1024, 1025, 70_000, 2_000_000]),
            first in 0u32..3,
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..300),
        ) {
            let mut groups: Vec<u32> = picks.iter().map(|p| first + p.index(n_groups as usize) as u32).collect();
            let mut events: Vec<(u32, usize)> = groups.iter().copied().zip(0..).collect();
            let mut expected = events.clone();
            expected.sort_unstable();
            order(&mut groups, &mut events, first, n_groups as usize);
            prop_assert!(groups.is_sorted());
            prop_assert!(events.iter().map(|(group, _)| group).eq(&groups));
            events.sort_unstable();
            prop_assert_eq!(events, expected);
        }
    }
}
