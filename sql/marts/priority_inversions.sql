-- Which VIP customers waited while others who came later were served first?
--
-- grain: ticket_id
-- rows: marts.tickets on rows.ticket_id = cell.ticket_id
--
-- ticket_id           case of a VIP customer that was overtaken
-- customer_id         customer
-- team                team
-- priority            priority
-- issue_type          what it is about
-- waited_hours        from opening to the first reply, or until now
-- overtaken_hours     of those, after a case that had come in later was replied
--                     to
-- target_hours        promise for the first reply
-- is_waiting          no person has replied yet
-- created_at          when it was opened
-- first_overtaken_at  when a case of a customer who is no VIP, of the same team
--                     and priority and opened later, was first replied to
-- first_reply_at      first public reply of a person
--
-- Cases opened in the $support_window_days days before the report day, those a
-- bot contained left out. That one case went first is found, not how many:
-- agents work in parallel, so a few minutes say nothing. VIP is who is one
-- today.

with

cases as (
    select
        ticket_id,
        customer_id,
        team,
        priority,
        issue_type,
        tier,
        response_wait_hours,
        first_response_target_hours,
        is_open,
        created_at,
        first_reply_at,
        min(case when tier <> 'vip' then first_reply_at end) over (
            partition by team, priority
            order by created_at desc, ticket_id desc
            rows between unbounded preceding and 1 preceding
        ) as overtaken_at
    from marts.tickets
    where
        created_at >= $support_window_start_at
        and not is_bot_contained
)

select
    ticket_id,
    customer_id,
    team,
    priority,
    issue_type,
    response_wait_hours as waited_hours,
    (
        cast(coalesce(first_reply_at, $as_of_at) as bigint)
        - cast(overtaken_at as bigint)
    ) / 3600000000.0 as overtaken_hours,
    first_response_target_hours as target_hours,
    first_reply_at is null as is_waiting,
    created_at,
    overtaken_at as first_overtaken_at,
    first_reply_at
from cases
where
    tier = 'vip'
    and overtaken_at < coalesce(first_reply_at, $as_of_at)
    and (first_reply_at is not null or is_open)
