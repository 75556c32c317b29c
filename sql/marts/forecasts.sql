-- What will the headline measures be in the next weeks, and how far off were
-- such forecasts before?
--
-- grain: metric, dimension, dimension_value, week
-- rows: marts.metric_values_by_week on
--   rows.metric = cell.metric and rows.dimension = cell.dimension
--   and rows.dimension_value = cell.dimension_value
--   and rows.week <= cell.last_week
--
-- metric           headline measure, as in marts.metric_values_by_week
-- dimension        all; for tickets also issue, for staffing
-- dimension_value  all, or what the tickets are about
-- week             Monday of the week that is forecast, local
-- unit             share, points, count, money, hours or per_1000
-- step             weeks after last_week: 1 is the next
-- forecast         expected value
-- forecast_lower   lower end of its 95 % interval, not below what is possible
-- forecast_upper   upper end
-- method           holt_winters (trend and season of a year, from two years of
--                  weeks), holt (trend that fades) or ses (level)
-- history_weeks    weeks the forecast is made from
-- last_week        last of them: mature and over
-- last_value       its value
-- backtest_cases   forecasts of the last eight weeks, made before them and held
--                  against what came
-- backtest_mae     their mean absolute error, in the unit of the measure
-- backtest_mase    the same over the mean error of taking last week for next,
--                  before those weeks
-- is_better_than_naive  backtest_mase is below 1
--
-- Counts and money have a trend, and with two years of weeks a season; what is
-- a rate, score or median has a level. Weeks without a value are left out, as
-- if those around them were neighbours. Return rates and repurchase_rate are
-- forecast from their last mature week, so the weeks that are forecast are
-- partly over, and not known yet. Sales of a few days that move from year to
-- year are not foreseen. A measure with fewer than eight weeks has no rows.

with

series as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        week,
        value,
        count(*) over (partition by metric, dimension, dimension_value)
            as weeks,
        max(week) over (partition by metric, dimension, dimension_value)
            as last_week
    from marts.metric_values_by_week
    where
        is_mature
        and value is not null
        and (dimension = 'all' or (metric = 'tickets' and dimension = 'issue'))
),

-- Origin 0 is the last week; the eight before it are the backtest.
origins as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        week,
        value,
        last_week,
        case
            when unit not in ('count', 'money') then 'ses'
            when weeks >= 112 then 'holt_winters'
            else 'holt'
        end as method,
        unnest([0, 1, 2, 3, 4, 5, 6, 7, 8]) as origin
    from series
    where weeks >= 8
),

-- Days and not dates are compared: a filter over dates less a column of weeks
-- fails to plan.
fitted as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        method,
        origin,
        max(last_week) as last_week,
        count(*) as history_weeks,
        last_value(value order by week) as last_value,
        array_agg(
            named_struct(
                'step', (week - last_week) / 7,
                'mean', value,
                'lower', cast(null as double),
                'upper', cast(null as double)
            )
        ) filter (where origin = 0) as history,
        ses(week, value, $forecast_weeks) filter (where method = 'ses') as ses,
        holt(week, value, $forecast_weeks, null, true)
        filter (where method = 'holt') as holt,
        holt_winters(
            week,
            value,
            52,
            $forecast_weeks,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            'decompose'
        ) filter (where method = 'holt_winters') as holt_winters
    from origins
    where last_week - week >= 7 * origin
    group by metric, dimension, dimension_value, unit, method, origin
),

-- History and forecasts in one list, so that what came can be set beside what
-- was forecast without reading the measures twice. Steps of history are 0 and
-- below.
points as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        method,
        origin,
        last_week,
        history_weeks,
        last_value,
        unnest(
            array_concat(
                coalesce(history, []),
                coalesce(
                    ses['forecasts'],
                    holt['forecasts'],
                    holt_winters['forecasts']
                )
            )
        ) as point
    from fitted
),

dated as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        method,
        origin,
        last_week,
        history_weeks,
        last_value,
        point['step'] as step,
        last_week + (7 * point['step'] - 7 * origin) as week,
        point['mean'] as mean,
        point['lower'] as lower,
        point['upper'] as upper
    from points
),

matched as (
    select
        *,
        max(case when step <= 0 then mean end) over (
            partition by metric, dimension, dimension_value, week
        ) as actual
    from dated
),

-- History up to the first origin has no forecast and gives the scale of the
-- errors.
tested as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        method,
        last_week,
        max(history_weeks) as history_weeks,
        max(last_value) filter (where origin = 0) as last_value,
        forecast_accuracy(actual, case when step > 0 then mean end, week)
        filter (
            where
                (origin > 0 and step > 0)
                or (origin = 0 and step <= -8)
        ) as accuracy,
        array_agg(
            named_struct(
                'step', step,
                'week', week,
                'mean', mean,
                'lower', lower,
                'upper', upper
            )
        ) filter (where origin = 0 and step > 0) as forecasts
    from matched
    group by metric, dimension, dimension_value, unit, method, last_week
),

forecasts as (
    select
        metric,
        dimension,
        dimension_value,
        unit,
        method,
        last_week,
        history_weeks,
        last_value,
        accuracy,
        case unit when 'points' then -100.0 else 0.0 end as lowest,
        case unit when 'points' then 100.0 when 'share' then 1.0 end
            as highest,
        unnest(forecasts) as point
    from tested
)

-- greatest and least pass over NULL: what has no highest value is not cut.
select
    metric,
    dimension,
    dimension_value,
    point['week'] as week,
    unit,
    point['step'] as step,
    least(greatest(point['mean'], lowest), highest) as forecast,
    least(greatest(point['lower'], lowest), highest) as forecast_lower,
    least(greatest(point['upper'], lowest), highest) as forecast_upper,
    method,
    history_weeks,
    last_week,
    last_value,
    coalesce(accuracy['n'], 0) as backtest_cases,
    accuracy['mae'] as backtest_mae,
    accuracy['mase'] as backtest_mase,
    accuracy['mase'] < 1 as is_better_than_naive
from forecasts
where point['mean'] is not null
