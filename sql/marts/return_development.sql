-- How do the returns of a week's deliveries grow with their age?
--
-- grain: delivered_week, age_weeks
-- rows: intermediate.sold_lines_with_returns on
--   cast(cast(rows.delivered_week_number * 7 - 3 as integer) as date) =
--   cell.delivered_week and rows.return_age_weeks = cell.age_weeks
--   and rows.delivered_date >= $history_start
--
-- delivered_week    Monday of the week in which the goods arrived, local
-- age_weeks         whole weeks from the arrival of a line to its return, 0 for
--                   the first seven days
-- units_sold        units that arrived in the week
-- units_returned    of those, asked back for money at this age
-- units_returned_so_far  up to this age
-- unit_return_rate_so_far  units_returned_so_far / units_sold
-- sales_amount      net sales of those units
-- returned_amount   what customers had paid for the units asked back at this
--                   age
-- returned_amount_so_far  up to this age
-- value_return_rate_so_far  returned_amount_so_far / sales_amount
-- is_latest         the last age that week has reached; no row of older weeks
--                   has it, whose last ages are left out
--
-- A triangle: the week of deliveries down, their age across, for the last
-- $history_weeks weeks. Only ages that every delivery of the week has completed
-- are there, so the last week before the report day has none. A line counts
-- whole when it was first asked back. What was asked back before it arrived
-- counts at age 0; goods of which no arrival is recorded arrive
-- $default_delivery_days after the order. Ages at which nothing came back from
-- any week any more are left out.

with

cells as (
    select
        delivered_week_number,
        return_age_weeks,
        sum(quantity) as units_sold,
        sum(units_returned) as units_returned,
        sum(net_amount) as sales_amount,
        sum(returned_amount) as returned_amount
    from intermediate.sold_lines_with_returns
    where
        delivered_date >= $history_start
        and delivered_week_number < (cast($as_of as integer) + 3) / 7 - 1
    group by delivered_week_number, return_age_weeks
),

weeks as (
    select
        delivered_week_number,
        (cast($as_of as integer) + 3) / 7 - 2 - delivered_week_number
            as latest_age,
        max(max(return_age_weeks)) over () as oldest_age,
        sum(units_sold) as units_sold,
        sum(sales_amount) as sales_amount
    from cells
    group by delivered_week_number
),

-- Every age a week has reached, also those at which nothing came back.
ages as (
    select
        delivered_week_number,
        latest_age,
        units_sold,
        sales_amount,
        unnest(range(0, least(latest_age, oldest_age) + 1)) as age_weeks
    from weeks
),

grown as (
    select
        ages.delivered_week_number,
        ages.age_weeks,
        ages.latest_age,
        ages.units_sold,
        coalesce(cells.units_returned, 0) as units_returned,
        sum(coalesce(cells.units_returned, 0)) over (
            partition by ages.delivered_week_number
            order by ages.age_weeks
        ) as units_returned_so_far,
        ages.sales_amount,
        coalesce(cells.returned_amount, 0) as returned_amount,
        sum(coalesce(cells.returned_amount, 0)) over (
            partition by ages.delivered_week_number
            order by ages.age_weeks
        ) as returned_amount_so_far
    from ages
    left join cells
        on
            ages.delivered_week_number = cells.delivered_week_number
            and ages.age_weeks = cells.return_age_weeks
)

select
    cast(cast(delivered_week_number * 7 - 3 as integer) as date)
        as delivered_week,
    age_weeks,
    units_sold,
    units_returned,
    units_returned_so_far,
    cast(units_returned_so_far as double) / units_sold
        as unit_return_rate_so_far,
    sales_amount,
    returned_amount,
    returned_amount_so_far,
    cast(returned_amount_so_far as double)
    / nullif(cast(sales_amount as double), 0) as value_return_rate_so_far,
    age_weeks = latest_age as is_latest
from grown
