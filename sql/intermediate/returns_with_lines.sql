-- Which order line every return belongs to, and what of it counts.
--
-- grain: return_id
--
-- return_id            request
-- order_id             order the goods came from, NULL when unknown
-- line_no              line of the order
-- customer_id          buyer: of the order, else as the return says
-- sku                  article: of the line, else as the return says
-- shop_id              shop: of the order, else as the return says
-- kind                 return, exchange, repair or refund_only
-- reason               level 1 of the reason, unknown when it is not among
--                      reason_codes
-- outcome              restock, refurbish, liquidate, scrap or reject
-- problem              why the request is in no measure: orphan,
--                      quantity_not_positive, not_a_purchase, rejected or
--                      withdrawn; NULL if it is
-- quantity             units asked for; the whole line when the source does
--                      not say
-- line_quantity        units the line has; NULL when the line is unknown
-- units                quantity, but never more than the line has
-- line_amount          what the customer paid for those units
-- refund_amount        refunded for the goods so far: by the table of refunds,
--                      as the return says only where that has no row
-- is_over_quantity     asked for more units than the line has
-- is_reason_unknown    the reason is missing or not among reason_codes
-- is_seller_fault      the seller sent something else than was promised
-- ordered_at           when the order was placed
-- requested_at         when the customer asked
-- received_at          when the goods came in
-- refunded_at          when the first money went back
--
-- A request whose order is not in the lake, or is a replacement or was never
-- paid, has no sale to set against and stays out of every rate.

with

joined as (
    select
        returns.return_id,
        returns.order_id,
        returns.line_no,
        coalesce(orders.customer_id, returns.customer_id) as customer_id,
        coalesce(order_items.sku, returns.sku) as sku,
        coalesce(orders.shop_id, returns.shop_id) as shop_id,
        returns.kind,
        reason_codes.reason,
        returns.outcome,
        case
            when returns.problem is not null then returns.problem
            when orders.order_id is null then 'orphan'
            when not orders.is_purchase then 'not_a_purchase'
            when returns.is_rejected then 'rejected'
            when returns.is_withdrawn and goods_refunds.return_id is null
                then 'withdrawn'
        end as problem,
        coalesce(returns.quantity, order_items.quantity, 1) as quantity,
        order_items.quantity as line_quantity,
        order_items.net_amount,
        coalesce(
            goods_refunds.refund_amount,
            case when recorded.refunds = 0 then returns.refund_amount end
        ) as refund_amount,
        reason_codes.is_seller_fault,
        orders.ordered_at,
        returns.requested_at,
        returns.received_at,
        coalesce(goods_refunds.refunded_at, returns.refunded_at) as refunded_at
    from staging.returns
    left join staging.orders
        on returns.order_id = orders.order_id
    left join staging.order_items
        on
            returns.order_id = order_items.order_id
            and returns.line_no = order_items.line_no
            and order_items.problem is null
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    left join intermediate.reason_codes
        on split_part(returns.reason_code, '/', 1) = reason_codes.reason
    cross join (select count(*) as refunds from staging.refunds) as recorded
)

-- least() passes over NULL: an unknown line caps nothing.
select
    return_id,
    order_id,
    line_no,
    customer_id,
    sku,
    shop_id,
    kind,
    coalesce(reason, 'unknown') as reason,
    outcome,
    problem,
    quantity,
    line_quantity,
    least(quantity, line_quantity) as units,
    cast(
        net_amount * least(quantity, line_quantity) / line_quantity
        as decimal(18, 2)
    ) as line_amount,
    refund_amount,
    coalesce(quantity > line_quantity, false) as is_over_quantity,
    coalesce(reason, 'unknown') = 'unknown' as is_reason_unknown,
    coalesce(is_seller_fault, false) as is_seller_fault,
    ordered_at,
    requested_at,
    received_at,
    refunded_at
from joined
