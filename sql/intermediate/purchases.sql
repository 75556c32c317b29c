-- What every purchase was worth, and what the customer kept of it.
--
-- grain: order_id
--
-- order_id               order that is a purchase: paid, not cancelled, no
--                        replacement
-- customer_id            buyer, NULL for a guest
-- shop_id                shop sold through
-- channel                web, app, store, ...; NULL where the source does not
--                        say
-- net_amount             goods after discount, without shipping
-- refund_amount          everything paid back so far, of whatever kind
-- kept_amount            net_amount less refunds, but for shipping and goodwill
-- units_returned         units sent back for money
-- units_exchanged        units exchanged, and not sent back for money later
-- return_refund_amount   refunded so far for goods sent back for money
-- has_return             something was sent back for money
-- has_exchange           something was exchanged
-- has_own_return         something was sent back for money, and not by the
--                        seller's fault
-- is_kept                at least one unit stayed with the customer
-- is_mature              its return window and the lag of the books are over
-- ordered_date           local day of the order
-- ordered_at             when the order was placed
-- first_requested_at     when the customer first asked to send something back
--                        or to exchange it; NULL without such a request
--
-- A purchase is not kept when every unit was sent back for money, when it was
-- refused at the door, or when all of it was refunded before it was sent.
-- Maturity counts from the delivery the order records, or from
-- $default_delivery_days after the order where it records none; parcels are
-- looked at for lines only, see sold_lines.

select
    orders.order_id,
    orders.customer_id,
    orders.shop_id,
    orders.channel,
    orders.net_amount,
    coalesce(refunds.refund_amount, 0) as refund_amount,
    orders.net_amount - coalesce(refunds.sales_reduction_amount, 0)
        as kept_amount,
    coalesce(returns.units_returned, 0) as units_returned,
    coalesce(returns.units_exchanged, 0) as units_exchanged,
    coalesce(returns.refund_amount, 0) as return_refund_amount,
    coalesce(returns.has_return, false) as has_return,
    coalesce(returns.has_exchange, false) as has_exchange,
    coalesce(returns.has_own_return, false) as has_own_return,
    not (
        coalesce(returns.is_fully_returned, false)
        or coalesce(orders.status = 'rejected', false)
        or coalesce(
            refunds.pre_shipment_amount + refunds.rejected_delivery_amount > 0
            and refunds.pre_shipment_amount + refunds.rejected_delivery_amount
            >= orders.net_amount,
            false
        )
    ) as is_kept,
    coalesce(
        cast(orders.delivered_at as date),
        cast(orders.ordered_at as date) + $default_delivery_days
    )
    + coalesce(shops.return_days, $return_window_days)
    + $recording_lag_days < $as_of as is_mature,
    cast(orders.ordered_at as date) as ordered_date,
    orders.ordered_at,
    returns.first_requested_at
from staging.orders
left join intermediate.refunds_by_order as refunds
    on orders.order_id = refunds.order_id
left join intermediate.returns_by_order as returns
    on orders.order_id = returns.order_id
left join staging.shops
    on orders.shop_id = shops.shop_id
where orders.is_purchase
