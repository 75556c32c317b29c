-- On which days of the week and in which months does it happen more often?
--
-- grain: metric, dimension, dimension_value, cycle, phase
--
-- metric           orders, return_requests or tickets
-- dimension        all; reason for return_requests, issue for tickets
-- dimension_value  which one of them
-- cycle            weekday or month
-- phase            1 Monday to 7 Sunday; 1 January to 12 December
-- days             days of the phase in the window
-- events           how often it happened on those days
-- expected_events  how often, if every day of the window were alike
-- seasonal_index   events / expected_events: 1 is an ordinary phase
-- share            of all events of the window
-- seasonal_effect  events a day more or less than the moving average of seven
--                  days around it (classical decomposition); NULL for months,
--                  and with fewer than 14 days
-- chi_square       distance of the phases of the cycle from days that are all
--                  alike
-- critical_value   what chi_square would exceed once in twenty times, if they
--                  were; NULL where there is one phase only
-- dispersion       variance of the events of a day over their mean, within
--                  phases: 1 by chance, more where events come together; never
--                  below 1
-- p_value          probability of such a chi_square / dispersion or a larger
--                  one, if the days were alike; NULL where fewer than five
--                  events are expected in a phase, or there is one only
-- p_value_adjusted  the same, adjusted for all cycles looked at (Benjamini and
--                  Hochberg)
-- has_pattern      p_value_adjusted is below 0.05
--
-- The last $seasonality_window_days before the report day, or as many of them
-- as there have been since the first event. With a year of it a month is there
-- once, so that growth and a single sale look like a season; with much data
-- small patterns are certain and still small: read the index. Events that come
-- together make chi_square larger than it should be, and critical_value is of
-- one look at events that do not; has_pattern allows for both. Requests are
-- those for money or other goods on the day they came in, also the ones that
-- were withdrawn or refused later, or are of an order nobody knows.

with

happened as (
    select
        'orders' as metric,
        cast(null as varchar) as slice,
        ordered_date as day
    from intermediate.purchases
    where ordered_at >= $seasonality_window_start_at
    union all
    select
        'return_requests' as metric,
        cast(reason as varchar) as slice,
        cast(requested_at as date) as day
    from intermediate.returns_with_lines
    where
        kind in ('return', 'exchange')
        and requested_at >= $seasonality_window_start_at
    union all
    select
        'tickets' as metric,
        coalesce(issue_type, 'unknown') as slice,
        cast(created_at as date) as day
    from staging.tickets
    where created_at >= $seasonality_window_start_at
),

by_day as (
    select
        metric,
        case
            when grouping(slice) = 1 then 'all'
            when metric = 'tickets' then 'issue'
            else 'reason'
        end as dimension,
        case when grouping(slice) = 1 then 'all' else slice end
            as dimension_value,
        day,
        count(*) as events
    from happened
    group by grouping sets ((metric, day), (metric, day, slice))
),

-- Days without an event are there, too, from the first event of the metric on.
-- Orders have no slices. The first day is part of the key: after a grouping by
-- the other three alone the optimizer takes them for a key of the days, too.
spans as (
    select distinct
        metric,
        dimension,
        dimension_value,
        min(day) over (partition by metric) as first_day
    from by_day
    where dimension_value is not null
),

days as (
    select
        metric,
        dimension,
        dimension_value,
        cast(
            unnest(generate_series(first_day, $as_of - 1, interval '1 day'))
            as date
        ) as day
    from spans
),

series as (
    select
        days.metric,
        days.dimension,
        days.dimension_value,
        days.day,
        coalesce(by_day.events, 0) as events
    from days
    left join by_day
        on
            days.metric = by_day.metric
            and days.dimension = by_day.dimension
            and days.dimension_value = by_day.dimension_value
            and days.day = by_day.day
),

decomposed as (
    select
        *,
        seasonal_decompose(events, 7) over (
            partition by metric, dimension, dimension_value
            order by day
        )['seasonal'] as seasonal
    from series
),

phased as (
    select
        metric,
        dimension,
        dimension_value,
        events,
        unnest([
            named_struct(
                'cycle', 'weekday',
                'phase', cast(extract(isodow from day) as bigint),
                'seasonal', seasonal
            ),
            named_struct(
                'cycle', 'month',
                'phase', cast(extract(month from day) as bigint),
                'seasonal', cast(null as double)
            )
        ]) as point
    from decomposed
),

phases as (
    select
        metric,
        dimension,
        dimension_value,
        point['cycle'] as cycle,
        point['phase'] as phase,
        count(*) as days,
        sum(events) as events,
        sum(events * events) as squares,
        max(point['seasonal']) as seasonal_effect
    from phased
    group by
        metric, dimension, dimension_value, point['cycle'], point['phase']
),

expected as (
    select
        *,
        cast(days as double)
        * sum(events) over (
            partition by metric, dimension, dimension_value, cycle
        )
        / sum(days) over (
            partition by metric, dimension, dimension_value, cycle
        ) as expected_events,
        cast(
            sum(events) over (
                partition by metric, dimension, dimension_value, cycle
            ) as double
        ) as all_events,
        count(*) over (
            partition by metric, dimension, dimension_value, cycle
        ) - 1 as degrees_of_freedom,
        sum(days) over (
            partition by metric, dimension, dimension_value, cycle
        ) as all_days,
        sum(squares - cast(events * events as double) / days) over (
            partition by metric, dimension, dimension_value, cycle
            order by phase
            rows between unbounded preceding and unbounded following
        ) as squares_within
    from phases
),

tested as (
    select
        *,
        -- In one order, so that the last digit is the same on every run.
        sum((events - expected_events) * (events - expected_events)
        / expected_events) over (
            partition by metric, dimension, dimension_value, cycle
            order by phase
            rows between unbounded preceding and unbounded following
        ) as chi_square,
        greatest(
            squares_within / nullif(all_days - degrees_of_freedom - 1, 0)
            / (all_events / all_days),
            1
        ) as dispersion,
        min(expected_events) over (
            partition by metric, dimension, dimension_value, cycle
        ) as fewest_expected
    from expected
),

-- Wilson and Hilferty: the cube root of a chi-square by its degrees of freedom
-- is normal.
scored as (
    select
        *,
        case
            when degrees_of_freedom > 0 and fewest_expected >= 5
                then
                    (
                        cbrt(chi_square / dispersion / degrees_of_freedom)
                        - 1
                        + 2.0 / (9 * degrees_of_freedom)
                    ) / sqrt(2.0 / (9 * degrees_of_freedom))
        end as score
    from tested
),

-- The normal distribution function as in marts.product_problems, of one side.
-- A cycle is looked at once, not once in each phase.
looked_at as (
    select
        *,
        case
            when score > 0
                then
                    1 - prop_power(
                        0.25, 0.75, 1.5 * score * score, 0.5, 1, true
                    )
            when score < 0
                then prop_power(0.25, 0.75, 1.5 * score * score, 0.5, 1, true)
            when score = 0 then 0.5
        end as p_value,
        row_number() over (
            partition by metric, dimension, dimension_value, cycle
            order by phase
        ) as row_no
    from scored
),

adjusted as (
    select
        *,
        p_adjust(case when row_no = 1 then p_value end) over ()
            as p_value_once
    from looked_at
),

judged as (
    select
        *,
        max(p_value_once) over (
            partition by metric, dimension, dimension_value, cycle
        ) as p_value_adjusted
    from adjusted
),

-- The points that a chi-square of so many degrees of freedom exceeds with a
-- probability of 5 %.
critical_values as (
    select
        points.degrees_of_freedom,
        points.critical_value
    from (
        values
        (1, 3.841), (2, 5.991), (3, 7.815), (4, 9.488), (5, 11.070),
        (6, 12.592), (7, 14.067), (8, 15.507), (9, 16.919), (10, 18.307),
        (11, 19.675)
    ) as points (degrees_of_freedom, critical_value)
)

select
    judged.metric,
    judged.dimension,
    judged.dimension_value,
    judged.cycle,
    judged.phase,
    judged.days,
    judged.events,
    judged.expected_events,
    judged.events / judged.expected_events as seasonal_index,
    judged.events / judged.all_events as share,
    judged.seasonal_effect,
    judged.chi_square,
    critical_values.critical_value,
    judged.dispersion,
    judged.p_value,
    judged.p_value_adjusted,
    coalesce(judged.p_value_adjusted < 0.05, false) as has_pattern
from judged
left join critical_values
    on judged.degrees_of_freedom = critical_values.degrees_of_freedom
