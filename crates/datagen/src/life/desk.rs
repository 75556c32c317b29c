//! The desk: its teams, their hours, and the days on which it is closed.

use chrono::Datelike;

use crate::table::ShiftRow;
use crate::value::day_from_epoch;

use super::{HOUR, World, seconds};

/// Days of the year on which the desk is closed.
pub(crate) const HOLIDAYS: [(u32, u32, &str); 5] = [
    (1, 1, "New Year"),
    (5, 1, "Labour Day"),
    (10, 1, "National Day"),
    (10, 2, "National Day"),
    (10, 3, "National Day"),
];

/// A team: its agents and its hours.
pub(crate) struct Team {
    pub(crate) name: &'static str,
    pub(super) agents: &'static [&'static str],
    /// Last weekday it works on, 1 Monday to 7 Sunday.
    last_weekday: i64,
    /// Hours of each working day: opening and closing.
    hours: &'static [(i64, i64)],
}

pub(crate) const CARE: Team = Team {
    name: "care",
    agents: &["agent_01", "agent_02", "agent_03", "agent_04", "agent_05"],
    last_weekday: 7,
    hours: &[(8, 22)],
};

/// The last agent is the one with the hard cases.
pub(crate) const WARRANTY: Team = Team {
    name: "warranty",
    agents: &["agent_06", "agent_08", "agent_09", "agent_07"],
    last_weekday: 5,
    hours: &[(9, 12), (13, 18)],
};

/// The agent of [`CARE`] who takes longer than others for the same.
pub(super) const SLOW_AGENT: &str = "agent_03";

/// Monday of the first week of 1970.
const FIRST_MONDAY: i64 = -3;

/// Returns 0 for a Monday to 6 for a Sunday.
pub(super) fn weekday(day: i64) -> i64 {
    (day - FIRST_MONDAY).rem_euclid(7)
}

/// Returns the first time from `at` on at which a team works.
pub(super) fn next_open(world: &World<'_>, team: &Team, at: i64) -> i64 {
    let today = world.local_day(at);
    // Three holidays and a weekend are the longest the desk is closed.
    for day in today..today + 10 {
        if weekday(day) >= team.last_weekday || is_holiday(day) {
            continue;
        }
        for (opens, closes) in team.hours {
            let hour = |hour: i64| world.midnight(day) + seconds(hour as f64 * HOUR);
            if at < hour(*closes) {
                return at.max(hour(*opens));
            }
        }
    }
    at
}

fn is_holiday(day: i64) -> bool {
    let date = day_from_epoch(day);
    HOLIDAYS
        .iter()
        .any(|(month, day, _)| (date.month(), date.day()) == (*month, *day))
}

/// Returns the hours of both teams.
pub(crate) fn shift_rows() -> Vec<ShiftRow> {
    let mut rows = Vec::new();
    for team in [&CARE, &WARRANTY] {
        for weekday in 1..=team.last_weekday {
            for (opens, closes) in team.hours {
                rows.push(ShiftRow {
                    team: team.name,
                    weekday,
                    opens_at: on_the_hour(*opens),
                    closes_at: on_the_hour(*closes),
                });
            }
        }
    }
    rows
}

fn on_the_hour(hour: i64) -> &'static str {
    match hour {
        8 => "08:00",
        9 => "09:00",
        12 => "12:00",
        13 => "13:00",
        18 => "18:00",
        22 => "22:00",
        _ => "00:00",
    }
}
