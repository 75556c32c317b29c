//! What is planted at the service desk.

use super::{Comparison, PlantedFact, Unit, When};
use crate::timeline::Mark;

pub(super) const FACTS: &[PlantedFact] = &[
    PlantedFact {
        id: "agent_is_slow_by_case_mix",
        what: "agent_07 takes more than twice the desk's minutes, and no more than others on \
           the same cases",
        compare: Comparison {
            table: "tickets",
            measure: "handle_minutes against the others' mean for the issue_type",
            by: "assignee",
            of: "agent_07",
            to: "the others",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 1.0,
        quiet: 1.0,
        spread: 0.045,
    },
    PlantedFact {
        id: "agent_is_slow",
        what: "agent_03 takes half as long again as others on the same cases",
        compare: Comparison {
            table: "tickets",
            measure: "handle_minutes against the others' mean for the issue_type",
            by: "assignee",
            of: "agent_03",
            to: "the others",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 1.5,
        quiet: 1.0,
        spread: 0.03,
    },
    PlantedFact {
        id: "tickets_wait_for_monday",
        what: "half of the weekend's tickets come on Monday, which has twice those of a weekday",
        compare: Comparison {
            table: "tickets",
            measure: "tickets",
            by: "weekday of created_at",
            of: "Monday",
            to: "mean of Tuesday to Friday",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 2.0,
        quiet: 1.0,
        spread: 0.1,
    },
    PlantedFact {
        id: "invoice_tickets_burst",
        what: "tickets about invoices are some ten times as many in one week",
        compare: Comparison {
            table: "tickets",
            measure: "tickets of issue_type invoice per purchase",
            by: "created_at",
            of: "the week",
            to: "all other time",
            when: When::During(Mark::InvoiceBurst),
        },
        unit: Unit::Ratio,
        size: 9.89,
        quiet: 1.0,
        spread: 2.2,
    },
    PlantedFact {
        id: "bot_contains_less_than_it_says",
        what: "after three in ten tickets a bot solved, the customer comes back to a person \
           within a week",
        compare: Comparison {
            table: "tickets",
            measure: "share of tickets with is_bot_contained without another ticket of the order \
               within 7 days",
            by: "is_bot_contained",
            of: "true",
            to: "all",
            when: When::Always,
        },
        unit: Unit::Fraction,
        size: 0.7,
        quiet: 0.994,
        spread: 0.046,
    },
    PlantedFact {
        id: "refund_tickets_are_reopened",
        what: "tickets about refunds are reopened three times as often",
        compare: Comparison {
            table: "tickets",
            measure: "share of solved tickets reopened; those of the bot aside",
            by: "issue_type",
            of: "refund",
            to: "all others",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 3.0,
        quiet: 1.0,
        spread: 0.46,
    },
];
