-- Which sales channels cost most after the sale?
--
-- grain: channel
-- rows: intermediate.case_costs on
--   rows.channel = cell.channel and rows.opened_at >= $cost_window_start_at
--
-- channel               channel of the orders
-- orders                purchases
-- sales_amount          net sales
-- kept_amount           the same less refunds: net revenue
-- cases                 cases that began in the window and to which a cost
--                       applies
-- costed_cases          of those, with at least one cost known
-- costed_share          costed_cases / cases
-- cost_amount           booked cost of the cases as far as known; NULL when
--                       there are cases and none has a known cost
-- return_exchange_cost_amount   part for returns and exchanges
-- repair_cost_amount    part for repairs
-- customer_service_cost_amount  part for contacts and goodwill
-- standard_cost_amount  part that is a standard in place of a missing amount
-- cost_share            of all booked cost of the window
-- cost_per_case_amount  cost_amount / costed_cases
-- cost_per_order_amount  cost_amount / orders
-- cost_to_revenue_share  cost_amount / kept_amount; NULL when nothing was kept
--
-- The window is the last $cost_window_days: cases that began and orders that
-- were placed in it. Cases about no
-- order in the lake have no channel and are not here, so cost_share may sum to
-- less than 1.

with

costs as (
    select
        channel,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(return_exchange_cost_amount) as return_exchange_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(customer_service_cost_amount) as customer_service_cost_amount,
        sum(standard_cost_amount) as standard_cost_amount
    from intermediate.case_costs
    where opened_at >= $cost_window_start_at
    group by channel
),

-- Over all cases, also those that belong to none of the rows here.
shares as (
    select
        *,
        nullif(cast(sum(cost_amount) over () as double), 0) as all_cost_amount
    from costs
),

sales as (
    select
        channel,
        count(*) as orders,
        sum(net_amount) as sales_amount,
        sum(kept_amount) as kept_amount
    from intermediate.purchases
    where
        channel is not null
        and ordered_at >= $cost_window_start_at
    group by channel
)

select
    coalesce(sales.channel, shares.channel) as channel,
    coalesce(sales.orders, 0) as orders,
    coalesce(sales.sales_amount, 0) as sales_amount,
    coalesce(sales.kept_amount, 0) as kept_amount,
    coalesce(shares.cases, 0) as cases,
    coalesce(shares.costed_cases, 0) as costed_cases,
    cast(shares.costed_cases as double) / shares.cases as costed_share,
    case when shares.cases is null then 0 else shares.cost_amount end
        as cost_amount,
    coalesce(shares.return_exchange_cost_amount, 0)
        as return_exchange_cost_amount,
    coalesce(shares.repair_cost_amount, 0) as repair_cost_amount,
    coalesce(shares.customer_service_cost_amount, 0)
        as customer_service_cost_amount,
    coalesce(shares.standard_cost_amount, 0) as standard_cost_amount,
    cast(shares.cost_amount as double) / shares.all_cost_amount as cost_share,
    cast(shares.cost_amount as double) / nullif(shares.costed_cases, 0)
        as cost_per_case_amount,
    cast(
        case when shares.cases is null then 0 else shares.cost_amount end
        as double
    ) / sales.orders as cost_per_order_amount,
    case
        when sales.kept_amount > 0 and shares.cases is null then 0
        when sales.kept_amount > 0
            then
                cast(shares.cost_amount as double)
                / cast(sales.kept_amount as double)
    end as cost_to_revenue_share
from sales
full join shares
    on sales.channel = shares.channel
where coalesce(sales.channel, shares.channel) is not null
