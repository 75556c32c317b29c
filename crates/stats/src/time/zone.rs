//! `ZoneTable`: the transitions of one time zone, for integer arithmetic.
//!
//! The table is built once from chrono-tz and then answers by binary search.
//! Between transitions an offset is a constant, so most of the work on a row is
//! one addition.
//!
//! Naive timestamps have one rule, [`ZoneTable::to_instant`]: a wall clock that
//! the zone skipped is moved forward by the length of the gap, one that it
//! showed twice means the first time. Nothing fails and nothing is NULL, which
//! a cast does not promise.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::SECOND_US;
use crate::error::{Result, StatsError};

/// The days probed for transitions: 1850 to 2199. Zones had local mean time
/// before, and chrono-tz has no rules after 2100.
const FIRST_DAY: i64 = -43_829;
const LAST_DAY: i64 = 84_006;

/// The length of a hint's span as a power of two: 102 days, so that few zones
/// have two transitions in one and the table is small.
const HINT_SHIFT: u32 = 43;

/// Offsets lie within 16 hours of UTC, so an instant and its wall clock are
/// less than this apart, and two offsets differ by less than twice of it.
const MARGIN_US: i64 = 16 * 3_600 * SECOND_US;

/// A range of instants, half-open; a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstantRange {
    /// The first instant in the range.
    pub from: Option<i64>,
    /// The first instant after the range.
    pub to: Option<i64>,
}

/// A range of naive timestamps, half-open; a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NaiveRange {
    /// The first timestamp in the range.
    pub from: Option<i64>,
    /// The first timestamp after the range.
    pub to: Option<i64>,
}

/// The offsets of one zone over time.
///
/// Invariant: `starts` is ascending and as long as `offsets`; `offsets[i]`
/// holds from `starts[i]` to `starts[i + 1]`, the first from the beginning of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneTable {
    name: &'static str,
    starts: Vec<i64>,
    offsets: Vec<i64>,
    /// `wall_starts[i]` is the first wall clock read with `offsets[i]`.
    wall_starts: Vec<i64>,
    /// The stretch at the beginning of each of many equal spans of time: where
    /// to look first, so that a search is a step or two.
    hints: Vec<u16>,
}

impl ZoneTable {
    /// Reads the transitions of a zone of the IANA data base, such as `Asia/Shanghai`.
    pub fn new(name: &str) -> Result<Self> {
        let Ok(zone) = name.parse::<Tz>() else {
            let reason = format!("must be an IANA time zone such as Europe/Berlin, got '{name}'");
            return Err(StatsError::argument("time_zone", reason));
        };
        let mut starts = vec![i64::MIN];
        let mut offsets = vec![offset_of(zone, FIRST_DAY * 86_400)];
        for day in FIRST_DAY..LAST_DAY {
            let mut low = day * 86_400;
            let day_end = low + 86_400;
            // A day may hold more than one transition: each round finds the
            // first change of the rest by bisection. A change that is undone
            // within the same day would be missed; none is known.
            while offset_of(zone, low) != offset_of(zone, day_end) {
                let before = offset_of(zone, low);
                let mut high = day_end;
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if offset_of(zone, middle) == before {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                starts.push(high * SECOND_US);
                offsets.push(offset_of(zone, high));
                low = high;
            }
        }
        let offsets: Vec<i64> = offsets.iter().map(|offset| offset * SECOND_US).collect();
        let wall_starts = starts
            .iter()
            .enumerate()
            .map(|(i, start)| {
                let before = offsets[i.saturating_sub(1)];
                // Until the later of the two readings the offset before it
                // decides: it moves a gap forward and takes an overlap's first.
                start.saturating_add(before.max(offsets[i]))
            })
            .collect();
        let first_hint = hint_index(FIRST_DAY * 86_400 * SECOND_US);
        let n_hints = hint_index(LAST_DAY * 86_400 * SECOND_US) - first_hint + 1;
        let hints = (0..n_hints)
            .map(|hint| {
                let span_start = (first_hint + hint) << HINT_SHIFT;
                let segment = starts.partition_point(|start| *start <= span_start) - 1;
                u16::try_from(segment).unwrap_or(u16::MAX)
            })
            .collect();
        Ok(Self {
            name: zone.name(),
            starts,
            offsets,
            wall_starts,
            hints,
        })
    }

    /// Returns the name of the zone.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the number of the stretch of constant offset an instant lies in.
    pub(super) fn segment(&self, instant: i64) -> usize {
        find(&self.starts, self.guess(instant), instant)
    }

    /// Returns a stretch that is not far from the one of an instant or wall clock.
    fn guess(&self, at: i64) -> usize {
        let hint = hint_index(at) - hint_index(FIRST_DAY * 86_400 * SECOND_US);
        let last = self.hints.len() - 1;
        let hint = usize::try_from(hint).unwrap_or_default().min(last);
        usize::from(self.hints[hint]).min(self.starts.len() - 1)
    }

    /// Returns the instants `from..to` of a stretch; the last one ends at `i64::MAX`.
    pub(super) fn segment_range(&self, segment: usize) -> (i64, i64) {
        let to = self.starts.get(segment + 1).copied().unwrap_or(i64::MAX);
        (self.starts[segment], to)
    }

    /// Returns the offset of a stretch, in microseconds.
    pub(super) fn segment_offset(&self, segment: usize) -> i64 {
        self.offsets[segment]
    }

    /// Returns how many stretches of constant offset the zone has.
    pub(super) fn n_segments(&self) -> usize {
        self.starts.len()
    }

    /// Returns the offset from UTC at an instant, in microseconds, east positive.
    pub fn offset_at(&self, instant: i64) -> i64 {
        self.offsets[self.segment(instant)]
    }

    /// Returns the wall clock of an instant.
    pub fn to_local(&self, instant: i64) -> i64 {
        instant.saturating_add(self.offset_at(instant))
    }

    /// Returns the instant of a wall clock.
    ///
    /// A wall clock that was skipped moves forward by the length of the gap
    /// (02:30 is 03:30 where an hour was skipped at 02:00); one that was shown
    /// twice is the first of the two.
    pub fn to_instant(&self, naive: i64) -> i64 {
        let segment = find(&self.wall_starts, self.guess(naive), naive);
        naive.saturating_sub(self.offsets[segment])
    }

    /// Returns the instant of a wall clock, preferring `offset` where it was shown twice.
    ///
    /// This is what cutting an instant to its day needs: the second midnight of
    /// an hour that repeats belongs to the instants after it.
    pub(super) fn to_instant_like(&self, naive: i64, offset: i64) -> i64 {
        let first = self.to_instant(naive);
        let segment = self.segment(first);
        let (_, end) = self.segment_range(segment);
        let Some(next) = self.offsets.get(segment + 1) else {
            return first;
        };
        let second = naive.saturating_sub(*next);
        // Shown twice: the wall clock also lies behind the end of its stretch.
        let twice = second >= end && first < end && naive == self.to_local(second);
        if twice && self.offsets[segment] != offset {
            second
        } else {
            first
        }
    }

    /// Returns naive timestamps that surely contain all whose instant is in `range`.
    ///
    /// A filter on `to_instant(ts)` implies this filter on `ts`, so it may be
    /// pushed down to a naive column and its statistics. Away from transitions
    /// the two are equal; near one the range is wider by the change of offset,
    /// so the filter itself stays.
    pub fn naive_bounds(&self, range: InstantRange) -> NaiveRange {
        NaiveRange {
            from: range.from.map(|from| {
                let least = self.near(from).min().unwrap_or_default();
                from.saturating_add(least)
            }),
            to: range.to.map(|to| {
                let greatest = self.near(to).max().unwrap_or_default();
                to.saturating_add(greatest)
            }),
        }
    }

    /// Returns the offsets in force within two margins of an instant.
    ///
    /// A wall clock further away than that cannot have an instant on the other
    /// side, whatever its offset.
    fn near(&self, instant: i64) -> impl Iterator<Item = i64> {
        let first = self.segment(instant.saturating_sub(2 * MARGIN_US));
        let last = self.segment(instant.saturating_add(2 * MARGIN_US));
        self.offsets[first..=last].iter().copied()
    }
}

/// Returns the number of the span of time a hint is kept for.
fn hint_index(at: i64) -> i64 {
    at >> HINT_SHIFT
}

/// Returns the last of the ascending starts that is not after `at`, or the
/// first start, walking from a guess.
fn find(starts: &[i64], guess: usize, at: i64) -> usize {
    let mut segment = guess;
    while segment > 0 && starts[segment] > at {
        segment -= 1;
    }
    while starts.get(segment + 1).is_some_and(|start| *start <= at) {
        segment += 1;
    }
    segment
}

/// Returns the offset of a zone in seconds, `second` seconds after 1970 UTC.
fn offset_of(zone: Tz, second: i64) -> i64 {
    DateTime::from_timestamp(second, 0).map_or(0, |instant| {
        let offset = zone.offset_from_utc_datetime(&instant.naive_utc());
        i64::from(offset.fix().local_minus_utc())
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::DAY_US;
    use super::*;
    use chrono::{MappedLocalTime, NaiveDateTime};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// The zones every test of this folder uses: with and without daylight
    /// saving, a half-hour change, a quarter-hour offset, a change at midnight
    /// and a skipped day.
    pub(crate) const ZONES: [&str; 9] = [
        "UTC",
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Africa/Casablanca",
    ];

    pub(crate) static TABLES: LazyLock<Vec<(Tz, ZoneTable)>> = LazyLock::new(|| {
        ZONES
            .iter()
            .map(|name| (name.parse().unwrap(), ZoneTable::new(name).unwrap()))
            .collect()
    });

    fn naive_time(naive: i64) -> NaiveDateTime {
        DateTime::from_timestamp_micros(naive).unwrap().naive_utc()
    }

    /// chrono's answer under the stated rule.
    fn slow_to_instant(zone: Tz, naive: i64) -> i64 {
        match zone.from_local_datetime(&naive_time(naive)) {
            MappedLocalTime::Single(instant) | MappedLocalTime::Ambiguous(instant, _) => {
                instant.timestamp_micros()
            }
            MappedLocalTime::None => {
                // Walk back to the last wall clock before the gap.
                let mut back = naive;
                loop {
                    back -= 900 * SECOND_US;
                    let earlier = zone.from_local_datetime(&naive_time(back)).latest();
                    if let Some(instant) = earlier {
                        return instant.timestamp_micros() + (naive - back);
                    }
                }
            }
        }
    }

    /// Every instant worth a look: around each transition from 1970 to 2050.
    pub(crate) fn instants_around_transitions(table: &ZoneTable) -> Vec<i64> {
        let hour = 3_600 * SECOND_US;
        let mut instants = Vec::new();
        for start in &table.starts {
            if (0..2_524_608_000 * SECOND_US).contains(start) {
                for hours in [-25, -24, -3, -2, -1, 0, 1, 2, 3, 24, 25] {
                    for nudge in [-1, 0, 1, 17 * 60 * SECOND_US] {
                        instants.push(start + hours * hour + nudge);
                    }
                }
            }
        }
        instants
    }

    #[test]
    fn offsets_and_wall_clocks_agree_with_chrono_at_every_transition() {
        for (zone, table) in TABLES.iter() {
            for instant in instants_around_transitions(table) {
                let expected = offset_of(*zone, instant.div_euclid(SECOND_US)) * SECOND_US;
                assert_eq!(table.offset_at(instant), expected, "{zone} {instant}");
                let naive = table.to_local(instant);
                assert_eq!(naive, instant + expected);
                let back = slow_to_instant(*zone, naive);
                assert_eq!(table.to_instant(naive), back, "{zone} {instant}");
            }
        }
    }

    #[test]
    fn a_skipped_hour_moves_forward_and_a_repeated_one_is_the_first() {
        let table = &TABLES[2].1;
        let at = |text: &str| {
            let time: NaiveDateTime = text.parse().unwrap();
            time.and_utc().timestamp_micros()
        };
        let gap = table.to_instant(at("2024-03-31T02:30:00"));
        assert_eq!(table.to_local(gap), at("2024-03-31T03:30:00"));
        let twice = table.to_instant(at("2024-10-27T02:30:00"));
        assert_eq!(twice, at("2024-10-27T00:30:00"));
        let second = table.to_instant_like(at("2024-10-27T02:30:00"), 3_600 * SECOND_US);
        assert_eq!(second, at("2024-10-27T01:30:00"));
    }

    #[test]
    fn shanghai_has_the_summers_of_1986_to_1991() {
        let table = &TABLES[1].1;
        let summers = table
            .starts
            .iter()
            .filter(|start| **start > 500_000_000 * SECOND_US)
            .count();
        assert_eq!(summers, 12);
        assert_eq!(table.offset_at(i64::MAX), 8 * 3_600 * SECOND_US);
        assert_eq!(TABLES[0].1.n_segments(), 1);
    }

    #[test]
    fn an_unknown_zone_is_named() {
        assert_eq!(
            ZoneTable::new("Europe/Atlantis").unwrap_err().to_string(),
            "time_zone must be an IANA time zone such as Europe/Berlin, \
             got 'Europe/Atlantis'"
        );
        assert_eq!(TABLES[2].1.name(), "Europe/Berlin");
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for (_, table) in TABLES.iter() {
            for instant in [i64::MIN, i64::MAX] {
                table.to_local(instant);
                table.to_instant(instant);
                table.to_instant_like(instant, 0);
                table.naive_bounds(InstantRange {
                    from: Some(instant),
                    to: Some(instant),
                });
            }
        }
    }

    #[test]
    fn bounds_are_exact_away_from_transitions() {
        let table = &TABLES[1].1;
        let from = 1_700_000_000 * SECOND_US;
        let bounds = table.naive_bounds(InstantRange {
            from: Some(from),
            to: None,
        });
        assert_eq!(bounds.from, Some(table.to_local(from)));
        assert_eq!(bounds.to, None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn random_wall_clocks_agree_with_chrono(
            which in 0usize..ZONES.len(),
            second in -1_500_000_000i64..4_000_000_000,
        ) {
            let (zone, table) = &TABLES[which];
            let naive = second * SECOND_US;
            prop_assert_eq!(table.to_instant(naive), slow_to_instant(*zone, naive));
            prop_assert_eq!(table.offset_at(naive), offset_of(*zone, second) * SECOND_US);
        }

        #[test]
        fn a_filter_on_the_instant_implies_the_bounds(
            which in 0usize..ZONES.len(),
            transition in any::<prop::sample::Index>(),
            from in -50i64..50,
            length in 0i64..50,
            naive in -100i64..150,
        ) {
            let table = &TABLES[which].1;
            let half_hour = 1_800 * SECOND_US;
            let around = *transition.get(&table.starts);
            let around = around.clamp(-100 * 365 * DAY_US, 200 * 365 * DAY_US);
            let from = around + from * half_hour;
            let to = from + length * half_hour;
            let naive = around + naive * half_hour;
            let instant = table.to_instant(naive);
            let range = InstantRange { from: Some(from), to: Some(to) };
            let bounds = table.naive_bounds(range);
            if instant >= from && instant < to {
                prop_assert!(bounds.from.is_none_or(|lower| naive >= lower));
                prop_assert!(bounds.to.is_none_or(|upper| naive < upper));
            }
        }
    }
}
