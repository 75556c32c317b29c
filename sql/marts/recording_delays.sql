-- How late do rows reach the lake after what they tell of?
--
-- grain: table_name
-- rows: staging.recording_times on
--   rows.table_name = cell.table_name
--   and rows.happened_date >= $sales_window_start
--
-- table_name         canonical table
-- rows               rows of events of the last $sales_window_days that say
--                    when they were recorded
-- unknown_rows       rows that do not
-- late_rows          of rows, recorded a day or more after the event
-- late_share         late_rows / rows
-- late_share_lower   lower end of its 95 % Wilson interval
-- late_share_upper   upper end
-- median_delay_days  median days of late_rows
-- longest_delay_days  longest of them
-- beyond_lag_rows    of rows, recorded $recording_lag_days or more after the
--                    event
-- beyond_lag_share   beyond_lag_rows / rows
--
-- What is not recorded yet is not in here, so the last days look better than
-- they are. $recording_lag_days is how long a sale waits for late rows before
-- its returns are taken as complete: it is too short where beyond_lag_share of
-- returns or refunds is not near 0.

with

delays as (
    select
        table_name,
        delay_days,
        sum(rows) as rows
    from staging.recording_times
    where coalesce(happened_date >= $sales_window_start, true)
    group by table_name, delay_days
),

-- Late rows up to each delay, for the median.
ranked as (
    select
        *,
        case when delay_days >= 1 then rows else 0 end as late_rows,
        sum(case when delay_days >= 1 then rows else 0 end) over (
            partition by table_name
        ) as all_late_rows,
        sum(case when delay_days >= 1 then rows else 0 end) over (
            partition by table_name
            order by delay_days nulls first
            rows between unbounded preceding and current row
        ) as late_rows_so_far
    from delays
),

tables as (
    select
        table_name,
        coalesce(sum(rows) filter (where delay_days is not null), 0) as rows,
        coalesce(sum(rows) filter (where delay_days is null), 0)
            as unknown_rows,
        sum(late_rows) as late_rows,
        min(delay_days) filter (
            where late_rows > 0 and 2 * late_rows_so_far >= all_late_rows
        ) as median_delay_days,
        max(delay_days) filter (where late_rows > 0) as longest_delay_days,
        coalesce(
            sum(rows) filter (where delay_days >= $recording_lag_days), 0
        ) as beyond_lag_rows
    from ranked
    group by table_name
),

with_intervals as (
    select
        *,
        proportion_ci(late_rows, rows) as late_interval
    from tables
)

select
    table_name,
    rows,
    unknown_rows,
    late_rows,
    cast(late_rows as double) / nullif(rows, 0) as late_share,
    late_interval['lower'] as late_share_lower,
    late_interval['upper'] as late_share_upper,
    median_delay_days,
    longest_delay_days,
    beyond_lag_rows,
    cast(beyond_lag_rows as double) / nullif(rows, 0) as beyond_lag_share
from with_intervals
