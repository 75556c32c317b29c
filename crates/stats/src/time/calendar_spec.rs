//! The text form of a business calendar, short enough for an SQL literal.
//!
//! Clauses are separated by `;`, words by blanks, lists by commas:
//!
//! ```text
//! tz=Europe/Berlin; mon-fri 09:00-12:00,13:00-17:30; sat 10:00-14:00;
//! break 10:30-10:45; off 2026-12-25,2026-12-28..2026-12-31; open 2026-12-24 09:00-12:00
//! ```
//!
//! - `tz=ZONE` is an IANA zone, `UTC` if left out.
//! - `DAYS HOURS` opens weekdays; several clauses for a day add up. Hours that
//!   end before they begin run past midnight; hours of no length are closed.
//! - `break HOURS` closes part of every weekday's hours, wherever it stands.
//! - `off DATES` closes whole dates, from midnight to midnight; `..` is a range
//!   with both ends.
//! - `open DATE HOURS` replaces a date's hours, breaks and `off` included.

use std::collections::BTreeMap;

use super::civil::{civil_from_day, day_from_civil};
use crate::error::{Result, StatsError};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// The most days a range of closed dates may have; more is a typing error in a year.
const LONGEST_RANGE_DAYS: i64 = 3_660;

/// Open hours of one day as seconds from midnight, half-open, ascending, disjoint.
pub(super) type Hours = Vec<(u32, u32)>;

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CalendarSpec {
    pub(super) time_zone: String,
    /// From Monday to Sunday.
    pub(super) week: [Hours; 7],
    /// Dates with hours of their own, by day since 1970.
    pub(super) dates: BTreeMap<i64, Hours>,
}

/// A piece of the text and where it begins, in bytes.
#[derive(Clone, Copy)]
struct Piece<'a> {
    whole: &'a str,
    at: usize,
    text: &'a str,
}

impl<'a> Piece<'a> {
    fn error(&self, reason: String) -> StatsError {
        let before = self.whole.get(..self.at).unwrap_or(self.whole);
        StatsError::Syntax {
            argument: "calendar",
            character: before.chars().count() + 1,
            reason,
        }
    }

    fn expected(&self, what: &str) -> StatsError {
        if self.text.is_empty() {
            self.error(format!("expected {what}, got nothing"))
        } else {
            self.error(format!("expected {what}, got '{}'", self.text))
        }
    }

    /// Splits at a separator; the pieces are trimmed and know where they are.
    fn split(self, separator: &'a str) -> impl Iterator<Item = Piece<'a>> {
        let mut at = self.at;
        self.text.split(separator).map(move |text| {
            let start = at;
            at += text.len() + separator.len();
            let trimmed = text.trim_start();
            Piece {
                whole: self.whole,
                at: start + (text.len() - trimmed.len()),
                text: trimmed.trim_end(),
            }
        })
    }

    /// Splits off the first word.
    fn word(self) -> (Piece<'a>, Piece<'a>) {
        let end = self
            .text
            .find(char::is_whitespace)
            .unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        let trimmed = rest.trim_start();
        let rest_at = self.at + end + (rest.len() - trimmed.len());
        (
            Piece { text: word, ..self },
            Piece {
                at: rest_at,
                text: trimmed.trim_end(),
                ..self
            },
        )
    }
}

impl CalendarSpec {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let whole = Piece {
            whole: text,
            at: 0,
            text,
        };
        let mut time_zone: Option<String> = None;
        let mut week: [Hours; 7] = Default::default();
        let mut breaks = Hours::new();
        let mut closed: Vec<i64> = Vec::new();
        let mut opened: BTreeMap<i64, Hours> = BTreeMap::new();
        for clause in whole.split(";").filter(|clause| !clause.text.is_empty()) {
            let (word, rest) = clause.word();
            if let Some(zone) = clause.text.strip_prefix("tz=") {
                if time_zone.replace(zone.trim().to_owned()).is_some() {
                    return Err(clause.error("the time zone is given twice".to_owned()));
                }
                continue;
            }
            match word.text.to_ascii_lowercase().as_str() {
                "break" => {
                    for (from, to) in hours(rest)? {
                        for (_, part) in split_at_midnight(from, to) {
                            breaks.push(part);
                        }
                    }
                }
                "off" => closed.extend(dates(rest)?),
                "open" => {
                    let (first, rest) = rest.word();
                    let day = date(first)?;
                    for (from, to) in hours(rest)? {
                        if from > to {
                            return Err(rest.expected("hours within one date"));
                        }
                        opened.entry(day).or_default().push((from, to));
                    }
                }
                _ => {
                    let days = weekdays(word)?;
                    for (from, to) in hours(rest)? {
                        for day in &days {
                            for (later, part) in split_at_midnight(from, to) {
                                week[(day + later) % 7].push(part);
                            }
                        }
                    }
                }
            }
        }
        if week.iter().all(Vec::is_empty) && opened.is_empty() {
            return Err(whole.error("expected at least one clause with open hours".to_owned()));
        }
        let breaks = normalised(breaks);
        let week = week.map(|hours| without(&normalised(hours), &breaks));
        let mut special: BTreeMap<i64, Hours> =
            closed.into_iter().map(|day| (day, Hours::new())).collect();
        for (day, hours) in opened {
            special.insert(day, normalised(hours));
        }
        Ok(Self {
            time_zone: time_zone.unwrap_or_else(|| "UTC".to_owned()),
            week,
            dates: special,
        })
    }
}

/// Cuts hours at midnight: parts with the number of days they come later.
fn split_at_midnight(from: u32, to: u32) -> Vec<(usize, (u32, u32))> {
    if from <= to {
        vec![(0, (from, to))]
    } else {
        vec![(0, (from, DAY)), (1, (0, to))]
    }
}

/// Sorts hours, joins what touches and drops what has no length.
fn normalised(mut hours: Hours) -> Hours {
    hours.retain(|(from, to)| from < to);
    hours.sort_unstable();
    let mut joined: Hours = Vec::with_capacity(hours.len());
    for (from, to) in hours {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Takes the second hours out of the first; both are normalised.
fn without(hours: &Hours, breaks: &Hours) -> Hours {
    let mut left = Hours::new();
    for (from, to) in hours.iter().copied() {
        let mut start = from;
        for (pause, end) in breaks.iter().copied() {
            if pause < to && end > start {
                if pause > start {
                    left.push((start, pause));
                }
                start = end;
            }
        }
        if start < to {
            left.push((start, to));
        }
    }
    left
}

fn hours(list: Piece<'_>) -> Result<Hours> {
    list.split(",")
        .map(|range| {
            let Some((from, to)) = range.text.split_once('-') else {
                return Err(range.expected("hours such as 09:00-17:30"));
            };
            match (clock(from.trim()), clock(to.trim())) {
                (Some(from), Some(to)) if from < DAY => Ok((from, to)),
                _ => Err(range.expected("hours such as 09:00-17:30")),
            }
        })
        .collect()
}

/// Reads `HH:MM` or `HH:MM:SS`, up to 24:00, as seconds from midnight.
fn clock(text: &str) -> Option<u32> {
    let parts: Vec<u32> = text.split(':').map(two_digits).collect::<Option<_>>()?;
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let at = hour * 3_600 + minute * 60 + second;
    (minute < 60 && second < 60 && at <= DAY).then_some(at)
}

fn two_digits(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn weekdays(list: Piece<'_>) -> Result<Vec<usize>> {
    let mut days = Vec::new();
    for range in list.split(",") {
        let what = "a day such as mon or mon-fri, or tz=, break, off or open";
        let (first, last) = range
            .text
            .split_once('-')
            .unwrap_or((range.text, range.text));
        let (Some(first), Some(last)) = (weekday(first), weekday(last)) else {
            return Err(range.expected(what));
        };
        // `sat-mon` goes over the end of the week.
        let length = (last + 7 - first) % 7;
        days.extend((first..=first + length).map(|day| day % 7));
    }
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

fn weekday(text: &str) -> Option<usize> {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name))
}

fn dates(list: Piece<'_>) -> Result<Vec<i64>> {
    let mut days = Vec::new();
    for range in list.split(",") {
        let mut ends = range.split("..");
        let (Some(first), last, None) = (ends.next(), ends.next(), ends.next()) else {
            return Err(range.expected("a date such as 2026-12-25"));
        };
        let first_day = date(first)?;
        let last_day = last.map_or(Ok(first_day), date)?;
        if !(0..LONGEST_RANGE_DAYS).contains(&(last_day - first_day)) {
            return Err(range.expected("a range of dates in order, at most ten years long"));
        }
        days.extend(first_day..=last_day);
    }
    Ok(days)
}

/// Reads `YYYY-MM-DD` as a day since 1970; the date must exist.
fn date(piece: Piece<'_>) -> Result<i64> {
    let read = || {
        let mut parts = piece.text.split('-');
        let year = parts.next().filter(|year| year.len() == 4)?;
        let year: i64 = year.parse().ok().filter(|year| *year > 0)?;
        let month = u8::try_from(two_digits(parts.next()?)?).ok()?;
        let day = u8::try_from(two_digits(parts.next()?)?).ok()?;
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let number = day_from_civil(year, month, day);
        (civil_from_day(number) == (year, month, day)).then_some(number)
    };
    read().ok_or_else(|| piece.expected("a date such as 2026-12-25"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_clause_is_read() {
        let spec = CalendarSpec::parse(
            "tz=Europe/Berlin; Mon-Fri 09:00-12:00, 13:00-17:30; sat,sun 10:00-14:00; \
             break 10:30-10:45; off 2026-12-25,2026-12-28..2026-12-29; \
             open 2026-12-24 09:00-12:00;",
        )
        .unwrap();
        assert_eq!(spec.time_zone, "Europe/Berlin");
        let monday = [(32_400, 37_800), (38_700, 43_200), (46_800, 63_000)];
        assert_eq!(spec.week[0], monday);
        assert_eq!(spec.week[5], [(36_000, 37_800), (38_700, 50_400)]);
        let dates: Vec<(i64, usize)> = spec.dates.iter().map(|(d, h)| (*d, h.len())).collect();
        let christmas = day_from_civil(2026, 12, 25);
        assert_eq!(
            dates,
            [
                (christmas - 1, 1),
                (christmas, 0),
                (christmas + 3, 0),
                (christmas + 4, 0)
            ]
        );
    }

    #[test]
    fn nights_are_cut_at_midnight_and_no_length_is_closed() {
        let spec = CalendarSpec::parse("sun 23:00-01:00; mon 09:00-09:00").unwrap();
        assert_eq!(spec.week[6], [(82_800, 86_400)]);
        assert_eq!(spec.week[0], [(0, 3_600)]);
        let spec = CalendarSpec::parse("fri-mon 00:00-24:00").unwrap();
        let open: Vec<usize> = (0..7).filter(|day| !spec.week[*day].is_empty()).collect();
        assert_eq!(open, [0, 4, 5, 6]);
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, position, reason) in [
            ("", 1, "expected at least one clause with open hours"),
            (
                "mon 9-17",
                5,
                "expected hours such as 09:00-17:30, got '9-17'",
            ),
            ("mon", 4, "expected hours such as 09:00-17:30, got nothing"),
            (
                "mon 09:00-25:00",
                5,
                "expected hours such as 09:00-17:30, got '09:00-25:00'",
            ),
            (
                "mon 24:00-24:00",
                5,
                "expected hours such as 09:00-17:30, got '24:00-24:00'",
            ),
            (
                "mon 09:00-17:00; maandag 09:00-17:00",
                18,
                "expected a day such as mon or mon-fri, or tz=, break, off or open, got 'maandag'",
            ),
            (
                "off 2026-02-29",
                5,
                "expected a date such as 2026-12-25, got '2026-02-29'",
            ),
            (
                "off 2026-12-25..2026-12-24",
                5,
                "expected a range of dates in order, at most ten years long, \
                 got '2026-12-25..2026-12-24'",
            ),
            ("tz=UTC; tz=UTC", 9, "the time zone is given twice"),
            (
                "open 2026-12-24 22:00-02:00",
                17,
                "expected hours within one date, got '22:00-02:00'",
            ),
        ] {
            let error = CalendarSpec::parse(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("calendar at character {position}: {reason}")
            );
        }
        assert_eq!(
            CalendarSpec::parse("mon").unwrap_err().to_string(),
            "calendar at character 4: expected hours such as 09:00-17:30, got nothing"
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(tz=|mon|-fri|break|off|open|[0-9:;., é-]){0,12}") {
            if let Err(error) = CalendarSpec::parse(&text) {
                let StatsError::Syntax { character, .. } = error else {
                    panic!("{error}");
                };
                prop_assert!(character <= text.chars().count() + 1);
            }
        }

        #[test]
        fn breaks_are_taken_out_minute_by_minute(
            hours in prop::collection::vec((0u32..40, 0u32..40), 0..4),
            breaks in prop::collection::vec((0u32..40, 0u32..40), 0..4),
        ) {
            let inside = |list: &Hours, at: u32| list.iter().any(|(from, to)| *from <= at && at < *to);
            let left = without(&normalised(hours.clone()), &normalised(breaks.clone()));
            prop_assert_eq!(&left, &normalised(left.clone()));
            for at in 0..40 {
                prop_assert_eq!(inside(&left, at), inside(&hours, at) && !inside(&breaks, at));
            }
        }
    }
}
