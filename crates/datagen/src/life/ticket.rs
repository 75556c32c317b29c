//! Tickets: the events happen first, the ticket's row is read off them.
//!
//! So a ticket and its events never disagree, and cutting the events at the
//! end of the data cuts the ticket at the same moment.

use crate::id::TicketId;
use crate::stream::Stream;
use crate::table::{TicketEventRow, TicketRow};
use crate::timeline::Mark;
use crate::value::Instant;

use super::desk::{self, CARE, Team, WARRANTY};
use super::history::{self, Event};
use super::order::Placed;
use super::person::Person;
use super::returns::Returned;
use super::{Books, DAY, HOUR, Streams, World, seconds, survey};

/// What a ticket is about.
pub(super) struct Issue {
    code: &'static str,
    kind: &'static str,
    team: &'static Team,
    /// Mean minutes agents work on it, whoever they are.
    handle_minutes: f64,
    /// How it ends, when it is solved.
    resolution: &'static str,
    /// Whether a bot may answer it.
    has_bot: bool,
}

const fn issue(
    code: &'static str,
    kind: &'static str,
    handle_minutes: f64,
    resolution: &'static str,
) -> Issue {
    Issue {
        code,
        kind,
        team: &CARE,
        handle_minutes,
        resolution,
        has_bot: false,
    }
}

const DELIVERY: Issue = issue("delivery", "complaint", 8.0, "traced");
const RETURN: Issue = issue("return", "request", 10.0, "answered");
const REFUND: Issue = issue("refund", "complaint", 12.0, "refunded");
const INVOICE: Issue = issue("invoice", "request", 5.0, "sent");
const QUESTION: Issue = Issue {
    has_bot: true,
    ..issue("product_question", "question", 6.0, "answered")
};
pub(super) const GUARANTEE: Issue = Issue {
    team: &WARRANTY,
    ..issue("warranty", "request", 30.0, "repaired")
};

/// Probability per order of a ticket about its invoice.
const INVOICE_SHARE: f64 = 0.012;
/// Share of the chats that a bot answers, where it may.
const BOT_SHARE: f64 = 0.5;
/// Probability that a solved ticket is reopened.
const REOPENED: f64 = 0.09;

/// Why a ticket is opened, and when.
pub(super) struct Occasion<'a> {
    pub(super) issue: &'a Issue,
    pub(super) at: i64,
    pub(super) request: Option<&'a Returned>,
}

/// Opens the tickets that come of a fulfilled order.
pub(crate) fn about_order(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    returned: &[Returned],
) {
    let mut occasions: Vec<Occasion<'_>> = Vec::new();
    let mut add = |issue, at, request| {
        occasions.push(Occasion { issue, at, request });
    };
    let stream = &mut streams.ticket;
    if placed.is_late && stream.chance(world.story.late_ticket) {
        let at = placed.delivered_at - seconds(stream.between(0.1 * DAY, 0.3 * DAY));
        add(&DELIVERY, at, None);
    }
    let drawn = stream.unit();
    if drawn < 0.035 {
        let at = placed.ordered_at + seconds(stream.between(HOUR, 12.0 * DAY));
        let issue = if drawn < 0.010 { &DELIVERY } else { &QUESTION };
        add(issue, at, None);
    }
    let asked_at = placed.ordered_at + seconds(stream.between(HOUR, 10.0 * HOUR));
    let burst = if world.is_in(Mark::InvoiceBurst, asked_at) {
        world.story.invoice_burst
    } else {
        1.0
    };
    if stream.chance(INVOICE_SHARE * burst) {
        add(&INVOICE, asked_at, None);
    }
    for request in returned {
        if stream.chance(0.12) {
            let asked = stream.chance(0.5);
            let issue = if asked { &RETURN } else { &REFUND };
            let wait = if asked { 0.2 } else { 5.0 };
            let at = request.requested_at + seconds(stream.wait(wait * DAY));
            add(issue, at, Some(request));
        }
    }
    for occasion in &occasions {
        open(world, books, person, streams, placed, occasion);
    }
}

/// Opens a ticket and works on it.
pub(super) fn open(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    occasion: &Occasion<'_>,
) {
    let stream = &mut streams.ticket;
    let created_at = created_at(world, stream, occasion.at);
    let channel = stream.pick(&[("chat", 0.5), ("phone", 0.3), ("mail", 0.2)]);
    let is_bot = occasion.issue.has_bot && channel == "chat" && stream.chance(BOT_SHARE);
    let bounces = is_bot && stream.chance(world.story.bot_bounce);
    work(
        world,
        books,
        person,
        streams,
        placed,
        (occasion, created_at, channel, is_bot),
    );
    if bounces {
        let again_at = created_at + seconds(streams.ticket.between(0.2 * HOUR, 5.0 * DAY));
        work(
            world,
            books,
            person,
            streams,
            placed,
            (occasion, again_at, "phone", false),
        );
    }
}

/// Returns when a ticket is opened: some of the weekend's wait for Monday.
fn created_at(world: &World<'_>, stream: &mut Stream, at: i64) -> i64 {
    let day = world.local_day(at);
    let to_monday = 7 - desk::weekday(day);
    let hour = stream.between(8.5, 12.0);
    if to_monday <= 2 && stream.chance(world.story.wait_for_monday) {
        world.midnight(day + to_monday) + seconds(hour * HOUR)
    } else {
        at
    }
}

fn work(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    placed: &Placed,
    (occasion, created_at, channel, is_bot): (&Occasion<'_>, i64, &'static str, bool),
) {
    let stream = &mut streams.ticket;
    let Occasion { issue, request, .. } = occasion;
    let not_before = request.map_or(placed.recorded_at, |request| request.recorded_at);
    let agent = agent(world, stream, issue);
    let reopens = match issue.code {
        "refund" => REOPENED * world.story.refund_reopen,
        _ => REOPENED,
    };
    let mut events = if is_bot {
        history::of_bot(stream, created_at)
    } else {
        history::of_agents(world, stream, issue.team, created_at, agent, reopens)
    };
    events.retain(|event| event.at < world.end());
    let ticket_id = books.ticket_id();
    let minutes = issue.handle_minutes * stream.between(0.5, 1.5);
    let priority = stream.pick(&[("normal", 0.7), ("high", 0.2), ("low", 0.1)]);
    let Some(mut row) = ticket(person, placed, occasion, &events, ticket_id, not_before) else {
        return;
    };
    row.channel = channel;
    row.priority = priority;
    row.is_bot_contained = is_bot && row.solved_at.is_some();
    let pace = match row.assignee {
        Some(desk::SLOW_AGENT) => world.story.slow_agent,
        _ => 1.0,
    };
    let extra_minutes = 0.5 * row.reopens as f64 * issue.handle_minutes;
    row.handle_minutes = row
        .first_solved_at
        .filter(|_| !is_bot)
        .map(|_| (pace * (minutes + extra_minutes) * 10.0).round() / 10.0);
    let solved = row.solved_at.map(|at| (at.seconds(), row.reopens as usize));
    enter_events(books, &events, ticket_id, not_before);
    books.ticket(row);
    if let (Some(solved), false) = (solved, is_bot) {
        let about = (ticket_id, placed.id, not_before.max(created_at + 30));
        survey::ask_about_ticket(world, books, person, streams, about, solved);
    }
}

fn agent(world: &World<'_>, stream: &mut Stream, issue: &Issue) -> &'static str {
    let agents = issue.team.agents;
    let last = agents.len() - 1;
    let has_hard_cases = issue.team.name == WARRANTY.name;
    if has_hard_cases && stream.chance(world.story.warranty_to_one_agent) {
        agents[last]
    } else {
        agents[stream.whole(0, last as i64) as usize]
    }
}

/// Reads a ticket's row off its events; `None` if it does not exist yet.
fn ticket(
    person: &Person,
    placed: &Placed,
    occasion: &Occasion<'_>,
    events: &[Event],
    ticket_id: TicketId,
    not_before: i64,
) -> Option<TicketRow> {
    let created_at = events.first()?.at;
    let issue = occasion.issue;
    let is_reply = |event: &&Event| event.is_reply_of_an_agent();
    let is_solution = |event: &&Event| event.is_solution();
    let instant = |event: &Event| Instant::from_seconds(event.at);
    Some(TicketRow {
        ticket_id,
        customer_id: person.customer_id(),
        order_id: placed.id,
        return_id: occasion.request.map(|request| request.id),
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
        team: issue.team.name,
        assignee: events.iter().rev().find_map(|event| event.agent),
        resolution_code: events.iter().find(is_solution).map(|_| issue.resolution),
        reopens: events.iter().filter(|event| event.is_reopening()).count() as i64,
        agent_replies: events.iter().filter(is_reply).count() as i64,
        handle_minutes: None,
        is_bot_contained: false,
        created_at: Instant::from_seconds(created_at),
        first_public_reply_at: events.iter().find(is_reply).map(instant),
        first_solved_at: events.iter().find(is_solution).map(instant),
        solved_at: events.iter().rev().find(is_solution).map(instant),
        recorded_at: Instant::from_seconds((created_at + 30).max(not_before)),
    })
}

fn enter_events(books: &mut Books, events: &[Event], ticket_id: TicketId, not_before: i64) {
    let first = events.first().map_or(0, |event| event.at);
    for (idx, event) in events.iter().enumerate() {
        books.ticket_event(TicketEventRow {
            ticket_id,
            event_no: idx as i64 + 1,
            actor: event.actor,
            agent_id: event.agent,
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
