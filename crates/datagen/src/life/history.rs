//! What happens to a ticket, event by event.

use crate::stream::Stream;

use super::desk::{self, Team};
use super::{DAY, HOUR, MINUTE, World, seconds};

/// Something that happened, before it is known whether it is before the end.
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) actor: &'static str,
    pub(super) agent: Option<&'static str>,
    pub(super) event: &'static str,
    /// From nothing, which is no status, where the ticket begins.
    pub(super) status: Option<(&'static str, &'static str)>,
    pub(super) is_public: bool,
}

impl Event {
    pub(super) fn is_reply_of_an_agent(&self) -> bool {
        self.actor == "agent" && self.event == "reply"
    }

    pub(super) fn is_solution(&self) -> bool {
        self.status.is_some_and(|(_, to)| to == "solved")
    }

    pub(super) fn is_reopening(&self) -> bool {
        self.status == Some(("solved", "open"))
    }
}

/// Share of the tickets a first agent hands to another.
const HANDED_OFF: f64 = 0.08;
/// Share of the tickets for which an agent has to ask back.
const ASKED_BACK: f64 = 0.15;
/// Share of the tickets whose customer never answers.
const ABANDONED: f64 = 0.02;

/// A ticket's events while they are drawn.
struct Log<'a, 'w> {
    world: &'a World<'w>,
    team: &'a Team,
    at: i64,
    agent: &'static str,
    events: Vec<Event>,
}

impl Log<'_, '_> {
    fn add(&mut self, actor: &'static str, event: &'static str, is_public: bool) {
        self.events.push(Event {
            at: self.at,
            actor,
            agent: (actor == "agent").then_some(self.agent),
            event,
            status: None,
            is_public,
        });
    }

    fn status(&mut self, actor: &'static str, from: &'static str, to: &'static str) {
        self.add(actor, "status", to == "solved" || actor == "customer");
        if let Some(event) = self.events.last_mut() {
            event.status = Some((from, to));
        }
    }

    fn wait(&mut self, drawn: f64) {
        self.at += seconds(drawn);
    }

    /// Waits for an agent: so long, then for the desk to open.
    fn wait_for_desk(&mut self, stream: &mut Stream, drawn: f64) {
        self.wait(drawn);
        let open_at = desk::next_open(self.world, self.team, self.at);
        // A queue has formed overnight.
        let queue = stream.between(0.0, 30.0 * MINUTE);
        if open_at > self.at {
            self.at = open_at + seconds(queue);
        }
    }
}

/// Draws the events of a ticket that a bot answers.
pub(super) fn of_bot(stream: &mut Stream, created_at: i64) -> Vec<Event> {
    let at = created_at + seconds(stream.between(0.2 * MINUTE, 4.0 * MINUTE));
    let event = |at, actor, event, status| Event {
        at,
        actor,
        agent: None,
        event,
        status,
        is_public: true,
    };
    vec![
        event(created_at, "customer", "created", Some(("", "new"))),
        event(at, "bot", "reply", None),
        event(at + 20, "bot", "status", Some(("new", "solved"))),
    ]
}

/// Draws the events of a ticket that people work on, in the order of time.
pub(super) fn of_agents(
    world: &World<'_>,
    stream: &mut Stream,
    team: &Team,
    created_at: i64,
    agent: &'static str,
    reopens: f64,
) -> Vec<Event> {
    let mut log = Log {
        world,
        team,
        at: created_at,
        agent,
        events: Vec::with_capacity(10),
    };
    log.add("customer", "created", true);
    log.events[0].status = Some(("", "new"));
    log.wait(5.0);
    log.add("system", "assigned", false);
    log.events[1].agent = Some(agent);
    let waited = 2.0 * MINUTE + stream.wait(3.0 * HOUR);
    log.wait_for_desk(stream, waited);
    log.status("agent", "new", "open");
    log.wait(5.0);
    log.add("agent", "reply", true);
    if stream.chance(HANDED_OFF) {
        let next = team.agents[stream.whole(0, team.agents.len() as i64 - 1) as usize];
        if next != log.agent {
            log.wait(5.0 * MINUTE);
            log.add("agent", "handoff", false);
            log.agent = next;
            log.add("system", "assigned", false);
            if let Some(event) = log.events.last_mut() {
                event.agent = Some(next);
            }
        }
    }
    if stream.chance(ABANDONED) {
        log.wait(MINUTE);
        log.status("agent", "open", "pending");
        return log.events;
    }
    if stream.chance(ASKED_BACK) {
        log.wait(MINUTE);
        log.status("agent", "open", "pending");
        log.wait(0.2 * HOUR + stream.wait(DAY));
        log.add("customer", "reply", true);
        log.status("customer", "pending", "open");
    }
    let mut rounds = 0;
    loop {
        let worked = 10.0 * MINUTE + stream.wait(15.0 * HOUR);
        log.wait_for_desk(stream, worked);
        log.add("agent", "reply", true);
        log.wait(10.0);
        log.status("agent", "open", "solved");
        rounds += 1;
        // At most four times round: then people call.
        if rounds > 3 || !stream.chance(reopens) {
            break;
        }
        log.wait(stream.between(2.0 * HOUR, 4.0 * DAY));
        log.add("customer", "reply", true);
        log.status("customer", "solved", "open");
    }
    log.wait(7.0 * DAY);
    log.status("system", "solved", "closed");
    log.events
}
