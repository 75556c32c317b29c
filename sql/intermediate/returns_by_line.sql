-- What of each line of an order came back.
--
-- grain: order_id, line_no
--
-- order_id          order
-- line_no           line of the order
-- first_kind        what was asked first: return, exchange, repair or
--                   refund_only
-- units_returned    units sent back for money
-- units_exchanged   units exchanged
-- returned_amount   what the customer had paid for the units sent back for
--                   money; NULL without such a return
-- return_refund_amount  refunded so far for them; NULL without such a return
-- has_return        something was sent back for money
-- has_exchange      something was exchanged
-- has_own_return    something was sent back for money, and not by the seller's
--                   fault
-- has_late_return   something was sent back because it came late
-- first_requested_at  when the customer first asked for anything
-- return_requested_at  when the customer first asked to send it back for money
--
-- Several requests on one line together cannot bring back more than it has:
-- whoever joins this to the lines sold caps the units and amounts there. A
-- request that names no line of its order is not in here.

select
    order_id,
    line_no,
    first_value(kind order by requested_at, return_id) as first_kind,
    sum(case when kind = 'return' then units else 0 end) as units_returned,
    sum(case when kind = 'exchange' then units else 0 end)
        as units_exchanged,
    sum(case when kind = 'return' then line_amount end) as returned_amount,
    sum(case when kind = 'return' then refund_amount end)
        as return_refund_amount,
    bool_or(kind = 'return') as has_return,
    bool_or(kind = 'exchange') as has_exchange,
    bool_or(kind = 'return' and not is_seller_fault) as has_own_return,
    bool_or(kind = 'return' and reason = 'late_delivery')
        as has_late_return,
    min(requested_at) as first_requested_at,
    min(case when kind = 'return' then requested_at end)
        as return_requested_at
from intermediate.returns_with_lines
where
    problem is null
    and line_no is not null
group by order_id, line_no
