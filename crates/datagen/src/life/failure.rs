//! Failures: goods that were kept break with age, and are repaired.

use crate::catalogue::{CATEGORIES, FAILS_LATE};
use crate::id::{OrderId, ReturnId};
use crate::table::RepairRow;
use crate::value::{Instant, Money};

use super::order::{Line, Placed};
use super::person::Person;
use super::returns::Returned;
use super::{Books, DAY, HOUR, Streams, World, seconds, ticket};

/// Days within which a unit's ordinary failure falls, if it has one.
const LIFE_DAYS: f64 = 730.0;
/// Days after arrival in which a repair is free.
const WARRANTY_DAYS: f64 = 365.0;
/// Days between which the defect of one article shows.
const DEFECT_DAYS: [f64; 2] = [190.0, 230.0];
/// Share of the failures out of warranty that are repaired all the same.
const PAID_REPAIR: f64 = 0.4;
/// Share of the failures that begin with a call to the desk.
const CALLED: f64 = 0.7;

/// A repair about to be entered.
pub(super) struct Case {
    pub(super) return_id: Option<ReturnId>,
    pub(super) failed_at: i64,
    pub(super) opened_at: i64,
    pub(super) is_warranty: bool,
    pub(super) not_before: i64,
}

/// Lets the units of the lines that were kept grow old.
pub(super) fn live_with(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    returned: &[Returned],
) {
    for line in &placed.lines {
        if returned.iter().any(|request| request.line_no == line.no) {
            continue;
        }
        for _ in 0..line.quantity {
            if let Some(age_days) = age_at_failure(world, streams, line) {
                fail(world, books, person, streams, (placed, line), age_days);
            }
        }
    }
}

/// Draws the age in days at which a unit fails, if it does.
fn age_at_failure(world: &World<'_>, streams: &mut Streams, line: &Line) -> Option<f64> {
    let stream = &mut streams.failure;
    if line.article.sku == FAILS_LATE && stream.chance(world.story.defect_at_age) {
        return Some(stream.between(DEFECT_DAYS[0], DEFECT_DAYS[1]));
    }
    stream
        .chance(CATEGORIES[line.article.category].fails)
        .then(|| stream.between(5.0, LIFE_DAYS))
}

fn fail(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    (placed, line): (&Placed, &Line),
    age_days: f64,
) {
    let stream = &mut streams.failure;
    let failed_at = line.delivered_at + seconds(age_days * DAY);
    let is_warranty = age_days < WARRANTY_DAYS;
    let noticed_at = failed_at + seconds(stream.between(2.0 * HOUR, 2.0 * DAY));
    let opened_at = noticed_at + seconds(stream.between(1.0 * DAY, 5.0 * DAY));
    let has_called = stream.chance(CALLED);
    let is_repaired = is_warranty || stream.chance(PAID_REPAIR);
    if has_called {
        let occasion = ticket::Occasion {
            issue: &ticket::GUARANTEE,
            at: noticed_at,
            request: None,
        };
        ticket::open(world, books, person, streams, placed, &occasion);
    }
    if is_repaired {
        let case = Case {
            return_id: None,
            failed_at,
            opened_at,
            is_warranty,
            not_before: placed.recorded_at,
        };
        repair(world, books, person, streams, (placed.id, line), &case);
    }
}

/// Enters a repair of one unit.
pub(super) fn repair(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    (order_id, line): (OrderId, &Line),
    case: &Case,
) {
    let stream = &mut streams.failure;
    let labour_hours = (stream.between(0.5, 3.0) * 4.0).round() / 4.0;
    let closed_at = case.opened_at + seconds(stream.between(1.0 * DAY, 9.0 * DAY));
    let parts_share = stream.between(0.05, 0.30) * parts_price(world, case.opened_at);
    let repair_id = books.repair_id();
    books.repair(RepairRow {
        repair_id,
        order_id,
        return_id: case.return_id,
        sku: line.article.sku,
        is_warranty: case.is_warranty,
        labour_hours,
        labour_rate: Money(world.amount(person, 12_000)),
        parts_cost: Money((line.article.cost as f64 * parts_share).round() as i64),
        shipping_cost: Money(world.amount(person, 2_400)),
        failed_at: Instant::from_seconds(case.failed_at),
        opened_at: Instant::from_seconds(case.opened_at),
        closed_at: world.known(closed_at),
        recorded_at: Instant::from_seconds((case.opened_at + 60).max(case.not_before)),
    });
}

/// Returns what parts cost at a time, against the end of the data.
fn parts_price(world: &World<'_>, at: i64) -> f64 {
    let years = (at - world.end()) as f64 / (365.25 * DAY);
    // A step each year would be a break, not a trend; a power is a trend.
    (1.0 + world.story.parts_growth_per_year).powf(years)
}
