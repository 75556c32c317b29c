-- Which articles cost most after they were sold?
--
-- grain: sku
-- rows: intermediate.case_costs on
--   rows.sku = cell.sku and rows.opened_at >= $cost_window_start_at
--
-- sku                   article sold, or with a case, in the window
-- name                  name on the page
-- category              category of the article
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
-- cost_class            A for the articles that bring the first 80 % of the
--                       cost, B up to 95 %, else C
--
-- The window is the last $cost_window_days: cases that began and orders that
-- were placed in it. Tickets belong to an article only through a
-- return, so cost_share sums to less than 1; goodwill without a return belongs
-- to none. Refunds are no cost, but less sales.

with

costs as (
    select
        sku,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(return_exchange_cost_amount) as return_exchange_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(customer_service_cost_amount) as customer_service_cost_amount,
        sum(standard_cost_amount) as standard_cost_amount
    from intermediate.case_costs
    where opened_at >= $cost_window_start_at
    group by sku
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
        order_items.sku,
        sum(order_items.quantity) as units_sold,
        sum(order_items.net_amount) as sales_amount
    from staging.order_items
    inner join staging.orders
        on order_items.order_id = orders.order_id
    where
        orders.is_purchase
        and orders.ordered_at >= $cost_window_start_at
        and order_items.problem is null
        and order_items.sku is not null
    group by order_items.sku
)

select
    coalesce(sales.sku, shares.sku) as sku,
    products.name,
    products.category,
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
    ) / nullif(cast(sales.sales_amount as double), 0) as cost_to_sales_share,
    abc_class(
        cast(coalesce(shares.cost_amount, 0) as double),
        $abc_a_share, $abc_b_share
    ) over () as cost_class
from sales
full join shares
    on sales.sku = shares.sku
left join staging.products
    on coalesce(sales.sku, shares.sku) = products.sku
where coalesce(sales.sku, shares.sku) is not null
