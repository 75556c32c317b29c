//! What is planted in sales: seasons, campaigns, who comes back.

use super::{Comparison, PlantedFact, Unit, When};
use crate::timeline::Mark;

pub(super) const FACTS: &[PlantedFact] = &[
    PlantedFact {
        id: "singles_day_peak",
        what: "11.11 sells nearly six times an ordinary November day",
        compare: Comparison {
            table: "orders",
            measure: "purchases per day",
            by: "ordered_at",
            of: "11 November",
            to: "November without the 5th to the 12th",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 5.59,
        quiet: 1.0,
        spread: 0.33,
    },
    PlantedFact {
        id: "arrivals_grow",
        what: "orders of the last 12 months exceed those of the 12 before by a quarter",
        compare: Comparison {
            table: "orders",
            measure: "purchases",
            by: "ordered_at",
            of: "last 365 days",
            to: "the 365 days before",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 1.25,
        quiet: 1.0,
        spread: 0.027,
    },
    PlantedFact {
        id: "coupon_works",
        what: "six treated customers in a hundred order because of the coupon",
        compare: Comparison {
            table: "assignments",
            measure: "share of customers with a purchase within 14 days",
            by: "arm of campaign 1",
            of: "treatment",
            to: "control",
            when: When::During(Mark::Coupon),
        },
        unit: Unit::Fraction,
        size: 0.06,
        quiet: 0.0,
        spread: 0.004,
    },
    PlantedFact {
        id: "newsletter_does_nothing",
        what: "the summer letter changes nothing",
        compare: Comparison {
            table: "assignments",
            measure: "share of customers with a purchase within 14 days",
            by: "arm of campaign 2",
            of: "treatment",
            to: "control",
            when: When::During(Mark::Newsletter),
        },
        unit: Unit::Fraction,
        size: 0.0,
        quiet: 0.0,
        spread: 0.0022,
    },
    PlantedFact {
        id: "instant_refunds_bring_customers_back",
        what: "since instant refunds, more of those who returned something order again in 90 days",
        compare: Comparison {
            table: "orders",
            measure: "share of returned orders followed by another within 90 days; groups of the \
               summary aside",
            by: "ordered_at",
            of: "since instant refunds",
            to: "more than 21 days before",
            when: When::During(Mark::InstantRefunds),
        },
        unit: Unit::Fraction,
        size: 0.182,
        quiet: 0.0,
        spread: 0.022,
    },
    PlantedFact {
        id: "first_return_costs_repurchase",
        what: "before instant refunds, who returned the first order came again less in the half \
           year after",
        compare: Comparison {
            table: "orders",
            measure: "share of first orders followed by another on the 30th to the 210th day; \
               those followed earlier aside",
            by: "what happened to the order in its first 30 days",
            of: "returned for money",
            to: "nothing: no return or exchange, no ticket, not late",
            when: When::Always,
        },
        unit: Unit::Fraction,
        size: -0.097,
        quiet: 0.0,
        spread: 0.017,
    },
    PlantedFact {
        id: "october_cohort_stays",
        what: "customers who first ordered 13 calendar months before the end (October 2025 in \
           the demo) come again more often",
        compare: Comparison {
            table: "orders",
            measure: "share of first orders followed by another within 180 days; groups of the \
               summary aside",
            by: "month of the first order",
            of: "the month",
            to: "the months before and after",
            when: When::During(Mark::LoyalCohort),
        },
        unit: Unit::Fraction,
        size: 0.224,
        quiet: 0.0,
        spread: 0.028,
    },
    PlantedFact {
        id: "buyers_have_their_own_pace",
        what: "a customer's first two gaps between orders are alike, as rates differ by customer",
        compare: Comparison {
            table: "orders",
            measure: "correlation of the logarithms of the first two gaps of more than half a \
               day; groups of the summary aside",
            by: "customer_id",
            of: "third and second order",
            to: "second and first order",
            when: When::Always,
        },
        unit: Unit::Correlation,
        size: 0.195,
        quiet: 0.195,
        spread: 0.024,
    },
    PlantedFact {
        id: "articles_are_bought_together",
        what: "six baskets in ten with SKU 9 hold SKU 19 as well",
        compare: Comparison {
            table: "order_items",
            measure: "share of baskets with SKU 19",
            by: "SKU 9 in the basket",
            of: "with",
            to: "without",
            when: When::Always,
        },
        unit: Unit::Fraction,
        size: 0.583,
        quiet: 0.0,
        spread: 0.019,
    },
];
