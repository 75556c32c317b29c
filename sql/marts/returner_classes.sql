-- Who returns how often?
--
-- grain: customer_id
-- rows: intermediate.purchases on
--   rows.customer_id = cell.customer_id
--   and rows.ordered_at >= $returner_window_start_at
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
--                          the middle of its scale (3 of 5)
-- first_return_at          when the customer first asked to send something back
--
-- The window is the last $returner_window_days; an order and its return count
-- in the window of the order. earlier: returned something, but of no order in
-- the window. frequent follows the four frequent_returner settings; unless
-- $seller_fault_counts, returns that are the seller's fault alone make nobody
-- frequent, though they still make an occasional or first-time returner.

select
    customers.customer_id,
    customers.returner_class,
    customers.orders,
    customers.returned_orders,
    customers.own_returned_orders,
    customers.returned_orders_ever,
    cast(customers.returned_orders as double) / nullif(customers.orders, 0)
        as order_return_rate,
    cast(customers.return_refund_amount as double)
    / nullif(cast(customers.sales_amount as double), 0) as value_return_rate,
    customers.sales_amount,
    customers.return_refund_amount,
    customers.returner_class = 'frequent'
    and coalesce(answers.nps_score <= 6 or answers.csat_share <= 0.5, false)
        as needs_recovery,
    customers.first_return_at
from intermediate.customers_with_purchases as customers
left join intermediate.last_answers_by_customer as answers
    on customers.customer_id = answers.customer_id
