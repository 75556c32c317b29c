//! The desk: who is slow, when it is busy, what comes again.

use std::collections::HashMap;

use aftersight_datagen::{Mark, OrderId, TicketRow};
use chrono::{Datelike, Weekday};

use super::Raw;
use crate::estimate::{Estimate, Share, Sums, rates, ratio};

impl Raw<'_> {
    pub(super) fn measure_desk(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "agent_is_slow_by_case_mix" => self.minutes("agent_07"),
            "agent_is_slow" => self.minutes("agent_03"),
            "tickets_wait_for_monday" => self.mondays(),
            "invoice_tickets_burst" => self.burst(),
            "bot_contains_less_than_it_says" => self.containment(),
            "refund_tickets_are_reopened" => self.reopens(),
            _ => return None,
        })
    }

    fn tickets(&self) -> impl Iterator<Item = &TicketRow> {
        self.shop.tables().tickets.iter()
    }

    /// An agent's minutes against what the others take for the same issues.
    fn minutes(&self, agent: &str) -> Estimate {
        let mut others: HashMap<&str, Sums> = HashMap::new();
        for row in self.tickets().filter(|row| row.assignee != Some(agent)) {
            if let Some(minutes) = row.handle_minutes {
                others.entry(row.issue_type).or_default().add(minutes);
            }
        }
        let mut found = Sums::default();
        let mut expected = 0.0;
        for row in self.tickets().filter(|row| row.assignee == Some(agent)) {
            if let Some(minutes) = row.handle_minutes {
                let usual = others[row.issue_type];
                found.add(minutes / usual.mean());
                expected += usual.variance_of_mean() / usual.mean().powi(2);
            }
        }
        Estimate {
            value: found.mean(),
            error: (found.variance_of_mean() + expected / found.n).sqrt(),
        }
    }

    fn mondays(&self) -> Estimate {
        let mut counts = [0.0; 7];
        for row in self.tickets() {
            let day = self.date(row.created_at).weekday();
            counts[day.num_days_from_monday() as usize] += 1.0;
        }
        let monday = Weekday::Mon.num_days_from_monday() as usize;
        rates(
            (counts[monday], 1.0),
            (counts[monday + 1..5].iter().sum(), 4.0),
        )
    }

    fn burst(&self) -> Estimate {
        let span = self.span(Mark::InvoiceBurst);
        let mut orders = [0.0; 2];
        for row in self.purchases() {
            orders[usize::from(span.contains(&row.ordered_at))] += 1.0;
        }
        let mut tickets = [0.0; 2];
        for row in self.tickets().filter(|row| row.issue_type == "invoice") {
            tickets[usize::from(span.contains(&row.created_at))] += 1.0;
        }
        rates((tickets[1], orders[1]), (tickets[0], orders[0]))
    }

    /// Share of the tickets a bot solved after which nobody came back within a
    /// week about the same order.
    fn containment(&self) -> Estimate {
        let limit = self.days_before_end(8);
        let mut by_order: HashMap<OrderId, Vec<&TicketRow>> = HashMap::new();
        for row in self.tickets() {
            by_order.entry(row.order_id).or_default().push(row);
        }
        let mut share = Share::default();
        for row in self.tickets().filter(|row| row.is_bot_contained) {
            let until = row.created_at.0 + 7 * 86_400_000_000;
            let comes_back = by_order[&row.order_id]
                .iter()
                .any(|other| other.created_at > row.created_at && other.created_at.0 <= until);
            if row.created_at < limit {
                share.add(!comes_back);
            }
        }
        share.estimate()
    }

    fn reopens(&self) -> Estimate {
        let limit = self.days_before_end(30);
        let mut shares = [Share::default(); 2];
        for row in self.tickets() {
            let is_settled = row.first_solved_at.is_some_and(|at| at < limit);
            if is_settled && !row.is_bot_contained {
                shares[usize::from(row.issue_type == "refund")].add(row.reopens > 0);
            }
        }
        ratio(shares[1], shares[0])
    }
}
