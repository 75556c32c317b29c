-- What was sold, line by line, and what of it came back.
--
-- grain: order_id, line_no
--
-- order_id          purchase
-- line_no           line of the order
-- customer_id       buyer, NULL for a guest
-- shop_id           shop sold through
-- sku               article
-- category          category of the article, else of the line, or unknown
-- channel           web, app, store, ..., or unknown
-- carrier           who carried it, or unknown
-- first_kind        what was asked first: return, exchange, repair or
--                   refund_only; NULL when nothing was
-- quantity          units sold
-- net_amount        net sales of the line
-- units_returned    units sent back for money, at most as many as sold
-- units_exchanged   units exchanged, at most as many as sold
-- returned_amount   what the customer had paid for the units sent back for
--                   money, at most net_amount
-- return_refund_amount  refunded so far for them
-- late_days         days from the promise to the arrival, negative when early
-- return_age_weeks  whole weeks from the day of the arrival to the day of the
--                   first request of a return, 0 when asked before it arrived;
--                   NULL without one
-- has_return        something was sent back for money
-- has_exchange      something was exchanged
-- has_own_return    something was sent back for money, and not by the seller's
--                   fault
-- has_late_return   something was sent back because it came late
-- is_late           it arrived after the promise; NULL when unknown
-- is_delivered      its arrival is recorded
-- is_mature         its return window and the lag of the books are over
-- delivered_week_number  week of delivered_date, counted from a Monday of old
-- delivered_date    local day of the arrival, or when it is expected
-- ordered_at        when the order was placed
-- delivered_at      when the last parcel of it arrived
-- first_requested_at  when the customer first asked for anything
-- return_requested_at  when the customer first asked to send it back for money
--
-- The base of every rate by article, category, channel, carrier and shop. A
-- request that names no line of its order is not in here; those are in the
-- rates by month and week.

select
    lines.order_id,
    lines.line_no,
    lines.customer_id,
    lines.shop_id,
    lines.sku,
    lines.category,
    lines.channel,
    lines.carrier,
    requests.first_kind,
    lines.quantity,
    lines.net_amount,
    least(coalesce(requests.units_returned, 0), lines.quantity)
        as units_returned,
    least(coalesce(requests.units_exchanged, 0), lines.quantity)
        as units_exchanged,
    least(coalesce(requests.returned_amount, 0), lines.net_amount)
        as returned_amount,
    coalesce(requests.return_refund_amount, 0) as return_refund_amount,
    lines.late_days,
    case
        when requests.return_requested_at is not null
            then greatest(
                cast(cast(requests.return_requested_at as date) as integer)
                - cast(lines.delivered_date as integer),
                0
            ) / 7
    end as return_age_weeks,
    coalesce(requests.has_return, false) as has_return,
    coalesce(requests.has_exchange, false) as has_exchange,
    coalesce(requests.has_own_return, false) as has_own_return,
    coalesce(requests.has_late_return, false) as has_late_return,
    lines.is_late,
    lines.is_delivered,
    lines.is_mature,
    lines.delivered_week_number,
    lines.delivered_date,
    lines.ordered_at,
    lines.delivered_at,
    requests.first_requested_at,
    requests.return_requested_at
from intermediate.sold_lines as lines
left join intermediate.returns_by_line as requests
    on
        lines.order_id = requests.order_id
        and lines.line_no = requests.line_no
