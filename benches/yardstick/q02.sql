-- RFM base: one row per customer who bought; money is net of refunds.

with

bought as (
    select
        customer_id,
        max(ordered_at) as last_at,
        count(*) as frequency,
        sum(gross_amount) as gross
    from raw.orders
    where status <> 'cancelled'
    group by customer_id
),

refunded as (
    select
        customer_id,
        sum(refund_amount) as refunds
    from raw.returns
    where kind = 'return'
    group by customer_id
)

select
    bought.customer_id,
    $as_of - cast(bought.last_at as date) as recency,
    bought.frequency,
    bought.gross - coalesce(refunded.refunds, 0) as monetary
from bought
left join refunded on bought.customer_id = refunded.customer_id
