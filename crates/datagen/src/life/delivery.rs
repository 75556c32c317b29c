//! Parcels: who carries them, what was promised, and when they arrive.

use crate::catalogue::{CARRIERS, LATE_CARRIER};
use crate::story::LATE_SHARE;
use crate::table::{OrderRow, ShipmentRow};
use crate::timeline::Mark;
use crate::value::Instant;

use super::order::Placed;
use super::{Books, DAY, HOUR, Streams, World, seconds};

/// Sends an order: enters its shipments, fills in the order's times and the
/// lines' arrival. A rejected order is sent and never arrives.
pub(crate) fn deliver(
    world: &World<'_>,
    books: &mut Books,
    streams: &mut Streams,
    placed: &mut Placed,
    row: &mut OrderRow,
    is_rejected: bool,
) {
    let stream = &mut streams.delivery;
    let carrier = stream.pick(&CARRIERS);
    let shipped_at = placed.ordered_at + seconds(stream.between(5.0 * HOUR, 30.0 * HOUR));
    let promised_at = placed.ordered_at + seconds(4.5 * DAY);
    let late_share = late_share(world, carrier, shipped_at);
    // One fate per order: its parcels travel together or a little apart.
    let is_late = stream.chance(late_share);
    let arrived_at = if is_late {
        promised_at + seconds(stream.between(0.3 * DAY, 4.0 * DAY))
    } else {
        let on_the_way = (promised_at - shipped_at) as f64;
        shipped_at + seconds(on_the_way * stream.between(0.3, 0.9))
    };
    let is_split = placed.lines.len() > 1 && stream.chance(0.2);
    let recorded_at = |lag: f64| (shipped_at + seconds(lag)).max(placed.recorded_at);
    let parcel = |books: &mut Books, line_no, quantity, delivered_at, lag| {
        let shipment_id = books.shipment_id();
        books.shipment(ShipmentRow {
            shipment_id,
            order_id: placed.id,
            line_no,
            quantity,
            carrier,
            promised_at: Instant::from_seconds(promised_at),
            shipped_at: Instant::from_seconds(shipped_at),
            delivered_at: (!is_rejected).then(|| world.known(delivered_at)).flatten(),
            recorded_at: Instant::from_seconds(recorded_at(lag)),
        });
    };
    let mut last = arrived_at;
    if is_split {
        let mut arrivals = Vec::with_capacity(placed.lines.len());
        for line in &placed.lines {
            // A parcel ahead of the slowest still counts for its own line.
            let ahead = seconds(stream.between(0.0, 0.25) * (arrived_at - shipped_at) as f64);
            let delivered_at = arrived_at - ahead;
            let lag = stream.wait(HOUR);
            if line.quantity > 1 && stream.chance(0.3) {
                parcel(books, Some(line.no), 1, delivered_at, lag);
                parcel(books, Some(line.no), line.quantity - 1, arrived_at, lag);
                arrivals.push(arrived_at);
            } else {
                parcel(books, Some(line.no), line.quantity, delivered_at, lag);
                arrivals.push(delivered_at);
            }
        }
        last = arrivals.iter().copied().max().unwrap_or(arrived_at);
        for (line, arrival) in placed.lines.iter_mut().zip(arrivals) {
            line.delivered_at = arrival;
        }
    } else {
        let quantity = placed.lines.iter().map(|line| line.quantity).sum();
        let lag = stream.wait(HOUR);
        parcel(books, None, quantity, arrived_at, lag);
        for line in &mut placed.lines {
            line.delivered_at = arrived_at;
        }
    }
    row.promised_at = Some(Instant::from_seconds(promised_at));
    row.shipped_at = world.known(shipped_at);
    if !is_rejected {
        row.delivered_at = world.known(last);
    }
    placed.delivered_at = last;
    placed.is_late = last > promised_at;
}

fn late_share(world: &World<'_>, carrier: &str, shipped_at: i64) -> f64 {
    if world.is_in(Mark::Strike, shipped_at) {
        world.story.strike_share
    } else if carrier == LATE_CARRIER && world.is_in(Mark::LateCarrier, shipped_at) {
        world.story.late_carrier_share
    } else {
        LATE_SHARE
    }
}
