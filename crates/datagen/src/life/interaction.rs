//! Reviews and posts: what some customers write about what they bought.

use crate::catalogue::{CATEGORIES, FRAGILE_CATEGORY};
use crate::stream::Stream;
use crate::table::InteractionRow;
use crate::value::Instant;

use super::order::{Experience, Line, Placed};
use super::person::Person;
use super::{Books, DAY, Streams, World, seconds};

/// Share of the lines that are reviewed.
const REVIEWED: f64 = 0.06;
/// Share of the lines about which somebody posts.
const POSTED: f64 = 0.008;
/// Probability of a bad word where nothing went wrong.
const BAD: f64 = 0.08;

/// Enters reviews and posts about an order's lines.
pub(crate) fn review(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    experience: &Experience,
) {
    for line in &placed.lines {
        for (source, share) in [("review", REVIEWED), ("social", POSTED)] {
            if streams.interaction.chance(share) {
                let stream = &mut streams.interaction;
                write(
                    world,
                    books,
                    person,
                    stream,
                    (placed, line, experience),
                    source,
                );
            }
        }
    }
}

fn write(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    (placed, line, experience): (&Placed, &Line, &Experience),
    source: &'static str,
) {
    let has_trouble = experience.is_late || experience.returned_at.is_some();
    let bad = BAD
        + if has_trouble {
            world.story.bad_review
        } else {
            0.0
        };
    let (sentiment, rating) = if stream.chance(bad) {
        ("negative", stream.whole(1, 2))
    } else if stream.chance(0.15) {
        ("neutral", 3)
    } else {
        ("positive", stream.whole(4, 5))
    };
    let is_kitchen = CATEGORIES[line.article.category].code == FRAGILE_CATEGORY;
    let is_about_packaging =
        is_kitchen && sentiment == "negative" && stream.chance(world.story.kitchen_packaging);
    let aspect = if is_about_packaging {
        "packaging"
    } else if sentiment == "negative" && experience.is_late && world.config.story {
        "delivery"
    } else {
        stream.pick(&[
            ("quality", 0.40),
            ("price", 0.18),
            ("use", 0.15),
            ("service", 0.12),
            ("delivery", 0.10),
            ("packaging", 0.05),
        ])
    };
    let has_text = stream.chance(0.6);
    let occurred_at = line.delivered_at + seconds(stream.between(1.0 * DAY, 14.0 * DAY));
    let interaction_id = books.interaction_id();
    books.interaction(InteractionRow {
        interaction_id,
        customer_id: person.customer_id(),
        order_id: Some(placed.id),
        sku: Some(line.article.sku),
        source,
        step: "use",
        aspect: Some(aspect),
        sentiment: Some(sentiment),
        rating: (source == "review").then_some(rating as f64),
        text: has_text.then(|| words(sentiment, aspect).to_owned()),
        occurred_at: Instant::from_seconds(occurred_at),
        recorded_at: Instant::from_seconds((occurred_at + 30).max(placed.recorded_at)),
    });
}

fn words(sentiment: &str, aspect: &str) -> &'static str {
    match (sentiment, aspect) {
        ("negative", "delivery") => "came days late",
        ("negative", "packaging") => "one thin sheet of paper around it, broken",
        ("negative", "quality") => "not what I hoped for",
        ("negative", "price") => "too dear for what it is",
        ("negative", "use") => "I cannot make it work",
        ("negative", _) => "nobody could help me",
        ("neutral", _) => "does what it should",
        (_, "delivery") => "here the next day",
        (_, "packaging") => "well packed",
        (_, "price") => "good for the price",
        (_, "use") => "easy to use",
        (_, "service") => "friendly answers",
        _ => "just right",
    }
}
