//! The way to an order on the web and in the app: searches, pages, carts, and
//! questions about what is sold out.
//!
//! Only some orders are tracked, as only some customers agree to it.

use crate::catalogue::{CATEGORIES, SOLD_OUT};
use crate::id::{OrderId, Sku};
use crate::story::CARTS_LEFT;
use crate::stream::Stream;
use crate::table::InteractionRow;
use crate::timeline::Mark;
use crate::value::Instant;

use super::order::Placed;
use super::person::Person;
use super::{Books, HOUR, MINUTE, Streams, World, seconds};

/// Share of the orders whose way is tracked.
const TRACKED: f64 = 0.15;
/// Share of the orders after which somebody asks for an article that is out of
/// stock, whatever it is.
const ASKED: f64 = 0.012;
/// Share of the visits that begin with a search.
const SEARCHED: f64 = 0.4;

/// Enters the visit that led to an order, carts left behind before it, and
/// questions about articles that are out of stock.
pub(super) fn browse(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
) {
    let stream = &mut streams.web;
    let Some(line) = placed.lines.first() else {
        return;
    };
    let at = placed.ordered_at;
    if matches!(person.channel, "web" | "app") && stream.chance(TRACKED) {
        let is_broken = person.channel == "app" && world.is_in(Mark::BrokenCheckout, at);
        let carts_left = if is_broken {
            world.story.carts_while_broken
        } else {
            CARTS_LEFT
        };
        let whole = carts_left.floor();
        let n_left = whole as i64 + i64::from(stream.chance(carts_left - whole));
        for _ in 0..n_left {
            let left_at = at - seconds(stream.between(0.3 * HOUR, 3.0 * HOUR));
            // Who has a cart looks at what the payment asks before leaving.
            let steps = if stream.chance(0.6) { 3 } else { 2 };
            visit(books, person, stream, placed, (left_at, steps, None));
        }
        visit(books, person, stream, placed, (at, 4, Some(placed.id)));
    }
    let is_missed = stream.chance(world.story.sold_out_asks);
    if is_missed && world.is_in(Mark::SoldOut, at) {
        ask(books, person, stream, placed, (SOLD_OUT, "Straight jeans"));
    }
    if stream.chance(ASKED) {
        let idx = stream.whole(0, world.articles.len() as i64 - 1) as usize;
        let article = &world.articles[idx];
        ask(books, person, stream, placed, (article.sku, article.name));
    }
    if stream.chance(SEARCHED * TRACKED) {
        let category = CATEGORIES[line.article.category].code;
        let words = format!("{} {category}", line.article.subcategory);
        let searched_at = at - seconds(stream.between(3.0 * HOUR, 30.0 * HOUR));
        enter(
            books,
            person,
            placed,
            (searched_at, "search", None),
            |row| {
                row.text = Some(words);
                row.sku = None;
            },
        );
    }
}

/// Enters the steps of a visit that ends at a time.
fn visit(
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    placed: &Placed,
    (ends_at, n_steps, order_id): (i64, usize, Option<OrderId>),
) {
    let steps = &["view", "cart", "checkout", "pay"][..n_steps];
    let pause = stream.between(0.5 * MINUTE, 4.0 * MINUTE);
    for (idx, step) in steps.iter().enumerate() {
        let at = ends_at - seconds(pause * (steps.len() - 1 - idx) as f64);
        let order_id = order_id.filter(|_| *step == "pay");
        enter(books, person, placed, (at, step, order_id), |_| {});
    }
}

/// Enters a question about an article that is out of stock.
fn ask(
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    placed: &Placed,
    (sku, name): (Sku, &str),
) {
    let at = placed.ordered_at - seconds(stream.between(2.0 * MINUTE, 20.0 * MINUTE));
    enter(books, person, placed, (at, "search", None), |row| {
        row.source = "chat";
        row.sku = Some(sku);
        row.aspect = Some("availability");
        row.sentiment = Some("neutral");
        row.text = Some(format!("when is the {name} back in stock?"));
    });
}

fn enter(
    books: &mut Books,
    person: &Person,
    placed: &Placed,
    (at, step, order_id): (i64, &'static str, Option<OrderId>),
    adjust: impl FnOnce(&mut InteractionRow),
) {
    let interaction_id = books.interaction_id();
    let mut row = InteractionRow {
        interaction_id,
        customer_id: person.customer_id(),
        order_id,
        sku: placed.lines.first().map(|line| line.article.sku),
        source: "web",
        step,
        aspect: None,
        sentiment: None,
        rating: None,
        text: None,
        occurred_at: Instant::from_seconds(at),
        // The row of an order is there before a step refers to it.
        recorded_at: Instant::from_seconds((at + 5).max(placed.recorded_at)),
    };
    adjust(&mut row);
    books.interaction(row);
}
