//! `strict_once` among events with the same timestamp: who takes which step.
//!
//! A chain uses each event once. Only events with the same timestamp can be in
//! question, because time orders the others, so each tie is a small matching of
//! steps to events: exact, and without the list of all chains, which grows
//! exponentially.

use super::super::{Event, MAX_CONDITIONS};
use super::{Next, Reached, Walk};

/// How many events of a tie are looked at for one step. At most 31 others can
/// take them away, so more would never be needed.
const ENOUGH: usize = MAX_CONDITIONS;

impl Walk<'_> {
    /// Takes the events of one timestamp, each for one step at most.
    pub(super) fn tie_once(&mut self, tie: &[Event], known: u32) -> Next {
        let Some(at) = tie.first().map(|event| event.at) else {
            return Next::Continue;
        };
        if let stop @ Next::Stop(_) = self.unmatched(tie, known) {
            return stop;
        }
        let before = (self.reached, self.level);
        let chains = self.paths.as_ref().map(|paths| paths.chains.clone());
        let met = tie.iter().fold(0, |met, event| met | event.conditions) & known;
        let mut candidates: Vec<Vec<usize>> = vec![Vec::new(); self.funnel.n_conditions];
        let mut left = met;
        while left != 0 {
            let step = left.trailing_zeros() as usize;
            left &= left - 1;
            let rows = tie
                .iter()
                .enumerate()
                .filter(|(_, event)| event.conditions >> step & 1 == 1)
                .map(|(row, _)| row);
            // Without a rule about repeats, all rows of a step act at once.
            if self.funnel.modes.strict_deduplication {
                for row in rows {
                    if let stop @ Next::Stop(_) = self.turn(step) {
                        return stop;
                    }
                    if candidates[step].len() < ENOUGH {
                        candidates[step].push(row);
                        self.extend_once(step, at, before, chains.as_deref(), &candidates);
                    }
                }
            } else {
                if let stop @ Next::Stop(_) = self.turn(step) {
                    return stop;
                }
                candidates[step] = rows.take(ENOUGH).collect();
                self.extend_once(step, at, before, chains.as_deref(), &candidates);
            }
            if self.level == self.funnel.n_conditions {
                break;
            }
        }
        Next::Continue
    }

    /// Brings the chain that began last to `step`, if any can take it now.
    fn extend_once(
        &mut self,
        step: usize,
        at: i64,
        (reached, level): ([Reached; MAX_CONDITIONS], usize),
        chains: Option<&[[i64; MAX_CONDITIONS]]>,
        candidates: &[Vec<usize>],
    ) {
        // `start` is the first step taken within this tie, the chain before it
        // came as far as `start - 1`. Later starts leave more events free and
        // earlier starts began later, so all are tried, the latest first chain wins.
        let mut best: Option<(i64, usize)> = None;
        for start in (0..=step).rev() {
            if start < step && self.funnel.modes.strict_increase {
                break;
            }
            let first = match start {
                0 => at,
                _ if start <= level => reached[start - 1].first,
                _ => continue,
            };
            let late = at.abs_diff(first) > self.funnel.window;
            if late || best.is_some_and(|(begun, _)| begun >= first) {
                continue;
            }
            if !distinct_rows(&candidates[start..=step]) {
                // With fewer events than steps, an even earlier start fails too.
                break;
            }
            best = Some((first, start));
        }
        if let Some((first, start)) = best {
            let chain = match (chains, start) {
                (Some(_), 0) => Some([at; MAX_CONDITIONS]),
                (Some(chains), _) => {
                    let mut chain = chains[start - 1];
                    chain[start..=step].fill(at);
                    Some(chain)
                }
                (None, _) => None,
            };
            self.reach(step, Reached { first, last: at }, chain);
        }
    }
}

/// Returns whether each step can have an event of its own (a matching by
/// augmenting paths).
fn distinct_rows(steps: &[Vec<usize>]) -> bool {
    let mut taken: Vec<(usize, usize)> = Vec::with_capacity(steps.len());
    (0..steps.len()).all(|step| place(step, steps, &mut taken, &mut Vec::new()))
}

/// Finds an event for `step`, moving earlier steps to other events if needed.
fn place(
    step: usize,
    steps: &[Vec<usize>],
    taken: &mut Vec<(usize, usize)>,
    visited: &mut Vec<usize>,
) -> bool {
    for row in steps[step].iter().copied() {
        if visited.contains(&row) {
            continue;
        }
        visited.push(row);
        let Some(slot) = taken.iter().position(|(other, _)| *other == row) else {
            taken.push((row, step));
            return true;
        };
        let holder = taken[slot].1;
        if place(holder, steps, taken, visited) {
            // The holder has another entry now; this one becomes the step's.
            if let Some(entry) = taken
                .iter_mut()
                .find(|(other, owner)| *other == row && *owner == holder)
            {
                entry.1 = step;
            }
            return true;
        }
    }
    false
}
