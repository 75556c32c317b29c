-- Opening hours of the teams of the service desk.
--
-- grain: team, weekday, opens_at
--
-- team           team
-- weekday        1 Monday to 7 Sunday
-- opens_at       local time HH:MM
-- closes_at      local time HH:MM; on the next day where it is not after
--                opens_at
-- problem        why the shift cannot be counted: weekday_out_of_range or
--                unreadable_time; NULL if it can
-- opens_minute   minutes from midnight to opens_at
-- closes_minute  minutes from midnight to closes_at, up to 1440
--
-- Shifts have no history: a report of an earlier day sees them as they are now.

with

shifts as (
    select
        trim(team) as team,
        weekday,
        trim(opens_at) as opens_at,
        trim(closes_at) as closes_at,
        try_cast(split_part(trim(opens_at), ':', 1) as bigint) * 60
        + try_cast(split_part(trim(opens_at), ':', 2) as bigint)
            as opens_minute,
        try_cast(split_part(trim(closes_at), ':', 1) as bigint) * 60
        + try_cast(split_part(trim(closes_at), ':', 2) as bigint)
            as closes_minute
    from raw.shifts
)

select
    -- ids
    team,
    weekday,
    opens_at,

    -- text
    closes_at,
    case
        when not weekday between 1 and 7 then 'weekday_out_of_range'
        when
            coalesce(
                not opens_minute between 0 and 1439
                or not closes_minute between 0 and 1440,
                true
            )
            then 'unreadable_time'
    end as problem,

    -- numbers
    opens_minute,
    closes_minute

from shifts
