-- How much was paid back on a day?
--
-- grain: refunded_date
--
-- refunded_date  local day on which the money went back
-- refunds        payments
-- refund_amount  paid back, of whatever kind
--
-- Where the lake has no refunds, the amounts that returns carry stand for them,
-- on the day of the refund, else of the request; the same rule as in
-- refunds_by_order.

with

refunds as (
    select
        cast(refunded_at as date) as refunded_date,
        amount
    from staging.refunds
    where problem is null
    union all
    select
        cast(coalesce(refunded_at, requested_at) as date) as refunded_date,
        refund_amount as amount
    from staging.returns
    where
        refund_amount is not null
        and (select count(*) from staging.refunds) = 0
)

select
    refunded_date,
    count(*) as refunds,
    sum(amount) as refund_amount
from refunds
group by refunded_date
