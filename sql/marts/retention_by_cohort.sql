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

-- Months are counted from year 0; one number compares and subtracts.
customers as (
    select
        customer_id,
        min(month_number) as cohort_number,
        array_agg(distinct month_number) as active_numbers
    from (
        select
            customer_id,
            cast(date_part('year', cast(ordered_at as date)) as bigint) * 12
            + cast(date_part('month', cast(ordered_at as date)) as bigint) - 1
                as month_number
        from staging.orders
        where
            is_purchase
            and customer_id is not null
    ) as months
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

-- One row per cohort: from here on the data are small.
cohorts as (
    select
        cohort_number,
        array_agg(months_since) as months,
        array_agg(customers) as customers,
        sum(customers) filter (where months_since = 0) as cohort_customers
    from cells
    group by cohort_number
),

grid as (
    select
        cohort_number,
        cohort_customers,
        months,
        customers,
        unnest(
            range(
                0,
                date_part('year', $as_of - 1) * 12
                + date_part('month', $as_of - 1)
                - min(cohort_number) over ()
            )
        ) as months_since
    from cohorts
)

select
    cohort_number,
    months_since
from grid
