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
-- Days on which nothing happened are there, from the first case on; in the four
-- weeks after it the pace is too low. A case that was opened again counts as
-- open until its last solution. Cases that are solved, nobody knows when, are
-- opened and never in the backlog.

with

-- Open or solved as the events say, as in marts.tickets.
cases as (
    select
        cast(tickets.created_at as date) as opened_date,
        case when not clocks.is_open then cast(clocks.solved_at as date) end
            as closed_date,
        case when clocks.ended_at is null then 0 else 1 end as waiting
    from staging.tickets
    inner join intermediate.ticket_clocks as clocks
        on tickets.ticket_id = clocks.ticket_id
),

-- A list and not a union, which would read the cases twice.
case_moves as (
    select
        unnest([
            named_struct(
                'day', opened_date,
                'opened', 1,
                'closed', 0,
                'waiting', waiting
            ),
            named_struct(
                'day', closed_date,
                'opened', 0,
                'closed', 1,
                'waiting', -1
            )
        ]) as move
    from cases
),

moves as (
    select
        move['day'] as day,
        move['opened'] as opened,
        move['closed'] as closed,
        move['waiting'] as waiting
    from case_moves
    where move['day'] is not null
    union all
    select
        cast(
            unnest(
                generate_series($history_start, $as_of - 1, interval '1 day')
            ) as date
        ) as day,
        0 as opened,
        0 as closed,
        0 as waiting
),

days as (
    select
        day,
        sum(opened) as opened_tickets,
        sum(closed) as closed_tickets,
        sum(waiting) as waiting_tickets
    from moves
    group by day
),

summed as (
    select
        *,
        sum(waiting_tickets) over (
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
