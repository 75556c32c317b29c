-- What was different after each change of a product, a process or the service?
--
-- grain: day, name, metric
--
-- day              day from which the measure was in force
-- name             what was done, from the calendar of events
-- kind             kind of event: release, measure, training, ...
-- metric           order_return_rate, nps, csat, first_reply_hours,
--                  refund_hours or contact_rate
-- unit             share, points, hours or per_order
-- cases_before     orders, answers, tickets or returns of the
--                  $measure_window_days before the day
-- cases_after      of as many days from the day on, or as many as there were
-- value_before     rate, score or mean of the days before; nps and csat are
--                  weighted
-- value_after      of the days after
-- difference       the days after less the days before, without weights
-- difference_lower  lower end of its 95 % interval
-- difference_upper  upper end
-- p_value          two-sided probability of such a difference, if nothing
--                  changed
-- adjusted_p_value  adjusted for all rows (Benjamini and Hochberg)
-- year_ago_difference  the same difference around the same day a year (364
--                  days) before: what the season alone may do
-- is_window_over   the days after are over
-- is_controlled    always false: everyone had the measure at once
--
-- Before and after, without a control: whatever else changed on those days is
-- in the difference, and no row says what brought it about. year_ago_difference
-- shows what the season did when there was no measure. Events of the kinds sale
-- and disruption happen to a shop and are no measures of it. Return rates take
-- orders that can no longer come back, refund_hours returns requested on the
-- day, with refunds so far. contact_rate has no interval: contacts are of other
-- days than the orders. Events of one name on several days count from the
-- first. Tests of differences use no weights: where answers have some, the
-- difference of nps and csat is not value_after - value_before. That of nps is
-- clustered by customer; the others take every case as independent.

with

measures as (
    select
        name,
        min(kind) as kind,
        min(day) as day
    from staging.calendar_events
    where coalesce(kind not in ('sale', 'disruption', 'holiday'), true)
    group by name
),

-- One row for each day of a window, so that facts meet measures by their day.
-- 364 days are 52 weeks: weekdays fall on weekdays.
windows as (
    select
        name,
        day,
        false as is_year_ago,
        true as is_after,
        cast(
            unnest(
                generate_series(
                    day,
                    day + ($measure_window_days - 1),
                    interval '1 day'
                )
            ) as date
        ) as fact_day
    from measures
    union all
    select
        name,
        day,
        false as is_year_ago,
        false as is_after,
        cast(
            unnest(
                generate_series(
                    day - $measure_window_days,
                    day - 1,
                    interval '1 day'
                )
            ) as date
        ) as fact_day
    from measures
    union all
    select
        name,
        day,
        true as is_year_ago,
        true as is_after,
        cast(
            unnest(
                generate_series(
                    day - 364,
                    day + ($measure_window_days - 365),
                    interval '1 day'
                )
            ) as date
        ) as fact_day
    from measures
    union all
    select
        name,
        day,
        true as is_year_ago,
        false as is_after,
        cast(
            unnest(
                generate_series(
                    day - (364 + $measure_window_days),
                    day - 365,
                    interval '1 day'
                )
            ) as date
        ) as fact_day
    from measures
),

facts as (
    select
        'order_return_rate' as metric,
        ordered_date as fact_day,
        case when has_return then 1.0 else 0.0 end as value,
        1.0 as weight,
        null as customer_id
    from intermediate.purchases
    where is_mature
    union all
    select
        'contact_rate' as metric,
        ordered_date as fact_day,
        0.0 as value,
        1.0 as weight,
        null as customer_id
    from intermediate.purchases
    union all
    select
        'contact_rate' as metric,
        cast(created_at as date) as fact_day,
        1.0 as value,
        1.0 as weight,
        null as customer_id
    from staging.tickets
    union all
    select
        case kind when 'nps' then 'nps' else 'csat' end as metric,
        cast(responded_at as date) as fact_day,
        case
            when kind = 'nps' then cast(score as double)
            when score >= scale - 1 then 1.0
            else 0.0
        end as value,
        weight,
        customer_id
    from staging.surveys
    where
        problem is null
        and score is not null
        and (kind = 'csat' or (kind = 'nps' and scope = $nps_scope))
    union all
    select
        'first_reply_hours' as metric,
        cast(created_at as date) as fact_day,
        (cast(first_public_reply_at as bigint) - cast(created_at as bigint))
        / 3600000000.0 as value,
        1.0 as weight,
        null as customer_id
    from staging.tickets
    where first_public_reply_at >= created_at
    union all
    select
        'refund_hours' as metric,
        cast(requested_at as date) as fact_day,
        (cast(refunded_at as bigint) - cast(requested_at as bigint))
        / 3600000000.0 as value,
        1.0 as weight,
        null as customer_id
    from intermediate.returns_with_lines
    where
        kind = 'return'
        and refunded_at >= requested_at
),

tested as (
    select
        windows.name,
        windows.day,
        windows.is_year_ago,
        facts.metric,
        count(*) filter (where not windows.is_after) as cases_before,
        count(*) filter (where windows.is_after) as cases_after,
        sum(facts.value) filter (where not windows.is_after) as sum_before,
        sum(facts.value) filter (where windows.is_after) as sum_after,
        prop_test(facts.value > 0, windows.is_after)
        filter (where facts.metric in ('order_return_rate', 'csat')) as shares,
        nps_test(facts.value, windows.is_after, 0.95, facts.customer_id)
        filter (where facts.metric = 'nps') as scores,
        nps(facts.value, facts.weight) filter (
            where facts.metric = 'nps' and not windows.is_after
        ) as nps_before,
        nps(facts.value, facts.weight) filter (
            where facts.metric = 'nps' and windows.is_after
        ) as nps_after,
        sum(facts.weight * facts.value) filter (
            where facts.metric = 'csat' and not windows.is_after
        )
        / nullif(
            sum(facts.weight) filter (
                where facts.metric = 'csat' and not windows.is_after
            ),
            0
        ) as csat_before,
        sum(facts.weight * facts.value) filter (
            where facts.metric = 'csat' and windows.is_after
        )
        / nullif(
            sum(facts.weight) filter (
                where facts.metric = 'csat' and windows.is_after
            ),
            0
        ) as csat_after,
        t_test_welch(facts.value, windows.is_after)
        filter (where facts.metric in ('first_reply_hours', 'refund_hours'))
            as means
    from windows
    inner join facts
        on windows.fact_day = facts.fact_day
    group by windows.name, windows.day, windows.is_year_ago, facts.metric
),

intervals as (
    select
        *,
        case
            when metric in ('order_return_rate', 'csat')
                then prop_diff_ci(
                    cast(sum_after as bigint),
                    cases_after,
                    cast(sum_before as bigint),
                    cases_before
                )
        end as shares_ci
    from tested
),

-- Contacts over orders: tickets are the ones, orders the noughts.
compared as (
    select
        name,
        day,
        is_year_ago,
        metric,
        case metric
            when 'contact_rate' then cases_before - sum_before
            else cases_before
        end as cases_before,
        case metric
            when 'contact_rate' then cases_after - sum_after
            else cases_after
        end as cases_after,
        case metric
            when 'nps' then nps_before
            when 'csat' then csat_before
            when 'contact_rate'
                then sum_before / nullif(cases_before - sum_before, 0)
            else sum_before / nullif(cases_before, 0)
        end as value_before,
        case metric
            when 'nps' then nps_after
            when 'csat' then csat_after
            when 'contact_rate'
                then sum_after / nullif(cases_after - sum_after, 0)
            else sum_after / nullif(cases_after, 0)
        end as value_after,
        coalesce(shares_ci['diff'], scores['diff']) as tested_difference,
        coalesce(shares_ci['lower'], scores['lower'], means['lower']) as lower,
        coalesce(shares_ci['upper'], scores['upper'], means['upper']) as upper,
        coalesce(shares['p_value'], scores['p_value'], means['p_value'])
            as p_value
    from intervals
),

-- What is not tested as shares or scores has no weights to do without.
differing as (
    select
        *,
        coalesce(tested_difference, value_after - value_before) as difference
    from compared
),

-- This year and the year before in one row, without reading the facts twice.
paired as (
    select
        name,
        day,
        metric,
        max(cases_before) filter (where not is_year_ago) as cases_before,
        max(cases_after) filter (where not is_year_ago) as cases_after,
        max(value_before) filter (where not is_year_ago) as value_before,
        max(value_after) filter (where not is_year_ago) as value_after,
        max(difference) filter (where not is_year_ago) as difference,
        max(lower) filter (where not is_year_ago) as lower,
        max(upper) filter (where not is_year_ago) as upper,
        max(p_value) filter (where not is_year_ago) as p_value,
        max(difference) filter (where is_year_ago) as year_ago_difference
    from differing
    group by name, day, metric
)

select
    paired.day,
    paired.name,
    measures.kind,
    paired.metric,
    case
        when paired.metric in ('order_return_rate', 'csat') then 'share'
        when paired.metric = 'nps' then 'points'
        when paired.metric = 'contact_rate' then 'per_order'
        else 'hours'
    end as unit,
    cast(paired.cases_before as bigint) as cases_before,
    cast(paired.cases_after as bigint) as cases_after,
    paired.value_before,
    paired.value_after,
    paired.difference,
    paired.lower as difference_lower,
    paired.upper as difference_upper,
    paired.p_value,
    p_adjust(paired.p_value) over () as adjusted_p_value,
    paired.year_ago_difference,
    paired.day + $measure_window_days <= $as_of as is_window_over,
    false as is_controlled
from paired
inner join measures
    on paired.name = measures.name
where paired.cases_before is not null
