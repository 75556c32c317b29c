//! `SurvivalTimes`: when subjects left observation, why, and with which weight.
//!
//! The state is a table sorted by time with equal rows added up, so that for
//! times in days it stays as small as the number of days however many subjects
//! there are. With clusters (all lines of one order, say) a row is kept for each
//! cluster and time, which the clustered standard errors need.

use std::cmp::Ordering;

use crate::error::{Result, StatsError};

/// The length of one exit in the byte form of a state.
const EXIT_BYTES: usize = 28;

/// How many rows may pile up before equal ones are added up: a balance between
/// the cost of sorting and the memory of a group.
const LEAST_BUFFER: usize = 64;

/// Subjects that left at one time, for one reason, from one cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exit {
    /// When, in any unit.
    pub time: f64,
    /// Why: 0 is censored, 1 and up are causes of the event.
    pub cause: u32,
    /// Whose they are; 0 for everybody where there are no clusters.
    pub cluster: u64,
    /// How much they weigh; the number of subjects where nothing is weighted.
    pub weight: f64,
}

impl Exit {
    /// Orders exits by time, cause and cluster; equal ones can be added up.
    fn order(&self, other: &Self) -> Ordering {
        self.time
            .total_cmp(&other.time)
            .then(self.cause.cmp(&other.cause))
            .then(self.cluster.cmp(&other.cluster))
    }
}

/// The exits of one group, mergeable in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SurvivalTimes {
    exits: Vec<Exit>,
    /// `exits[..compact]` is sorted and has no equal rows.
    compact: usize,
    clustered: bool,
    n_dropped: u64,
}

impl SurvivalTimes {
    /// An empty group of independent subjects.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty group whose subjects belong to clusters.
    pub fn clustered() -> Self {
        Self {
            clustered: true,
            ..Self::default()
        }
    }

    /// Adds one subject: its time and whether the event happened then.
    ///
    /// A subject without time or status (NULL, or a time that is not a number)
    /// is dropped and counted.
    pub fn push(&mut self, time: Option<f64>, event: Option<bool>) {
        self.push_cause(time, event.map(u32::from), 1.0, 0);
    }

    /// Adds one subject with its cause, weight and cluster.
    ///
    /// The weight counts subjects: 2 stands for two of them. A weight that is
    /// no positive number drops the subject.
    pub fn push_cause(&mut self, time: Option<f64>, cause: Option<u32>, weight: f64, cluster: u64) {
        let time = time.filter(|time| time.is_finite());
        let (Some(time), Some(cause), true) = (time, cause, weight.is_finite() && weight > 0.0)
        else {
            self.n_dropped += 1;
            return;
        };
        let exit = Exit {
            // Minus zero would sort apart from zero.
            time: time + 0.0,
            cause,
            cluster: if self.clustered { cluster } else { 0 },
            weight,
        };
        // Most subjects leave when somebody like them has left before.
        let known = &mut self.exits[..self.compact];
        match known.binary_search_by(|known| known.order(&exit)) {
            Ok(same) => known[same].weight += weight,
            Err(_) => self.append(exit),
        }
    }

    fn append(&mut self, exit: Exit) {
        self.exits.push(exit);
        if self.exits.len() >= LEAST_BUFFER.max(2 * self.compact) {
            self.compact();
        }
    }

    /// Adds the subjects of another state.
    pub fn merge(&mut self, other: &Self) {
        self.clustered |= other.clustered;
        self.n_dropped += other.n_dropped;
        self.exits.extend_from_slice(&other.exits);
        if self.exits.len() >= LEAST_BUFFER.max(2 * self.compact) {
            self.compact();
        }
    }

    /// Returns the exits by time, and the number of them cannot be made smaller.
    pub fn sorted(&mut self) -> &[Exit] {
        self.compact();
        &self.exits
    }

    /// Returns how many subjects lacked a time or a status.
    pub fn n_dropped(&self) -> u64 {
        self.n_dropped
    }

    /// Returns whether standard errors are clustered.
    pub fn is_clustered(&self) -> bool {
        self.clustered
    }

    /// Returns the heap bytes held, for a memory pool.
    pub fn heap_bytes(&self) -> usize {
        self.exits.capacity() * size_of::<Exit>()
    }

    fn compact(&mut self) {
        if self.compact == self.exits.len() {
            return;
        }
        // The compact part is one run, which a stable sort only merges. Weights
        // are part of the key: sums of counts are exact in any order, and those
        // of fractions differ by no more than the last digits.
        self.exits
            .sort_by(|a, b| a.order(b).then_with(|| a.weight.total_cmp(&b.weight)));
        self.exits.dedup_by(|next, kept| {
            let same = next.order(kept).is_eq();
            if same {
                kept.weight += next.weight;
            }
            same
        });
        self.compact = self.exits.len();
    }

    /// Returns the state as little-endian bytes.
    pub fn to_bytes(&mut self) -> Vec<u8> {
        self.compact();
        let mut bytes = Vec::with_capacity(9 + self.exits.len() * EXIT_BYTES);
        bytes.push(u8::from(self.clustered));
        bytes.extend_from_slice(&self.n_dropped.to_le_bytes());
        for exit in &self.exits {
            bytes.extend_from_slice(&exit.time.to_le_bytes());
            bytes.extend_from_slice(&exit.cause.to_le_bytes());
            bytes.extend_from_slice(&exit.cluster.to_le_bytes());
            bytes.extend_from_slice(&exit.weight.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`SurvivalTimes::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let torn = || {
            let reason = format!("is not one of survival times: {} bytes", bytes.len());
            StatsError::argument("state", reason)
        };
        let (clustered, rest) = bytes.split_first().ok_or_else(torn)?;
        let (n_dropped, rest) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
        if !rest.len().is_multiple_of(EXIT_BYTES) {
            return Err(torn());
        }
        let mut exits = Vec::with_capacity(rest.len() / EXIT_BYTES);
        for row in rest.chunks_exact(EXIT_BYTES) {
            let (time, row) = row.split_first_chunk::<8>().ok_or_else(torn)?;
            let (cause, row) = row.split_first_chunk::<4>().ok_or_else(torn)?;
            let (cluster, row) = row.split_first_chunk::<8>().ok_or_else(torn)?;
            let (weight, _) = row.split_first_chunk::<8>().ok_or_else(torn)?;
            exits.push(Exit {
                time: f64::from_le_bytes(*time),
                cause: u32::from_le_bytes(*cause),
                cluster: u64::from_le_bytes(*cluster),
                weight: f64::from_le_bytes(*weight),
            });
        }
        Ok(Self {
            exits,
            compact: 0,
            clustered: *clustered != 0,
            n_dropped: u64::from_le_bytes(*n_dropped),
        })
    }
}

/// One distinct time: who was at risk and what happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AtTime<'a> {
    pub(super) time: f64,
    pub(super) n_at_risk: f64,
    pub(super) n_events: f64,
    pub(super) n_censored: f64,
    pub(super) exits: &'a [Exit],
}

/// Returns the distinct times in order; at each, events come before censorings.
pub(super) fn at_times(sorted: &[Exit]) -> Vec<AtTime<'_>> {
    let mut times: Vec<AtTime<'_>> = sorted
        .chunk_by(|a, b| a.time == b.time)
        .map(|exits| {
            let weigh = |event: bool| {
                exits
                    .iter()
                    .filter(|exit| (exit.cause > 0) == event)
                    .map(|exit| exit.weight)
                    .sum()
            };
            AtTime {
                time: exits[0].time,
                n_at_risk: 0.0,
                n_events: weigh(true),
                n_censored: weigh(false),
                exits,
            }
        })
        .collect();
    // From the end: the last time's risk set is exactly those who leave then,
    // so that "all of them had the event" is an equality and not a rounding.
    let mut later = 0.0;
    for at in times.iter_mut().rev() {
        later += at.n_events + at.n_censored;
        at.n_at_risk = later;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_exits_are_added_up() {
        let mut times = SurvivalTimes::new();
        for day in 0..1_000 {
            times.push(Some(f64::from(day % 10)), Some(day % 3 == 0));
        }
        assert!(times.heap_bytes() < 200 * size_of::<Exit>());
        assert_eq!(times.sorted().len(), 20);
        let weight: f64 = times.sorted().iter().map(|exit| exit.weight).sum();
        assert_eq!(weight, 1_000.0);
    }

    #[test]
    fn subjects_without_time_or_status_are_dropped_and_counted() {
        let mut times = SurvivalTimes::new();
        times.push(None, Some(true));
        times.push(Some(1.0), None);
        times.push(Some(f64::NAN), Some(true));
        times.push_cause(Some(1.0), Some(1), 0.0, 0);
        assert_eq!(times.n_dropped(), 4);
        assert!(times.sorted().is_empty());
        assert_eq!(
            SurvivalTimes::from_bytes(&times.to_bytes())
                .unwrap()
                .n_dropped(),
            4
        );
    }

    #[test]
    fn a_torn_state_is_an_error() {
        for length in [0, 3, 10, 36] {
            let error = SurvivalTimes::from_bytes(&vec![0; length]).unwrap_err();
            assert_eq!(error.about(), Some("state"));
        }
    }

    proptest! {
        #[test]
        fn merging_parts_in_any_order_equals_the_whole(
            rows in prop::collection::vec((0u8..20, 0u32..3, 0u64..4), 0..200),
            cut in 0usize..200,
            clustered in any::<bool>(),
        ) {
            let cut = cut.min(rows.len());
            let fill = |rows: &[(u8, u32, u64)]| {
                let mut times = if clustered { SurvivalTimes::clustered() } else { SurvivalTimes::new() };
                for (time, cause, cluster) in rows {
                    times.push_cause(Some(f64::from(*time)), Some(*cause), 1.0, *cluster);
                }
                times
            };
            let mut whole = fill(&rows);
            let mut parts = fill(&rows[cut..]);
            parts.merge(&SurvivalTimes::from_bytes(&fill(&rows[..cut]).to_bytes()).unwrap());
            prop_assert_eq!(whole.sorted(), parts.sorted());
            prop_assert_eq!(whole.is_clustered(), parts.is_clustered());
        }
    }
}
