-- What happened to tickets before the report day.
--
-- grain: ticket_id, event_no
--
-- ticket_id    ticket
-- event_no     order of the events of a ticket
-- actor        customer, agent, bot or system
-- agent_id     agent
-- event        created, reply, status, ..., lower case
-- status_from  status before, lower case
-- status_to    status after, lower case
-- is_public    the customer can see it
-- occurred_at  when it happened

select
    -- ids
    ticket_id,
    event_no,

    -- text
    lower(trim(actor)) as actor,
    trim(agent_id) as agent_id,
    lower(trim(event)) as event,
    lower(trim(status_from)) as status_from,
    lower(trim(status_to)) as status_to,

    -- booleans
    is_public,

    -- times
    occurred_at

from raw.ticket_events
where
    occurred_at < $as_of_at
    and coalesce(recorded_at < $known_as_of_at, true)
