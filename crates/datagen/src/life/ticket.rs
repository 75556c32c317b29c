//! Tickets: the events happen first, the ticket's row is read off them.
//!
//! So a ticket and its events never disagree, and cutting the events at the
//! end of the data cuts the ticket at the same moment.

use crate::catalogue::CATEGORIES;
use crate::id::{ReturnId, TicketId};
use crate::stream::Stream;
use crate::table::{TicketEventRow, TicketRow};
use crate::value::Instant;

use super::order::Placed;
use super::person::Person;
use super::returns::Returned;
use super::{Books, DAY, HOUR, MINUTE, Streams, World, seconds, survey};

/// Agents of a team; the last of `warranty` is the one with the hard cases.
const CARE: [&str; 5] = ["agent_01", "agent_02", "agent_03", "agent_04", "agent_05"];
const WARRANTY: [&str; 4] = ["agent_06", "agent_08", "agent_09", "agent_07"];

/// What a ticket is about.
struct Issue {
    code: &'static str,
    kind: &'static str,
    team: &'static str,
    /// Mean minutes agents work on it, whoever they are.
    handle_minutes: f64,
}

const DELIVERY: Issue = Issue {
    code: "delivery",
    kind: "complaint",
    team: "care",
    handle_minutes: 8.0,
};
const QUESTION: Issue = Issue {
    code: "product_question",
    kind: "question",
    team: "care",
    handle_minutes: 6.0,
};
const RETURN: Issue = Issue {
    code: "return",
    kind: "request",
    team: "care",
    handle_minutes: 10.0,
};
const REFUND: Issue = Issue {
    code: "refund",
    kind: "complaint",
    team: "care",
    handle_minutes: 12.0,
};
const GUARANTEE: Issue = Issue {
    code: "warranty",
    kind: "request",
    team: "warranty",
    handle_minutes: 30.0,
};

/// Opens the tickets that come of a fulfilled order.
pub(crate) fn about_order(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    returned: &[Returned],
) {
    if placed.is_late && streams.ticket.chance(world.story.late_ticket) {
        let at = placed.delivered_at - seconds(streams.ticket.between(0.1 * DAY, 0.3 * DAY));
        open(world, books, person, streams, placed, (&DELIVERY, at, None));
    }
    let drawn = streams.ticket.unit();
    if drawn < 0.035 {
        let at = placed.ordered_at + seconds(streams.ticket.between(HOUR, 12.0 * DAY));
        let issue = if drawn < 0.010 { &DELIVERY } else { &QUESTION };
        open(world, books, person, streams, placed, (issue, at, None));
    }
    for line in &placed.lines {
        let is_guaranteed = CATEGORIES[line.article.category].code == "electronics";
        if is_guaranteed && streams.ticket.chance(0.05) {
            let at = line.delivered_at + seconds(streams.ticket.between(20.0, 300.0) * DAY);
            open(
                world,
                books,
                person,
                streams,
                placed,
                (&GUARANTEE, at, None),
            );
        }
    }
    for request in returned {
        if streams.ticket.chance(0.12) {
            let asked = streams.ticket.chance(0.5);
            let issue = if asked { &RETURN } else { &REFUND };
            let wait = if asked { 0.2 } else { 5.0 };
            let at = request.requested_at + seconds(streams.ticket.wait(wait * DAY));
            open(
                world,
                books,
                person,
                streams,
                placed,
                (issue, at, Some(request)),
            );
        }
    }
}

/// Something that happened, before it is known whether it is before the end.
struct Event {
    at: i64,
    actor: &'static str,
    event: &'static str,
    status: Option<(&'static str, &'static str)>,
    is_public: bool,
}

fn open(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    (issue, created_at, request): (&Issue, i64, Option<&Returned>),
) {
    let stream = &mut streams.ticket;
    let not_before = request.map_or(placed.recorded_at, |request| request.recorded_at);
    let channel = stream.pick(&[("chat", 0.5), ("phone", 0.3), ("mail", 0.2)]);
    let is_bot = issue.code == "product_question" && channel == "chat" && stream.chance(0.4);
    let mut events = history(stream, created_at, is_bot);
    events.retain(|event| event.at < world.end());
    let ticket_id = books.ticket_id();
    let assignee = (!is_bot).then(|| agent(world, stream, issue));
    let return_id = request.map(|request| request.id);
    let handle_minutes = issue.handle_minutes * stream.between(0.5, 1.5);
    let row = ticket(
        person,
        placed,
        issue,
        &events,
        (ticket_id, return_id),
        not_before,
    );
    let Some(mut row) = row else {
        return;
    };
    row.channel = channel;
    row.priority = stream.pick(&[("normal", 0.7), ("high", 0.2), ("low", 0.1)]);
    row.is_bot_contained = is_bot && row.solved_at.is_some();
    row.assignee = assignee.filter(|_| row.agent_replies > 0);
    let extra_minutes = 0.5 * row.reopens as f64 * issue.handle_minutes;
    row.handle_minutes = row
        .first_solved_at
        .filter(|_| !is_bot)
        .map(|_| ((handle_minutes + extra_minutes) * 10.0).round() / 10.0);
    let solved = row.solved_at.map(|at| (at.seconds(), row.reopens as usize));
    enter_events(books, &events, ticket_id, assignee, not_before);
    books.ticket(row);
    if let (Some(solved), false) = (solved, is_bot) {
        let about = (ticket_id, placed.id, not_before.max(created_at + 30));
        survey::ask_about_ticket(world, books, person, streams, about, solved);
    }
}

fn agent(world: &World<'_>, stream: &mut Stream, issue: &Issue) -> &'static str {
    if issue.team == "care" {
        return CARE[stream.whole(0, CARE.len() as i64 - 1) as usize];
    }
    let last = WARRANTY.len() - 1;
    if stream.chance(world.story.warranty_to_one_agent) {
        WARRANTY[last]
    } else {
        WARRANTY[stream.whole(0, last as i64) as usize]
    }
}

/// Draws what happens to a ticket, in the order of time.
fn history(stream: &mut Stream, created_at: i64, is_bot: bool) -> Vec<Event> {
    let event = |at, actor, event, status, is_public| Event {
        at,
        actor,
        event,
        status,
        is_public,
    };
    let mut events = vec![event(
        created_at,
        "customer",
        "created",
        Some(("", "new")),
        true,
    )];
    let mut at = created_at;
    if is_bot {
        at += seconds(stream.between(0.2 * MINUTE, 4.0 * MINUTE));
        events.push(event(at, "bot", "reply", None, true));
        events.push(event(
            at + 20,
            "bot",
            "status",
            Some(("new", "solved")),
            true,
        ));
        return events;
    }
    at += seconds(2.0 * MINUTE + stream.wait(3.0 * HOUR));
    events.push(event(at, "agent", "status", Some(("new", "open")), false));
    events.push(event(at + 5, "agent", "reply", None, true));
    // Two in a hundred are never solved: the customer does not answer.
    if stream.chance(0.02) {
        events.push(event(
            at + 60,
            "agent",
            "status",
            Some(("open", "pending")),
            false,
        ));
        return events;
    }
    loop {
        at += seconds(10.0 * MINUTE + stream.wait(18.0 * HOUR));
        events.push(event(at, "agent", "reply", None, true));
        events.push(event(
            at + 10,
            "agent",
            "status",
            Some(("open", "solved")),
            true,
        ));
        // At most three times round: then people call.
        if events.len() > 12 || !stream.chance(0.09) {
            break;
        }
        at += seconds(stream.between(2.0 * HOUR, 4.0 * DAY));
        events.push(event(
            at,
            "customer",
            "status",
            Some(("solved", "open")),
            true,
        ));
    }
    let closed_at = at + seconds(7.0 * DAY);
    events.push(event(
        closed_at,
        "system",
        "status",
        Some(("solved", "closed")),
        false,
    ));
    events
}

/// Reads a ticket's row off its events; `None` if it does not exist yet.
fn ticket(
    person: &Person,
    placed: &Placed,
    issue: &Issue,
    events: &[Event],
    (ticket_id, return_id): (TicketId, Option<ReturnId>),
    not_before: i64,
) -> Option<TicketRow> {
    let created_at = events.first()?.at;
    let is_reply = |event: &&Event| event.actor == "agent" && event.event == "reply";
    let solved = |event: &&Event| event.status.is_some_and(|(_, to)| to == "solved");
    let reopened = |event: &&Event| {
        event
            .status
            .is_some_and(|(from, to)| (from, to) == ("solved", "open"))
    };
    let instant = |event: &Event| Instant::from_seconds(event.at);
    Some(TicketRow {
        ticket_id,
        customer_id: person.customer_id(),
        order_id: placed.id,
        return_id,
        shop_id: person.shop_id(),
        issue_type: issue.code,
        kind: issue.kind,
        channel: "chat",
        priority: "normal",
        status: events
            .iter()
            .rev()
            .find_map(|event| event.status)
            .map_or("new", |(_, to)| to),
        team: issue.team,
        assignee: None,
        resolution_code: events.iter().find(solved).map(|_| "answered"),
        reopens: events.iter().filter(reopened).count() as i64,
        agent_replies: events.iter().filter(is_reply).count() as i64,
        handle_minutes: None,
        is_bot_contained: false,
        created_at: Instant::from_seconds(created_at),
        first_public_reply_at: events.iter().find(is_reply).map(instant),
        first_solved_at: events.iter().find(solved).map(instant),
        solved_at: events.iter().rev().find(solved).map(instant),
        recorded_at: Instant::from_seconds((created_at + 30).max(not_before)),
    })
}

fn enter_events(
    books: &mut Books,
    events: &[Event],
    ticket_id: TicketId,
    assignee: Option<&'static str>,
    not_before: i64,
) {
    let first = events.first().map_or(0, |event| event.at);
    for (idx, event) in events.iter().enumerate() {
        books.ticket_event(TicketEventRow {
            ticket_id,
            event_no: idx as i64 + 1,
            actor: event.actor,
            agent_id: assignee.filter(|_| event.actor == "agent"),
            event: event.event,
            status_from: event
                .status
                .map(|(from, _)| from)
                .filter(|from| !from.is_empty()),
            status_to: event.status.map(|(_, to)| to),
            is_public: event.is_public,
            occurred_at: Instant::from_seconds(event.at),
            recorded_at: Instant::from_seconds(event.at.max(first + 30).max(not_before)),
        });
    }
}
