-- Who solved a ticket each time, and did it hold?
--
-- grain: ticket_id, solution_no
--
-- ticket_id        ticket that was solved at least once
-- solution_no      1 for the first solution
-- solver_agent_id  agent who solved it; the assignee where there are no events;
--                  NULL for a bot
-- solved_at        when
-- is_reopened      it was opened again after this solution
--
-- A ticket without events has one solution, its last: whose earlier ones were
-- is not known, so it counts as held.

with

numbered as (
    select
        ticket_id,
        event_no,
        actor,
        agent_id,
        status_from,
        status_to,
        occurred_at,
        sum(case when status_to = 'solved' then 1 else 0 end) over (
            partition by ticket_id
            order by event_no
            rows between unbounded preceding and current row
        ) as solution_no
    from staging.ticket_events
    where status_to is not null
),

by_event as (
    select
        ticket_id,
        solution_no,
        max(agent_id) filter (where status_to = 'solved' and actor = 'agent')
            as solver_agent_id,
        min(occurred_at) filter (where status_to = 'solved') as solved_at,
        coalesce(
            bool_or(
                status_from in ('solved', 'closed')
                and status_to not in ('solved', 'closed')
            ),
            false
        ) as is_reopened
    from numbered
    where solution_no > 0
    group by ticket_id, solution_no
)

select
    ticket_id,
    solution_no,
    solver_agent_id,
    solved_at,
    is_reopened
from by_event
union all
select
    tickets.ticket_id,
    1 as solution_no,
    tickets.assignee as solver_agent_id,
    tickets.solved_at,
    false as is_reopened
from staging.tickets
left join intermediate.ticket_activity as activity
    on tickets.ticket_id = activity.ticket_id
where
    activity.ticket_id is null
    and not tickets.is_open
