-- How does each shop do, and is its data there?
--
-- grain: shop_id
-- rows: intermediate.purchases on
--   rows.shop_id = cell.shop_id and rows.ordered_at >= $sales_window_start_at
--
-- shop_id               shop
-- name                  name people know it by
-- marketplace           platform it runs on; NULL for an own shop
-- orders                purchases of the last $sales_window_days
-- customers             known customers who placed them
-- sales_amount          net sales
-- sales_share           of the net sales of all shops
-- order_return_rate     of orders that can no longer come back, the share with
--                       something sent back for money
-- order_return_rate_lower  lower end of its 95 % Wilson interval
-- order_return_rate_upper  upper end
-- mature_orders         orders that rate is of
-- refund_amount         paid back on its orders so far, of whatever kind
-- nps                   net promoter score of $nps_scope, answers of those
--                       days, weighted, in points
-- nps_lower             lower end of its 95 % interval (adjusted Wald),
--                       clustered by customer
-- nps_upper             upper end
-- nps_answers           valid answers, whatever they weigh
-- tickets               contact cases of those days
-- contacts_per_1000_orders  1000 * tickets / orders
-- last_ordered_at       its last order of whatever kind
-- days_since_order      whole days from it to the report day
-- is_silent             no order for longer than the largest gap of its own
--                       before, and for more than two days, or none at all: its
--                       data may be missing
--
-- Every shop of the workspace, also one without orders. Orders, answers and
-- tickets without a shop, or of one that is not in shops, are nowhere in here.

with

sales as (
    select
        shop_id,
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(net_amount) as sales_amount,
        count(*) filter (where is_mature) as mature_orders,
        count(*) filter (where is_mature and has_return) as returned_orders,
        sum(refund_amount) as refund_amount
    from intermediate.purchases
    where ordered_at >= $sales_window_start_at
    group by shop_id
),

answers as (
    select
        shop_id,
        nps(score, weight) as nps,
        nps_ci(score, 'adjusted_wald', 0.95, weight, customer_id)
            as nps_interval,
        count(*) as nps_answers
    from staging.surveys
    where
        kind = 'nps'
        and scope = $nps_scope
        and problem is null
        and score is not null
        and responded_at >= $sales_window_start_at
    group by shop_id
),

tickets as (
    select
        shop_id,
        count(*) as tickets
    from staging.tickets
    where created_at >= $sales_window_start_at
    group by shop_id
),

days as (
    select
        shop_id,
        cast(ordered_at as date) as day,
        max(ordered_at) as last_ordered_at
    from staging.orders
    group by shop_id, cast(ordered_at as date)
),

gaps as (
    select
        shop_id,
        day,
        last_ordered_at,
        day - lag(day) over (partition by shop_id order by day) as gap_days
    from days
),

freshness as (
    select
        shop_id,
        max(last_ordered_at) as last_ordered_at,
        $as_of - max(day) as days_since_order,
        max(gap_days) as max_gap_days
    from gaps
    group by shop_id
)

select
    shops.shop_id,
    shops.name,
    shops.marketplace,
    coalesce(sales.orders, 0) as orders,
    coalesce(sales.customers, 0) as customers,
    coalesce(sales.sales_amount, 0) as sales_amount,
    cast(coalesce(sales.sales_amount, 0) as double)
    / nullif(cast(sum(sales.sales_amount) over () as double), 0) as sales_share,
    cast(sales.returned_orders as double) / nullif(sales.mature_orders, 0)
        as order_return_rate,
    proportion_ci(sales.returned_orders, sales.mature_orders)['lower']
        as order_return_rate_lower,
    proportion_ci(sales.returned_orders, sales.mature_orders)['upper']
        as order_return_rate_upper,
    coalesce(sales.mature_orders, 0) as mature_orders,
    coalesce(sales.refund_amount, 0) as refund_amount,
    answers.nps,
    answers.nps_interval['lower'] as nps_lower,
    answers.nps_interval['upper'] as nps_upper,
    coalesce(answers.nps_answers, 0) as nps_answers,
    coalesce(tickets.tickets, 0) as tickets,
    1000 * cast(coalesce(tickets.tickets, 0) as double) / sales.orders
        as contacts_per_1000_orders,
    freshness.last_ordered_at,
    freshness.days_since_order,
    coalesce(
        freshness.days_since_order > 2
        and freshness.days_since_order - 1
        > coalesce(freshness.max_gap_days, 0),
        freshness.last_ordered_at is null
    ) as is_silent
from staging.shops
left join sales
    on shops.shop_id = sales.shop_id
left join answers
    on shops.shop_id = answers.shop_id
left join tickets
    on shops.shop_id = tickets.shop_id
left join freshness
    on shops.shop_id = freshness.shop_id
