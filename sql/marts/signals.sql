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
--                  mature and in which something was measured
-- unit             share, points, count, money, hours or per_1000
-- cases            what the value is of
-- value            the measure
-- centre           where it was in the weeks of the baseline
-- limit_lower      lower control limit of the week
-- limit_upper      upper control limit
-- difference       value - centre
-- z                the same in standard deviations of the week
-- p_value          two-sided probability of such a z or a larger one, if
--                  nothing has changed
-- adjusted_p_value  the same, adjusted for all the measures that were looked
--                  at (Benjamini and Hochberg)
-- tests            how many those are
-- is_signal        adjusted_p_value is below $signal_level: of the rows where
--                  this is true, about that share is true by chance
-- rules            run rules the week completes; not adjusted
-- ewma_signal      1 or -1 where the weighted average left its limits; not
--                  adjusted
-- cusum_signal     1 or -1 where the summed deviations did; not adjusted
-- is_worse         it moved where one does not want to go
-- weeks_outside    weeks of the last $monitor_recent_weeks outside the limits
--
-- A row for every measure that signals in any of the four ways. Measures with
-- fewer than $min_n cases, and weeks of the baseline, are not judged. A slice
-- and the whole it is part of move together, so their rows are not so many
-- findings.

with

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
    from marts.monitor
    where
        z is not null
        and not is_baseline
        and not has_few_cases
),

-- erfc(|z| / sqrt 2) as a continued fraction beyond 2.5 and a series within:
-- both are right to six digits where they are used.
judged as (
    select
        *,
        case
            when abs(z) > 2.5
                then exp(-z * z / 2) * sqrt(2 / pi()) / (
                    abs(z) + 1 / (abs(z) + 2 / (abs(z) + 3 / (abs(z) + 4 / (
                        abs(z) + 5 / (abs(z) + 6 / (abs(z) + 7 / (
                            abs(z) + 8 / (abs(z) + 9 / (abs(z) + 10 / (
                                abs(z) + 11 / (abs(z) + 12 / (abs(z) + 2.0))
                            )))
                        )))
                    ))))
                )
            else 1 - sqrt(2 / pi()) * abs(z) * (
                1 - z * z / 6 * (1 - z * z * 3 / 20 * (1 - z * z * 5 / 42 * (
                    1 - z * z * 7 / 72 * (1 - z * z * 9 / 110 * (
                        1 - z * z * 11 / 156 * (1 - z * z * 13 / 210 * (
                            1 - z * z * 15 / 272 * (1 - z * z * 17 / 342 * (
                                1 - z * z * 19 / 420 * (
                                    1 - z * z * 21 / 506 * (
                                        1 - z * z * 23 / 600 * (
                                            1 - z * z * 25 / 702
                                        )
                                    )
                                )
                            ))
                        ))
                    ))
                )))
            )
        end as p_value
    from last_weeks
    where age = 1
),

adjusted as (
    select
        *,
        p_adjust(p_value) over () as adjusted_p_value,
        count(*) over () as tests
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
    adjusted_p_value < $signal_level as is_signal,
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
