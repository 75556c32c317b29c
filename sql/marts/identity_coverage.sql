-- How much of the business can be laid at a customer's door?
--
-- grain: one row
-- rows: intermediate.purchases on
--   rows.ordered_at >= $rfm_window_start_at and cell.orders > 0
--
-- orders            purchases
-- known_orders      purchases of a known customer
-- order_share       known_orders / orders; NULL without purchases
-- sales_amount      net sales of the purchases
-- known_amount      net sales to known customers
-- amount_share      known_amount / sales_amount; NULL without sales
--
-- Counts the orders of the last $rfm_window_days, as rfm does. What is measured
-- per customer (rfm, segments, returner_classes, retention_by_cohort) says
-- nothing about the rest.

select
    count(*) as orders,
    count(customer_id) as known_orders,
    cast(count(customer_id) as double) / nullif(count(*), 0) as order_share,
    coalesce(sum(net_amount), 0) as sales_amount,
    coalesce(sum(net_amount) filter (where customer_id is not null), 0)
        as known_amount,
    cast(sum(net_amount) filter (where customer_id is not null) as double)
    / nullif(cast(sum(net_amount) as double), 0) as amount_share
from staging.orders
where
    is_purchase
    and ordered_at >= $rfm_window_start_at
