//! Money that goes back, for goods and for other reasons.

use crate::id::ReturnId;
use crate::stream::Stream;
use crate::table::RefundRow;
use crate::value::{Instant, Money, day_from_epoch};
use chrono::Datelike;

use super::order::Placed;
use super::person::Person;
use super::{Books, DAY, HOUR, MINUTE, Streams, World, seconds};

/// What a return asks for.
pub(crate) struct Claim {
    pub(crate) return_id: ReturnId,
    pub(crate) line_no: i64,
    /// What was paid for the returned units, in hundredths.
    pub(crate) value: i64,
    pub(crate) is_sellers_fault: bool,
    pub(crate) at: i64,
    pub(crate) recorded_at: i64,
}

/// When a return's money went back.
pub(crate) struct Paid {
    pub(crate) first_known: Option<Instant>,
    pub(crate) last_at: i64,
}

/// One refund about to be entered.
struct Entry {
    kind: &'static str,
    line_no: Option<i64>,
    return_id: Option<ReturnId>,
    amount: i64,
    at: i64,
    not_before: i64,
}

/// Refunds a return: at once, in two parts, or only in part.
pub(crate) fn for_return(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    claim: Claim,
) -> Paid {
    let stream = &mut streams.refund;
    let second_at = claim.at + seconds(stream.between(1.0 * DAY, 4.0 * DAY));
    // Per cent of the value, and when.
    let parts: &[(i64, i64)] = match stream.pick(&[(1, 0.88), (2, 0.08), (0, 0.04)]) {
        1 => &[(100, claim.at)],
        2 => &[(60, claim.at), (40, second_at)],
        _ => &[(70, claim.at)],
    };
    for &(percent, at) in parts {
        let entry = Entry {
            kind: "goods",
            line_no: Some(claim.line_no),
            return_id: Some(claim.return_id),
            amount: claim.value * percent / 100,
            at,
            not_before: claim.recorded_at,
        };
        enter(world, books, person, stream, placed, entry);
    }
    if claim.is_sellers_fault && placed.shipping_fee > 0 {
        let entry = Entry {
            kind: "shipping",
            line_no: None,
            return_id: Some(claim.return_id),
            amount: placed.shipping_fee,
            at: claim.at,
            not_before: claim.recorded_at,
        };
        enter(world, books, person, stream, placed, entry);
    }
    Paid {
        first_known: world.known(claim.at),
        last_at: parts.last().map_or(claim.at, |part| part.1),
    }
}

/// Refunds an order that was cancelled after payment.
pub(crate) fn before_shipment(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    cancelled_at: i64,
) {
    let at = cancelled_at + seconds(streams.refund.wait(3.0 * HOUR));
    whole(world, books, person, streams, placed, "pre_shipment", at);
}

/// Refunds an order the customer refused at the door.
pub(crate) fn after_rejection(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
) {
    let at = placed.delivered_at + seconds(streams.refund.between(3.0 * DAY, 9.0 * DAY));
    whole(
        world,
        books,
        person,
        streams,
        placed,
        "rejected_delivery",
        at,
    );
}

/// Refunds that have nothing to do with a return: goodwill for late parcels,
/// the difference to the sale price, chargebacks.
pub(crate) fn without_return(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
) {
    let stream = &mut streams.refund;
    let goodwill = placed.is_late && stream.chance(0.15);
    let adjustment = days_to_sale(world, placed.ordered_at).filter(|_| stream.chance(0.12));
    let chargeback = stream.chance(0.002);
    let mut add = |kind, amount, at| {
        let entry = Entry {
            kind,
            line_no: None,
            return_id: None,
            amount,
            at,
            not_before: placed.recorded_at,
        };
        enter(world, books, person, stream, placed, entry);
    };
    if goodwill {
        let amount = world.amount(person, 2_000);
        add("goodwill", amount, placed.delivered_at + seconds(1.5 * DAY));
    }
    if let Some(days) = adjustment {
        let at = placed.ordered_at + seconds((days as f64 + 1.0) * DAY);
        add("price_adjustment", placed.net() * 8 / 100, at);
    }
    if chargeback {
        let amount = placed.net() + placed.shipping_fee;
        add(
            "chargeback",
            amount,
            placed.ordered_at + seconds(35.0 * DAY),
        );
    }
}

/// Returns the days until 11.11 for orders of the ten days before it, which
/// the shop's price promise covers.
fn days_to_sale(world: &World<'_>, ordered_at: i64) -> Option<u32> {
    let day = day_from_epoch(world.local_day(ordered_at));
    (world.has_sales() && day.month() == 11 && day.day() < 11).then(|| 11 - day.day())
}

fn whole(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    kind: &'static str,
    at: i64,
) {
    let entry = Entry {
        kind,
        line_no: None,
        return_id: None,
        amount: placed.net() + placed.shipping_fee,
        at,
        not_before: placed.recorded_at,
    };
    enter(world, books, person, &mut streams.refund, placed, entry);
}

fn enter(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    placed: &Placed,
    entry: Entry,
) {
    // Some refunds reach the lake days after they were paid.
    let lag = if stream.chance(world.story.late_rows[1]) {
        stream.between(1.0 * DAY, 6.0 * DAY)
    } else {
        stream.wait(10.0 * MINUTE)
    };
    let refund_id = books.refund_id();
    books.refund(RefundRow {
        refund_id,
        order_id: placed.id,
        line_no: entry.line_no,
        return_id: entry.return_id,
        customer_id: person.customer_id(),
        kind: entry.kind,
        currency: world.currency(person),
        amount: Money(entry.amount),
        tax_amount: Some(Money(entry.amount * 13 / 113)),
        refunded_at: Instant::from_seconds(entry.at),
        recorded_at: Instant::from_seconds((entry.at + seconds(lag)).max(entry.not_before)),
    });
}
