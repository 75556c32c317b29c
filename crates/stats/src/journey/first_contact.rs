//! `fcr`: was a ticket resolved at the first contact?
//!
//! There is no standard, so the methods are named: fewer than two agent replies
//! (one touch), exactly one, or no further ticket of the customer within a
//! window after the solution (repeat contact). All count solved tickets only.
//! A ticket solved less than the window before the end of the data is not
//! mature: it cannot be judged by repeat contact yet and is left out.

use crate::error::{Result, StatsError};

/// One ticket of a customer; instants in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// When the customer came.
    pub created: i64,
    /// When it was solved, for the last time.
    pub solved: Option<i64>,
    /// What it is about: equal numbers are the same issue.
    pub issue: u64,
    /// Public replies of agents.
    pub agent_replies: u32,
    /// How often it was opened again.
    pub reopens: u32,
}

/// What counts as resolved at the first contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstContact {
    /// Fewer than two agent replies.
    OneTouch,
    /// Exactly one agent reply.
    OneReply,
    /// No further ticket created in `[solved, solved + window)`.
    RepeatContact {
        /// The window in ticks.
        window: i64,
        /// Only tickets about the same issue count.
        same_issue: bool,
        /// A ticket that was opened again is not resolved at the first contact.
        reopen_fails: bool,
        /// Tickets solved later than `as_of - window` are left out.
        as_of: Option<i64>,
    },
}

/// Returns for each ticket of one customer whether it was resolved at the first
/// contact; NULL where it does not count. The tickets may be in any order.
pub fn first_contact(tickets: &[Ticket], method: FirstContact) -> Result<Vec<Option<bool>>> {
    let FirstContact::RepeatContact {
        window,
        same_issue,
        reopen_fails,
        as_of,
    } = method
    else {
        let resolved = |ticket: &Ticket| match method {
            FirstContact::OneTouch => ticket.agent_replies < 2,
            _ => ticket.agent_replies == 1,
        };
        return Ok(tickets
            .iter()
            .map(|ticket| ticket.solved.map(|_| resolved(ticket)))
            .collect());
    };
    if window <= 0 {
        let reason = format!("must be a duration above 0, got {window}");
        return Err(StatsError::argument("window", reason));
    }
    // Contacts by issue and time, or by time alone: the next one is a search away.
    let key = |issue: u64, at: i64| (if same_issue { issue } else { 0 }, at);
    let mut contacts: Vec<((u64, i64), usize)> = tickets
        .iter()
        .enumerate()
        .map(|(index, ticket)| (key(ticket.issue, ticket.created), index))
        .collect();
    contacts.sort_unstable();
    Ok(tickets
        .iter()
        .enumerate()
        .map(|(index, ticket)| {
            let solved = ticket.solved?;
            let until = solved.saturating_add(window);
            if as_of.is_some_and(|as_of| until > as_of) {
                return None;
            }
            if reopen_fails && ticket.reopens > 0 {
                return Some(false);
            }
            let from =
                contacts.partition_point(|(contact, _)| *contact < key(ticket.issue, solved));
            let came_back = contacts[from..]
                .iter()
                .take_while(|(contact, _)| *contact < key(ticket.issue, until))
                // A ticket solved in the instant it came is not its own repeat.
                .any(|(_, other)| *other != index);
            Some(!came_back)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repeat(window: i64, same_issue: bool, reopen_fails: bool) -> FirstContact {
        FirstContact::RepeatContact {
            window,
            same_issue,
            reopen_fails,
            as_of: None,
        }
    }

    fn ticket(created: i64, solved: Option<i64>, issue: u64, replies: u32, reopens: u32) -> Ticket {
        Ticket {
            created,
            solved,
            issue,
            agent_replies: replies,
            reopens,
        }
    }

    // The six tickets of customers A, B and C in METRICS.md 3.4, in hours of
    // March 2024; issue 1 is refund, 2 repair.
    #[test]
    fn the_variants_differ_on_the_same_six_tickets() {
        let a = [
            ticket(9, Some(10), 1, 1, 0),
            ticket(105, Some(108), 1, 2, 0),
            ticket(129, Some(153), 2, 1, 1),
        ];
        let b = [ticket(33, None, 1, 1, 0)];
        let c = [
            ticket(57, Some(58), 1, 0, 0),
            ticket(465, Some(467), 1, 1, 0),
        ];
        let week = 7 * 24;
        for (method, resolved) in [
            (FirstContact::OneTouch, 4),
            (FirstContact::OneReply, 3),
            (repeat(week, true, false), 4),
            (repeat(week, false, false), 3),
            (repeat(week, true, true), 3),
        ] {
            let all: Vec<bool> = [&a[..], &b, &c]
                .iter()
                .flat_map(|tickets| first_contact(tickets, method).unwrap())
                .flatten()
                .collect();
            assert_eq!(all.len(), 5, "{method:?}");
            assert_eq!(
                all.iter().filter(|one| **one).count(),
                resolved,
                "{method:?}"
            );
        }
    }

    #[test]
    fn a_ticket_solved_within_the_window_of_the_end_is_not_judged() {
        let method = |as_of| FirstContact::RepeatContact {
            window: 10,
            same_issue: true,
            reopen_fails: true,
            as_of: Some(as_of),
        };
        let one = [ticket(0, Some(5), 1, 1, 0)];
        assert_eq!(first_contact(&one, method(15)).unwrap(), [Some(true)]);
        assert_eq!(first_contact(&one, method(14)).unwrap(), [None]);
        assert_eq!(
            first_contact(&one, repeat(0, true, true))
                .unwrap_err()
                .about(),
            Some("window")
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_all_pairs(
            rows in prop::collection::vec((0i64..30, prop::option::of(0i64..10), 0u64..3, 0u32..2), 0..12),
            window in 1i64..15,
            same_issue in any::<bool>(),
            reopen_fails in any::<bool>(),
        ) {
            let tickets: Vec<Ticket> = rows
                .iter()
                .map(|(created, length, issue, reopens)| {
                    ticket(*created, length.map(|length| created + length), *issue, 1, *reopens)
                })
                .collect();
            let slow: Vec<Option<bool>> = tickets
                .iter()
                .enumerate()
                .map(|(i, one)| {
                    let solved = one.solved?;
                    let again = tickets.iter().enumerate().any(|(j, other)| {
                        i != j
                            && (!same_issue || other.issue == one.issue)
                            && other.created >= solved
                            && other.created < solved + window
                    });
                    Some(!(again || reopen_fails && one.reopens > 0))
                })
                .collect();
            let fast = first_contact(&tickets, repeat(window, same_issue, reopen_fails)).unwrap();
            prop_assert_eq!(fast, slow);
        }
    }
}
