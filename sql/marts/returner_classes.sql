-- Who returns how often?
--
-- grain: customer_id
--
-- customer_id              customer with at least one purchase
-- returner_class           none, earlier, first_time, occasional or frequent
-- orders                   purchases in the window
-- returned_orders          of those, with something sent back for money
-- own_returned_orders      of those, with something sent back that was not the
--                          seller's fault
-- returned_orders_ever     purchases ever with something sent back for money
-- order_return_rate        returned_orders / orders; NULL without orders
-- value_return_rate        refunded for goods sent back / net sales, in the
--                          window
-- sales_amount             net sales in the window
-- return_refund_amount     refunded for goods sent back, of those orders
-- needs_recovery           frequent, and unhappy: the last NPS answer was a
--                          detractor's or the last satisfaction answer at most
--                          3
-- first_return_at          when the customer first asked to send something back
--
-- The window is the last $returner_window_days; an order and its return count
-- in the window of the order. earlier: returned something, but of no order in
-- the window. frequent follows the four frequent_returner settings; unless
-- $seller_fault_counts, returns that are the seller's fault alone make nobody
-- frequent, though they still make an occasional or first-time returner.

with

customers as (
    select
        customer_id,
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
        min(first_requested_at) filter (where has_return) as first_return_at
    from intermediate.purchases
    where customer_id is not null
    group by customer_id
),

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
),

settled as (
    select
        *,
        case
            when class_of_all = 'frequent' and class_of_own <> 'frequent'
                then 'occasional'
            else class_of_all
        end as returner_class
    from classed
)

select
    settled.customer_id,
    settled.returner_class,
    settled.orders,
    settled.returned_orders,
    settled.own_returned_orders,
    settled.returned_orders_ever,
    cast(settled.returned_orders as double) / nullif(settled.orders, 0)
        as order_return_rate,
    cast(settled.return_refund_amount as double)
    / nullif(cast(settled.sales_amount as double), 0) as value_return_rate,
    coalesce(settled.sales_amount, 0) as sales_amount,
    coalesce(settled.return_refund_amount, 0) as return_refund_amount,
    settled.returner_class = 'frequent'
    and coalesce(answers.nps_score <= 6 or answers.csat_score <= 3, false)
        as needs_recovery,
    settled.first_return_at
from settled
left join intermediate.last_answers_by_customer as answers
    on settled.customer_id = answers.customer_id
