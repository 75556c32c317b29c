//! An order: its lines, its way to the customer, and all that follows.

use crate::catalogue::{Article, CATEGORIES};
use crate::id::{CampaignId, OrderId};
use crate::stream::Stream;
use crate::table::{OrderItemRow, OrderRow};
use crate::value::{Instant, Money};

use super::person::Person;
use super::{Books, DAY, HOUR, MINUTE, Streams, World, seconds};
use super::{delivery, interaction, refund, returns, survey, ticket};

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
    books.is_recording = world.local_day(at) >= world.days.start;
    let fate = streams.purchase.pick(&FATES);
    let is_store = person.channel == "store";
    let lines = basket(world, person, &mut streams.basket, at);
    let gross: i64 = lines.iter().map(|l| l.article.price * l.quantity).sum();
    let recorded_at = (at + seconds(streams.purchase.wait(90.0))).max(person.recorded_at);
    let mut placed = Placed {
        id: books.order_id(),
        ordered_at: at,
        recorded_at,
        shipping_fee: if gross >= 19_900 || is_store {
            0
        } else {
            1_000
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
        refund::without_return(world, books, person, streams, &placed);
        survey::ask_about_delivery(world, books, person, streams, &placed, &experience);
        for request in &returned {
            survey::ask_about_return(world, books, person, streams, &placed, request);
        }
        ticket::about_order(world, books, person, streams, &placed, &returned);
        interaction::review(books, person, streams, &placed, &experience);
    }
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
        currency: world.config.currency,
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

/// Draws the lines: one to four different articles.
fn basket(world: &World<'_>, person: &Person, stream: &mut Stream, at: i64) -> Vec<Line> {
    let n_lines = stream.pick(&[(1, 0.60), (2, 0.26), (3, 0.10), (4, 0.04)]);
    let discount_percent = if is_sale_day(world, at) {
        15
    } else if stream.chance(0.12) {
        10
    } else {
        0
    };
    let mut lines: Vec<Line> = Vec::with_capacity(n_lines);
    for _ in 0..n_lines {
        let category = stream.index(CATEGORIES.iter().map(|category| {
            if person.is_serial_returner {
                category.serial_share
            } else {
                category.share
            }
        }));
        let weight = |article: &Article| match article.category == category {
            true => article.popularity,
            false => 0.0,
        };
        let article = world.articles[stream.index(world.articles.iter().map(weight))];
        let quantity = stream.pick(&[(1, 0.86), (2, 0.11), (3, 0.03)]);
        if lines.iter().any(|line| line.article.sku == article.sku) {
            continue;
        }
        lines.push(Line {
            no: lines.len() as i64 + 1,
            article,
            quantity,
            discount: article.price * quantity * discount_percent / 100,
            delivered_at: at,
        });
    }
    lines
}

fn is_sale_day(world: &World<'_>, at: i64) -> bool {
    world.is_sale_season() && crate::season::weight(world.local_day(at), true) > 2.5
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
