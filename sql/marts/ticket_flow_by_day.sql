-- Does the service desk keep up with what comes in, day by day?
--
-- grain: day
-- rows: marts.tickets on cast(rows.created_at as date) = cell.day
--
-- day             local day, of the last $history_weeks weeks
-- weekday         1 Monday to 7 Sunday
-- opened_tickets  cases opened
-- closed_tickets  cases solved for good
-- backlog         cases open at midnight after the day
-- backlog_days    days the desk needs for the backlog at its pace of the last
--                 28 days; NULL where it closed nothing
--
-- Days on which nothing happened are there, from the first case on. A case that
-- was opened again counts as open until its last solution.

with

moves as (
    select
        cast(created_at as date) as day,
        1 as opened,
        0 as closed
    from staging.tickets
    union all
    select
        cast(solved_at as date) as day,
        0 as opened,
        1 as closed
    from staging.tickets
    where
        not is_open
        and solved_at is not null
    union all
    select
        cast(
            unnest(
                generate_series($history_start, $as_of - 1, interval '1 day')
            ) as date
        ) as day,
        0 as opened,
        0 as closed
),

days as (
    select
        day,
        sum(opened) as opened_tickets,
        sum(closed) as closed_tickets
    from moves
    group by day
),

summed as (
    select
        *,
        sum(opened_tickets - closed_tickets) over (
            order by day
            rows between unbounded preceding and current row
        ) as backlog,
        sum(closed_tickets) over (
            order by day
            range between interval '27 days' preceding and current row
        ) / 28.0 as closed_per_day,
        sum(opened_tickets) over (
            order by day
            rows between unbounded preceding and current row
        ) as opened_so_far
    from days
)

select
    day,
    cast(extract(isodow from day) as bigint) as weekday,
    opened_tickets,
    closed_tickets,
    backlog,
    backlog / nullif(closed_per_day, 0) as backlog_days
from summed
where
    day >= $history_start
    and opened_so_far > 0
