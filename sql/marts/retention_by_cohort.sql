-- Of the customers who first bought in a month, how many bought again later?
--
-- grain: cohort_month, months_since
-- rows: intermediate.customers_with_purchases on
--   cast(date_trunc('month', cast(rows.first_ordered_at as date)) as date) =
--   cell.cohort_month
--
-- cohort_month      first day of the month of the first purchase, local
-- months_since      0 for that month, 1 for the next, ...
-- cohort_customers  customers of the cohort
-- customers         of those, with a purchase in that later month; NULL for
--                   months that begin on or after the report day
-- retention_rate    customers / cohort_customers; 1 for month 0
-- rolling_customers  with a purchase in that month or a later one so far
-- rolling_rate      rolling_customers / cohort_customers
-- repeat_customers  with a purchase after month 0 up to that month; 0 for it
-- repeat_rate       repeat_customers / cohort_customers
-- is_complete       the later month ended before the report day
--
-- retention_rate is classic: a customer who pauses and comes back is missing in
-- between and there again afterwards. rolling_rate counts such a customer all
-- the way, so it falls towards the report day even if nobody leaves: the last
-- months have no later ones to come back in. repeat_rate only grows. A second
-- purchase in the first month is in none of them. Replacements are no
-- purchases. Cohorts begin with the lake: who bought before its first order
-- counts as new. Every cohort has as many rows as the oldest, so that the grid
-- is square.

with

-- Months are numbered from year 0, so that they compare and subtract.
purchases as (
    select distinct
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
        array_agg(month_number) as active_numbers
    from purchases
    group by customer_id
),

-- The last month of a customer, and the first one after that of the cohort.
marked as (
    select
        cohort_number,
        array_max(active_numbers) as last_number,
        array_min(array_remove(active_numbers, cohort_number))
            as second_number,
        unnest(active_numbers) as month_number
    from customers
),

cells as (
    select
        cohort_number,
        month_number - cohort_number as months_since,
        count(*) as customers,
        count(*) filter (where month_number = last_number) as last_customers,
        count(*) filter (where month_number = second_number)
            as second_customers
    from marked
    group by cohort_number, month_number - cohort_number
),

-- One row per cohort, its cells in two lists: from here on nothing is large.
cohorts as (
    select
        cohort_number,
        array_agg(months_since) as filled_months,
        array_agg(customers) as filled_customers,
        array_agg(last_customers) as filled_last,
        array_agg(second_customers) as filled_second,
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
        filled_last,
        filled_second,
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

placed as (
    select
        *,
        cast(array_position(filled_months, months_since) as bigint) as place
    from grid
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
        filled_customers[place] as customers,
        coalesce(filled_last[place], 0) as last_customers,
        coalesce(filled_second[place], 0) as second_customers
    from placed
),

-- A month in which nobody came back is 0; one that has not begun is NULL.
counted as (
    select
        cohort_month,
        months_since,
        cohort_customers,
        case when active_month < $as_of then coalesce(customers, 0) end
            as customers,
        case
            when active_month < $as_of
                then
                    sum(last_customers) over (
                        partition by cohort_month
                        order by months_since
                        rows between current row and unbounded following
                    )
        end as rolling_customers,
        case
            when active_month < $as_of
                then
                    sum(second_customers) over (
                        partition by cohort_month
                        order by months_since
                    )
        end as repeat_customers,
        active_month + interval '1 month' <= $as_of as is_complete
    from dated
)

select
    cohort_month,
    months_since,
    cohort_customers,
    customers,
    cast(customers as double) / cohort_customers as retention_rate,
    rolling_customers,
    cast(rolling_customers as double) / cohort_customers as rolling_rate,
    repeat_customers,
    cast(repeat_customers as double) / cohort_customers as repeat_rate,
    is_complete
from counted
