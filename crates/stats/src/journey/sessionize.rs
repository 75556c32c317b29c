//! `sessionize`: sessions are runs of events no further apart than a gap.
//!
//! A new session starts when more than the gap has passed since the previous
//! event; exactly the gap still belongs to the old one. Sessions count from 1.

use crate::error::{Result, StatsError};

/// Numbers the sessions of one customer, event by event.
#[derive(Debug, Clone)]
pub struct Sessionizer {
    gap: i64,
    last: Option<i64>,
    session: u64,
}

impl Sessionizer {
    /// A counter for a gap in ticks, which must be positive.
    pub fn new(gap: i64) -> Result<Self> {
        if gap <= 0 {
            let reason = format!("must be a duration above 0, got {gap}");
            return Err(StatsError::argument("gap", reason));
        }
        Ok(Self {
            gap,
            last: None,
            session: 0,
        })
    }

    /// Returns the session of the next event; NULL for an event without time.
    ///
    /// Events come in order of time; one that steps back is an error, because
    /// its session would depend on the order of arrival.
    pub fn push(&mut self, at: Option<i64>) -> Result<Option<u64>> {
        let Some(at) = at else {
            return Ok(None);
        };
        let apart = match self.last {
            None => true,
            Some(last) if at < last => {
                let reason = format!("must not go back in time, got {at} after {last}");
                return Err(StatsError::argument("timestamp", reason));
            }
            Some(last) => at.abs_diff(last) > self.gap.unsigned_abs(),
        };
        if apart {
            self.session += 1;
        }
        self.last = Some(at);
        Ok(Some(self.session))
    }
}

/// One session: when it began and ended, and its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The first event.
    pub start: i64,
    /// The last event.
    pub end: i64,
    /// How many events lie in it.
    pub n_events: u64,
}

/// Returns the sessions of one customer's events, given in order of time.
pub fn sessions(sorted: &[i64], gap: i64) -> Result<Vec<Session>> {
    let mut numbers = Sessionizer::new(gap)?;
    let mut found: Vec<Session> = Vec::new();
    let mut current = 0;
    for at in sorted.iter().copied() {
        let number = numbers.push(Some(at))?.unwrap_or_default();
        match found.last_mut() {
            Some(session) if number == current => {
                session.end = at;
                session.n_events += 1;
            }
            _ => found.push(Session {
                start: at,
                end: at,
                n_events: 1,
            }),
        }
        current = number;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exactly_the_gap_stays_in_the_session() {
        let found = sessions(&[0, 30, 61, 61, 100], 30).unwrap();
        let spans: Vec<_> = found.iter().map(|s| (s.start, s.end, s.n_events)).collect();
        assert_eq!(spans, [(0, 30, 2), (61, 61, 2), (100, 100, 1)]);
    }

    #[test]
    fn an_event_without_time_has_no_session_and_starts_none() {
        let mut numbers = Sessionizer::new(10).unwrap();
        assert_eq!(numbers.push(None).unwrap(), None);
        assert_eq!(numbers.push(Some(5)).unwrap(), Some(1));
        assert_eq!(numbers.push(None).unwrap(), None);
        assert_eq!(numbers.push(Some(15)).unwrap(), Some(1));
        assert_eq!(numbers.push(Some(26)).unwrap(), Some(2));
    }

    #[test]
    fn the_extremes_of_time_do_not_overflow() {
        assert_eq!(sessions(&[i64::MIN, i64::MAX], i64::MAX).unwrap().len(), 2);
    }

    #[test]
    fn a_gap_of_zero_and_unsorted_events_are_errors() {
        assert_eq!(sessions(&[], 0).unwrap_err().about(), Some("gap"));
        assert_eq!(sessions(&[2, 1], 5).unwrap_err().about(), Some("timestamp"));
    }

    proptest! {
        #[test]
        fn neighbours_share_a_session_exactly_when_they_are_close(
            mut times in prop::collection::vec(0i64..100, 1..30),
            gap in 1i64..20,
        ) {
            times.sort_unstable();
            let found = sessions(&times, gap).unwrap();
            let breaks = times.windows(2).filter(|pair| pair[1] - pair[0] > gap).count();
            prop_assert_eq!(found.len(), breaks + 1);
            prop_assert_eq!(found.iter().map(|s| s.n_events).sum::<u64>(), times.len() as u64);
        }
    }
}
