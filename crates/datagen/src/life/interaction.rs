//! Reviews: what some customers write about what they bought.

use crate::table::InteractionRow;
use crate::value::Instant;

use super::order::{Experience, Placed};
use super::person::Person;
use super::{Books, DAY, Streams, seconds};

/// Share of the lines that are reviewed.
const REVIEWED: f64 = 0.06;

/// Enters reviews of an order's lines.
pub(crate) fn review(
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    experience: &Experience,
) {
    let stream = &mut streams.interaction;
    for line in &placed.lines {
        if !stream.chance(REVIEWED) {
            continue;
        }
        let is_bad = experience.is_late || experience.returned_at.is_some();
        let (sentiment, rating) = if stream.chance(if is_bad { 0.45 } else { 0.08 }) {
            ("negative", stream.whole(1, 2))
        } else if stream.chance(0.15) {
            ("neutral", 3)
        } else {
            ("positive", stream.whole(4, 5))
        };
        let (aspect, text) = match (sentiment, experience.is_late) {
            ("negative", true) => ("delivery", "came days late"),
            ("negative", false) => ("quality", "not what I hoped for"),
            ("neutral", _) => ("price", "fine for the price"),
            _ => ("quality", "just right"),
        };
        let occurred_at = line.delivered_at + seconds(stream.between(1.0 * DAY, 14.0 * DAY));
        let interaction_id = books.interaction_id();
        books.interaction(InteractionRow {
            interaction_id,
            customer_id: person.customer_id(),
            order_id: placed.id,
            sku: line.article.sku,
            source: "review",
            step: "use",
            aspect: Some(aspect),
            sentiment,
            rating: rating as f64,
            text: stream.chance(0.6).then(|| text.to_owned()),
            occurred_at: Instant::from_seconds(occurred_at),
            recorded_at: Instant::from_seconds((occurred_at + 30).max(placed.recorded_at)),
        });
    }
}
