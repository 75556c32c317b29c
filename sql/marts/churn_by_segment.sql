-- Which segments lost customers since an earlier day, and what were they worth?
--
-- grain: segment
-- rows: intermediate.segment_states on
--   rows.from_segment = cell.segment
--   and $compare_window_start - rows.from_last_date < cell.churned_after_days
--
-- segment             segment $compare_window_days before the report day
-- active_at_start     its customers who were active on that day
-- churned_customers   of those, no longer active on the report day
-- churn_rate          churned_customers / active_at_start
-- churn_rate_lower    lower end of its 95 % Wilson interval
-- churn_rate_upper    upper end
-- bought_customers    of the active ones, with a purchase since
-- bought_rate         bought_customers / active_at_start
-- bought_rate_lower   lower end of its 95 % Wilson interval
-- bought_rate_upper   upper end
-- churned_amount      value scored on the earlier day of those lost
-- amount_share_lost   of the value of all that were active
-- churned_after_days  days without a purchase after which a customer is lost
--
-- Active and lost by one threshold for everybody: `own` counts as `population`
-- here. The segment is that of the earlier day. By the segment of today the
-- answer would be nothing new, since segments are made of recency: all lost
-- customers are in the lost ones.

with

active as (
    select
        states.from_segment as segment,
        states.from_amount,
        $as_of - states.last_date >= thresholds.churned_days as is_churned,
        states.last_date >= $compare_window_start as has_bought,
        thresholds.churned_days
    from intermediate.segment_states as states
    cross join intermediate.churn_thresholds as thresholds
    where
        states.from_segment not in ('new', 'inactive')
        and $compare_window_start - states.from_last_date
        < thresholds.churned_days
),

by_segment as (
    select
        segment,
        count(*) as active_at_start,
        count(*) filter (where is_churned) as churned_customers,
        count(*) filter (where has_bought) as bought_customers,
        sum(from_amount) as from_amount,
        coalesce(sum(from_amount) filter (where is_churned), 0)
            as churned_amount,
        max(churned_days) as churned_days
    from active
    group by segment
),

with_intervals as (
    select
        *,
        proportion_ci(churned_customers, active_at_start) as churn_interval,
        proportion_ci(bought_customers, active_at_start) as bought_interval
    from by_segment
)

select
    segment,
    active_at_start,
    churned_customers,
    cast(churned_customers as double) / active_at_start as churn_rate,
    churn_interval['lower'] as churn_rate_lower,
    churn_interval['upper'] as churn_rate_upper,
    bought_customers,
    cast(bought_customers as double) / active_at_start as bought_rate,
    bought_interval['lower'] as bought_rate_lower,
    bought_interval['upper'] as bought_rate_upper,
    churned_amount,
    cast(churned_amount as double)
    / nullif(cast(from_amount as double), 0) as amount_share_lost,
    churned_days as churned_after_days
from with_intervals
