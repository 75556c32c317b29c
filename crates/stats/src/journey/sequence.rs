//! `sequence_match`, `sequence_count` and `sequence_match_events`: patterns over sorted events.
//!
//! Only events that meet some condition take part, and "next" means next among
//! those. There is no backtracking and so no pattern that is too slow. Time is
//! sorted, so the events that may follow a given one form a range, and the
//! ranges of later events never begin or end earlier: each step of the pattern
//! is one pass over the events, whatever the gaps around it.
//!
//! A time bound is measured from the event of the last `(?N)` or `.`, exactly,
//! in the unit of the timestamps. ClickHouse measures it from elsewhere after
//! `.*`. Where a pattern ends in a time bound, some later event must be within
//! it; for `<`, `<=` and `>= 0` the end of the events will do as well.

use std::borrow::Cow;

use super::Event;
use super::pattern::{Comparison, Gap, Pattern, Step};

/// Returns whether the pattern occurs anywhere among the events.
///
/// `events` are in the order of [`EventLog::sorted`](super::EventLog::sorted);
/// `ticks_per_second` translates the seconds of the pattern.
pub fn sequence_match(pattern: &Pattern, events: &[Event], ticks_per_second: u64) -> bool {
    let search = Search::new(pattern, events, ticks_per_second);
    search.pattern.steps.is_empty() || search.feasible(search.pattern.steps.len(), true).is_some()
}

/// Returns how often the pattern occurs without overlap.
///
/// Each occurrence begins as early as it can and takes the earliest events that
/// still complete it. A pattern without steps occurs once at each event.
pub fn sequence_count(pattern: &Pattern, events: &[Event], ticks_per_second: u64) -> u64 {
    let search = Search::new(pattern, events, ticks_per_second);
    if search.pattern.steps.is_empty() {
        return search.events.len() as u64;
    }
    let Some(feasible) = search.feasible(search.pattern.steps.len(), true) else {
        return 0;
    };
    let mut count = 0;
    let mut from = 0;
    while let Some(chain) = search.first_chain(&feasible, from) {
        count += 1;
        from = chain.last().map_or(usize::MAX, |last| search.end(*last));
    }
    count
}

/// Returns the timestamps of the events that met the `(?N)` of the pattern.
///
/// If the pattern does not occur they are those of the longest beginning of it
/// that does; empty where not even its first step occurs.
pub fn sequence_match_events(
    pattern: &Pattern,
    events: &[Event],
    ticks_per_second: u64,
) -> Vec<i64> {
    let search = Search::new(pattern, events, ticks_per_second);
    let n_steps = search.pattern.steps.len();
    let whole = search.feasible(n_steps, true);
    let longest = whole.or_else(|| {
        (1..=search.longest_beginning())
            .rev()
            .find_map(|length| search.feasible(length, false))
    });
    let Some(chain) = longest.and_then(|feasible| search.first_chain(&feasible, 0)) else {
        return Vec::new();
    };
    chain
        .iter()
        .zip(&search.pattern.steps)
        .filter(|(_, step)| matches!(step, Step::Condition(_)))
        .map(|(position, _)| search.events[*position].at)
        .collect()
}

/// For each step the positions from which the rest can be completed, ascending.
type Feasible = Vec<Vec<usize>>;

/// A pattern and the events it runs on.
struct Search<'a> {
    pattern: &'a Pattern,
    events: Cow<'a, [Event]>,
    ticks_per_second: u64,
}

/// Where the next step may be after a given event: positions `from..to`.
///
/// `at_end` says that the end of the events counts as such a place, which only
/// matters behind the last step.
#[derive(Clone, Copy)]
struct Reach {
    from: usize,
    to: usize,
    at_end: bool,
}

impl<'a> Search<'a> {
    fn new(pattern: &'a Pattern, events: &'a [Event], ticks_per_second: u64) -> Self {
        let matched = if events.iter().all(|event| event.conditions != 0) {
            Cow::Borrowed(events)
        } else {
            let matched = events.iter().filter(|event| event.conditions != 0);
            Cow::Owned(matched.copied().collect())
        };
        Self {
            pattern,
            events: matched,
            ticks_per_second,
        }
    }

    /// Returns whether every condition of the pattern is met by some event: a
    /// cheap answer for the many groups that never did one of the things asked.
    fn has_all_conditions(&self) -> bool {
        let met = self
            .events
            .iter()
            .fold(0, |met, event| met | event.conditions);
        self.pattern.steps.iter().all(|step| match step {
            Step::Any => true,
            Step::Condition(index) => met >> index & 1 == 1,
        })
    }

    fn meets(&self, position: usize, step: Step) -> bool {
        match step {
            Step::Any => true,
            Step::Condition(index) => self.events[position].conditions >> index & 1 == 1,
        }
    }

    /// Returns where the gap after `step`, taken at `position`, may lead.
    fn reach(&self, step: usize, position: usize) -> Reach {
        let end = self.events.len();
        let base = self.events[position].at;
        let mut reach = Reach {
            from: position + 1,
            to: (position + 2).min(end),
            at_end: position + 1 == end,
        };
        for gap in &self.pattern.gaps[step + 1] {
            match *gap {
                Gap::Star => {
                    // A star that can only start at the end leads nowhere else.
                    if reach.from >= reach.to {
                        reach.from = end;
                    }
                    reach.to = end;
                    reach.at_end = true;
                }
                Gap::Time(comparison, seconds) => {
                    let ticks = seconds.saturating_mul(self.ticks_per_second);
                    // Seconds beyond the range of the timestamps are further than any event.
                    let bound = i128::from(base) + i128::from(ticks);
                    let before = |limit: i128| {
                        self.events
                            .partition_point(|event| i128::from(event.at) < limit)
                    };
                    let (lower, upper) = match comparison {
                        Comparison::Less => (0, before(bound)),
                        Comparison::LessOrEqual => (0, before(bound + 1)),
                        Comparison::Greater => (before(bound + 1), end),
                        Comparison::GreaterOrEqual => (before(bound), end),
                        Comparison::Equal => (before(bound), before(bound + 1)),
                    };
                    reach.from = reach.from.max(lower);
                    reach.to = upper;
                    let passes_at_end = match comparison {
                        Comparison::Less | Comparison::LessOrEqual => true,
                        Comparison::GreaterOrEqual => seconds == 0,
                        Comparison::Greater | Comparison::Equal => false,
                    };
                    reach.at_end &= passes_at_end;
                }
            }
            if reach.from >= reach.to && !reach.at_end {
                break;
            }
        }
        reach
    }

    /// Returns whether the pattern may end with its last step at `position`.
    fn may_end(&self, position: usize) -> bool {
        let last = self.pattern.steps.len() - 1;
        if self.pattern.gaps[last + 1].is_empty() {
            return true;
        }
        let reach = self.reach(last, position);
        reach.from < reach.to || reach.at_end
    }

    /// Returns where the search for the next occurrence begins.
    fn end(&self, position: usize) -> usize {
        let last = self.pattern.steps.len() - 1;
        if self.pattern.gaps[last + 1].is_empty() {
            return position + 1;
        }
        let reach = self.reach(last, position);
        if reach.from < reach.to {
            reach.from
        } else {
            self.events.len()
        }
    }

    /// Returns for the first `length` steps the positions from which the rest
    /// of them can be taken, or nothing where they do not occur.
    ///
    /// With `to_end` the last of them must also satisfy what follows it.
    fn feasible(&self, length: usize, to_end: bool) -> Option<Feasible> {
        if length == self.pattern.steps.len() && !self.has_all_conditions() {
            return None;
        }
        let mut feasible: Feasible = vec![Vec::new(); length];
        for step in (0..length).rev() {
            let (earlier, later) = feasible.split_at_mut(step + 1);
            let positions = &mut earlier[step];
            for position in 0..self.events.len() {
                if !self.meets(position, self.pattern.steps[step]) {
                    continue;
                }
                let completes = match later.first() {
                    None => !to_end || self.may_end(position),
                    Some(next) => self.successor(step, position, next).is_some(),
                };
                if completes {
                    positions.push(position);
                }
            }
            if positions.is_empty() {
                return None;
            }
        }
        Some(feasible)
    }

    /// Returns the earliest feasible position of the next step.
    fn successor(&self, step: usize, position: usize, next: &[usize]) -> Option<usize> {
        let reach = self.reach(step, position);
        let found = next.partition_point(|candidate| *candidate < reach.from);
        next.get(found)
            .copied()
            .filter(|candidate| *candidate < reach.to)
    }

    /// Returns the first occurrence at or after `from`, one position for each step.
    fn first_chain(&self, feasible: &Feasible, from: usize) -> Option<Vec<usize>> {
        let first = feasible.first()?;
        let start = first.partition_point(|position| *position < from);
        let mut chain = vec![*first.get(start)?];
        for (step, next) in feasible.iter().skip(1).enumerate() {
            let last = *chain.last()?;
            chain.push(self.successor(step, last, next)?);
        }
        Some(chain)
    }

    /// Returns how many steps from the first can be taken at all.
    fn longest_beginning(&self) -> usize {
        let mut reached: Vec<usize> = (0..self.events.len())
            .filter(|position| {
                self.pattern
                    .steps
                    .first()
                    .is_some_and(|step| self.meets(*position, *step))
            })
            .collect();
        let mut length = 0;
        while !reached.is_empty() {
            length += 1;
            let Some(step) = self.pattern.steps.get(length) else {
                break;
            };
            let mut next: Vec<usize> = Vec::new();
            // Ranges only move forward, so each position is looked at once.
            let mut seen = 0;
            for position in &reached {
                let reach = self.reach(length - 1, *position);
                for candidate in reach.from.max(seen)..reach.to {
                    if self.meets(candidate, *step) {
                        next.push(candidate);
                    }
                }
                seen = seen.max(reach.to);
            }
            reached = next;
        }
        length
    }
}

#[cfg(test)]
mod tests;
