//! What is planted in articles: losses, defects, repairs.

use super::{Comparison, PlantedFact, Unit, When};

pub(super) const FACTS: &[PlantedFact] = &[
    PlantedFact {
        id: "subcategory_loses_money",
        what: "climate earns on every sale and loses when returns and repairs are paid",
        compare: Comparison {
            table: "order_items",
            measure: "what is left per unit of money earned after cost of goods, refunds for \
               goods, recovery, reverse shipping, handling, replacements and repairs",
            by: "subcategory",
            of: "climate",
            to: "nothing",
            when: When::Always,
        },
        unit: Unit::Fraction,
        size: -0.042,
        quiet: 0.392,
        spread: 0.012,
    },
    PlantedFact {
        id: "defect_appears_with_age",
        what: "15 in a hundred SKU 48 that are kept fail at an age of about 200 days",
        compare: Comparison {
            table: "repairs",
            measure: "share of units kept that fail so many days after delivery",
            by: "sku",
            of: "SKU 48",
            to: "the rest of electronics",
            when: When::AtAge {
                from_days: 185,
                until_days: 236,
            },
        },
        unit: Unit::Fraction,
        size: 0.15,
        quiet: 0.0,
        spread: 0.024,
    },
    PlantedFact {
        id: "repairs_cost_more",
        what: "parts of a repair grow dearer by 30 % a year, which is 27 % between the years' \
           means",
        compare: Comparison {
            table: "repairs",
            measure: "mean of parts_cost as a share of the article's cost",
            by: "opened_at",
            of: "last 365 days",
            to: "the 365 days before",
            when: When::Always,
        },
        unit: Unit::Ratio,
        size: 1.27,
        quiet: 1.0,
        spread: 0.058,
    },
];
