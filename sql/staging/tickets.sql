-- Contact cases of the service desk, as they stood on the report day.
--
-- grain: ticket_id
--
-- ticket_id              ticket
-- customer_id            customer
-- order_id               order it is about
-- return_id              return it is about
-- shop_id                shop
-- issue_type             what it is about, lower case
-- kind                   question, complaint, request, ..., lower case
-- channel                phone, chat, mail, ..., lower case
-- priority               priority, lower case
-- status                 new, open, pending, on_hold, solved or closed
-- team                   team
-- assignee               agent who has it, or had it last
-- resolution_code        how it was resolved, lower case; NULL until solved
-- reopens                times it was reopened (not replayable)
-- agent_replies          public replies of agents (not replayable)
-- handle_minutes         minutes agents worked on it (not replayable)
-- is_open                neither solved nor closed
-- is_bot_contained       a bot handled it without a person
-- created_at             when it was opened
-- first_public_reply_at  first public reply of a person
-- first_solved_at        first time it was solved
-- solved_at              last time it was solved
--
-- Instants on or after the report day are NULL. A ticket solved since then is
-- open. Columns marked not replayable are as they are now.

with

-- What had happened before the report day; what came later is not there yet.
replayed as (
    select
        ticket_id,
        customer_id,
        order_id,
        return_id,
        shop_id,
        lower(trim(issue_type)) as issue_type,
        lower(trim(kind)) as kind,
        lower(trim(channel)) as channel,
        lower(trim(priority)) as priority,
        case
            when
                lower(trim(status)) in ('solved', 'closed')
                and solved_at >= $as_of_at
                then 'open'
            else lower(trim(status))
        end as status,
        trim(team) as team,
        trim(assignee) as assignee,
        case
            when coalesce(solved_at, created_at) < $as_of_at
                then lower(trim(resolution_code))
        end as resolution_code,
        reopens,
        agent_replies,
        handle_minutes,
        is_bot_contained,
        created_at,
        case
            when first_public_reply_at < $as_of_at then first_public_reply_at
        end as first_public_reply_at,
        case
            when first_solved_at < $as_of_at then first_solved_at
        end as first_solved_at,
        case when solved_at < $as_of_at then solved_at end as solved_at
    from raw.tickets
    where
        created_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    ticket_id,
    customer_id,
    order_id,
    return_id,
    shop_id,

    -- text
    issue_type,
    kind,
    channel,
    priority,
    status,
    team,
    assignee,
    resolution_code,

    -- numbers
    reopens,
    agent_replies,
    handle_minutes,

    -- booleans
    coalesce(status not in ('solved', 'closed'), solved_at is null) as is_open,
    is_bot_contained,

    -- times
    created_at,
    first_public_reply_at,
    first_solved_at,
    solved_at

from replayed
