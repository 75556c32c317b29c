//! An order: its lines, its way to the customer, and all that follows.

use crate::catalogue::{Article, CATEGORIES, GAP_MARKETPLACE};
use crate::id::{CampaignId, OrderId};
use crate::table::{OrderItemRow, OrderRow};
use crate::timeline::Mark;
use crate::value::{Instant, Money};

use super::person::Person;
use super::{Books, DAY, HOUR, MINUTE, Streams, World, seconds};
use super::{basket, delivery, failure, interaction, refund, returns, survey, ticket, web};

/// What a customer remembers of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Experience {
    pub(crate) ordered_at: i64,
    pub(crate) is_late: bool,
    /// First request to return something of it.
    pub(crate) returned_at: Option<i64>,
    pub(crate) is_fulfilled: bool,
}

/// A line of the order, with what its delivery added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) no: i64,
    pub(crate) article: Article,
    pub(crate) quantity: i64,
    pub(crate) discount: i64,
    pub(crate) delivered_at: i64,
    /// One of several sizes of the article in this order.
    pub(crate) is_bracket: bool,
}

impl Line {
    /// Returns what the customer paid for the goods, in hundredths.
    pub(crate) fn net(&self) -> i64 {
        self.article.price * self.quantity - self.discount
    }
}

/// An order as the steps after it need it.
pub(crate) struct Placed {
    pub(crate) id: OrderId,
    pub(crate) ordered_at: i64,
    pub(crate) recorded_at: i64,
    pub(crate) shipping_fee: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) delivered_at: i64,
    pub(crate) is_late: bool,
}

impl Placed {
    pub(crate) fn net(&self) -> i64 {
        self.lines.iter().map(Line::net).sum()
    }
}

/// How an order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Unpaid,
    Cancelled,
    Rejected,
    Fulfilled,
}

const FATES: [(Fate, f64); 4] = [
    (Fate::Fulfilled, 0.945),
    (Fate::Unpaid, 0.02),
    (Fate::Cancelled, 0.025),
    (Fate::Rejected, 0.01),
];

/// Places an order and lives through everything that comes of it.
pub(crate) fn place(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    at: i64,
    campaign_id: Option<CampaignId>,
) -> Experience {
    let is_lost = world.story.has_feed_gap
        && person.marketplace() == Some(GAP_MARKETPLACE)
        && world.is_in(Mark::FeedGap, at);
    books.is_recording = world.local_day(at) >= world.start_day && !is_lost;
    let fate = streams.purchase.pick(&FATES);
    let is_store = person.channel == "store";
    let lines = basket::basket(world, person, &mut streams.basket, at);
    let gross: i64 = lines.iter().map(|l| l.article.price * l.quantity).sum();
    let recorded_at = (at + seconds(streams.purchase.wait(90.0))).max(person.recorded_at);
    let mut placed = Placed {
        id: books.order_id(),
        ordered_at: at,
        recorded_at,
        shipping_fee: if gross >= world.amount(person, 19_900) || is_store {
            0
        } else {
            world.amount(person, 1_000)
        },
        lines,
        delivered_at: at,
        is_late: false,
    };
    let paid_at = (fate != Fate::Unpaid).then(|| at + seconds(streams.purchase.wait(4.0 * MINUTE)));
    let mut row = header(world, person, &placed, gross, campaign_id);
    row.paid_at = paid_at.and_then(|paid_at| world.known(paid_at));
    match fate {
        Fate::Unpaid => {
            if streams.purchase.chance(0.5) {
                row.cancelled_at = world.known(at + seconds(DAY));
            }
        }
        Fate::Cancelled => {
            let cancelled_at = at + seconds(streams.purchase.between(0.5 * HOUR, 10.0 * HOUR));
            row.cancelled_at = world.known(cancelled_at);
            refund::before_shipment(world, books, person, streams, &placed, cancelled_at);
        }
        Fate::Rejected | Fate::Fulfilled if is_store => {
            row.shipped_at = row.paid_at;
            row.delivered_at = row.paid_at;
        }
        Fate::Rejected | Fate::Fulfilled => {
            let is_rejected = fate == Fate::Rejected;
            delivery::deliver(world, books, streams, &mut placed, &mut row, is_rejected);
        }
    }
    let is_fulfilled = match fate {
        Fate::Fulfilled => true,
        Fate::Rejected => is_store,
        Fate::Unpaid | Fate::Cancelled => false,
    };
    row.status = status(world, &row, fate == Fate::Rejected && !is_store);
    books.order(row);
    for line in &placed.lines {
        books.order_item(item(&placed, line));
    }
    let mut experience = Experience {
        ordered_at: at,
        is_late: placed.is_late,
        returned_at: None,
        is_fulfilled,
    };
    if fate == Fate::Rejected && !is_store {
        refund::after_rejection(world, books, person, streams, &placed);
    }
    if is_fulfilled {
        let returned = returns::consider(world, books, person, streams, &placed);
        experience.returned_at = returned.iter().map(|r| r.requested_at).min();
        failure::live_with(world, books, person, streams, &placed, &returned);
        refund::without_return(world, books, person, streams, &placed);
        survey::ask_about_delivery(world, books, person, streams, &placed, &experience);
        for request in &returned {
            survey::ask_about_return(world, books, person, streams, &placed, request);
        }
        ticket::about_order(world, books, person, streams, &placed, &returned);
        interaction::review(world, books, person, streams, &placed, &experience);
    }
    web::browse(world, books, person, streams, &placed);
    experience
}

/// Enters the order that replaces an exchanged article; returns its id if it
/// is known before the end.
pub(crate) fn replace(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    (line, quantity): (&Line, i64),
    (at, not_before): (i64, i64),
) -> Option<OrderId> {
    let line = Line {
        no: 1,
        article: Article {
            price: 0,
            ..line.article
        },
        quantity,
        discount: 0,
        delivered_at: at,
        is_bracket: false,
    };
    let mut placed = Placed {
        id: books.order_id(),
        ordered_at: at,
        recorded_at: (at + seconds(streams.purchase.wait(90.0))).max(not_before),
        shipping_fee: 0,
        lines: vec![line],
        delivered_at: at,
        is_late: false,
    };
    let mut row = header(world, person, &placed, 0, None);
    row.is_replacement = true;
    row.paid_at = world.known(at);
    delivery::deliver(world, books, streams, &mut placed, &mut row, false);
    row.status = status(world, &row, false);
    let id = world.known(placed.recorded_at).map(|_| placed.id);
    books.order_item(item(&placed, &line));
    books.order(row);
    id
}

/// Fills the columns known when the order is placed.
fn header(
    world: &World<'_>,
    person: &Person,
    placed: &Placed,
    gross: i64,
    campaign_id: Option<CampaignId>,
) -> OrderRow {
    let is_store = person.channel == "store";
    OrderRow {
        order_id: placed.id,
        customer_id: person.customer_id(),
        shop_id: person.shop_id(),
        channel: person.channel,
        store_type: if is_store { "offline" } else { "online" },
        campaign_id,
        status: "open",
        currency: world.currency(person),
        is_replacement: false,
        gross_amount: Money(gross),
        discount_amount: Money(placed.lines.iter().map(|line| line.discount).sum()),
        shipping_fee: Money(placed.shipping_fee),
        ordered_at: Instant::from_seconds(placed.ordered_at),
        paid_at: None,
        promised_at: None,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
        recorded_at: Instant::from_seconds(placed.recorded_at),
    }
}

fn item(placed: &Placed, line: &Line) -> OrderItemRow {
    OrderItemRow {
        order_id: placed.id,
        line_no: line.no,
        sku: line.article.sku,
        category: Some(CATEGORIES[line.article.category].code),
        quantity: line.quantity,
        unit_price: Money(line.article.price),
        unit_cost: Money(line.article.cost),
        discount_amount: Money(line.discount),
        recorded_at: Instant::from_seconds(placed.recorded_at),
    }
}

/// Returns the status as it stands at the end of the data.
fn status(world: &World<'_>, row: &OrderRow, is_rejected: bool) -> &'static str {
    let returned_to_sender = row
        .shipped_at
        .is_some_and(|at| at.seconds() + seconds(8.0 * DAY) < world.end());
    if row.cancelled_at.is_some() {
        "cancelled"
    } else if is_rejected && returned_to_sender {
        "rejected"
    } else if let Some(delivered_at) = row.delivered_at {
        let settled_at = delivered_at.seconds() + seconds(15.0 * DAY);
        if settled_at < world.end() {
            "completed"
        } else {
            "delivered"
        }
    } else if row.shipped_at.is_some() {
        "shipped"
    } else if row.paid_at.is_some() {
        "paid"
    } else {
        "open"
    }
}
