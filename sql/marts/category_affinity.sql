-- Which categories does each segment buy more than customers as a whole?
--
-- grain: segment, category
--
-- segment         segment, as in marts.rfm
-- category        first level of the assortment
-- customers       customers of the segment
-- buyers          of those, bought in the category in the last
--                 $rfm_window_days
-- units           units they bought of it
-- buyer_share     buyers / customers
-- buyer_share_lower  lower end of its 95 % interval
-- buyer_share_upper  upper end
-- overall_share   the same share of all customers with a segment
-- lift            buyer_share / overall_share: above 1 the segment buys it more
-- is_above        the whole interval lies above overall_share
-- is_below        the whole interval lies below it
--
-- Purchases count whatever came back of them. Segments are made of how much and
-- how often a customer buys, so that the better ones are above in almost every
-- category: compare the lifts within a segment. Every category has a row for
-- every segment, also without a buyer.

with

bought as (
    select
        purchases.customer_id,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        sum(order_items.quantity) as units
    from intermediate.purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    left join staging.products
        on order_items.sku = products.sku
    where
        purchases.customer_id is not null
        and purchases.ordered_at >= $rfm_window_start_at
        and order_items.problem is null
    group by
        purchases.customer_id,
        coalesce(products.category, order_items.category, 'unknown')
),

-- Without a category for the size of a segment, with one for its buyers.
counted as (
    select
        rfm.segment,
        bought.category,
        count(*) as buyers,
        sum(bought.units) as units
    from marts.rfm
    inner join bought
        on rfm.customer_id = bought.customer_id
    group by rfm.segment, bought.category
),

sizes as (
    select
        segment,
        count(*) as customers
    from marts.rfm
    group by segment
),

categories as (
    select
        category,
        sum(buyers) as all_buyers
    from counted
    group by category
),

cells as (
    select
        sizes.segment,
        categories.category,
        sizes.customers,
        coalesce(counted.buyers, 0) as buyers,
        coalesce(counted.units, 0) as units,
        cast(categories.all_buyers as double)
        / sum(sizes.customers) over (partition by categories.category)
            as overall_share,
        proportion_ci(coalesce(counted.buyers, 0), sizes.customers)
            as buyer_interval
    from sizes
    cross join categories
    left join counted
        on
            sizes.segment = counted.segment
            and categories.category = counted.category
)

select
    segment,
    category,
    customers,
    buyers,
    units,
    cast(buyers as double) / customers as buyer_share,
    buyer_interval['lower'] as buyer_share_lower,
    buyer_interval['upper'] as buyer_share_upper,
    overall_share,
    cast(buyers as double) / customers / overall_share as lift,
    buyer_interval['lower'] > overall_share as is_above,
    buyer_interval['upper'] < overall_share as is_below
from cells
