//! `Event` and `EventLog`: the timestamps of one group and the conditions each row met.
//!
//! A row is twelve bytes of content: a timestamp and up to 32 conditions as
//! bits. The log sorts by a total order that depends on nothing but the rows,
//! so partitions, batches and spills cannot change an answer.

use std::cmp::Ordering;

use crate::error::{Result, StatsError};

/// The most conditions a funnel or a pattern may have, one bit each.
pub const MAX_CONDITIONS: usize = 32;

/// The length of one event in the byte form of a log.
const EVENT_BYTES: usize = 12;

/// One row: when it happened and which conditions it met.
///
/// Packed, because callers keep many millions: twelve bytes instead of sixteen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(Rust, packed(4))]
pub struct Event {
    /// The timestamp, in ticks of the caller's choice.
    pub at: i64,
    /// Bit `i` is set where condition `i + 1` is true; NULL conditions are not set.
    pub conditions: u32,
}

impl Event {
    /// Returns the sort key: time first, then rows without a condition, then
    /// rows by their lowest condition, the next one, and so on.
    ///
    /// For callers who keep the events of many groups in one vector. Reversing the bits makes the first condition the most significant one;
    /// the negation turns "has an early step" into "sorts early" and leaves 0,
    /// the row without conditions, in front, where ClickHouse puts it too.
    #[inline]
    pub fn key(&self) -> (i64, u32) {
        (self.at, self.conditions.reverse_bits().wrapping_neg())
    }

    /// Compares by [`Event::key`], whose second half takes time and is needed for ties only.
    #[inline]
    pub fn order(&self, other: &Self) -> Ordering {
        let (at, other_at) = (self.at, other.at);
        at.cmp(&other_at).then_with(|| self.key().cmp(&other.key()))
    }
}

/// The events of one group, mergeable in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLog {
    events: Vec<Event>,
    sorted: bool,
}

impl Default for EventLog {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            sorted: true,
        }
    }
}

impl EventLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one row.
    ///
    /// Rows without a condition matter to `strict_order` only: every other
    /// caller leaves them out, so that memory follows the matching events.
    pub fn push(&mut self, at: i64, conditions: u32) {
        let event = Event { at, conditions };
        if let Some(last) = self.events.last() {
            self.sorted &= last.key() <= event.key();
        }
        self.events.push(event);
    }

    /// Adds the rows of another log.
    pub fn merge(&mut self, other: &Self) {
        let Some(first) = other.events.first() else {
            return;
        };
        let in_order = self
            .events
            .last()
            .is_none_or(|last| last.key() <= first.key());
        self.sorted = self.sorted && other.sorted && in_order;
        self.events.extend_from_slice(&other.events);
    }

    /// Returns the events in order of time and step, sorting them if needed.
    pub fn sorted(&mut self) -> &[Event] {
        if !self.sorted {
            self.events.sort_unstable_by(Event::order);
            self.sorted = true;
        }
        &self.events
    }

    /// Returns the number of events kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Returns whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns the heap bytes held, for a memory pool.
    pub fn heap_bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>()
    }

    /// Returns the sorted log as little-endian bytes, twelve for each event.
    pub fn to_bytes(&mut self) -> Vec<u8> {
        let events = self.sorted();
        let mut bytes = Vec::with_capacity(events.len() * EVENT_BYTES);
        for event in events {
            bytes.extend_from_slice(&event.at.to_le_bytes());
            bytes.extend_from_slice(&event.conditions.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`EventLog::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if !bytes.len().is_multiple_of(EVENT_BYTES) {
            let reason = format!(
                "must be a multiple of {EVENT_BYTES} bytes, got {}",
                bytes.len()
            );
            return Err(StatsError::argument("state", reason));
        }
        let mut log = Self::new();
        log.events.reserve(bytes.len() / EVENT_BYTES);
        for chunk in bytes.chunks_exact(EVENT_BYTES) {
            let (at, conditions) = chunk.split_at(8);
            let (Ok(at), Ok(conditions)) = (at.try_into(), conditions.try_into()) else {
                continue;
            };
            log.push(i64::from_le_bytes(at), u32::from_le_bytes(conditions));
        }
        Ok(log)
    }
}

impl FromIterator<(i64, u32)> for EventLog {
    fn from_iter<I: IntoIterator<Item = (i64, u32)>>(rows: I) -> Self {
        let mut log = Self::new();
        for (at, conditions) in rows {
            log.push(at, conditions);
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_are_ordered_by_step_and_rows_without_a_step_come_first() {
        let mut log: EventLog = [(1, 0b100), (1, 0b011), (1, 0), (1, 0b001), (0, 0b1000)]
            .into_iter()
            .collect();
        let order: Vec<u32> = log.sorted().iter().map(|event| event.conditions).collect();
        assert_eq!(order, [0b1000, 0, 0b011, 0b001, 0b100]);
    }

    #[test]
    fn a_torn_state_is_an_error() {
        let error = EventLog::from_bytes(&[0; 13]).unwrap_err();
        assert_eq!(error.about(), Some("state"));
    }

    proptest! {
        #[test]
        fn merging_parts_in_any_order_equals_the_whole(
            rows in prop::collection::vec((-5i64..5, 0u32..16), 0..40),
            cut in 0usize..40,
        ) {
            let cut = cut.min(rows.len());
            let mut whole: EventLog = rows.iter().copied().collect();
            let head: EventLog = rows[..cut].iter().copied().collect();
            let mut tail: EventLog = rows[cut..].iter().copied().collect();
            tail.merge(&head);
            prop_assert_eq!(whole.sorted(), tail.sorted());
            let mut read = EventLog::from_bytes(&tail.to_bytes()).unwrap();
            prop_assert_eq!(whole.sorted(), read.sorted());
        }
    }
}
