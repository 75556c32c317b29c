-- What was refunded for the goods of each request, and when first.
--
-- grain: return_id
--
-- return_id      request
-- refund_amount  refunded for the goods so far
-- refunded_at    when the first of it went back
--
-- A request can be refunded in several steps. Refunds that name no request are
-- not in here, and neither are goodwill and shipping.

select
    return_id,
    sum(amount) as refund_amount,
    min(refunded_at) as refunded_at
from staging.refunds
where
    kind = 'goods'
    and problem is null
    and return_id is not null
group by return_id
