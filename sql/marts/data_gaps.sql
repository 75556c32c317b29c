-- On which days did a shop send nothing, or far too little?
--
-- grain: table_name, shop, first_date
--
-- table_name     canonical table
-- shop           shop; all for every shop together
-- first_date     first day of the gap
-- last_date      last day of the gap
-- kind           missing: no row at all; thin: less than half of what was
--                expected on that day
-- days           days of the gap
-- rows           rows of those days
-- expected_rows  rows expected on them
-- is_trailing    the gap goes on to the report day: what is missing may still
--                come
--
-- Of the last $freshness_window_days. Expected of a day is the median of the
-- shop on the same weekday of the twelve weeks before the window, and where the
-- other shops had less than theirs, as much less: a quiet day of all is no gap
-- of one. Missing days are shown when 12 rows or more were expected on them, so
-- that chance (Poisson) leaves one such gap in 160,000; a thin day is more than
-- five standard deviations below. Days on which a shop is always closed are
-- expected to be empty; holidays are not known, and are found. Shops with too
-- few rows for this are judged by is_stale and is_incomplete of data_freshness.

with

days as (
    select
        table_name,
        case when grouping(shop) = 1 then 'all' else shop end as shop,
        day,
        sum(rows) as rows
    from intermediate.rows_by_day
    group by grouping sets ((table_name, day), (table_name, shop, day))
),

-- No rows for every day of the window and of twelve weeks before it, beside
-- those of the days that have some.
spine as (
    select
        table_name,
        shop,
        cast(
            unnest(
                generate_series(
                    greatest(min(day), $freshness_window_start - 84),
                    $as_of - 1,
                    interval '1 day'
                )
            ) as date
        ) as day,
        0 as rows
    from days
    group by table_name, shop
),

filled as (
    select
        table_name,
        shop,
        day,
        sum(rows) as rows
    from (
        select
            table_name,
            shop,
            day,
            rows
        from days
        where day >= $freshness_window_start - 84
        union all
        select
            table_name,
            shop,
            day,
            rows
        from spine
    ) as both_kinds
    group by table_name, shop, day
),

-- Of four days of the same weekday at least.
usual as (
    select
        table_name,
        shop,
        day,
        rows,
        case
            when
                count(case when day < $freshness_window_start then 1 end)
                    over (
                        partition by table_name, shop, date_part('dow', day)
                    )
                >= 4
                then
                    median(
                        case
                            when day < $freshness_window_start
                                then cast(rows as double)
                        end
                    ) over (
                        partition by table_name, shop, date_part('dow', day)
                    )
        end as usual_rows
    from filled
),

-- The same of all shops together that are looked at.
totals as (
    select
        table_name,
        shop,
        day,
        rows,
        usual_rows,
        sum(case when shop <> 'all' then rows end)
            over (partition by table_name, day) as total_rows,
        sum(case when shop <> 'all' then usual_rows end)
            over (partition by table_name, day) as total_usual_rows
    from usual
    where
        day >= $freshness_window_start
        and usual_rows is not null
),

-- What the others had of their usual day, at most all of it.
expected as (
    select
        table_name,
        shop,
        day,
        rows,
        case
            when
                shop = 'all'
                or total_usual_rows <= usual_rows
                then usual_rows
            else
                usual_rows
                * least(
                    1,
                    cast(total_rows - rows as double)
                    / (total_usual_rows - usual_rows)
                )
        end as expected_rows
    from totals
),

judged as (
    select
        *,
        case
            when rows = 0 then 'missing'
            when
                rows < expected_rows / 2
                and rows < expected_rows - 5 * sqrt(expected_rows)
                then 'thin'
        end as kind
    from expected
),

-- Days in a row of one kind have the same distance from their number.
numbered as (
    select
        *,
        day
        - cast(
            row_number() over (
                partition by table_name, shop, kind
                order by day
            ) as integer
        ) as island
    from judged
    where kind is not null
)

select
    table_name,
    shop,
    min(day) as first_date,
    max(day) as last_date,
    kind,
    count(*) as days,
    sum(rows) as rows,
    round(sum(expected_rows), 1) as expected_rows,
    max(day) = $as_of - 1 as is_trailing
from numbered
group by table_name, shop, kind, island
having kind = 'thin' or sum(expected_rows) >= 12
