//! `window_funnel`: how far along a chain of conditions the events of a group came.
//!
//! The answer is the length of the longest prefix of the conditions met in
//! order of time by a chain of events, the last one at most `window` after the
//! first, that end included. One event may take several steps and events with
//! the same timestamp are taken in step order, whatever order they came in.
//!
//! The modes stop the walk over the events early:
//!
//! - `strict_deduplication`: at an event that meets a condition after the first
//!   which the chain has already met.
//! - `strict_order`: once the first condition was met, at an event that meets no
//!   condition, one whose turn has not come, or the first one again when the
//!   chain is past it. Repeats of a later condition are no stop.
//! - `allow_reentry` (needs `strict_order`): the first condition met again is no
//!   stop; it may begin another chain.
//!
//! and two narrow what counts as a chain: `strict_increase` wants later
//! timestamps from step to step, `strict_once` gives an event one step only.
//!
//! ClickHouse is the model, with its tests as the reference. It differs where
//! it contradicts its own definition: it keeps one chain for each step, so that
//! under `strict_increase` (without `strict_once`) it can lose the longest one;
//! and under `strict_once` it takes ties in the order of arrival. Here the
//! longest chain counts and ties have one order. Where `strict_deduplication`
//! stops, the answer is the longest chain so far; only together with
//! `allow_reentry` it is no more than the step of the event before the repeated
//! one, as the test of that combination prints (`a b a b c` gives 1).

use super::{Event, MAX_CONDITIONS};
use crate::error::{Result, StatsError};

mod once;

/// The modes of a funnel; all off is the default mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FunnelModes {
    /// A condition met again stops the walk.
    pub strict_deduplication: bool,
    /// An event out of turn stops the walk.
    pub strict_order: bool,
    /// Each step is later than the one before.
    pub strict_increase: bool,
    /// Each event takes one step at most.
    pub strict_once: bool,
    /// Under `strict_order`, the first condition may be met again.
    pub allow_reentry: bool,
}

impl FunnelModes {
    /// Reads a list such as `strict_order, allow_reentry`.
    ///
    /// An empty text and `default` are the default mode; `strict` is the old
    /// name of `strict_deduplication`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut modes = Self::default();
        for word in text.split(',').map(str::trim) {
            match word.to_ascii_lowercase().as_str() {
                "" | "default" => {}
                "strict" | "strict_deduplication" => modes.strict_deduplication = true,
                "strict_order" => modes.strict_order = true,
                "strict_increase" => modes.strict_increase = true,
                "strict_once" => modes.strict_once = true,
                "allow_reentry" => modes.allow_reentry = true,
                _ => {
                    let reason = format!(
                        "must be strict_deduplication, strict_order, strict_increase, \
                         strict_once or allow_reentry, got '{word}'"
                    );
                    return Err(StatsError::argument("mode", reason));
                }
            }
        }
        Ok(modes)
    }
}

/// A chain that came as far as one step: when it began and when it got there.
#[derive(Debug, Clone, Copy)]
struct Reached {
    first: i64,
    last: i64,
}

/// What the walk knows: for each step the chain that began last, and the steps.
///
/// Invariant: `reached[i]` is set for `i < level` and for no other step, and
/// its chain began no earlier than that of `reached[i + 1]`, because a prefix of
/// a chain is a chain.
struct Walk<'a> {
    funnel: &'a WindowFunnel,
    reached: [Reached; MAX_CONDITIONS],
    level: usize,
    /// The step of the last event seen, for the one mode pair that reports it.
    previous_step: usize,
    paths: Option<Paths>,
}

/// The timestamps of the chain kept for each step, and of the first chain to
/// reach the highest one.
struct Paths {
    chains: Vec<[i64; MAX_CONDITIONS]>,
    best: Vec<i64>,
}

/// Whether the walk goes on after an event.
#[derive(PartialEq, Eq)]
enum Next {
    Continue,
    /// The walk ends with this answer.
    Stop(usize),
}

/// A funnel: its window, its number of conditions and its modes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowFunnel {
    window: u64,
    n_conditions: usize,
    modes: FunnelModes,
}

impl WindowFunnel {
    /// Checks and keeps the options; the window is in ticks and above 0.
    pub fn new(window: i64, n_conditions: usize, modes: FunnelModes) -> Result<Self> {
        if window <= 0 {
            let reason = format!("must be a duration above 0, got {window}");
            return Err(StatsError::argument("window", reason));
        }
        if !(1..=MAX_CONDITIONS).contains(&n_conditions) {
            let reason = format!("must be 1 to {MAX_CONDITIONS}, got {n_conditions}");
            return Err(StatsError::argument("conditions", reason));
        }
        if modes.allow_reentry && !modes.strict_order {
            let reason = "allow_reentry needs strict_order beside it";
            return Err(StatsError::argument("mode", reason));
        }
        Ok(Self {
            window: window.unsigned_abs(),
            n_conditions,
            modes,
        })
    }

    /// Returns whether rows without any condition must be kept in the log.
    pub fn keeps_unmatched(&self) -> bool {
        self.modes.strict_order
    }

    /// Returns the length of the longest chain; 0 for no events.
    ///
    /// `events` are in the order of [`EventLog::sorted`](super::EventLog::sorted).
    pub fn level(&self, events: &[Event]) -> usize {
        self.walk(events, None).0
    }

    /// Returns the timestamps of the winning chain, one for each step reached.
    ///
    /// Among the longest chains it is the first one completed; it begins as
    /// late as it can, and each later step shows its latest event before the
    /// next step. A walk stopped by `strict_deduplication` may report fewer
    /// steps than a chain had; the timestamps are cut to the same length.
    pub fn times(&self, events: &[Event]) -> Vec<i64> {
        let paths = Paths {
            chains: vec![[0; MAX_CONDITIONS]; self.n_conditions],
            best: Vec::new(),
        };
        let (level, paths) = self.walk(events, Some(paths));
        let mut best = paths.map(|paths| paths.best).unwrap_or_default();
        best.truncate(level);
        best
    }

    fn walk(&self, events: &[Event], paths: Option<Paths>) -> (usize, Option<Paths>) {
        let mut walk = Walk {
            funnel: self,
            reached: [Reached { first: 0, last: 0 }; MAX_CONDITIONS],
            level: 0,
            previous_step: 0,
            paths,
        };
        // Rows of other arguments may carry higher bits: they are no conditions here.
        let known = u32::MAX >> (MAX_CONDITIONS - self.n_conditions);
        for tie in events.chunk_by(|a, b| a.at == b.at) {
            let next = if self.modes.strict_once && tie.len() > 1 {
                walk.tie_once(tie, known)
            } else {
                walk.tie(tie, known)
            };
            if let Next::Stop(level) = next {
                return (level, walk.paths);
            }
            if walk.level == self.n_conditions {
                break;
            }
        }
        (walk.level, walk.paths)
    }
}

impl Walk<'_> {
    /// Takes the events of one timestamp, step by step.
    fn tie(&mut self, tie: &[Event], known: u32) -> Next {
        let Some(at) = tie.first().map(|event| event.at) else {
            return Next::Continue;
        };
        if let stop @ Next::Stop(_) = self.unmatched(tie, known) {
            return stop;
        }
        let met = tie.iter().fold(0, |met, event| met | event.conditions) & known;
        // Under these two modes a step follows only steps taken before this
        // timestamp; a lone event under strict_once is the same case. A single
        // step cannot follow itself, so it needs no copy.
        let modes = self.funnel.modes;
        let snapshot = (met.count_ones() > 1 && (modes.strict_increase || modes.strict_once))
            .then_some((self.reached, self.level));
        let before = self
            .paths
            .as_ref()
            .and_then(|paths| snapshot.is_some().then(|| paths.chains.clone()));
        let mut left = met;
        while left != 0 {
            let step = left.trailing_zeros() as usize;
            left &= left - 1;
            let n_rows = if self.funnel.modes.strict_deduplication {
                tie.iter()
                    .filter(|event| event.conditions >> step & 1 == 1)
                    .count()
            } else {
                1
            };
            for _ in 0..n_rows {
                if let stop @ Next::Stop(_) = self.turn(step) {
                    return stop;
                }
                if step == 0 {
                    self.reach(
                        0,
                        Reached {
                            first: at,
                            last: at,
                        },
                        None,
                    );
                } else {
                    // Looked up where they are: all chains are too much to copy for each step.
                    let (reached, level) = match &snapshot {
                        Some((reached, level)) => (reached, *level),
                        None => (&self.reached, self.level),
                    };
                    if step > level {
                        continue;
                    }
                    let from = reached[step - 1];
                    let in_time = at.abs_diff(from.first) <= self.funnel.window;
                    if in_time && (!self.funnel.modes.strict_increase || from.last < at) {
                        let first = from.first;
                        let chain = before
                            .as_ref()
                            .or(self.paths.as_ref().map(|paths| &paths.chains))
                            .map(|chains| chains[step - 1]);
                        self.reach(step, Reached { first, last: at }, chain);
                    }
                }
                if self.level == self.funnel.n_conditions {
                    return Next::Continue;
                }
            }
        }
        Next::Continue
    }

    /// Stops `strict_order` at a row that meets no condition.
    fn unmatched(&self, tie: &[Event], known: u32) -> Next {
        let stray = tie.iter().any(|event| event.conditions & known == 0);
        if self.funnel.modes.strict_order && stray && self.level > 0 {
            return Next::Stop(self.level);
        }
        Next::Continue
    }

    /// Decides whether an event that meets the condition of `step` may go on.
    fn turn(&mut self, step: usize) -> Next {
        let modes = self.funnel.modes;
        if step > 0 && modes.strict_deduplication && step < self.level {
            // See the module's documentation for the pair of modes.
            return Next::Stop(if modes.allow_reentry {
                self.previous_step.min(self.level)
            } else {
                self.level
            });
        }
        if modes.strict_order && self.level > 0 {
            let too_early = step > self.level;
            let again = step == 0 && self.level > 1 && !modes.allow_reentry;
            if too_early || again {
                return Next::Stop(self.level);
            }
        }
        self.previous_step = step + 1;
        Next::Continue
    }

    /// Keeps a chain as the newest one for its step.
    fn reach(&mut self, step: usize, reached: Reached, from: Option<[i64; MAX_CONDITIONS]>) {
        self.reached[step] = reached;
        if let Some(paths) = &mut self.paths {
            let mut chain = from.unwrap_or([0; MAX_CONDITIONS]);
            chain[step] = reached.last;
            paths.chains[step] = chain;
            if step >= self.level {
                paths.best = chain[..=step].to_vec();
            }
        }
        self.level = self.level.max(step + 1);
    }
}

#[cfg(test)]
mod tests;
