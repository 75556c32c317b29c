-- Is the data of every table and shop up to date, and is any day missing?
--
-- grain: table_name, shop
-- rows: intermediate.rows_by_day on
--   rows.table_name = cell.table_name and cell.shop in (rows.shop, 'all')
--
-- table_name        canonical table
-- shop              shop; all for every shop together; unknown where neither
--                   the row nor its order has one
-- rows              rows before the report day
-- first_date        first day with a row
-- last_at           last event
-- gap_days          days without a row before the report day: 0 when there are
--                   rows of the day before it
-- usual_gap_days    most days without a row between two rows of the last
--                   $sales_window_days
-- window_days       days since first_date, at most the last
--                   $freshness_window_days
-- days_with_rows    of those, with a row
-- previous_day_share  share of as many days before with a row; NULL when there
--                   was none
-- window_rows       rows of those days
-- previous_rows     rows of as many days before
-- missing_days      days without a row on which another shop of the table has
--                   one
-- is_stale          gap_days is more than usual_gap_days and more than one: the
--                   last delivery may be missing
-- is_incomplete     the share of days with rows has fallen beyond chance (99 %
--                   interval): deliveries in between may be missing
--
-- Shops that have ever had a row of the table. One of several marketplaces that
-- sends nothing is found by its own row, when all has rows of every day. Small
-- shops have days without an order: missing_days alone is no fault. The days of
-- the events, not of the loading: a lake may be a day late by design.

with

days as (
    select
        table_name,
        case when grouping(shop) = 1 then 'all' else shop end as shop,
        day,
        sum(rows) as rows,
        max(last_at) as last_at
    from intermediate.rows_by_day
    group by grouping sets ((table_name, day), (table_name, shop, day))
),

-- 'unknown' and every shop have a row of their own here; all has those of each.
gaps as (
    select
        *,
        min(day) over (partition by table_name, shop) as first_date,
        day
        - lag(day) over (partition by table_name, shop order by day)
        - 1 as gap_days
    from days
),

summed as (
    select
        table_name,
        shop,
        sum(rows) as rows,
        max(first_date) as first_date,
        max(last_at) as last_at,
        $as_of - max(day) - 1 as gap_days,
        max(gap_days) filter (where day >= $sales_window_start)
            as usual_gap_days,
        least($freshness_window_days, $as_of - max(first_date))
            as window_days,
        count(*) filter (where day >= $freshness_window_start)
            as days_with_rows,
        least(
            $freshness_window_days,
            greatest($freshness_window_start - max(first_date), 0)
        ) as previous_days,
        count(*) filter (
            where
                day < $freshness_window_start
                and day >= $freshness_window_start - $freshness_window_days
        ) as previous_days_with_rows,
        sum(rows) filter (where day >= $freshness_window_start)
            as window_rows,
        sum(rows) filter (
            where
                day < $freshness_window_start
                and day >= $freshness_window_start - $freshness_window_days
        ) as previous_rows
    from gaps
    group by table_name, shop
),

-- Days of the window on which anybody had a row, since the shop's first.
table_days as (
    select
        table_name,
        day
    from days
    where
        shop = 'all'
        and day >= $freshness_window_start
),

expected as (
    select
        summed.table_name,
        summed.shop,
        count(*) as expected_days
    from summed
    inner join table_days
        on summed.table_name = table_days.table_name
    where table_days.day >= summed.first_date
    group by summed.table_name, summed.shop
)

select
    summed.table_name,
    summed.shop,
    summed.rows,
    summed.first_date,
    summed.last_at,
    summed.gap_days,
    summed.usual_gap_days,
    summed.window_days,
    summed.days_with_rows,
    cast(summed.previous_days_with_rows as double)
    / nullif(summed.previous_days, 0) as previous_day_share,
    coalesce(summed.window_rows, 0) as window_rows,
    coalesce(summed.previous_rows, 0) as previous_rows,
    coalesce(expected.expected_days, 0) - summed.days_with_rows as missing_days,
    summed.gap_days > greatest(coalesce(summed.usual_gap_days, 0), 1)
        as is_stale,
    coalesce(
        prop_diff_ci(
            summed.days_with_rows,
            summed.window_days,
            summed.previous_days_with_rows,
            summed.previous_days,
            'newcombe',
            0.99
        )['upper'] < 0,
        false
    ) as is_incomplete
from summed
left join expected
    on
        summed.table_name = expected.table_name
        and summed.shop = expected.shop
