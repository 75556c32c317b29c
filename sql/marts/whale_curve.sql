-- How much do the best customers bring in, and how much do the others take?
--
-- grain: percentile
--
-- percentile            1 to 100: customers from the best to the worst
-- customers             customers of the percentile
-- contribution_amount   left of them after goods and after-sales cost
-- cost_amount           their booked after-sales cost as far as known
-- cumulative_customers  customers of it and all better ones
-- cumulative_customer_share  of all customers
-- cumulative_amount     contribution of them
-- cumulative_share      of the contribution of all; above 1 where the rest
--                       takes some back; NULL when all together bring nothing
--                       or less
-- losing_customers      customers of whom less than nothing is left
-- is_peak               the curve is highest here, first where it is flat
--
-- Contribution of the last $cost_window_days: net sales less refunds, goods
-- kept, and booked after-sales cost as far as known, so the tail is at best as
-- it looks. Equal customers stand in the order of their ids. With fewer than
-- 100 customers some percentiles are not there.

with

ranked as (
    select
        contribution_amount,
        coalesce(cost_amount, 0) as cost_amount,
        cast(
            row_number() over (order by contribution_amount desc, customer_id)
            as bigint
        ) as rank,
        count(*) over () as all_customers
    from intermediate.contributions_by_customer
),

percentiles as (
    select
        (rank * 100 + all_customers - 1) / all_customers as percentile,
        count(*) as customers,
        sum(contribution_amount) as contribution_amount,
        sum(cost_amount) as cost_amount,
        count(*) filter (where contribution_amount < 0) as losing_customers
    from ranked
    group by (rank * 100 + all_customers - 1) / all_customers
),

cumulated as (
    select
        *,
        sum(customers) over (order by percentile) as cumulative_customers,
        sum(contribution_amount) over (order by percentile)
            as cumulative_amount,
        sum(customers) over () as all_customers,
        sum(contribution_amount) over () as all_amount
    from percentiles
),

peaked as (
    select
        *,
        row_number() over (order by cumulative_amount desc, percentile)
            as height_rank
    from cumulated
)

select
    percentile,
    customers,
    contribution_amount,
    cost_amount,
    cumulative_customers,
    cast(cumulative_customers as double) / all_customers
        as cumulative_customer_share,
    cumulative_amount,
    case
        when all_amount > 0
            then cast(cumulative_amount as double) / cast(all_amount as double)
    end as cumulative_share,
    losing_customers,
    height_rank = 1 as is_peak
from peaked
