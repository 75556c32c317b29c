//! Subjects for tests, and a published case of several of them.

use super::SurvivalTimes;

/// Subjects with a time, and whether it ended in the event.
pub(super) fn subjects(rows: &[(u32, bool)]) -> SurvivalTimes {
    let mut times = SurvivalTimes::new();
    for (time, event) in rows {
        times.push(Some(f64::from(*time)), Some(*event));
    }
    times
}

/// R survival, data aml (Miller 1981): weeks of remission with maintenance.
pub(super) const AML_MAINTAINED: [(u32, bool); 11] = [
    (9, true),
    (13, true),
    (13, false),
    (18, true),
    (23, true),
    (28, false),
    (31, true),
    (34, true),
    (45, false),
    (48, true),
    (161, false),
];

/// The same without.
pub(super) const AML_NONMAINTAINED: [(u32, bool); 12] = [
    (5, true),
    (5, true),
    (8, true),
    (8, true),
    (12, true),
    (16, false),
    (23, true),
    (27, true),
    (30, true),
    (33, true),
    (43, true),
    (45, true),
];
