//! Returns: what is requested, and through which stages it goes.

use crate::catalogue::{CATEGORIES, SLOW_MARKETPLACE};
use crate::id::ReturnId;
use crate::stream::Stream;
use crate::table::ReturnRow;
use crate::timeline::Mark;
use crate::value::{Instant, Money};

use super::order::{self, Placed};
use super::person::Person;
use super::reason::{self, Claimed};
use super::{Books, DAY, HOUR, MINUTE, Streams, World, failure, refund, seconds};

/// A return as surveys and tickets need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Returned {
    pub(crate) id: ReturnId,
    pub(crate) line_no: i64,
    pub(crate) requested_at: i64,
    pub(crate) recorded_at: i64,
    /// When the customer has the money or the replacement, or knows why not.
    pub(crate) settled_at: i64,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Accepted,
    /// Inspected and refused: the customer gets no money.
    Refused,
    /// Approved, but the goods never came.
    NeverSent,
}

/// Considers each line of a delivered order; returns what was requested.
pub(crate) fn consider(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
) -> Vec<Returned> {
    let claims = reason::claims(world, person, &mut streams.returns, placed);
    claims
        .iter()
        .map(|claimed| request(world, books, person, streams, placed, claimed))
        .collect()
}

/// The times of a return's stages; `None` where a stage never comes.
struct Stages {
    approved: i64,
    received: Option<i64>,
    inspected: Option<i64>,
    /// When the first money goes back.
    refunded: Option<i64>,
    closed: i64,
}

fn request(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    claimed: &Claimed,
) -> Returned {
    let Claimed { line, reason, .. } = claimed;
    let reason = *reason;
    let stream = &mut streams.returns;
    let usual = kind(stream, reason, CATEGORIES[line.article.category].code);
    let kind = claimed.kind.unwrap_or(usual);
    let quantity = if line.quantity > 1 && stream.chance(0.3) {
        1
    } else {
        line.quantity
    };
    let course = match kind {
        "refund_only" => Course::Accepted,
        _ => stream.pick(&[
            (Course::Accepted, 0.94),
            (Course::Refused, 0.03),
            (Course::NeverSent, 0.03),
        ]),
    };
    let requested = line.delivered_at + delay(stream, person.return_days());
    let stages = stages(world, person, stream, requested, kind, course);
    // Some are booked days later, from paper or another system.
    let lag = if stream.chance(world.story.late_rows[0]) {
        stream.between(DAY, 10.0 * DAY)
    } else {
        stream.wait(5.0 * MINUTE)
    };
    let recorded_at = (requested + seconds(lag)).max(placed.recorded_at);
    let outcome = outcome(stream, kind, course, reason);
    let value = line.net() * quantity / line.quantity;
    let id = books.return_id();
    let mut row = ReturnRow {
        return_id: id,
        order_id: Some(placed.id),
        line_no: Some(line.no),
        customer_id: person.customer_id(),
        sku: Some(line.article.sku),
        shop_id: person.shop_id(),
        quantity,
        kind,
        reason_code: reason,
        reason_text: words(stream, reason),
        channel: stream.pick(&[("app", 0.5), ("web", 0.3), ("desk", 0.2)]),
        outcome: None,
        exchange_order_id: None,
        refund_amount: None,
        reverse_shipping_cost: None,
        handling_cost: None,
        recovery_value: None,
        requested_at: Instant::from_seconds(requested),
        approved_at: world.known(stages.approved),
        received_at: stages.received.and_then(|at| world.known(at)),
        inspected_at: stages.inspected.and_then(|at| world.known(at)),
        refunded_at: None,
        closed_at: world.known(stages.closed),
        recorded_at: Instant::from_seconds(recorded_at),
    };
    if row.received_at.is_some() {
        row.reverse_shipping_cost = Some(Money(world.amount(person, stream.whole(600, 1500))));
    }
    if row.inspected_at.is_some() {
        row.outcome = outcome;
        row.handling_cost = Some(Money(world.amount(person, stream.whole(300, 1200))));
        row.recovery_value = recovery(outcome, line.article.cost * quantity).map(Money);
    }
    let mut settled_at = stages.closed;
    if let (Some(at), true) = (stages.refunded, matches!(kind, "return" | "refund_only")) {
        let paid = refund::for_return(
            world,
            books,
            person,
            streams,
            placed,
            refund::Claim {
                return_id: id,
                line_no: line.no,
                value,
                is_sellers_fault: is_sellers_fault(reason),
                at,
                recorded_at,
            },
        );
        row.refunded_at = paid.first_known;
        settled_at = paid.last_at;
    }
    if let (Some(inspected), Course::Accepted) = (stages.inspected, course) {
        match kind {
            "exchange" => {
                let times = (inspected + seconds(6.0 * HOUR), recorded_at);
                row.exchange_order_id =
                    order::replace(world, books, person, streams, (line, quantity), times);
            }
            "repair" => {
                let failed_after =
                    (requested - line.delivered_at) as f64 * streams.failure.between(0.2, 0.9);
                let case = failure::Case {
                    return_id: Some(id),
                    failed_at: line.delivered_at + seconds(failed_after),
                    opened_at: stages.received.unwrap_or(inspected),
                    is_warranty: true,
                    not_before: recorded_at,
                };
                failure::repair(world, books, person, streams, (placed.id, line), &case);
            }
            _ => {}
        }
    }
    books.return_(row);
    Returned {
        id,
        line_no: line.no,
        requested_at: requested,
        recorded_at,
        settled_at,
    }
}

/// Draws the seconds from arrival to request: most within days, nearly all
/// within the window, a few by goodwill after it.
fn delay(stream: &mut Stream, window_days: f64) -> i64 {
    if stream.chance(0.03) {
        return seconds((window_days + stream.between(1.0, 20.0)) * DAY);
    }
    let mut days = 0.0;
    // Twenty draws of mean 4 against 7 or 15 days never all fail in practice;
    // the bound is there so that the loop has one.
    for _ in 0..20 {
        days = 0.1 + stream.wait(4.0);
        if days < window_days {
            break;
        }
    }
    seconds(days.min(window_days) * DAY)
}

fn stages(
    world: &World<'_>,
    person: &Person,
    stream: &mut Stream,
    requested: i64,
    kind: &str,
    course: Course,
) -> Stages {
    let approved = requested + seconds(0.2 * HOUR + stream.wait(8.0 * HOUR));
    let received = approved + seconds(1.5 * DAY + stream.wait(2.5 * DAY));
    let inspected = received + seconds(2.0 * HOUR + stream.wait(1.2 * DAY));
    let is_instant = world.story.instant_refunds && world.is_in(Mark::InstantRefunds, requested);
    let is_slow =
        person.marketplace() == Some(SLOW_MARKETPLACE) && world.is_in(Mark::SlowRefunds, requested);
    let delay = match is_slow {
        true => seconds(world.story.slow_refund_days * DAY),
        false => 0,
    };
    let slow = inspected + delay + seconds(0.5 * DAY + stream.wait(3.0 * DAY));
    let quick = approved + delay + seconds(stream.between(5.0 * MINUTE, 40.0 * MINUTE));
    let comes_in = kind != "refund_only" && course != Course::NeverSent;
    let refunded = match (kind, course) {
        ("refund_only", _) => Some(quick.max(approved)),
        (_, Course::Accepted) if is_instant => Some(quick),
        (_, Course::Accepted) => Some(slow),
        // Money that went out at once is not asked back when goods are refused.
        (_, Course::Refused | Course::NeverSent) => None,
    };
    let last = [
        Some(approved),
        comes_in.then_some(inspected),
        refunded,
        (course == Course::NeverSent).then(|| approved + seconds(30.0 * DAY)),
    ];
    let closed = last.into_iter().flatten().max().unwrap_or(approved);
    Stages {
        approved,
        received: comes_in.then_some(received),
        inspected: comes_in.then_some(inspected),
        refunded,
        closed: closed + seconds(stream.between(0.5 * HOUR, 6.0 * HOUR)),
    }
}

fn kind(stream: &mut Stream, reason: &str, category: &str) -> &'static str {
    match (reason, category) {
        ("size_fit" | "wrong_item", _) => stream.pick(&[("return", 0.75), ("exchange", 0.25)]),
        ("defective", "electronics") => {
            stream.pick(&[("return", 0.55), ("repair", 0.30), ("exchange", 0.15)])
        }
        ("defective", _) => stream.pick(&[("return", 0.85), ("exchange", 0.15)]),
        ("damaged_in_transit", _) => stream.pick(&[("return", 0.65), ("refund_only", 0.35)]),
        _ => "return",
    }
}

fn outcome(stream: &mut Stream, kind: &str, course: Course, reason: &str) -> Option<&'static str> {
    match (kind, course) {
        ("refund_only" | "repair", _) | (_, Course::NeverSent) => None,
        (_, Course::Refused) => Some("reject"),
        _ if matches!(reason, "defective" | "damaged_in_transit") => {
            Some(stream.pick(&[("refurbish", 0.35), ("liquidate", 0.25), ("scrap", 0.40)]))
        }
        _ => Some(stream.pick(&[("restock", 0.82), ("refurbish", 0.08), ("liquidate", 0.10)])),
    }
}

/// Returns what the goods are still worth, in hundredths of their cost.
fn recovery(outcome: Option<&str>, cost: i64) -> Option<i64> {
    let percent = match outcome? {
        "restock" => 100,
        "refurbish" => 70,
        "liquidate" => 30,
        "scrap" => 0,
        _ => return None,
    };
    Some(cost * percent / 100)
}

fn is_sellers_fault(reason: &str) -> bool {
    matches!(
        reason,
        "defective" | "damaged_in_transit" | "wrong_item" | "not_as_described"
    )
}

/// Returns what one customer in three adds to the reason.
fn words(stream: &mut Stream, reason: &str) -> Option<&'static str> {
    let said = match reason {
        "size_fit" => "too small for the size on the label",
        "changed_mind" => "no longer needed",
        "not_as_described" => "the colour is not the one in the picture",
        "defective" => "stopped working",
        "damaged_in_transit" => "arrived broken",
        "wrong_item" => "not what I ordered",
        "late_delivery" => "came too late",
        _ => return None,
    };
    stream.chance(0.33).then_some(said)
}
