-- Of the customers who first bought in a month, how many bought again later?
--
-- grain: cohort_month, months_since
--
-- cohort_month      first day of the month of the first purchase, local
-- months_since      0 for that month, 1 for the next, ...
-- cohort_customers  customers of the cohort
-- customers         of those, with a purchase in that later month; NULL for
--                   months that begin on or after the report day
-- retention_rate    customers / cohort_customers; 1 for month 0
-- is_complete       the later month ended before the report day
--
-- Classic retention: a customer who pauses and comes back is missing in between
-- and there again afterwards. Replacements are no purchases. Cohorts begin with
-- the lake: who bought before its first order counts as new. Every cohort has
-- as many rows as the oldest, so that the grid is square.

with

-- Months are numbered from year 0, so that they compare and subtract.
purchases as (
    select
        customer_id,
        cast(date_part('year', cast(ordered_at as date)) as bigint) * 12
        + cast(date_part('month', cast(ordered_at as date)) as bigint) - 1
            as month_number
    from staging.orders
    where
        is_purchase
        and customer_id is not null
),

customers as (
    select
        customer_id,
        min(month_number) as cohort_number,
        array_agg(distinct month_number) as active_numbers
    from purchases
    group by customer_id
),

active as (
    select
        cohort_number,
        unnest(active_numbers) - cohort_number as months_since
    from customers
),

cells as (
    select
        cohort_number,
        months_since,
        count(*) as customers
    from active
    group by cohort_number, months_since
),

-- One row per cohort, its cells in two lists: from here on nothing is large.
cohorts as (
    select
        cohort_number,
        array_agg(months_since) as filled_months,
        array_agg(customers) as filled_customers,
        sum(customers) filter (where months_since = 0) as cohort_customers
    from cells
    group by cohort_number
),

-- Every cohort gets a cell for each month since the oldest one began.
grid as (
    select
        cohort_number,
        cohort_customers,
        filled_months,
        filled_customers,
        unnest(
            range(
                0,
                cast(date_part('year', $as_of - 1) as bigint) * 12
                + cast(date_part('month', $as_of - 1) as bigint)
                - min(cohort_number) over ()
            )
        ) as months_since
    from cohorts
),

dated as (
    select
        make_date(
            cast(cohort_number / 12 as int),
            cast(cohort_number % 12 + 1 as int),
            1
        ) as cohort_month,
        make_date(
            cast((cohort_number + months_since) / 12 as int),
            cast((cohort_number + months_since) % 12 + 1 as int),
            1
        ) as active_month,
        months_since,
        cohort_customers,
        filled_customers[
            cast(array_position(filled_months, months_since) as bigint)
        ] as customers
    from grid
),

-- A month in which nobody came back is 0; one that has not begun is NULL.
counted as (
    select
        cohort_month,
        months_since,
        cohort_customers,
        case when active_month < $as_of then coalesce(customers, 0) end
            as customers,
        active_month + interval '1 month' <= $as_of as is_complete
    from dated
)

select
    cohort_month,
    months_since,
    cohort_customers,
    customers,
    cast(customers as double) / cohort_customers as retention_rate,
    is_complete
from counted
