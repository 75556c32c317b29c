-- Who did what on each ticket, and how often?
--
-- grain: ticket_id
--
-- ticket_id             ticket with events
-- agent_replies         public replies of agents
-- bot_replies           public replies of bots
-- customer_messages     messages of the customer after the first: what was done
--                       at one instant, as a reply and the change of status it
--                       brings, is one
-- reopens               times it was opened again after a solution
-- hand_offs             times another agent than the one before replied or
--                       solved
-- agents                agents who replied or solved
-- first_reply_agent_id  agent who replied first
-- solver_agent_id       agent who solved it last
-- last_status           status after the last event that changed it
-- first_reply_at        first public reply of an agent; the second where an
--                       agent opened the ticket
-- first_solved_at       first time it was solved
-- last_solved_at        last time it was solved
--
-- What an agent does without the customer seeing it is neither a reply nor a
-- hand-off, unless it solves the ticket. A reply counts as seen where the
-- source does not say.

with

acts as (
    select
        ticket_id,
        event_no,
        actor,
        event,
        status_from,
        status_to,
        occurred_at,
        agent_id,
        event = 'reply' and coalesce(is_public, true) as is_reply
    from staging.ticket_events
),

by_agent as (
    select
        *,
        coalesce(actor = 'agent' and is_reply, false) as is_agent_reply,
        coalesce(
            actor = 'agent' and (is_reply or status_to = 'solved'), false
        ) as is_agent_act
    from acts
),

sequenced as (
    select
        *,
        lag(case when is_agent_act then agent_id end) ignore nulls over (
            partition by ticket_id
            order by event_no
        ) as agent_before,
        sum(case when is_agent_reply then 1 else 0 end) over (
            partition by ticket_id
            order by event_no
            rows between unbounded preceding and current row
        ) as reply_no,
        first_value(actor) over (
            partition by ticket_id
            order by event_no
        ) as opener
    from by_agent
)

select
    ticket_id,
    count(*) filter (where is_agent_reply) as agent_replies,
    count(*) filter (where actor = 'bot' and is_reply) as bot_replies,
    count(distinct occurred_at) filter (
        where actor = 'customer' and event <> 'created'
    ) as customer_messages,
    count(*) filter (
        where
        status_from in ('solved', 'closed')
        and status_to not in ('solved', 'closed')
    ) as reopens,
    count(*) filter (
        where is_agent_act and agent_id <> agent_before
    ) as hand_offs,
    count(distinct case when is_agent_act then agent_id end) as agents,
    first_value(agent_id order by event_no) filter (where is_agent_reply)
        as first_reply_agent_id,
    last_value(agent_id order by event_no) filter (
        where actor = 'agent' and status_to = 'solved'
    ) as solver_agent_id,
    last_value(status_to order by event_no) filter (
        where status_to is not null
    ) as last_status,
    min(occurred_at) filter (
        where
        is_agent_reply
        and reply_no = case when opener = 'agent' then 2 else 1 end
    ) as first_reply_at,
    min(occurred_at) filter (where status_to = 'solved') as first_solved_at,
    max(occurred_at) filter (where status_to = 'solved') as last_solved_at
from sequenced
group by ticket_id
