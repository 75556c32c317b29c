-- How many contact cases, and how many hours of work, will the next four weeks
-- bring?
--
-- grain: team, day
--
-- team                 team; all for every case
-- day                  local day, from the report day on
-- weekday              1 Monday to 7 Sunday
-- tickets              expected cases of the day
-- tickets_lower        lower end of the 95 % interval, not below 0
-- tickets_upper        upper end
-- agent_hours          expected hours of work: tickets at the mean minutes of
--                      the cases of the last $support_window_days days that
--                      have them, and of those a bot contained, which took
--                      none; NULL where there are no such cases
-- agent_hours_upper    the same for the upper end: what to staff for when
--                      nobody should wait
-- history_days         days the forecast was made from
-- has_converged        the search for the weights arrived; false means care
--
-- Holt and Winters' method with a season of a week, over the last
-- $history_weeks weeks; teams with fewer than 28 days of history have no row.
-- It knows weekdays and trend, and no sales, holidays or strikes to come; a
-- burst of last week is carried on for a while. Hours are those of the cases
-- opened on the day, not of the day they are worked on.

with

days as (
    select
        cast(
            unnest(
                generate_series($history_start, $as_of - 1, interval '1 day')
            ) as date
        ) as day
),

cases as (
    select
        case when grouping(team) = 1 then 'all' else coalesce(team, 'unknown')
        end as team,
        cast(created_at as date) as day,
        count(*) as tickets
    from staging.tickets
    where created_at >= $history_start_at
    group by grouping sets (
        (cast(created_at as date)),
        (cast(created_at as date), team)
    )
),

-- A team begins with its first case, not with days it did not exist.
teams as (
    select
        team,
        min(day) as first_day
    from cases
    group by team
),

minutes as (
    select
        case when grouping(team) = 1 then 'all' else coalesce(team, 'unknown')
        end as team,
        cast(
            avg(
                cast(
                    case
                        when is_bot_contained then coalesce(handle_minutes, 0)
                        else handle_minutes
                    end as decimal(18, 4)
                )
            ) as double
        ) as handle_minutes
    from staging.tickets
    where created_at >= $support_window_start_at
    group by grouping sets ((), (team))
),

series as (
    select
        teams.team,
        days.day,
        coalesce(cases.tickets, 0) as tickets
    from teams
    inner join days
        on teams.first_day <= days.day
    left join cases
        on
            teams.team = cases.team
            and days.day = cases.day
),

models as (
    select
        team,
        count(*) as history_days,
        holt_winters(day, tickets, 7, 28) as model
    from series
    group by team
    having count(*) >= 28
),

steps as (
    select
        team,
        history_days,
        model['converged'] as has_converged,
        unnest(model['forecasts']) as step
    from models
)

select
    steps.team,
    $as_of + cast(steps.step['step'] - 1 as int) as day,
    cast(
        extract(isodow from $as_of + cast(steps.step['step'] - 1 as int))
        as bigint
    ) as weekday,
    greatest(steps.step['mean'], 0) as tickets,
    greatest(steps.step['lower'], 0) as tickets_lower,
    greatest(steps.step['upper'], 0) as tickets_upper,
    greatest(steps.step['mean'], 0) * minutes.handle_minutes / 60
        as agent_hours,
    greatest(steps.step['upper'], 0) * minutes.handle_minutes / 60
        as agent_hours_upper,
    steps.history_days,
    coalesce(steps.has_converged, false) as has_converged
from steps
left join minutes
    on steps.team = minutes.team
where steps.step['mean'] is not null
