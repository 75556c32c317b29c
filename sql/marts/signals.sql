-- Which measures have moved, as of the last week that can be judged?
--
-- grain: metric, dimension, dimension_value
-- rows: marts.monitor on
--   rows.metric = cell.metric and rows.dimension = cell.dimension
--   and rows.dimension_value = cell.dimension_value
--
-- metric           headline measure, as in marts.metric_values_by_week
-- dimension        all, shop, channel, category, ...
-- dimension_value  which one of them
-- week             Monday of the week that is judged: the last one that is
--                  mature and in which enough was measured
-- unit             share, points, count, money, hours or per_1000
-- cases            what the value is of
-- value            the measure
-- centre           where it was in the weeks of the baseline
-- limit_lower      lower control limit of the week
-- limit_upper      upper control limit
-- difference       value - centre
-- z                the same in standard deviations of the week
-- p_value          two-sided probability of such a z or a larger one, if
--                  nothing has changed; of Student's t, since centre and
--                  deviation are known from the weeks of the baseline only.
--                  NULL with fewer than eight of those, with fewer than five
--                  cases in one of them on average, and where fewer than
--                  five of what a share or a rate counts are usual in such a
--                  week, or five of what it does not: a normal distribution
--                  knows nothing of such counts
-- adjusted_p_value  the same, adjusted for all the measures that were looked
--                  at (Benjamini and Hochberg)
-- tests            how many those are
-- is_signal        adjusted_p_value is below $signal_level: of the rows where
--                  this is true, about that share is true by chance
-- rules            run rules the week completes; not adjusted
-- ewma_signal      1 or -1 where the weighted average left its limits; not
--                  adjusted
-- cusum_signal     1 or -1 where the summed deviations did; not adjusted
-- is_worse         it moved where one does not want to go; NULL where only
--                  is_signal says that it moved
-- weeks_outside    weeks of the last $monitor_recent_weeks outside the limits
--
-- A row for every measure that signals in any of the four ways. Measures with
-- fewer than $min_n cases, and weeks of the baseline, are not judged. A slice
-- and the whole it is part of move together, so their rows are not so many
-- findings.

with

-- Weeks of the baseline with a value: so much is known of centre and deviation.
weeks as (
    select
        *,
        count(z) filter (where is_baseline) over (
            partition by metric, dimension, dimension_value
        ) as baseline_weeks,
        avg(cases) filter (where is_baseline) over (
            partition by metric, dimension, dimension_value
        ) as usual_cases
    from marts.monitor
),

last_weeks as (
    select
        *,
        row_number() over (
            partition by metric, dimension, dimension_value
            order by week desc
        ) as age,
        count(*) filter (where signal <> 0) over (
            partition by metric, dimension, dimension_value
        ) as weeks_outside
    from weeks
    where
        z is not null
        and not is_baseline
        and not has_few_cases
),

-- What a share or a rate counts, as much as is usual of so many cases.
expected as (
    select
        *,
        case unit
            when 'share' then least(centre, 1 - centre) * cases
            when 'per_1000' then centre / 1000 * cases
            else usual_cases
        end as usual_events
    from last_weeks
),

-- A new week differs from an estimated centre by more than from a true one. The
-- deviation comes of moving ranges, which know 0.62 of what as many squares
-- would. The normal score of Student's t is Wallace's (1959).
normal as (
    select
        *,
        case
            when baseline_weeks >= 8 and usual_cases >= 5 and usual_events >= 5
                then
                    (8 * 0.62 * (baseline_weeks - 1) + 1)
                    / (8 * 0.62 * (baseline_weeks - 1) + 3)
                    * sqrt(
                        0.62 * (baseline_weeks - 1)
                        * ln(
                            1 + z * z / (1 + 1.0 / baseline_weeks)
                            / (0.62 * (baseline_weeks - 1))
                        )
                    )
        end as score
    from expected
    where age = 1
),

-- The normal distribution function as in marts.product_problems.
judged as (
    select
        *,
        case
            when score = 0 then 1.0
            else
                2 * (
                    1 - prop_power(
                        0.25, 0.75, 1.5 * score * score, 0.5, 1, true
                    )
                )
        end as p_value
    from normal
),

adjusted as (
    select
        *,
        p_adjust(p_value) over () as adjusted_p_value,
        count(p_value) over () as tests
    from judged
)

select
    metric,
    dimension,
    dimension_value,
    week,
    unit,
    cases,
    value,
    centre,
    limit_lower,
    limit_upper,
    value - centre as difference,
    z,
    p_value,
    adjusted_p_value,
    tests,
    coalesce(adjusted_p_value < $signal_level, false) as is_signal,
    rules,
    ewma_signal,
    cusum_signal,
    is_worse,
    weeks_outside
from adjusted
where
    adjusted_p_value < $signal_level
    or signal <> 0
    or rules is not null
    or ewma_signal <> 0
    or cusum_signal <> 0
