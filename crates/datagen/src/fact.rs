//! What was planted in the shop, in words and with its size.
//!
//! Tests read this list twice: once against the raw rows, to show that the
//! generator does what it says, and once against the views, to show that an
//! analyst would find it.

/// One thing that is true of a shop with a story.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedFact {
    /// Name in tests.
    pub id: &'static str,
    /// What is true, in a sentence.
    pub what: &'static str,
    /// Tables and columns that show it.
    pub where_: &'static str,
    /// How `size` is to be read.
    pub unit: Unit,
    /// Expected size in the raw rows: the planted parameter where the rows show
    /// it directly, else the mean over forty seeds of the demo.
    pub size: f64,
}

/// How the size of a fact is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One rate divided by another.
    Ratio,
    /// A fraction, or one fraction less another.
    Fraction,
    /// NPS points, one less another.
    Points,
    /// Days.
    Days,
}

impl Unit {
    /// Returns the size a fact has in a shop without a story.
    #[must_use]
    pub fn nothing(self) -> f64 {
        match self {
            Self::Ratio => 1.0,
            Self::Fraction | Self::Points | Self::Days => 0.0,
        }
    }
}

/// Everything that is planted.
pub const FACTS: &[PlantedFact] = &[
    PlantedFact {
        id: "singles_day_peak",
        what: "11.11 sells nearly six times an ordinary November day",
        where_: "orders.ordered_at",
        unit: Unit::Ratio,
        size: 5.8,
    },
    PlantedFact {
        id: "arrivals_grow",
        what: "orders of the last 12 months exceed those of the 12 before by about a fifth",
        where_: "orders.ordered_at",
        unit: Unit::Ratio,
        size: 1.19,
    },
    PlantedFact {
        id: "article_runs_small",
        what: "SKU 1 comes back for its size three times as often as the rest of its category",
        where_: "returns.reason_code by sku, per line sold; serial returners aside",
        unit: Unit::Ratio,
        size: 3.0,
    },
    PlantedFact {
        id: "fragile_category",
        what: "kitchen goods arrive damaged five times as often as home goods",
        where_: "returns.reason_code by category, per line sold; serial returners aside",
        unit: Unit::Ratio,
        size: 5.0,
    },
    PlantedFact {
        id: "carrier_is_late",
        what: "half of harbor's parcels are late since carrier_late_from, 7 % before",
        where_: "shipments.delivered_at and promised_at by carrier, after less before",
        unit: Unit::Fraction,
        size: 0.43,
    },
    PlantedFact {
        id: "other_carriers_are_not_later",
        what: "the other carriers are as punctual after carrier_late_from as before",
        where_: "shipments.delivered_at and promised_at by carrier, after less before",
        unit: Unit::Fraction,
        size: 0.0,
    },
    PlantedFact {
        id: "strike_delays_all",
        what: "in the week of the strike four parcels in ten are late, whoever carries them",
        where_: "shipments.delivered_at and promised_at by shipped_at, strike less the rest",
        unit: Unit::Fraction,
        size: 0.33,
    },
    PlantedFact {
        id: "late_delivery_lowers_nps",
        what: "NPS after a late delivery is 40 points below that after one in time",
        where_: "surveys, touchpoint delivery, by lateness of the order; orders returned aside",
        unit: Unit::Points,
        size: -40.0,
    },
    PlantedFact {
        id: "late_carrier_costs_nps",
        what: "NPS of harbor's deliveries falls by 17 points when it begins to be late",
        where_: "surveys, touchpoint delivery, by carrier, after less before",
        unit: Unit::Points,
        size: -17.0,
    },
    PlantedFact {
        id: "return_lowers_nps",
        what: "NPS after a return is 25 points below that after a delivery, both in time",
        where_: "surveys, touchpoint return against delivery",
        unit: Unit::Points,
        size: -25.0,
    },
    PlantedFact {
        id: "late_delivery_lowers_csat",
        what: "a late delivery costs a quarter of the satisfied",
        where_: "surveys, touchpoint delivery, by lateness of the order",
        unit: Unit::Fraction,
        size: -0.25,
    },
    PlantedFact {
        id: "late_delivery_brings_tickets",
        what: "one late order in five brings a ticket that one in time does not",
        where_: "tickets.issue_type delivery per order, late less in time",
        unit: Unit::Fraction,
        size: 0.20,
    },
    PlantedFact {
        id: "late_delivery_brings_returns",
        what: "three lines in a hundred come back because they came late",
        where_: "returns.reason_code late_delivery per line, late less in time",
        unit: Unit::Fraction,
        size: 0.03,
    },
    PlantedFact {
        id: "serial_returners",
        what: "one customer in a hundred makes about three in ten returns",
        where_: "returns.customer_id",
        unit: Unit::Fraction,
        size: 0.30,
    },
    PlantedFact {
        id: "instant_refunds_are_quick",
        what: "the median wait for a refund falls by eight days with instant refunds",
        where_: "returns.refunded_at less requested_at, kind return, after less before",
        unit: Unit::Days,
        size: -8.0,
    },
    PlantedFact {
        id: "instant_refunds_bring_customers_back",
        what: "since instant refunds, more of those who returned something order again in 90 days",
        where_: "orders and returns by customer, after less before; serial returners aside",
        unit: Unit::Fraction,
        size: 0.16,
    },
    PlantedFact {
        id: "coupon_works",
        what: "six treated customers in a hundred order because of the coupon",
        where_: "assignments of campaign 1 and orders within 14 days, treatment less control",
        unit: Unit::Fraction,
        size: 0.06,
    },
    PlantedFact {
        id: "newsletter_does_nothing",
        what: "the summer letter changes nothing",
        where_: "assignments of campaign 2 and orders within 14 days, treatment less control",
        unit: Unit::Fraction,
        size: 0.0,
    },
    PlantedFact {
        id: "agent_is_slow_by_case_mix",
        what: "agent_07 takes more than twice the desk's minutes, and no more than others on \
               warranty cases",
        where_: "tickets.handle_minutes by assignee, warranty only, against the other agents",
        unit: Unit::Ratio,
        size: 1.0,
    },
    PlantedFact {
        id: "assortment_does_not_drive_nps",
        what: "ratings of the delivery move with NPS, ratings of the assortment do not",
        where_: "survey_drivers.rating by driver, assortment: promoters less detractors",
        unit: Unit::Fraction,
        size: 0.0,
    },
];
