-- How many of the active customers were lost in a month, and how many came?
--
-- grain: churn_month
--
-- churn_month        first day of the month, local
-- active_at_start    customers active when it began
-- churned_customers  of those, not active when it ended
-- churn_rate         churned_customers / active_at_start
-- churn_rate_lower   lower end of its 95 % Wilson interval
-- churn_rate_upper   upper end
-- new_customers      customers with their first purchase in it
-- won_back_customers  purchases in it after a gap long enough to be lost
-- active_at_end      customers active when it ended; NULL before that
-- churned_after_days  days without a purchase after which a customer is lost
-- is_complete        the month ended before the report day
--
-- A customer is lost $churn_churned_days after a purchase, or after the days
-- that the gaps of all customers say, by $churn_method; `own` counts here as
-- `population`, one threshold for everybody and every month, so that months
-- compare. A loss shows that many days after the last purchase: the churn of
-- this month began then. Months before the lake is as old as the threshold
-- have too few active customers to lose. With thresholds shorter than a month
-- a customer who buys in it and is lost again in it is not counted. The last
-- $trend_months months.

with

-- One interval for each gap, in which the customer is active: it begins the
-- day after the purchase and ends with the threshold, or the next purchase.
spells as (
    select
        gaps.purchase_no,
        gaps.began_date,
        gaps.ended_date,
        thresholds.churned_days,
        gaps.gap_days >= thresholds.churned_days as is_lost,
        cast(gaps.began_date + cast(thresholds.churned_days as int) as date)
            as lost_date
    from intermediate.gaps_between_purchases as gaps
    cross join intermediate.churn_thresholds as thresholds
),

-- Months are numbered from year 0, so that they compare and subtract.
numbered as (
    select
        *,
        cast(date_part('year', began_date) as bigint) * 12
        + cast(date_part('month', began_date) as bigint) - 1 as began_number,
        cast(date_part('year', ended_date) as bigint) * 12
        + cast(date_part('month', ended_date) as bigint) - 1 as ended_number,
        cast(date_part('year', lost_date - 1) as bigint) * 12
        + cast(date_part('month', lost_date - 1) as bigint) - 1 as lost_number
    from spells
),

-- What each gap does to the months. Who bought before a month began is active
-- at its start, until the month after the one in which the customer was lost,
-- or bought again: then the next gap takes over.
events as (
    select
        unnest(
            make_array('entered', 'left', 'churned', 'new', 'won_back')
        ) as event,
        unnest(
            make_array(
                began_number + 1,
                case when is_lost then lost_number else ended_number end + 1,
                case
                    when
                        is_lost
                        and lost_number > began_number
                        and coalesce(ended_number > lost_number, true)
                        then lost_number
                end,
                case when purchase_no = 1 then began_number end,
                case
                    when is_lost and ended_number > lost_number
                        then ended_number
                end
            )
        ) as month_number
    from numbered
),

by_month as (
    select
        month_number,
        count(*) filter (where event = 'entered')
        - count(*) filter (where event = 'left') as change,
        count(*) filter (where event = 'churned') as churned_customers,
        count(*) filter (where event = 'new') as new_customers,
        count(*) filter (where event = 'won_back') as won_back_customers
    from events
    where month_number is not null
    group by month_number
),

-- Every month from the first purchase to the one after the report day's, in
-- which the last purchases take effect.
grid as (
    select
        cast(date_part('year', $as_of - 1) as bigint) * 12
        + cast(date_part('month', $as_of - 1) as bigint) - 1 as last_number,
        unnest(
            range(
                min(month_number),
                cast(date_part('year', $as_of - 1) as bigint) * 12
                + cast(date_part('month', $as_of - 1) as bigint) + 1
            )
        ) as month_number
    from by_month
),

running as (
    select
        grid.month_number,
        grid.last_number,
        sum(coalesce(by_month.change, 0)) over (order by grid.month_number)
            as active_at_start,
        sum(coalesce(by_month.change, 0)) over (
            order by grid.month_number
            rows between unbounded preceding and 1 following
        ) as active_at_end,
        coalesce(by_month.churned_customers, 0) as churned_customers,
        coalesce(by_month.new_customers, 0) as new_customers,
        coalesce(by_month.won_back_customers, 0) as won_back_customers
    from grid
    left join by_month
        on grid.month_number = by_month.month_number
),

dated as (
    select
        *,
        make_date(
            cast(month_number / 12 as int),
            cast(month_number % 12 + 1 as int),
            1
        ) as churn_month,
        proportion_ci(churned_customers, active_at_start) as churn_interval
    from running
)

select
    dated.churn_month,
    dated.active_at_start,
    dated.churned_customers,
    cast(dated.churned_customers as double)
    / nullif(dated.active_at_start, 0) as churn_rate,
    dated.churn_interval['lower'] as churn_rate_lower,
    dated.churn_interval['upper'] as churn_rate_upper,
    dated.new_customers,
    dated.won_back_customers,
    case
        when dated.churn_month + interval '1 month' <= $as_of
            then dated.active_at_end
    end as active_at_end,
    thresholds.churned_days as churned_after_days,
    dated.churn_month + interval '1 month' <= $as_of as is_complete
from dated
cross join intermediate.churn_thresholds as thresholds
where
    dated.month_number <= dated.last_number
    and dated.month_number > dated.last_number - $trend_months
