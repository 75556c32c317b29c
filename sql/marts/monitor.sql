-- Is each headline measure where it should be, week by week?
--
-- grain: metric, dimension, dimension_value, week
--
-- metric           headline measure, as in marts.metric_values_by_week
-- dimension        all, shop, channel, category, ...
-- dimension_value  which one of them
-- week             Monday of the week, local
-- unit             share, points, count, money, hours or per_1000
-- cases            what the value is of; 0 where nothing happened
-- value            the measure; NULL where there is nothing to divide by
-- chart            laney_p for shares, xmr for all else
-- centre           where the measure was in the weeks of the baseline
-- limit_lower      lower control limit of the week
-- limit_upper      upper control limit
-- z                distance from the centre in standard deviations of the week
-- signal           1 above the upper limit, -1 below the lower, else 0; NULL
--                  where the week has no value or is not mature
-- rules            run rules the week completes (Nelson 1, 2, 3, 5 and 6), NULL
--                  where none
-- ewma_signal      the weighted average of the weeks so far has left its
--                  limits, 1 or -1, else 0: small lasting shifts; NULL
--                  without z
-- cusum_signal     the sum of the deviations so far has, 1 or -1, else 0; NULL
--                  without z
-- is_worse         a signal of any of the four points where one does not want
--                  to go; NULL without one
-- has_few_cases    fewer than $min_n cases behind a share, score or median
-- is_baseline      the week is one of those that made the centre
-- is_mature        the value does not grow any more; other weeks are shown, but
--                  not judged
--
-- The last $history_weeks weeks that are over. The baseline is what comes
-- before the last $monitor_recent_weeks of them, and stays where it is while
-- these are judged; with fewer than eight weeks of it all weeks make it, which
-- hides slow drifts. A baseline with a strike or a sale in it has wide limits.
-- Shares have Laney's limits, since plain ones of large shops signal every
-- week. Many measures are looked at here every week: about one in 400 leaves
-- its limits by chance. marts.signals allows for that.

with

history as (
    select
        *,
        count(case when is_mature then value end) over (
            partition by metric, dimension, dimension_value
        ) as weeks,
        count(
            case
                when week < $as_of - 7 * $monitor_recent_weeks and is_mature
                    then value
            end
        ) over (partition by metric, dimension, dimension_value)
            as baseline_weeks
    from marts.metric_values_by_week
    where week >= $history_start
),

marked as (
    select
        *,
        is_mature
        and (
            baseline_weeks < 8
            or week < $as_of - 7 * $monitor_recent_weeks
        ) as is_baseline
    from history
),

charted as (
    select
        *,
        p_chart(
            case
                when unit = 'share' and is_mature and denominator > 0
                    then least(numerator, denominator)
            end,
            case
                when unit = 'share' and is_mature and denominator > 0
                    then denominator
            end,
            'laney',
            3,
            is_baseline
        ) over (
            partition by metric, dimension, dimension_value
            order by week
        ) as p,
        xmr_chart(
            case when unit <> 'share' and is_mature then value end,
            null,
            3,
            is_baseline
        ) over (
            partition by metric, dimension, dimension_value
            order by week
        ) as xmr
    from marked
),

scored as (
    select
        *,
        coalesce(p['centre'], xmr['centre']) as centre,
        coalesce(p['lower'], xmr['lower']) as limit_lower,
        coalesce(p['upper'], xmr['upper']) as limit_upper,
        coalesce(p['z'], xmr['z']) as z,
        coalesce(p['signal'], xmr['signal']) as signal
    from charted
),

-- Over z, which has the centre 0 and the deviation 1 whatever the week's cases.
watched as (
    select
        *,
        run_rules(z, 0, 1) over (
            partition by metric, dimension, dimension_value
            order by week
        ) as rule_names,
        ewma_chart(z, 0.2, 3, 0, 1) over (
            partition by metric, dimension, dimension_value
            order by week
        ) as ewma,
        cusum(z, 0, 1) over (
            partition by metric, dimension, dimension_value
            order by week
        ) as sums
    from scored
),

signalled as (
    select
        *,
        coalesce(
            nullif(signal, 0),
            nullif(ewma['signal'], 0),
            nullif(sums['signal'], 0),
            case
                when cardinality(rule_names) > 0 then cast(signum(z) as bigint)
            end
        ) as direction
    from watched
)

select
    metric,
    dimension,
    dimension_value,
    week,
    unit,
    denominator as cases,
    value,
    case when unit = 'share' then 'laney_p' else 'xmr' end as chart,
    centre,
    limit_lower,
    limit_upper,
    z,
    signal,
    nullif(array_to_string(rule_names, ', '), '') as rules,
    ewma['signal'] as ewma_signal,
    sums['signal'] as cusum_signal,
    case
        when direction <> 0 then (direction > 0) <> is_higher_better
    end as is_worse,
    unit in ('share', 'points', 'hours') and denominator < $min_n
        as has_few_cases,
    is_baseline,
    is_mature
from signalled
