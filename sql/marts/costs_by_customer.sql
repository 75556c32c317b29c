-- What does each customer cost after the sale, and how much of their revenue
-- does that take?
--
-- grain: customer_id
-- rows: intermediate.case_costs on
--   rows.customer_id = cell.customer_id
--   and rows.opened_at >= $cost_window_start_at
--
-- customer_id           customer with a purchase or a case in the window
-- orders                purchases in the window
-- sales_amount          net sales of them
-- kept_amount           the same less refunds: net revenue
-- cases                 requests, repairs, tickets and goodwill payments that
--                       began in the window and to which a cost applies
-- costed_cases          of those, with at least one cost known
-- costed_share          costed_cases / cases
-- cost_amount           booked cost of the cases, as far as known; NULL when
--                       there are cases and none has a known cost
-- return_exchange_cost_amount   part for returns and exchanges
-- repair_cost_amount    part for repairs
-- customer_service_cost_amount  part for contacts and goodwill
-- standard_cost_amount  part that is a standard in place of a missing amount
-- cost_to_serve_share   cost_amount / kept_amount; NULL when nothing was kept,
--                       and above 1 when serving took more than was kept
-- loses_all_revenue     there was cost, and nothing was kept to pay it
--
-- The window is the last $cost_window_days: cases that began and orders that
-- were placed in it, so a late return sets its cost against newer sales.
-- Refunds are no cost here, they are taken off kept_amount. Guests have no row,
-- see after_sales_costs. Hidden cost is never in here.

with

costs_by_customer as (
    select
        customer_id,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(return_exchange_cost_amount) as return_exchange_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(customer_service_cost_amount) as customer_service_cost_amount,
        sum(standard_cost_amount) as standard_cost_amount
    from intermediate.case_costs
    where
        customer_id is not null
        and opened_at >= $cost_window_start_at
    group by customer_id
),

sales as (
    select
        customer_id,
        count(*) as orders,
        sum(net_amount) as sales_amount,
        sum(kept_amount) as kept_amount
    from intermediate.purchases
    where
        customer_id is not null
        and ordered_at >= $cost_window_start_at
    group by customer_id
),

-- Who has no case costs nothing; who has only cases of unknown cost costs
-- nobody knows what.
joined as (
    select
        coalesce(sales.customer_id, costs_by_customer.customer_id)
            as customer_id,
        coalesce(sales.orders, 0) as orders,
        coalesce(sales.sales_amount, 0) as sales_amount,
        coalesce(sales.kept_amount, 0) as kept_amount,
        coalesce(costs_by_customer.cases, 0) as cases,
        coalesce(costs_by_customer.costed_cases, 0) as costed_cases,
        case
            when costs_by_customer.cases is null then 0
            else costs_by_customer.cost_amount
        end as cost_amount,
        coalesce(costs_by_customer.return_exchange_cost_amount, 0)
            as return_exchange_cost_amount,
        coalesce(costs_by_customer.repair_cost_amount, 0)
            as repair_cost_amount,
        coalesce(costs_by_customer.customer_service_cost_amount, 0)
            as customer_service_cost_amount,
        coalesce(costs_by_customer.standard_cost_amount, 0)
            as standard_cost_amount
    from sales
    full join costs_by_customer
        on sales.customer_id = costs_by_customer.customer_id
)

select
    customer_id,
    orders,
    sales_amount,
    kept_amount,
    cases,
    costed_cases,
    cast(costed_cases as double) / nullif(cases, 0) as costed_share,
    cost_amount,
    return_exchange_cost_amount,
    repair_cost_amount,
    customer_service_cost_amount,
    standard_cost_amount,
    case
        when kept_amount > 0
            then cast(cost_amount as double) / cast(kept_amount as double)
    end as cost_to_serve_share,
    coalesce(cost_amount > 0, false) and kept_amount <= 0 as loses_all_revenue
from joined
