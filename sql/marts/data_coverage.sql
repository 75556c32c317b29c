-- Which months does the data of each table cover, and how well?
--
-- grain: table_name, month
-- rows: intermediate.rows_by_day on
--   rows.table_name = cell.table_name
--   and cast(date_trunc('month', rows.day) as date) = cell.month
--
-- table_name     canonical table
-- month          first day of the month, local
-- rows           rows of the month
-- shops          shops with a row of it
-- all_shops      shops that had a row of the table by the end of the month
-- days           days of the month before the report day
-- days_with_rows  of those, with a row
-- day_share      days_with_rows / days
-- rows_per_day   rows / days
-- is_complete    the month ended before the report day
--
-- Every month from the first with a row of the table to that of the report day,
-- also those without. A month with fewer shops or days than those around it may
-- be a gap of the data, or of the business. The first month is covered from its
-- first row on.

with

months as (
    select
        table_name,
        cast(date_trunc('month', day) as date) as month,
        sum(rows) as rows,
        count(distinct shop) as shops,
        count(distinct day) as days_with_rows
    from intermediate.rows_by_day
    group by table_name, cast(date_trunc('month', day) as date)
),

-- The first month is part of the key: after a grouping by the table alone the
-- optimizer takes it for a key of the months, too.
firsts as (
    select distinct
        table_name,
        min(month) over (partition by table_name) as first_month
    from months
),

spans as (
    select
        table_name,
        cast(
            unnest(
                generate_series(first_month, $as_of - 1, interval '1 month')
            ) as date
        ) as month
    from firsts
),

first_months as (
    select
        table_name,
        first_month as month,
        count(*) as new_shops
    from (
        select
            table_name,
            shop,
            cast(date_trunc('month', min(day)) as date) as first_month
        from intermediate.rows_by_day
        group by table_name, shop
    ) as shops
    group by table_name, first_month
),

filled as (
    select
        spans.table_name,
        spans.month,
        coalesce(months.rows, 0) as rows,
        coalesce(months.shops, 0) as shops,
        sum(coalesce(first_months.new_shops, 0)) over (
            partition by spans.table_name
            order by spans.month
        ) as all_shops,
        least(cast(spans.month + interval '1 month' as date), $as_of)
        - spans.month as days,
        coalesce(months.days_with_rows, 0) as days_with_rows
    from spans
    left join months
        on
            spans.table_name = months.table_name
            and spans.month = months.month
    left join first_months
        on
            spans.table_name = first_months.table_name
            and spans.month = first_months.month
)

select
    table_name,
    month,
    rows,
    shops,
    all_shops,
    days,
    days_with_rows,
    cast(days_with_rows as double) / days as day_share,
    cast(rows as double) / days as rows_per_day,
    month + interval '1 month' <= $as_of as is_complete
from filled
