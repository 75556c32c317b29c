-- When was each team open, and for how long before?
--
-- grain: team, day, spell_no
--
-- team                 team with shifts
-- day                  local day, from the first ticket to the report day
-- spell_no             spell of opening within the day, from 1
-- opens_at             beginning of the spell
-- closes_at            end of the spell; the beginning where the team is closed
--                      all day
-- spell_seconds        length of the spell
-- open_seconds_before  open seconds of all earlier days, in the first spell of
--                      a day; 0 in the others
--
-- The open seconds before an instant are the sum, over the spells of its day,
-- of open_seconds_before and of the part of the spell that is before it: time
-- between two instants is then a difference of two sums, and costs one join.
-- business_seconds() says the same for a calendar written into the query, and
-- not for the one of a table. A shift over midnight is cut there, overlapping
-- shifts are open once, and a holiday closes its day from midnight to midnight.

with

shifts as (
    select
        team,
        weekday,
        opens_minute,
        case
            when closes_minute > opens_minute then closes_minute
            else 1440
        end as closes_minute
    from staging.shifts
    where
        problem is null
        and closes_minute <> opens_minute
    union all
    select
        team,
        weekday % 7 + 1 as weekday,
        0 as opens_minute,
        closes_minute
    from staging.shifts
    where
        problem is null
        and closes_minute > 0
        and closes_minute < opens_minute
),

-- A shift that begins after all earlier ones of its day have ended begins a
-- spell.
beginnings as (
    select
        team,
        weekday,
        opens_minute,
        closes_minute,
        case
            when
                max(closes_minute) over (
                    partition by team, weekday
                    order by opens_minute, closes_minute
                    rows between unbounded preceding and 1 preceding
                ) >= opens_minute
                then 0
            else 1
        end as begins
    from shifts
),

numbered as (
    select
        team,
        weekday,
        opens_minute,
        closes_minute,
        sum(begins) over (
            partition by team, weekday
            order by opens_minute, closes_minute
            rows between unbounded preceding and current row
        ) as spell_no
    from beginnings
),

spells as (
    select
        team,
        weekday,
        spell_no,
        min(opens_minute) as opens_minute,
        max(closes_minute) as closes_minute
    from numbered
    group by team, weekday, spell_no
),

teams as (
    select distinct team
    from spells
),

span as (
    select cast(min(created_at) as date) as first_day
    from staging.tickets
),

days as (
    select
        cast(
            unnest(generate_series(first_day, $as_of, interval '1 day'))
            as date
        ) as day
    from span
    where first_day is not null
),

team_days as (
    select
        teams.team,
        days.day,
        cast(extract(isodow from days.day) as bigint) as weekday
    from days
    cross join teams
),

closed as (
    select distinct
        teams.team,
        holidays.day
    from staging.holidays
    cross join teams
    where
        holidays.calendar = teams.team
        or holidays.calendar = $holiday_calendar
),

opened as (
    select
        team_days.team,
        team_days.day,
        coalesce(spells.spell_no, 1) as spell_no,
        case
            when closed.day is null then coalesce(spells.opens_minute, 0)
            else 0
        end as opens_minute,
        case
            when closed.day is null then coalesce(spells.closes_minute, 0)
            else 0
        end as closes_minute
    from team_days
    left join spells
        on
            team_days.team = spells.team
            and team_days.weekday = spells.weekday
    left join closed
        on
            team_days.team = closed.team
            and team_days.day = closed.day
),

-- Wall clocks become instants here, so that a day on which clocks change has
-- its own length.
dated as (
    select
        team,
        day,
        spell_no,
        to_instant(
            arrow_cast(
                cast(cast(day as int) as bigint) * 86400 + opens_minute * 60,
                'Timestamp(Second, None)'
            ),
            $time_zone
        ) as opens_at,
        to_instant(
            arrow_cast(
                cast(cast(day as int) as bigint) * 86400 + closes_minute * 60,
                'Timestamp(Second, None)'
            ),
            $time_zone
        ) as closes_at
    from opened
),

measured as (
    select
        team,
        day,
        spell_no,
        opens_at,
        closes_at,
        (cast(closes_at as bigint) - cast(opens_at as bigint)) / 1000000
            as spell_seconds
    from dated
),

summed as (
    select
        *,
        sum(spell_seconds) over (
            partition by team
            order by day
            range between unbounded preceding and current row
        ) - sum(spell_seconds) over (partition by team, day)
            as seconds_before_day
    from measured
)

select
    team,
    day,
    spell_no,
    opens_at,
    closes_at,
    spell_seconds,
    case when spell_no = 1 then seconds_before_day else 0 end
        as open_seconds_before
from summed
