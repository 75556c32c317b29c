-- How does the cost of after-sales run, month by month, and against what was
-- sold?
--
-- grain: opened_month, component
-- rows: marts.after_sales_costs on
--   rows.component = cell.component
--   and cast(date_trunc('month', rows.opened_date) as date) = cell.opened_month
--
-- opened_month          first day of the month the cases began, local
-- component             reverse_shipping, handling, ...: see cost_components
-- cost_group            return_exchange, repair or customer_service
-- cases                 cases to which it applies
-- costed_cases          of those, with a known cost
-- costed_share          costed_cases / cases
-- cost_amount           booked cost as far as known; NULL when none is
-- standard_cost_amount  part that is a standard in place of a missing amount
-- orders                purchases of the month
-- requests              requests to return or exchange of the month
-- tickets               tickets of the month
-- sales_amount          net sales of the month
-- kept_amount           the same less refunds so far: net revenue
-- cost_per_order_amount    cost_amount / orders
-- cost_per_request_amount  cost_amount / requests
-- cost_per_ticket_amount   cost_amount / tickets
-- cost_to_sales_share   cost_amount / sales_amount
-- cost_to_revenue_share  cost_amount / kept_amount; NULL when nothing was kept
-- is_complete           the month ended before the report day
--
-- A cost counts in the month its case began, against the sales of the same
-- month: returns of January cost money in January though December sold the
-- goods. The denominators are those of the month and the same on every row of
-- it, so ratios add up over components; do not sum the denominators. Hidden
-- cost has no month. Cost of a recent month still grows as cases are closed.

with

costs as (
    select
        cast(date_trunc('month', opened_date) as date) as opened_month,
        component,
        cost_group,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        coalesce(
            sum(cost_amount) filter (where cost_basis = 'standard'), 0
        ) as standard_cost_amount
    from intermediate.booked_costs
    group by
        cast(date_trunc('month', opened_date) as date),
        component,
        cost_group
),

sales as (
    select
        cast(date_trunc('month', ordered_date) as date) as sold_month,
        count(*) as orders,
        sum(net_amount) as sales_amount,
        sum(kept_amount) as kept_amount
    from intermediate.purchases
    group by cast(date_trunc('month', ordered_date) as date)
),

requests as (
    select
        cast(
            date_trunc('month', cast(requested_at as date)) as date
        ) as requested_month,
        count(*) as requests
    from staging.returns
    where
        problem is null
        and kind in ('return', 'exchange')
    group by cast(date_trunc('month', cast(requested_at as date)) as date)
),

tickets as (
    select
        cast(
            date_trunc('month', cast(created_at as date)) as date
        ) as created_month,
        count(*) as tickets
    from staging.tickets
    group by cast(date_trunc('month', cast(created_at as date)) as date)
)

select
    costs.opened_month,
    costs.component,
    costs.cost_group,
    costs.cases,
    costs.costed_cases,
    cast(costs.costed_cases as double) / costs.cases as costed_share,
    costs.cost_amount,
    costs.standard_cost_amount,
    coalesce(sales.orders, 0) as orders,
    coalesce(requests.requests, 0) as requests,
    coalesce(tickets.tickets, 0) as tickets,
    coalesce(sales.sales_amount, 0) as sales_amount,
    coalesce(sales.kept_amount, 0) as kept_amount,
    cast(costs.cost_amount as double) / sales.orders as cost_per_order_amount,
    cast(costs.cost_amount as double) / requests.requests
        as cost_per_request_amount,
    cast(costs.cost_amount as double) / tickets.tickets
        as cost_per_ticket_amount,
    cast(costs.cost_amount as double)
    / nullif(cast(sales.sales_amount as double), 0) as cost_to_sales_share,
    case
        when sales.kept_amount > 0
            then
                cast(costs.cost_amount as double)
                / cast(sales.kept_amount as double)
    end as cost_to_revenue_share,
    costs.opened_month + interval '1 month' <= $as_of as is_complete
from costs
left join sales
    on costs.opened_month = sales.sold_month
left join requests
    on costs.opened_month = requests.requested_month
left join tickets
    on costs.opened_month = tickets.created_month
