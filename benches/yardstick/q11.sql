-- Repeat purchase and churn by segment and channel: one walk over each customer's orders.

with

sequences as (
    select
        customer_id,
        order_sequence(ordered_at, 90, 30) as s
    from raw.orders
    where status <> 'cancelled'
    group by customer_id
)

select
    customers.segment,
    customers.acquisition_channel,
    count(*) as customers,
    100.0 * count(*) filter (where sequences.s['n_events'] >= 2) / count(*) as repeat_rate,
    100.0 * count(*) filter (where sequences.s['is_repeat']) / count(*) as repeat_90,
    100.0 * sum(sequences.s['n_short_gaps']) / sum(sequences.s['n_events']) as gaps_30_share,
    100.0 * count(*) filter (where sequences.s['last_at'] < timestamp '2025-07-05 00:00:00') / count(*) as churned
from sequences
inner join source.customers on sequences.customer_id = customers.customer_id
group by customers.segment, customers.acquisition_channel
order by customers.segment, customers.acquisition_channel
