-- What of an order came back.
--
-- grain: order_id
--
-- order_id            order with at least one request that counts
-- units_sold          units of the whole order; NULL when its lines are unknown
-- units_returned      of those sent back for money, at most as many as sold
-- units_exchanged     of those sent back for other goods and not for money, at
--                     most as many as sold
-- refund_amount       refunded so far for the goods sent back for money
-- has_return          something was sent back for money
-- has_exchange        something was exchanged
-- has_own_return      something was sent back for money, and not by the
--                     seller's fault
-- is_fully_returned   every unit was sent back for money
-- first_requested_at  when the customer first asked
--
-- Repairs, refunds without goods, rejected and withdrawn requests are no
-- returns.

with

-- Several requests on one line together cannot bring back more than it has, so
-- sum before capping.
lines as (
    select
        order_id,
        line_no,
        max(line_quantity) as line_quantity,
        sum(case when kind = 'return' then units else 0 end) as units_returned,
        sum(case when kind = 'exchange' then units else 0 end)
            as units_exchanged,
        sum(case when kind = 'return' then refund_amount end) as refund_amount,
        bool_or(kind = 'return') as has_return,
        bool_or(kind = 'exchange') as has_exchange,
        bool_or(kind = 'return' and not is_seller_fault) as has_own_return,
        min(requested_at) as first_requested_at
    from intermediate.returns_with_lines
    where
        problem is null
        and kind in ('return', 'exchange')
    group by order_id, line_no
),

-- least() passes over NULL: an unknown line caps nothing.
returned as (
    select
        order_id,
        sum(least(units_returned, line_quantity)) as units_returned,
        sum(
            least(
                units_exchanged,
                line_quantity - least(units_returned, line_quantity)
            )
        ) as units_exchanged,
        sum(refund_amount) as refund_amount,
        bool_or(has_return) as has_return,
        bool_or(has_exchange) as has_exchange,
        bool_or(has_own_return) as has_own_return,
        min(first_requested_at) as first_requested_at
    from lines
    group by order_id
),

-- Only orders that had a return are looked up among the lines sold.
returned_of_sold as (
    select
        returned.order_id,
        -- A request that names no line is held to the order.
        least(returned.units_returned, sum(order_items.quantity))
            as units_returned,
        least(
            returned.units_exchanged,
            sum(order_items.quantity)
            - least(returned.units_returned, sum(order_items.quantity))
        ) as units_exchanged,
        returned.refund_amount,
        returned.has_return,
        returned.has_exchange,
        returned.has_own_return,
        returned.first_requested_at,
        sum(order_items.quantity) as units_sold
    from returned
    left join staging.order_items
        on
            returned.order_id = order_items.order_id
            and order_items.problem is null
    group by
        returned.order_id,
        returned.units_returned,
        returned.units_exchanged,
        returned.refund_amount,
        returned.has_return,
        returned.has_exchange,
        returned.has_own_return,
        returned.first_requested_at
)

select
    order_id,
    units_sold,
    units_returned,
    units_exchanged,
    coalesce(refund_amount, 0) as refund_amount,
    has_return,
    has_exchange,
    has_own_return,
    coalesce(units_returned >= units_sold, false) as is_fully_returned,
    first_requested_at
from returned_of_sold
