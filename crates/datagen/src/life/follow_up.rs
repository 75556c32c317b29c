//! What an answered NPS question brings: ratings of attributes, and for
//! detractors a call back.

use crate::FeedbackId;
use crate::id::ResponseId;
use crate::stream::Stream;
use crate::table::{ActionRow, SurveyDriverRow};
use crate::timeline::Mark;
use crate::value::Instant;

use super::person::Person;
use super::{Books, DAY, HOUR, World, seconds};

/// Enters what follows an answer.
pub(super) fn follow(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    (response_id, score, at): (ResponseId, i64, Instant),
    not_before: i64,
) {
    let recorded_at = at.seconds().max(not_before);
    rate(world, books, stream, (response_id, score), recorded_at);
    if score <= 6 && stream.chance(0.6) {
        call_back(world, books, person, stream, (response_id, at), recorded_at);
    }
}

/// Enters ratings: delivery moves with the answer, service does half as much,
/// assortment not at all. Packaging follows the rating of the delivery, so it
/// moves with the answer and says nothing that delivery has not said.
fn rate(
    world: &World<'_>,
    books: &mut Books,
    stream: &mut Stream,
    (response_id, score): (ResponseId, i64),
    recorded_at: i64,
) {
    let [delivery, service, packaging] = world.story.rating_pulls;
    let distance = (score as f64 - 7.0) / 2.0;
    let mut add = |driver, centre: f64, noise: f64, stream: &mut Stream| {
        let rating = (centre + stream.between(-noise, noise))
            .round()
            .clamp(1.0, 5.0);
        books.driver(SurveyDriverRow {
            response_id,
            driver,
            rating,
            recorded_at: Instant::from_seconds(recorded_at),
        });
        rating
    };
    let delivered = add("delivery", 3.4 + delivery * distance, 1.2, stream);
    add("service", 3.4 + service * distance, 1.2, stream);
    add("assortment", 3.4, 1.2, stream);
    add(
        "packaging",
        3.4 + packaging * (delivered - 3.4),
        1.5,
        stream,
    );
}

fn call_back(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    (response_id, at): (ResponseId, Instant),
    recorded_at: i64,
) {
    let routed_at = at.seconds() + seconds(stream.between(0.2 * HOUR, 20.0 * HOUR));
    let delay_days = match world.is_in(Mark::SlowCallBacks, at.seconds()) {
        true => world.story.call_back_days,
        false => 0.0,
    };
    let acted_at = routed_at + seconds((delay_days + stream.wait(2.0)) * DAY);
    let notified_at = acted_at + seconds(stream.between(0.1 * HOUR, 12.0 * HOUR));
    let has_acted = stream.chance(0.8);
    let measure = stream.pick(&[("call_back", 0.6), ("voucher", 0.25), ("replacement", 0.15)]);
    books.action(ActionRow {
        feedback_id: FeedbackId(response_id),
        source: "survey",
        customer_id: person.id,
        owner: stream.pick(&[("service_desk", 0.7), ("logistics", 0.2), ("buying", 0.1)]),
        // What was done is known when it is done.
        measure: world.known(acted_at).filter(|_| has_acted).map(|_| measure),
        target_metric: "nps",
        received_at: at,
        routed_at: world.known(routed_at),
        acted_at: world.known(acted_at).filter(|_| has_acted),
        notified_at: world.known(notified_at).filter(|_| has_acted),
        recorded_at: Instant::from_seconds(recorded_at),
    });
}
