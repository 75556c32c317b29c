-- What is the cost of after-sales made of, booked and hidden?
--
-- grain: component
-- rows: marts.after_sales_costs on
--   rows.component = cell.component and (rows.is_hidden
--   or rows.opened_date >= $cost_window_start)
--
-- component             reverse_shipping, handling, ...: see cost_components
-- cost_group            return_exchange, repair, customer_service or hidden
-- position              order on a page
-- label_en              what a page calls it in English
-- label_zh              what a page calls it in Chinese
-- cases                 cases to which it applies
-- costed_cases          of those, with a known cost
-- costed_share          costed_cases / cases; NULL without cases
-- booked_cost_amount    booked cost as far as known; NULL when none is, and for
--                       hidden components
-- hidden_cost_amount    estimate of hidden cost; NULL while its assumption is
--                       not stated, and for booked components
-- booked_cost_share     of all booked cost
-- standard_cost_share   part of the booked cost that is a standard in place of
--                       a missing amount
-- cost_per_case_amount  cost per case with a known cost
--
-- Cases that began in the last $cost_window_days. A sum is only as complete as
-- its costed_share. Booked and hidden cost are never added.

with

costs as (
    select
        component,
        count(*) as cases,
        count(coalesce(booked_cost_amount, hidden_cost_amount))
            as costed_cases,
        sum(booked_cost_amount) as booked_cost_amount,
        sum(hidden_cost_amount) as hidden_cost_amount,
        sum(booked_cost_amount) filter (where cost_basis = 'standard')
            as standard_cost_amount
    from marts.after_sales_costs
    where
        opened_date >= $cost_window_start
        or is_hidden
    group by component
),

-- The whole tree, also what nothing was spent on.
tree as (
    select
        components.component,
        components.cost_group,
        components.position,
        components.label_en,
        components.label_zh,
        components.is_optional,
        coalesce(costs.cases, 0) as cases,
        coalesce(costs.costed_cases, 0) as costed_cases,
        costs.booked_cost_amount,
        costs.hidden_cost_amount,
        costs.standard_cost_amount,
        nullif(
            cast(sum(costs.booked_cost_amount) over () as double), 0
        ) as all_booked_cost_amount,
        sum(costs.cases) over () as all_cases
    from intermediate.cost_components as components
    left join costs
        on components.component = costs.component
)

select
    component,
    cost_group,
    position,
    label_en,
    label_zh,
    cases,
    costed_cases,
    cast(costed_cases as double) / nullif(cases, 0) as costed_share,
    booked_cost_amount,
    hidden_cost_amount,
    cast(booked_cost_amount as double) / all_booked_cost_amount
        as booked_cost_share,
    cast(coalesce(standard_cost_amount, 0) as double)
    / nullif(cast(booked_cost_amount as double), 0) as standard_cost_share,
    cast(coalesce(booked_cost_amount, hidden_cost_amount) as double)
    / nullif(costed_cases, 0) as cost_per_case_amount
from tree
where all_cases > 0
