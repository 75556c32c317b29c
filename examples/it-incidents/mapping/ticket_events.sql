-- Updates of incidents, in the order of their time.
--
-- Every row of the log is the whole incident as it stood after an update, so
-- what happened is what differs from the row before. Five updates carry a time
-- before that of an earlier number: their time is taken, not their number.
-- resolved_by is written on all rows of an incident, also the early ones: it is
-- known for the last solution only. Every update of a resolved incident solves
-- it anew, since resolved_at is the time of the last of them.

with

translated as (
    select
        number,
        row_number() over (
            partition by number
            order by sys_updated_at, sys_mod_count
        ) as event_no,
        case incident_state
            when 'New' then 'new'
            when 'Active' then 'open'
            when 'Awaiting User Info' then 'pending'
            when 'Awaiting Vendor' then 'on_hold'
            when 'Awaiting Problem' then 'on_hold'
            when 'Awaiting Evidence' then 'on_hold'
            when 'Resolved' then 'solved'
            when 'Closed' then 'closed'
        end as status,
        concat(assignment_group, '/', assigned_to) as holder,
        resolved_by,
        sys_updated_at
    from source.events
),

-- The state -100 is in no list of states: what was known before still holds.
compared as (
    select
        *,
        lag(status) ignore nulls over (
            partition by number
            order by event_no
        ) as status_before,
        lag(holder) over (
            partition by number
            order by event_no
        ) as holder_before,
        max(case when status = 'solved' then event_no end)
            over (partition by number) as last_solved_no
    from translated
)

select
    number as ticket_id,
    event_no,
    case
        when status = 'solved' then 'agent'
        when status = 'closed' then 'system'
        when event_no = 1 then 'customer'
        else 'agent'
    end as actor,
    case when event_no = last_solved_no then resolved_by end as agent_id,
    case
        when event_no = 1 then 'created'
        when status <> status_before then 'status'
        when holder <> holder_before then 'assigned'
        else 'updated'
    end as event,
    case when status <> status_before then status_before end as status_from,
    case
        when status_before is null or status <> status_before then status
        when status = 'solved' then status
    end as status_to,
    false as is_public,
    sys_updated_at as occurred_at
from compared
