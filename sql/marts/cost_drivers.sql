-- Which components make up the cost of the period, and why did it change?
--
-- grain: component
-- rows: intermediate.booked_costs on
--   rows.component = cell.component and rows.cost_amount is not null
--   and rows.opened_at >= $period_start_at and rows.opened_at < $period_end_at
--
-- component             reverse_shipping, handling, ...: see cost_components
-- cost_group            return_exchange, repair or customer_service
-- rank                  1 for the dearest of the period; ties in the order of
--                       the codes
-- cases                 cases of the period with a known cost
-- cost_amount           booked cost of the period
-- cost_share            of all booked cost of the period
-- cumulative_share      share of this component and all dearer ones
-- cost_class            A for the components that bring the first 80 %, B up to
--                       95 %, else C
-- previous_cases        cases of the period before with a known cost
-- previous_cost_amount  booked cost of the period before
-- change_amount         cost_amount - previous_cost_amount
-- volume_amount         part of the change because there were more or fewer
--                       cases altogether
-- mix_amount            part because cases moved to dearer or cheaper
--                       components
-- rate_amount           part because a case of this component cost more or less
--
-- The period is the $period that ends with the report day; cases count in the
-- period they began in. The parts are Shapley values over components and add up
-- to the change, component by component as well as in all; they are NULL where
-- one of the periods has no cost at all. Cases of the last days are not closed
-- yet: give a period some time before reading its change.

with

costs as (
    select
        component,
        cost_group,
        count(cost_amount) filter (where opened_at >= $period_start_at)
            as cases,
        coalesce(
            sum(cost_amount) filter (where opened_at >= $period_start_at), 0
        ) as cost_amount,
        count(cost_amount) filter (where opened_at < $period_start_at)
            as previous_cases,
        coalesce(
            sum(cost_amount) filter (where opened_at < $period_start_at), 0
        ) as previous_cost_amount
    from intermediate.booked_costs
    where
        opened_at >= $prev_start_at
        and opened_at < $period_end_at
        and cost_amount is not null
    group by component, cost_group
),

parts as (
    select
        unnest(
            shapley_change(
                cast(previous_cases as double),
                cast(previous_cost_amount as double),
                cast(cases as double),
                cast(cost_amount as double),
                component
            )['groups']
        ) as part
    from costs
),

ranked as (
    select
        *,
        row_number() over (order by cost_amount desc, component) as rank,
        sum(cost_amount) over (
            order by cost_amount desc, component
            rows between unbounded preceding and current row
        ) as cumulative_amount,
        nullif(cast(sum(cost_amount) over () as double), 0) as all_amount,
        abc_class(
            cast(cost_amount as double), $abc_a_share, $abc_b_share
        ) over () as cost_class
    from costs
)

select
    ranked.component,
    ranked.cost_group,
    ranked.rank,
    ranked.cases,
    ranked.cost_amount,
    cast(ranked.cost_amount as double) / ranked.all_amount as cost_share,
    cast(ranked.cumulative_amount as double) / ranked.all_amount
        as cumulative_share,
    ranked.cost_class,
    ranked.previous_cases,
    ranked.previous_cost_amount,
    ranked.cost_amount - ranked.previous_cost_amount as change_amount,
    parts.part['volume'] as volume_amount,
    parts.part['mix'] as mix_amount,
    parts.part['rate'] as rate_amount
from ranked
left join parts
    on ranked.component = parts.part['label']
