//! The events of groups, one group after the other.
//!
//! Events lie in the order they came. A place of its own for each of a million
//! groups would be far from the one before, and moving every event there waits
//! for memory at every step. So each block is dealt to a few hundred ranges of
//! groups first, and then range by range the events are brought together, dealt
//! to their groups and seen, all while they are in the near cache. Time is linear,
//! and beside the blocks no more than the events of one range are held.

use std::mem;

use super::Event;
use super::arena::{BLOCK_EVENTS, Block};

/// Events a range has about: as many as a block, which fits the near cache twice.
const RANGE_EVENTS: usize = BLOCK_EVENTS;

/// Most ranges: their ends fit the nearest cache, and where they begin in a block
/// takes a fiftieth of the block.
const RANGES_MAX: usize = 1 << 11;

/// Groups of a range at most, where hardly any have events.
const RANGE_GROUPS: usize = 1 << 15;

/// The events of groups, in order of the groups.
#[derive(Debug)]
pub(crate) struct ByGroup<'a, E>(Source<'a, E>);

#[derive(Debug)]
enum Source<'a, E> {
    /// The events of the only group, until they are asked for.
    One(Option<&'a mut [E]>),
    Many(Ranges<E>),
}

impl<'a, E: Event> ByGroup<'a, E> {
    /// Returns the events of the only group.
    pub(super) fn one(events: &'a mut [E]) -> Self {
        Self(Source::One(Some(events)))
    }

    /// Returns the events of all groups, some of which may have none.
    pub(super) fn new(blocks: Vec<Block<E>>, n_groups: usize) -> Self {
        Self(Source::Many(Ranges::new(blocks, n_groups)))
    }

    /// Returns how many groups there are still.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Source::One(events) => usize::from(events.is_some()),
            Source::Many(ranges) => ranges.n_groups - ranges.next_group,
        }
    }

    /// Returns the events of the next group, in any order; they are gone
    /// when the group after it is asked for.
    pub(crate) fn next_group(&mut self) -> Option<&mut [E]> {
        match &mut self.0 {
            Source::One(events) => events.take(),
            Source::Many(ranges) => ranges.next_group(),
        }
    }

    /// Returns what `f` makes of the events of each group.
    pub(crate) fn map<R>(
        mut self,
        mut f: impl FnMut(&mut [E]) -> R,
    ) -> impl ExactSizeIterator<Item = R> {
        (0..self.len()).map(move |_| f(self.next_group().unwrap_or_default()))
    }
}

/// Blocks of which each is in order of ranges of groups.
#[derive(Debug)]
struct Ranges<E> {
    blocks: Vec<Block<E>>,
    /// Groups of a range, as a power of two.
    shift: u32,
    n_ranges: usize,
    /// Where each range begins in the first block, and the end of the last one; then the same for the second block, and so on.
    bounds: Vec<u32>,
    n_groups: usize,
    next_group: usize,
    /// The events of the range that groups are being returned of, in order of groups.
    events: Vec<E>,
    /// The end of the events of each group of that range.
    ends: Vec<usize>,
}

impl<E: Event> Ranges<E> {
    fn new(blocks: Vec<Block<E>>, n_groups: usize) -> Self {
        let n_events = blocks.iter().map(|block| block.events.len()).sum();
        let shift = range_bits(n_events, n_groups);
        let n_ranges = n_groups.div_ceil(1 << shift);
        let mut ranges = Self {
            bounds: Vec::with_capacity(blocks.len() * (n_ranges + 1)),
            blocks,
            shift,
            n_ranges,
            n_groups,
            next_group: 0,
            events: Vec::new(),
            ends: Vec::new(),
        };
        ranges.deal_blocks();
        ranges
    }

    /// Puts each block in order of ranges.
    fn deal_blocks(&mut self) {
        let range = |group: u32| (group >> self.shift) as usize;
        let mut dealt = Block::default();
        let mut next = Vec::new();
        for block in &mut self.blocks {
            next.clear();
            next.resize(self.n_ranges + 1, 0);
            for group in &block.groups {
                next[range(*group) + 1] += 1;
            }
            accumulate(&mut next);
            self.bounds.extend(&next);
            if block.groups.is_sorted_by_key(|group| range(*group)) {
                continue;
            }
            dealt.groups.resize(block.groups.len(), 0);
            dealt.events.resize_with(block.events.len(), E::default);
            for (group, event) in block.groups.iter().zip(&mut block.events) {
                let place = &mut next[range(*group)];
                dealt.groups[*place as usize] = *group;
                dealt.events[*place as usize] = mem::take(event);
                *place += 1;
            }
            mem::swap(block, &mut dealt);
        }
    }

    fn next_group(&mut self) -> Option<&mut [E]> {
        if self.next_group == self.n_groups {
            return None;
        }
        let place = self.next_group % (1 << self.shift);
        if place == 0 {
            self.gather(self.next_group >> self.shift);
        }
        self.next_group += 1;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.events.get_mut(start..self.ends[place])
    }

    /// Brings the events of a range together, in order of groups.
    fn gather(&mut self, range: usize) {
        let bounds = self.bounds.chunks_exact(self.n_ranges + 1);
        let parts = bounds.map(|bounds| bounds[range] as usize..bounds[range + 1] as usize);
        let place = |group: u32| group as usize % (1 << self.shift);
        // Counted one place further on, so that a place is where its group begins,
        // and where it ends once all its events have come.
        let next = &mut self.ends;
        next.clear();
        next.resize((1 << self.shift) + 1, 0);
        for (block, part) in self.blocks.iter().zip(parts.clone()) {
            for group in &block.groups[part] {
                next[place(*group) + 1] += 1;
            }
        }
        accumulate(next);
        self.events.clear();
        let n_events = next.last().copied().unwrap_or_default();
        self.events.resize_with(n_events, E::default);
        for (block, part) in self.blocks.iter_mut().zip(parts) {
            let groups = &block.groups[part.clone()];
            for (group, event) in groups.iter().zip(&mut block.events[part]) {
                let next = &mut next[place(*group)];
                self.events[*next] = mem::take(event);
                *next += 1;
            }
        }
    }
}

/// Returns how many groups make a range, as a power of two.
fn range_bits(n_events: usize, n_groups: usize) -> u32 {
    let mut shift = 0;
    while n_groups > 1 << shift {
        let n_ranges = n_groups.div_ceil(1 << shift);
        let is_full = n_events / n_ranges >= RANGE_EVENTS / 2 || 1 << shift >= RANGE_GROUPS;
        if n_ranges <= RANGES_MAX && is_full {
            break;
        }
        shift += 1;
    }
    shift
}

/// Replaces numbers by their sums from the first on.
fn accumulate<N: Copy + Default + std::ops::AddAssign>(numbers: &mut [N]) {
    let mut sum = N::default();
    for number in numbers {
        sum += *number;
        *number = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_hold_about_a_block_of_events_and_are_not_too_many() {
        assert_eq!(range_bits(0, 0), 0);
        assert_eq!(range_bits(0, 2_000_000), 15);
        assert_eq!(range_bits(10_000_000, 1), 0);
        assert_eq!(range_bits(10_000_000, 200_000), 9);
        // Five thousand ranges would hold a block each.
        assert_eq!(range_bits(5_000 * BLOCK_EVENTS, 1 << 20), 9);
    }

    proptest! {
        /// Groups with many events and with none, in one block and in several.
        #[test]
        fn events_come_out_by_group_whatever_their_number(
            n_groups in prop::sample::select(vec![1usize, 3, 1024, 70_000, 2_000_000]),
            lengths in prop::collection::vec(0usize..300, 0..4),
            seed: u64,
        ) {
            let mixed = |i: usize| (i as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let n_events: usize = lengths.iter().sum();
            let group = |i: usize| (mixed(i) % n_groups as u64) as u32;
            let mut next = 0;
            let blocks = lengths.iter().map(|length| {
                let rows = next..next + length;
                next += length;
                Block { groups: rows.clone().map(group).collect(), events: rows.map(|i| i as i64).collect() }
            });
            let mut groups = ByGroup::new(blocks.collect(), n_groups);
            prop_assert_eq!(groups.len(), n_groups);
            let mut got = Vec::new();
            let mut of = 0;
            while let Some(events) = groups.next_group() {
                got.extend(events.iter().map(|event| (of, *event)));
                of += 1;
            }
            prop_assert_eq!(of as usize, n_groups);
            let mut expected: Vec<(u32, i64)> = (0..n_events).map(|i| (group(i), i as i64)).collect();
            expected.sort_unstable();
            prop_assert_eq!(got, expected);
        }
    }
}
