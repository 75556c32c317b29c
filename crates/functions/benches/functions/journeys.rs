//! Funnels and sequences beside the joins and windows one would write instead.

use crate::study::Study;
use crate::table::{Column, below, ids, instants, mixed, table, texts};

const N_EVENTS: usize = 10_000_000;
const DAY: i64 = 86_400 * 1_000_000;
const EVENTS: [&str; 5] = ["visit", "order", "return", "ticket", "reorder"];

/// Events of customers within a year, in no order.
fn events(is_text: bool, n_customers: usize) -> Vec<Column> {
    vec![
        ids("customer_id", is_text, move |row| below(n_customers, row)),
        instants("at", |row| below(365 * 24, row + 1) * DAY / 24),
        texts("event", |row| {
            // Half of the events are visits, which no funnel below asks for.
            let kind = mixed(row + 2) % 8;
            EVENTS[(kind as usize).saturating_sub(3)].to_owned()
        }),
    ]
}

const FUNNEL: &str = "select level, count(*) from (select customer_id, \
    window_funnel(interval '30 days', at, event = 'order', event = 'return', event = 'ticket') as level \
    from t where event in ('order', 'return', 'ticket') group by customer_id) group by level";

/// Every order with the returns after it, and those with the tickets after them.
const FUNNEL_BY_JOINS: &str = "with \
    o as (select customer_id, at from t where event = 'order'), \
    r as (select customer_id, at from t where event = 'return'), \
    k as (select customer_id, at from t where event = 'ticket'), \
    second as (select o.customer_id, o.at, min(r.at) as return_at from o join r on o.customer_id = r.customer_id \
        and r.at >= o.at and r.at <= o.at + interval '30 days' group by o.customer_id, o.at), \
    third as (select second.customer_id from second join k on second.customer_id = k.customer_id \
        and k.at >= second.return_at and k.at <= second.at + interval '30 days' group by second.customer_id) \
    select (select count(distinct customer_id) from o), (select count(distinct customer_id) from second), \
    (select count(*) from third)";

/// The latest start of a chain carried along by windows, step by step.
const FUNNEL_BY_WINDOWS: &str = "with \
    e as (select customer_id, at, event, case when event = 'order' then at end as start_at from t \
        where event in ('order', 'return', 'ticket')), \
    one as (select *, max(start_at) over (partition by customer_id order by at, event \
        rows between unbounded preceding and current row) as order_at from e), \
    two as (select *, max(case when event = 'return' and at <= order_at + interval '30 days' then order_at end) \
        over (partition by customer_id order by at, event rows between unbounded preceding and current row) as return_of from one) \
    select level, count(*) from (select customer_id, max(case \
        when event = 'ticket' and at <= return_of + interval '30 days' then 3 \
        when event = 'return' and at <= order_at + interval '30 days' then 2 \
        when event = 'order' then 1 else 0 end) as level from two group by customer_id) group by level";

const SEQUENCE: &str = "select count(*), sum(s['n_events']), sum(cast(s['is_repeat'] as int)), sum(s['n_short_gaps']) \
    from (select customer_id, order_sequence(at, 90, 30) as s from t group by customer_id)";

const SEQUENCE_BY_WINDOWS: &str = "with seq as (select customer_id, at, \
    row_number() over (partition by customer_id order by at) as rn, \
    lead(at) over (partition by customer_id order by at) as next_at from t) \
    select count(*), sum(n), sum(again), sum(gaps) from (select customer_id, count(*) as n, \
    max(case when rn = 1 and next_at < at + interval '90' day then 1 else 0 end) as again, \
    sum(case when next_at < at + interval '30' day then 1 else 0 end) as gaps from seq group by customer_id)";

pub(crate) fn studies() -> Vec<Study> {
    let mut studies = Vec::new();
    for is_text in [false, true] {
        let kind = if is_text { "text" } else { "integer" };
        studies.push(Study::new(
            &format!("funnel_of_10_m_events_{kind}_ids"),
            move || table(N_EVENTS, &events(is_text, 200_000)),
            &[
                ("window_funnel", FUNNEL),
                ("joins", FUNNEL_BY_JOINS),
                ("windows", FUNNEL_BY_WINDOWS),
            ],
        ));
        studies.push(Study::new(
            &format!("sequence_of_10_m_orders_{kind}_ids"),
            move || table(N_EVENTS, &events(is_text, 2_000_000)),
            &[
                ("order_sequence", SEQUENCE),
                ("windows", SEQUENCE_BY_WINDOWS),
            ],
        ));
    }
    studies
}
