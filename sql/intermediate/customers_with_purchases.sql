-- What has each customer bought and sent back, ever and of late, and what kind
-- of returner is that?
--
-- grain: customer_id
--
-- customer_id           customer with at least one purchase
-- returner_class        none, earlier, first_time, occasional or frequent, as
--                       in marts.returner_classes
-- preferred_channel     channel of the last purchase; NULL where the source
--                       does not say
-- orders_ever           purchases
-- gross_amount_ever     net sales of all of them, whatever came back
-- net_amount_ever       the same less refunds
-- returned_orders_ever  purchases with something sent back for money
-- orders                purchases of the last $returner_window_days
-- returned_orders       of those, with something sent back for money
-- own_returned_orders   of those, with something sent back that was not the
--                       seller's fault
-- sales_amount          net sales of those days
-- return_refund_amount  refunded so far for goods sent back, of their orders
-- first_ordered_at      first purchase
-- last_ordered_at       last purchase
-- first_return_at       when the customer first asked to send something back or
--                       to exchange it, of the purchases with a return; NULL
--                       without any
--
-- One pass over the purchases for the marts that ask about customers' whole
-- history.

with

customers as (
    select
        customer_id,
        last_value(channel order by ordered_at, order_id) as preferred_channel,
        count(*) as orders_ever,
        sum(net_amount) as gross_amount_ever,
        sum(kept_amount) as net_amount_ever,
        count(*) filter (where ordered_at >= $returner_window_start_at)
            as orders,
        count(*) filter (
            where has_return and ordered_at >= $returner_window_start_at
        ) as returned_orders,
        count(*) filter (
            where has_own_return and ordered_at >= $returner_window_start_at
        ) as own_returned_orders,
        count(*) filter (where has_return) as returned_orders_ever,
        sum(net_amount) filter (
            where ordered_at >= $returner_window_start_at
        ) as sales_amount,
        sum(return_refund_amount) filter (
            where ordered_at >= $returner_window_start_at
        ) as return_refund_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        min(first_requested_at) filter (where has_return) as first_return_at
    from intermediate.purchases
    where customer_id is not null
    group by customer_id
),

-- Once with every return and once without the seller's faults, which alone make
-- nobody frequent.
classed as (
    select
        *,
        returner_class(
            orders,
            returned_orders,
            returned_orders_ever,
            $frequent_returner_min_orders,
            $frequent_returner_share,
            $frequent_returner_min_returned,
            $frequent_returner_min_share
        ) as class_of_all,
        returner_class(
            orders,
            case
                when $seller_fault_counts then returned_orders
                else own_returned_orders
            end,
            returned_orders_ever,
            $frequent_returner_min_orders,
            $frequent_returner_share,
            $frequent_returner_min_returned,
            $frequent_returner_min_share
        ) as class_of_own
    from customers
)

select
    customer_id,
    case
        when class_of_all = 'frequent' and class_of_own <> 'frequent'
            then 'occasional'
        else class_of_all
    end as returner_class,
    preferred_channel,
    orders_ever,
    gross_amount_ever,
    net_amount_ever,
    returned_orders_ever,
    orders,
    returned_orders,
    own_returned_orders,
    coalesce(sales_amount, 0) as sales_amount,
    coalesce(return_refund_amount, 0) as return_refund_amount,
    first_ordered_at,
    last_ordered_at,
    first_return_at
from classed
