-- After how many hours is which share of the contact cases solved?
--
-- grain: dimension, value, hours
-- rows: marts.tickets on
--   cell.value = case cell.dimension when 'priority' then rows.priority
--   when 'issue_type' then rows.issue_type else 'all' end
--   and rows.created_at >= $support_window_start_at
--   and rows.resolution_wait_hours is not null
--
-- dimension      all, priority or issue_type
-- value          priority or issue; all for every case
-- hours          hours since the case was opened: 1, 2, 4, 8, 12, 24, 48, 72,
--                120, 168, 336 or 720
-- tickets        cases the curve is of
-- open_tickets   of those, open on the report day
-- open_share     share still open after that time (Kaplan-Meier)
-- open_lower     lower end of its 95 % interval
-- open_upper     upper end; NULL where the interval is not defined
-- solved_share   1 - open_share
-- at_risk        cases that were seen open at that time: where few are left the
--                curve is a guess
--
-- Cases opened in the $support_window_days days before the report day. An open
-- case counts for as long as it was seen: leaving it out would make the desk
-- look quick. Cases that were opened again end with their last solution; those
-- solved nobody knows when are in no curve.

with

curves as (
    select
        case
            when grouping(priority) = 0 then 'priority'
            when grouping(issue_type) = 0 then 'issue_type'
            else 'all'
        end as dimension,
        case
            when grouping(priority) = 0 then priority
            when grouping(issue_type) = 0 then issue_type
            else 'all'
        end as value,
        count(*) as tickets,
        count(*) filter (where is_open) as open_tickets,
        km_survival(resolution_wait_hours, not is_open) as curve
    from marts.tickets
    where
        created_at >= $support_window_start_at
        and resolution_wait_hours is not null
    group by grouping sets ((), (priority), (issue_type))
),

points as (
    select
        dimension,
        value,
        unnest(curve) as point
    from curves
),

steps as (
    select unnest([1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 336, 720]) as hours
),

-- The curve is level between its points: the last one before an hour holds.
reached as (
    select
        points.dimension,
        points.value,
        steps.hours,
        last_value(points.point order by points.point['time']) as point
    from points
    inner join steps
        on points.point['time'] <= steps.hours
    group by points.dimension, points.value, steps.hours
)

select
    curves.dimension,
    curves.value,
    steps.hours,
    curves.tickets,
    curves.open_tickets,
    coalesce(reached.point['survival'], 1) as open_share,
    case
        when reached.hours is null then 1
        else reached.point['lower']
    end as open_lower,
    case
        when reached.hours is null then 1
        else reached.point['upper']
    end as open_upper,
    1 - coalesce(reached.point['survival'], 1) as solved_share,
    cast(
        coalesce(
            reached.point['n_at_risk']
            - reached.point['n_events']
            - reached.point['n_censored'],
            curves.tickets
        ) as bigint
    ) as at_risk
from curves
cross join steps
left join reached
    on
        curves.dimension = reached.dimension
        and curves.value = reached.value
        and steps.hours = reached.hours
where curves.tickets > 0
