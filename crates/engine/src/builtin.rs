//! The views that are compiled in: the files of `sql/`, a view after those it reads.

macro_rules! views {
    ($($schema:literal / $name:literal),* $(,)?) => {
        &[$(($schema, $name, include_str!(concat!("../../../sql/", $schema, "/", $name, ".sql")))),*]
    };
}

/// `(schema, name, file)` of every built-in view. A test holds the list against the folder.
pub(crate) const VIEWS: &[(&str, &str, &str)] = views![
    "staging" / "shops",
    "staging" / "products",
    "staging" / "customers",
    "staging" / "orders",
    "staging" / "order_items",
    "staging" / "shipments",
    "staging" / "returns",
    "staging" / "refunds",
    "staging" / "surveys",
    "staging" / "tickets",
    "staging" / "ticket_events",
    "staging" / "calendar_events",
    "intermediate" / "reason_codes",
    "intermediate" / "returns_with_lines",
    "intermediate" / "refunds_by_order",
    "intermediate" / "returns_by_order",
    "intermediate" / "purchases",
    "intermediate" / "customers_with_purchases",
    "intermediate" / "last_answers_by_customer",
    "marts" / "rfm",
    "marts" / "segments",
    "marts" / "rfm_heatmap",
    "marts" / "returner_classes",
    "marts" / "returner_class_summary",
    "marts" / "return_rates_by_month",
    "marts" / "return_rates_by_week",
    "marts" / "return_reasons",
    "marts" / "nps_by_month",
    "marts" / "nps_by_week",
    "marts" / "csat_by_month",
    "marts" / "csat_by_week",
    "marts" / "retention_by_cohort",
    "marts" / "kpis_by_week",
    "marts" / "identity_coverage",
    "marts" / "customers",
    "marts" / "excluded_rows",
];
