-- Do the reasons of returns change from week to week?
--
-- grain: week, reason
-- rows: marts.returns on
--   rows.reason = cell.reason and rows.problem is null
--   and rows.kind in ('return', 'exchange')
--   and cast(date_trunc('week', cast(rows.requested_at as date)) as date) =
--   cell.week
--
-- week             Monday of the week of the request, local
-- reason           level 1 of the reason
-- requests         returns and exchanges asked for with it
-- all_requests     returns and exchanges asked for in the week
-- share            requests / all_requests
-- share_lower      lower end of its 95 % Wilson interval
-- share_upper      upper end
-- usual_share      share of the reason in all weeks shown
-- chart_lower      below this a week is out of the ordinary
-- chart_upper      above this
-- signal           1 above the limits, -1 below, else 0
-- is_seller_fault  the seller sent something else than was promised
--
-- The last $history_weeks complete weeks, every reason that occurs in them in
-- every week. By the week of the request, whenever the order was placed. Limits
-- are three standard deviations, of the plain chart or of Laney's p', which
-- takes how much the weeks really vary, whichever are wider; a reason with less
-- than a few requests a week crosses them now and then by chance. Shares of one
-- week add up to 1: if one reason rises, others fall.

with

requests as (
    select
        cast(date_trunc('week', cast(requested_at as date)) as date) as week,
        reason,
        bool_or(is_seller_fault) as is_seller_fault,
        count(*) as requests
    from intermediate.returns_with_lines
    where
        problem is null
        and kind in ('return', 'exchange')
        and requested_at >= $history_start_at
    group by
        cast(date_trunc('week', cast(requested_at as date)) as date),
        reason
),

complete as (
    select
        week,
        reason,
        is_seller_fault,
        requests
    from requests
    where week + interval '7 days' <= $as_of
),

reasons as (
    select
        reason,
        bool_or(is_seller_fault) as is_seller_fault
    from complete
    group by reason
),

-- generate_series and not range, which drops the last of dates that do not end
-- on a step.
weeks as (
    select
        cast(
            unnest(
                generate_series($history_start, $as_of - 7, interval '7 days')
            ) as date
        ) as week
),

counted as (
    select
        weeks.week,
        reasons.reason,
        reasons.is_seller_fault,
        coalesce(complete.requests, 0) as requests,
        sum(coalesce(complete.requests, 0)) over (partition by weeks.week)
            as all_requests
    from weeks
    cross join reasons
    left join complete
        on
            weeks.week = complete.week
            and reasons.reason = complete.reason
),

charted as (
    select
        *,
        proportion_ci(requests, all_requests) as share_interval,
        p_chart(requests, all_requests) over (
            partition by reason
            order by week
        ) as plain,
        p_chart(requests, all_requests, 'laney') over (
            partition by reason
            order by week
        ) as laney
    from counted
)

select
    week,
    reason,
    requests,
    all_requests,
    cast(requests as double) / nullif(all_requests, 0) as share,
    share_interval['lower'] as share_lower,
    share_interval['upper'] as share_upper,
    plain['centre'] as usual_share,
    least(plain['lower'], laney['lower']) as chart_lower,
    greatest(plain['upper'], laney['upper']) as chart_upper,
    case
        when plain['signal'] = laney['signal']
            then cast(plain['signal'] as bigint)
        else 0
    end as signal,
    is_seller_fault
from charted
