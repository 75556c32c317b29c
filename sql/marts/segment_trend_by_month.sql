-- How large was each segment at the end of each month, and has the mix moved?
--
-- grain: segment_month, segment
--
-- segment_month    first day of the month, local; the customers are counted as
--                  they stood when it ended
-- segment          RFM segment by cuts that are the same in all months
-- customers        customers in it
-- customer_share   of all customers with a score
-- amount           value scored
-- amount_share     of the value of all
-- change_customers  customers less those of the month before, if any
-- psi_previous     population stability index of the month's mix against that
--                  of the month before; the same in all rows of a month
-- psi_first        the same against the first month shown
-- cuts_month       month whose customers the cuts were taken from
--
-- The last $trend_months complete months, from the first to the last of them
-- with a customer; every segment that occurs has a row in each. psi_previous is
-- NULL in the first. Cuts are frozen at the first month with $min_n customers
-- scored, or the last month if none has: with cuts of each month, quantiles
-- keep the shares of all segments nearly as they are, whatever customers do. By
-- a rule of thumb an index below 0.1 is stable, above 0.25 has moved. A lake
-- younger than $rfm_window_days in the first months moves by itself. Orders
-- that came back count as known today. rfm_method does not apply.

with

-- Months are numbered from year 0, so that they compare and subtract; the last
-- one ended by the report day.
purchases as (
    select
        customer_id,
        ordered_date,
        is_kept or not $rfm_net as is_counted,
        case when $rfm_net then kept_amount else net_amount end as amount,
        cast(date_part('year', ordered_date) as bigint) * 12
        + cast(date_part('month', ordered_date) as bigint) - 1 as month_number,
        cast(date_part('year', $as_of) as bigint) * 12
        + cast(date_part('month', $as_of) as bigint) - 2 as last_number
    from intermediate.purchases
    where customer_id is not null
),

-- A purchase counts at the ends of its own month and of those that follow, as
-- far as the window reaches; each is asked only for those.
spread as (
    select
        customer_id,
        ordered_date,
        is_counted,
        amount,
        unnest(
            range(
                greatest(month_number, last_number - $trend_months + 1),
                least(
                    last_number,
                    month_number
                    + cast(($as_of - $rfm_window_start) / 28 as bigint) + 1
                ) + 1
            )
        ) as month_number
    from purchases
    where month_number <= last_number
),

dated as (
    select
        customer_id,
        ordered_date,
        is_counted,
        amount,
        month_number,
        make_date(
            cast((month_number + 1) / 12 as int),
            cast((month_number + 1) % 12 + 1 as int),
            1
        ) as end_date
    from spread
),

customers as (
    select
        month_number,
        customer_id,
        min(end_date - ordered_date) filter (where is_counted) as recency_days,
        count(*) filter (where is_counted) as frequency,
        sum(amount) as amount
    from dated
    where end_date - ordered_date <= $as_of - $rfm_window_start
    group by month_number, customer_id
    having count(*) filter (where is_counted) > 0
),

-- One small row for each month, of which one is chosen.
monthly_cuts as (
    select
        month_number,
        count(*) as customers,
        rfm_bounds(recency_days, $rfm_bins) as recency_cuts,
        case
            when rfm_collapse(frequency, $rfm_bins) = 'majority'
                then make_array(1.0, 2.0, 4.0, 9.0)
            else rfm_bounds(frequency, $rfm_bins)
        end as frequency_cuts,
        rfm_bounds(amount, $rfm_bins) as amount_cuts
    from customers
    group by month_number
),

cuts as (
    select
        month_number as cuts_number,
        recency_cuts,
        frequency_cuts,
        amount_cuts
    from monthly_cuts
    order by
        customers >= $min_n desc,
        case when customers >= $min_n then month_number else -month_number end
    limit 1
),

-- At most 125 cells a month, so that the segments are looked up in a small
-- table.
cells as (
    select
        customers.month_number,
        rfm_bucket(customers.recency_days, cuts.recency_cuts, 'desc') as r,
        rfm_bucket(customers.frequency, cuts.frequency_cuts) as f,
        rfm_bucket(customers.amount, cuts.amount_cuts) as m,
        count(*) as customers,
        sum(customers.amount) as amount,
        max(cuts.cuts_number) as cuts_number
    from customers
    cross join cuts
    group by
        customers.month_number,
        rfm_bucket(customers.recency_days, cuts.recency_cuts, 'desc'),
        rfm_bucket(customers.frequency, cuts.frequency_cuts),
        rfm_bucket(customers.amount, cuts.amount_cuts)
),

counted as (
    select
        cells.month_number,
        models.segment,
        sum(cells.customers) as customers,
        sum(cells.amount) as amount,
        max(cells.cuts_number) as cuts_number
    from cells
    left join intermediate.segment_models as models
        on
            models.model = $segment_model
            and cells.r = models.r
            and cells.f = models.f
            and cells.m = models.m
    group by cells.month_number, models.segment
),

-- One row for each segment, its months in lists: from here on nothing is large.
lists as (
    select
        segment,
        array_agg(month_number) as months,
        array_agg(customers) as customers,
        array_agg(amount) as amounts,
        max(cuts_number) as cuts_number,
        min(month_number) as first_number,
        max(month_number) as last_number
    from counted
    where segment is not null
    group by segment
),

-- Every segment gets every month, from the first one with a customer on.
grid as (
    select
        *,
        unnest(
            range(
                min(first_number) over (), max(last_number) over () + 1
            )
        ) as month_number
    from lists
),

filled as (
    select
        month_number,
        segment,
        cuts_number,
        coalesce(
            customers[cast(array_position(months, month_number) as bigint)], 0
        ) as customers,
        coalesce(
            amounts[cast(array_position(months, month_number) as bigint)], 0
        ) as amount
    from grid
),

compared as (
    select
        *,
        lag(customers) over (partition by segment order by month_number)
            as previous_customers,
        first_value(customers) over (
            partition by segment
            order by month_number
        ) as first_customers
    from filled
),

indexed as (
    select
        *,
        psi(previous_customers, customers) over (partition by month_number)
            as psi_previous,
        psi(first_customers, customers) over (partition by month_number)
            as psi_first,
        sum(customers) over (partition by month_number) as all_customers,
        sum(amount) over (partition by month_number) as all_amount
    from compared
)

select
    make_date(
        cast(month_number / 12 as int), cast(month_number % 12 + 1 as int), 1
    ) as segment_month,
    segment,
    customers,
    cast(customers as double) / nullif(all_customers, 0) as customer_share,
    amount,
    cast(amount as double) / nullif(cast(all_amount as double), 0)
        as amount_share,
    customers - previous_customers as change_customers,
    psi_previous,
    psi_first,
    make_date(
        cast(cuts_number / 12 as int), cast(cuts_number % 12 + 1 as int), 1
    ) as cuts_month
from indexed
