-- Which categories cost most after they were sold?
--
-- grain: category
-- rows: intermediate.case_costs on
--   rows.category = cell.category and rows.opened_at >= $cost_window_start_at
--
-- category              category of the articles
-- units_sold            units sold
-- sales_amount          net sales
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
-- cost_per_unit_amount  cost_amount / units_sold
-- cost_to_sales_share   cost_amount / sales_amount
--
-- The window is the last $cost_window_days: cases that began and orders that
-- were placed in it. Tickets belong to a category only through a
-- return, so cost_share sums to less than 1. Articles without a category are
-- not here.

with

costs as (
    select
        category,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(return_exchange_cost_amount) as return_exchange_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(customer_service_cost_amount) as customer_service_cost_amount,
        sum(standard_cost_amount) as standard_cost_amount
    from intermediate.case_costs
    where opened_at >= $cost_window_start_at
    group by category
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
        coalesce(products.category, order_items.category) as category,
        sum(order_items.quantity) as units_sold,
        sum(order_items.net_amount) as sales_amount
    from staging.order_items
    inner join staging.orders
        on order_items.order_id = orders.order_id
    left join staging.products
        on order_items.sku = products.sku
    where
        orders.is_purchase
        and orders.ordered_at >= $cost_window_start_at
        and order_items.problem is null
    group by coalesce(products.category, order_items.category)
)

select
    coalesce(sales.category, shares.category) as category,
    coalesce(sales.units_sold, 0) as units_sold,
    coalesce(sales.sales_amount, 0) as sales_amount,
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
    ) / sales.units_sold as cost_per_unit_amount,
    cast(
        case when shares.cases is null then 0 else shares.cost_amount end
        as double
    ) / nullif(cast(sales.sales_amount as double), 0) as cost_to_sales_share
from sales
full join shares
    on sales.category = shares.category
where coalesce(sales.category, shares.category) is not null
