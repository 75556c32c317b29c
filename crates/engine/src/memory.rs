//! The memory of a session, shared out among the operators that can spill.
//!
//! DataFusion's fair pool gives every operator of every running plan the same
//! part, whether it is at work or waits for its turn. A mart has hundreds of
//! operators, so each would get some twenty megabytes of fourteen gigabytes: not
//! enough for one batch of a large sort, which then fails with nearly all memory
//! free. Its greedy pool lets the first take everything. Here the memory is
//! divided among those that hold some, and each of the others keeps the small
//! part it would have in the fair pool.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::human_readable_size;
use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// A pool of so many bytes, divided among the operators that hold some of it.
#[derive(Debug)]
pub(crate) struct ActivePool {
    bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Operators that can spill, whether they hold memory or not.
    spillers: usize,
    /// Bytes held by those of them that hold any, by the number of the consumer.
    held: HashMap<usize, usize>,
    /// The sum of these.
    spillable: usize,
    /// Bytes held by all others.
    unspillable: usize,
}

impl State {
    fn held(&self, consumer: &MemoryConsumer) -> usize {
        self.held.get(&consumer.id()).copied().unwrap_or(0)
    }

    fn add(&mut self, consumer: &MemoryConsumer, bytes: usize) {
        if !consumer.can_spill() {
            self.unspillable += bytes;
        } else if bytes > 0 {
            *self.held.entry(consumer.id()).or_insert(0) += bytes;
            self.spillable += bytes;
        }
    }

    fn take(&mut self, consumer: &MemoryConsumer, bytes: usize) {
        if !consumer.can_spill() {
            self.unspillable = self.unspillable.saturating_sub(bytes);
            return;
        }
        self.spillable = self.spillable.saturating_sub(bytes);
        let left = self.held(consumer).saturating_sub(bytes);
        match left {
            0 => self.held.remove(&consumer.id()),
            left => self.held.insert(consumer.id(), left),
        };
    }
}

impl ActivePool {
    pub(crate) fn new(bytes: usize) -> Self {
        ActivePool {
            bytes,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one that can spill may hold, now that it asks for more.
    fn most(&self, state: &State, consumer: &MemoryConsumer, additional: usize) -> usize {
        let for_spillers = self.bytes.saturating_sub(state.unspillable);
        let guaranteed = for_spillers / state.spillers.max(1);
        let is_new = !state.held.contains_key(&consumer.id());
        let active = state.held.len() + usize::from(is_new);
        match state.spillable.saturating_add(additional) <= for_spillers {
            true => for_spillers / active,
            // Others hold more than their part now. They give it back when they ask next.
            false => guaranteed,
        }
    }
}

impl MemoryPool for ActivePool {
    fn name(&self) -> &str {
        "active"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            self.state().spillers += 1;
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            let mut state = self.state();
            state.spillers = state.spillers.saturating_sub(1);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.state().add(reservation.consumer(), additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.state().take(reservation.consumer(), shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let (mut state, consumer) = (self.state(), reservation.consumer());
        let (held, most) = match consumer.can_spill() {
            true => (
                state.held(consumer),
                self.most(&state, consumer, additional),
            ),
            false => (state.spillable + state.unspillable, self.bytes),
        };
        if held.saturating_add(additional) > most {
            return Err(resources_datafusion_err!(
                "{} asks for {} and can have {} of {} now",
                consumer.name(),
                human_readable_size(additional),
                human_readable_size(most.saturating_sub(held)),
                human_readable_size(self.bytes)
            ));
        }
        state.add(consumer, additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        let state = self.state();
        state.spillable + state.unspillable
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

impl fmt::Display for ActivePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "active({})", human_readable_size(self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pool(bytes: usize) -> Arc<dyn MemoryPool> {
        Arc::new(ActivePool::new(bytes))
    }

    fn spiller(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
        MemoryConsumer::new("sort")
            .with_can_spill(true)
            .register(pool)
    }

    #[test]
    fn who_waits_takes_nothing_from_who_works() {
        let pool = pool(1000);
        let waiting: Vec<MemoryReservation> = (0..99).map(|_| spiller(&pool)).collect();
        let working = spiller(&pool);
        // A hundredth in DataFusion's fair pool.
        working.try_grow(1000).unwrap();
        assert!(working.try_grow(1).is_err());
        drop(waiting);
        working.free();
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn those_at_work_share_evenly() {
        let pool = pool(1000);
        let (one, other) = (spiller(&pool), spiller(&pool));
        one.try_grow(400).unwrap();
        other.try_grow(400).unwrap();
        assert!(one.try_grow(101).is_err());
        one.try_grow(100).unwrap();
        other.free();
        one.try_grow(500).unwrap();
    }

    #[test]
    fn a_latecomer_has_its_fair_part_though_all_is_taken() {
        let pool = pool(1000);
        let (greedy, late) = (spiller(&pool), spiller(&pool));
        greedy.try_grow(1000).unwrap();
        late.try_grow(500).unwrap();
        assert!(late.try_grow(1).is_err());
        // What it spills, it gets back only up to its part.
        greedy.free();
        greedy.try_grow(500).unwrap();
        assert!(greedy.try_grow(1).is_err());
    }

    #[test]
    fn what_cannot_spill_takes_what_is_free_and_from_the_parts_of_the_others() {
        let pool = pool(1000);
        let rows = MemoryConsumer::new("rows").register(&pool);
        rows.try_grow(600).unwrap();
        let sort = spiller(&pool);
        sort.try_grow(400).unwrap();
        let error = rows.try_grow(1).unwrap_err().to_string();
        assert!(error.contains("rows asks for 1.0 B"), "{error}");
        assert!(sort.try_grow(1).is_err());
        rows.free();
        sort.try_grow(600).unwrap();
    }

    #[test]
    fn reservations_of_one_operator_count_together() {
        let pool = pool(1000);
        let one = spiller(&pool);
        one.try_grow(500).unwrap();
        let part = one.split(200);
        let other = spiller(&pool);
        assert!(part.try_grow(501).is_err());
        drop(part);
        assert_eq!(pool.reserved(), 300);
        other.try_grow(500).unwrap();
        drop(one);
        other.try_grow(500).unwrap();
    }
}
