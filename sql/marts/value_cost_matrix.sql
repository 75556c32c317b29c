-- Which customers are worth much and cost little, and which the other way?
--
-- grain: value_tier, cost_tier
-- rows: intermediate.value_cost_tiers on
--   rows.value_tier = cell.value_tier and rows.cost_tier = cell.cost_tier
--
-- value_tier          high, medium or low, by net revenue of the window
-- cost_tier           high, medium or low, by after-sales cost against net
--                     revenue; low without a case, unknown where none of the
--                     cases has a known cost
-- customers           customers in the cell
-- customer_share      of all customers
-- kept_amount         net revenue of them
-- kept_share          of all net revenue
-- cases               their cases
-- costed_share        of the cases, with a known cost; NULL without a case
-- cost_amount         booked after-sales cost as far as known; NULL where
--                     cost_tier is unknown
-- cost_share          of all such cost
-- cost_to_serve_share  cost_amount / kept_amount; NULL when nothing was kept
-- contribution_amount  left after goods and after-sales cost, as far as known
-- losing_customers    customers of whom less than nothing is left
-- action              what to do: reward, serve_and_fix, keep, fix, automate,
--                     contain_cost or record_cost
--
-- Tiers are those of intermediate.value_cost_tiers: the top and bottom fifth of
-- the customers, unless $value_high_share and $value_low_share say otherwise.
-- Tiers of cost are relative to revenue and not absolute. A cell without
-- customers has no row.

with

cells as (
    select
        value_tier,
        cost_tier,
        count(*) as customers,
        sum(kept_amount) as kept_amount,
        sum(cases) as cases,
        sum(costed_cases) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(contribution_amount) as contribution_amount,
        count(*) filter (where contribution_amount < 0) as losing_customers
    from intermediate.value_cost_tiers
    group by value_tier, cost_tier
)

select
    value_tier,
    cost_tier,
    customers,
    customers / cast(sum(customers) over () as double) as customer_share,
    kept_amount,
    cast(kept_amount as double)
    / nullif(cast(sum(kept_amount) over () as double), 0) as kept_share,
    cases,
    cast(costed_cases as double) / nullif(cases, 0) as costed_share,
    cost_amount,
    cast(cost_amount as double)
    / nullif(cast(sum(cost_amount) over () as double), 0) as cost_share,
    case
        when kept_amount > 0
            then cast(cost_amount as double) / cast(kept_amount as double)
    end as cost_to_serve_share,
    contribution_amount,
    losing_customers,
    case
        when cost_tier = 'unknown' then 'record_cost'
        when value_tier = 'high' and cost_tier = 'high' then 'serve_and_fix'
        when value_tier = 'high' then 'reward'
        when value_tier = 'low' and cost_tier = 'high' then 'contain_cost'
        when value_tier = 'low' then 'automate'
        when cost_tier = 'high' then 'fix'
        else 'keep'
    end as action
from cells
