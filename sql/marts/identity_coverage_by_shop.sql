-- How much of a shop's business can be laid at a customer's door, and how much
-- at that of one who also buys elsewhere?
--
-- grain: shop
-- rows: intermediate.purchases on
--   coalesce(cast(rows.shop_id as varchar), 'unknown') = cell.shop
--   and rows.ordered_at >= $rfm_window_start_at
--
-- shop              shop as text; unknown where the source does not say
-- orders            purchases
-- known_orders      purchases of a known customer
-- order_share       known_orders / orders
-- sales_amount      net sales of the purchases
-- known_amount      net sales to known customers
-- amount_share      known_amount / sales_amount; NULL without sales
-- customers         known customers
-- shared_customers  of those, with a purchase in another shop too
-- shared_orders     their purchases here
-- shared_amount     net sales to them here
--
-- Counts the orders of the last $rfm_window_days, as rfm does. Shops whose
-- accounts are their own share customers only where the mapping says `identity`
-- and the lake has an id_map; without them everybody is counted once a shop.

with

orders as (
    select
        coalesce(cast(shop_id as varchar), 'unknown') as shop,
        customer_id,
        net_amount
    from staging.orders
    where
        is_purchase
        and ordered_at >= $rfm_window_start_at
),

shared as (
    select customer_id
    from orders
    where customer_id is not null
    group by customer_id
    having count(distinct shop) > 1
)

select
    orders.shop,
    count(*) as orders,
    count(orders.customer_id) as known_orders,
    cast(count(orders.customer_id) as double) / count(*) as order_share,
    coalesce(sum(orders.net_amount), 0) as sales_amount,
    coalesce(
        sum(orders.net_amount) filter (where orders.customer_id is not null), 0
    ) as known_amount,
    cast(
        sum(orders.net_amount) filter (where orders.customer_id is not null)
        as double
    ) / nullif(cast(sum(orders.net_amount) as double), 0) as amount_share,
    count(distinct orders.customer_id) as customers,
    count(distinct shared.customer_id) as shared_customers,
    count(shared.customer_id) as shared_orders,
    coalesce(
        sum(orders.net_amount) filter (where shared.customer_id is not null), 0
    ) as shared_amount
from orders
left join shared on orders.customer_id = shared.customer_id
group by orders.shop
