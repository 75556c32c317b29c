-- How long did each ticket wait for its first reply and for its solution?
--
-- grain: ticket_id
--
-- ticket_id                    ticket
-- is_open                      neither solved nor closed
-- first_reply_at               first public reply of a person; NULL until then
-- first_solved_at              first time it was solved
-- solved_at                    last time it was solved; NULL while open
-- ended_at                     when it was last solved, else the report day;
--                              NULL where it is closed without an instant
-- response_seconds             from opening to the first reply, else to the
--                              end: what it has waited so far
-- response_business_seconds    the same in the hours of its team
-- resolution_seconds           from opening to the end
-- resolution_business_seconds  the same in the hours of its team
-- pending_seconds              of those, waiting for the customer
-- pending_business_seconds     the same in the hours of its team
--
-- Status and solutions are those of ticket_events where a ticket has any: the
-- columns of tickets only know the last solution, so that a ticket which was
-- solved then and opened again since looks open then. A team without shifts is
-- always open. Pending comes from ticket_events: 0 for a ticket without them,
-- although it may have waited.

with

replayed as (
    select
        tickets.ticket_id,
        tickets.team,
        tickets.created_at,
        coalesce(
            activity.last_status not in ('solved', 'closed'), tickets.is_open
        ) as is_open,
        coalesce(tickets.first_public_reply_at, activity.first_reply_at)
            as first_reply_at,
        coalesce(tickets.first_solved_at, activity.first_solved_at)
            as first_solved_at,
        coalesce(activity.last_solved_at, tickets.solved_at) as solved_at
    from staging.tickets
    left join intermediate.ticket_activity as activity
        on tickets.ticket_id = activity.ticket_id
),

tickets as (
    select
        ticket_id,
        team,
        created_at,
        is_open,
        first_reply_at,
        first_solved_at,
        case when not is_open then solved_at end as solved_at,
        case when is_open then $as_of_at else solved_at end as ended_at
    from replayed
),

statuses as (
    select
        ticket_id,
        status_to,
        occurred_at as from_at,
        lead(occurred_at) over (
            partition by ticket_id
            order by event_no
        ) as to_at
    from staging.ticket_events
    where status_to is not null
),

-- A ticket that is still pending waits until the end.
pending as (
    select
        statuses.ticket_id,
        tickets.team,
        statuses.from_at,
        least(coalesce(statuses.to_at, tickets.ended_at), tickets.ended_at)
            as to_at
    from statuses
    inner join tickets
        on statuses.ticket_id = tickets.ticket_id
    where
        statuses.status_to = 'pending'
        and statuses.from_at < tickets.ended_at
),

-- Every measure is a sum of instants with a sign.
marks as (
    select
        ticket_id,
        team,
        'opened' as mark,
        -1 as sign,
        created_at as at
    from tickets
    union all
    select
        ticket_id,
        team,
        'replied' as mark,
        1 as sign,
        coalesce(first_reply_at, ended_at) as at
    from tickets
    union all
    select
        ticket_id,
        team,
        'ended' as mark,
        1 as sign,
        ended_at as at
    from tickets
    union all
    select
        ticket_id,
        team,
        'pending' as mark,
        -1 as sign,
        from_at as at
    from pending
    union all
    select
        ticket_id,
        team,
        'pending' as mark,
        1 as sign,
        to_at as at
    from pending
),

business as (
    select
        marks.ticket_id,
        marks.mark,
        marks.sign,
        hours.open_seconds_before
        + greatest(
            0,
            least(
                hours.spell_seconds,
                (cast(marks.at as bigint) - cast(hours.opens_at as bigint))
                / 1000000
            )
        ) as open_seconds
    from marks
    inner join intermediate.desk_hours as hours
        on
            marks.team = hours.team
            and cast(marks.at as date) = hours.day
),

business_by_ticket as (
    select
        ticket_id,
        sum(sign * open_seconds) filter (where mark in ('opened', 'replied'))
            as response_seconds,
        sum(sign * open_seconds) filter (where mark in ('opened', 'ended'))
            as resolution_seconds,
        coalesce(sum(sign * open_seconds) filter (where mark = 'pending'), 0)
            as pending_seconds
    from business
    group by ticket_id
),

pending_by_ticket as (
    select
        ticket_id,
        sum(cast(to_at as bigint) - cast(from_at as bigint)) / 1000000.0
            as pending_seconds
    from pending
    group by ticket_id
),

elapsed as (
    select
        tickets.*,
        (
            cast(coalesce(tickets.first_reply_at, tickets.ended_at) as bigint)
            - cast(tickets.created_at as bigint)
        ) / 1000000.0 as response_seconds,
        (
            cast(tickets.ended_at as bigint)
            - cast(tickets.created_at as bigint)
        ) / 1000000.0 as resolution_seconds,
        coalesce(pending.pending_seconds, 0) as pending_seconds
    from tickets
    left join pending_by_ticket as pending
        on tickets.ticket_id = pending.ticket_id
)

-- Sums of a ticket without an end would be those of its beginning alone.
select
    elapsed.ticket_id,
    elapsed.is_open,
    elapsed.first_reply_at,
    elapsed.first_solved_at,
    elapsed.solved_at,
    elapsed.ended_at,
    elapsed.response_seconds,
    case
        when elapsed.response_seconds is null then null
        when business.ticket_id is null then elapsed.response_seconds
        else business.response_seconds
    end as response_business_seconds,
    elapsed.resolution_seconds,
    case
        when elapsed.resolution_seconds is null then null
        when business.ticket_id is null then elapsed.resolution_seconds
        else business.resolution_seconds
    end as resolution_business_seconds,
    elapsed.pending_seconds,
    case
        when business.ticket_id is null then elapsed.pending_seconds
        else business.pending_seconds
    end as pending_business_seconds
from elapsed
left join business_by_ticket as business
    on elapsed.ticket_id = business.ticket_id
