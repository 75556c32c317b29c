//! Questionnaires: after delivery, after a return, after a ticket, once a year.
//!
//! The probability of a promoter, a passive and a detractor follows from an
//! expected NPS, so an effect in points is planted as just that.

use crate::id::{OrderId, ReturnId, TicketId};
use crate::stream::Stream;
use crate::table::SurveyRow;
use crate::timeline::Mark;
use crate::value::Instant;

use super::order::{Experience, Placed};
use super::person::Person;
use super::returns::Returned;
use super::{Books, DAY, HOUR, Streams, World, follow_up, seconds};

/// Expected NPS, as a fraction, of a customer to whom nothing happened.
const BASE_NPS: f64 = 0.40;
/// Share of passives, whatever the NPS.
const PASSIVES: f64 = 0.26;
/// CSAT (share of 4 and 5) where nothing happened.
const BASE_CSAT: f64 = 0.85;

/// One questionnaire: when, about what, and how likely it is answered.
struct Questionnaire {
    scope: &'static str,
    touchpoint: &'static str,
    order_id: Option<OrderId>,
    return_id: Option<ReturnId>,
    ticket_id: Option<TicketId>,
    sent_at: i64,
    response_rate: f64,
    not_before: i64,
}

/// What is asked, with the answer's expectation.
#[derive(Clone, Copy)]
enum Question {
    /// Expected NPS as a fraction.
    Nps(f64),
    /// Expected share of 4 and 5.
    Csat(f64),
    /// Expected share of 5 to 7, 7 being very easy.
    Ces(f64),
}

/// Asks six in ten buyers three days after arrival.
pub(crate) fn ask_about_delivery(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    experience: &Experience,
) {
    if person.is_guest || !streams.survey.chance(0.6) {
        return;
    }
    let sent_at = placed.delivered_at + seconds(3.0 * DAY);
    let has_returned = experience.returned_at.is_some_and(|at| at < sent_at);
    let nps = expected_nps(world, person, experience.is_late, has_returned);
    let mut csat = BASE_CSAT + person.mood / 2.0;
    if experience.is_late {
        csat += world.story.late_csat;
    }
    let questionnaire = Questionnaire {
        scope: "transactional",
        touchpoint: "delivery",
        order_id: Some(placed.id),
        return_id: None,
        ticket_id: None,
        sent_at,
        response_rate: 0.18,
        not_before: placed.recorded_at,
    };
    let questions = [Question::Nps(nps), Question::Csat(csat)];
    ask(
        world,
        books,
        person,
        &mut streams.survey,
        questionnaire,
        &questions,
    );
}

/// Asks half of those who returned something two days after it is settled.
pub(crate) fn ask_about_return(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    returned: &Returned,
) {
    if person.is_guest || !streams.survey.chance(0.5) {
        return;
    }
    let questionnaire = Questionnaire {
        scope: "transactional",
        touchpoint: "return",
        order_id: Some(placed.id),
        return_id: Some(returned.id),
        ticket_id: None,
        sent_at: returned.settled_at + seconds(2.0 * DAY),
        response_rate: 0.20,
        not_before: returned.recorded_at,
    };
    let is_instant = world.is_in(Mark::InstantRefunds, returned.requested_at);
    let gained = if is_instant {
        world.story.instant_ease
    } else {
        0.0
    };
    let ease = 0.62 + gained + person.mood / 2.0;
    let was_easy = streams.survey.chance(ease);
    // What an easy return gains and a hard one loses cancels on average.
    let effort = world.story.effort_nps * (f64::from(u8::from(was_easy)) - ease);
    let nps = expected_nps(world, person, placed.is_late, true) + effort;
    let questions = [
        Question::Nps(nps),
        Question::Ces(f64::from(u8::from(was_easy))),
    ];
    ask(
        world,
        books,
        person,
        &mut streams.survey,
        questionnaire,
        &questions,
    );
}

/// Asks four in ten a day after their ticket is solved.
pub(crate) fn ask_about_ticket(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    (ticket_id, order_id, not_before): (TicketId, OrderId, i64),
    (solved_at, reopens): (i64, usize),
) {
    if person.is_guest || !streams.survey.chance(0.4) {
        return;
    }
    let questionnaire = Questionnaire {
        scope: "transactional",
        touchpoint: "ticket",
        order_id: Some(order_id),
        return_id: None,
        ticket_id: Some(ticket_id),
        sent_at: solved_at + seconds(DAY),
        response_rate: 0.24,
        not_before,
    };
    let trouble = world.story.reopen_csat * reopens as f64;
    let questions = [
        Question::Csat(BASE_CSAT - 0.03 + person.mood / 2.0 + trouble),
        Question::Ces(0.70 + person.mood / 2.0 + trouble),
    ];
    ask(
        world,
        books,
        person,
        &mut streams.survey,
        questionnaire,
        &questions,
    );
}

/// Asks once a year, around the day the customer first came, those who bought
/// within the year before.
pub(crate) fn ask_about_relationship(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    past: &[Experience],
) {
    if person.is_guest {
        return;
    }
    let mut sent_at = person.first_seen_at;
    loop {
        sent_at += seconds(365.0 * DAY + streams.survey.between(0.0, 14.0 * DAY));
        if sent_at >= world.end() {
            return;
        }
        let within = |at: i64, days: f64| at < sent_at && at >= sent_at - seconds(days * DAY);
        let has_bought = past
            .iter()
            .any(|order| order.is_fulfilled && within(order.ordered_at, 365.0));
        if !has_bought {
            continue;
        }
        books.is_recording = world.local_day(sent_at) >= world.start_day;
        // What happened within a quarter is still on the customer's mind.
        let recent = |order: &&Experience| within(order.ordered_at, 90.0);
        let was_late = past.iter().filter(recent).any(|order| order.is_late);
        let has_returned = past
            .iter()
            .any(|order| order.returned_at.is_some_and(|at| within(at, 90.0)));
        let questionnaire = Questionnaire {
            scope: "relationship",
            touchpoint: "relationship",
            order_id: None,
            return_id: None,
            ticket_id: None,
            sent_at,
            response_rate: 0.15,
            not_before: person.recorded_at,
        };
        let nps = Question::Nps(expected_nps(world, person, was_late, has_returned));
        ask(
            world,
            books,
            person,
            &mut streams.survey,
            questionnaire,
            &[nps],
        );
    }
}

/// Returns whether a customer is asked in the app; the others are by mail.
fn is_by_app(person: &Person) -> bool {
    person.channel == "app"
}

fn expected_nps(world: &World<'_>, person: &Person, is_late: bool, has_returned: bool) -> f64 {
    let mut nps = BASE_NPS + person.mood;
    // Four customers in ten come by the app: what they gain, the others lose,
    // so that the mean stays.
    nps += world.story.app_nps * if is_by_app(person) { 0.6 } else { -0.4 };
    if is_late {
        nps += world.story.late_nps;
    }
    if has_returned {
        nps += world.story.return_nps;
    }
    nps
}

fn ask(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    stream: &mut Stream,
    questionnaire: Questionnaire,
    questions: &[Question],
) {
    let response_id = books.response_id();
    let recorded_at = (questionnaire.sent_at + 60).max(questionnaire.not_before);
    let factor = world.story.answer_factors[usize::from(!is_by_app(person))];
    let answered_at = stream
        .chance(questionnaire.response_rate * factor)
        .then(|| questionnaire.sent_at + seconds(0.1 * HOUR + stream.wait(1.5 * DAY)));
    let responded_at = answered_at.and_then(|at| world.known(at));
    let mut comment = None;
    for question in questions {
        let (kind, scale, direction, score) = match *question {
            Question::Nps(expected) => ("nps", None, None, nps_score(stream, expected)),
            Question::Csat(share) => ("csat", Some(5), None, csat_score(stream, share)),
            Question::Ces(share) => ("ces", Some(7), Some("ease"), ces_score(stream, share)),
        };
        let is_answered = responded_at.is_some();
        if kind == "nps" && is_answered && score <= 6 && stream.chance(0.4) {
            comment = Some("expected better");
        }
        books.survey(SurveyRow {
            response_id,
            kind,
            customer_id: person.id,
            shop_id: person.shop_id(),
            scope: questionnaire.scope,
            touchpoint: questionnaire.touchpoint,
            channel: if is_by_app(person) { "app" } else { "mail" },
            order_id: questionnaire.order_id,
            return_id: questionnaire.return_id,
            ticket_id: questionnaire.ticket_id,
            scale,
            direction,
            score: is_answered.then_some(score as f64),
            weight: None,
            comment,
            sent_at: Instant::from_seconds(questionnaire.sent_at),
            responded_at,
            recorded_at: Instant::from_seconds(recorded_at),
        });
        if let (Some(at), "nps") = (responded_at, kind) {
            follow_up::follow(
                world,
                books,
                person,
                stream,
                (response_id, score, at),
                recorded_at,
            );
        }
    }
}

/// Draws an answer from 0 to 10 whose expected NPS is as asked.
fn nps_score(stream: &mut Stream, expected: f64) -> i64 {
    let promoters = ((1.0 - PASSIVES + expected) / 2.0).clamp(0.0, 1.0 - PASSIVES);
    let drawn = stream.unit();
    if drawn < promoters {
        stream.whole(9, 10)
    } else if drawn < promoters + PASSIVES {
        stream.whole(7, 8)
    } else {
        stream.pick(&[
            (6, 0.28),
            (5, 0.24),
            (4, 0.12),
            (3, 0.12),
            (2, 0.09),
            (1, 0.06),
            (0, 0.09),
        ])
    }
}

fn csat_score(stream: &mut Stream, satisfied: f64) -> i64 {
    if stream.chance(satisfied) {
        stream.pick(&[(5, 0.62), (4, 0.38)])
    } else {
        stream.pick(&[(3, 0.5), (2, 0.28), (1, 0.22)])
    }
}

fn ces_score(stream: &mut Stream, easy: f64) -> i64 {
    if stream.chance(easy) {
        stream.pick(&[(7, 0.35), (6, 0.40), (5, 0.25)])
    } else {
        stream.pick(&[(4, 0.40), (3, 0.25), (2, 0.20), (1, 0.15)])
    }
}
