-- How was each contact case handled, and how long did it take?
--
-- grain: ticket_id
-- rows: staging.ticket_events on rows.ticket_id = cell.ticket_id
--
-- ticket_id                       ticket
-- customer_id                     customer, NULL for a guest
-- order_id                        order it is about
-- return_id                       return it is about
-- issue_type                      what it is about; unknown where the source
--                                 does not say
-- kind                            question, complaint, request, ...
-- channel                         phone, chat, mail, ...; unknown where the
--                                 source does not say
-- priority                        priority; unknown where the source does not
--                                 say
-- team                            team; unknown where the source does not say
-- tier                            vip or standard, by the customer of today
-- first_reply_agent_id            agent who replied first; the assignee where
--                                 there are no events
-- solver_agent_id                 agent who solved it last; the assignee where
--                                 there are no events; NULL until then
-- first_response_hours            from opening to the first public reply of a
--                                 person; NULL until then
-- first_response_business_hours   the same in the hours of the team
-- first_resolution_hours          from opening to the first solution
-- resolution_hours                from opening to the last solution; NULL while
--                                 open
-- resolution_business_hours       the same in the hours of the team, without
--                                 the time it waited for the customer
-- pending_hours                   time it waited for the customer; 0 without
--                                 events
-- response_wait_hours             first_response_hours, or what it has waited
--                                 so far, or until it was solved without a
--                                 reply
-- response_wait_business_hours    the same in the hours of the team
-- resolution_wait_hours           resolution_hours, or its age while open
-- resolution_wait_business_hours  the same in the hours of the team, without
--                                 the time it waited for the customer
-- first_response_target_hours     promise for the first reply
-- resolution_target_hours         promise for the last solution
-- agent_replies                   public replies of agents
-- contacts                        times the customer turned to the shop: the
--                                 opening, and every message after it; without
--                                 events, every time it was opened again
-- hand_offs                       times another agent took over; NULL without
--                                 events
-- touches                         contacts and public replies, also of bots
-- reopens                         times it was opened again
-- handle_minutes                  minutes agents worked on it (not replayable)
-- csat_share                      last valid satisfaction answer about it, as a
--                                 share of the way from worst to best; NULL
--                                 without one
-- is_open                         neither solved nor closed
-- is_pending                      open, and waiting for the customer
-- is_complaint                    of the kind complaint
-- is_bot_contained                a bot handled it without a person
-- has_bot_reply                   a bot answered, alone or first
-- is_reopened                     opened again at least once
-- is_one_touch                    solved with fewer than two replies of agents
-- is_first_contact_resolution     solved at the first contact, by $fcr_method;
--                                 NULL while open and as long as that cannot be
--                                 said
-- is_repeat_contact               the customer had a case of the same issue
--                                 open, or solved within $fcr_window_days;
--                                 unknown counts as an issue
-- is_avoidable                    a repeat contact, or an issue that need not
--                                 have been
-- is_first_response_met           replied to within the promise; false as soon
--                                 as it is broken; NULL while it can be kept,
--                                 where no person was needed, and where the
--                                 lake records no reply at all
-- is_resolution_met               the same for the last solution
-- is_satisfied                    last valid answer is one of the two best;
--                                 NULL without one
-- created_at                      when it was opened
-- first_reply_at                  first public reply of a person
-- first_solved_at                 first time it was solved
-- solved_at                       last time it was solved
--
-- Counts and solutions come from ticket_events, and for tickets without them
-- from the columns of tickets, which cannot be replayed. Promises run in the
-- hours of the team, or around the clock with sla_in_business_hours = false. A
-- bot's reply is not a first reply. A case that is solved, nobody knows when,
-- has no hours of its solution, and is neither within a promise nor a reason to
-- call a later one a repeat. Minutes of work are decimal, so that sums are the
-- same in whatever order.

with

-- The last valid answer to a ticket's survey speaks for it.
answers as (
    select
        ticket_id,
        last_value((score - 1) / (scale - 1) order by responded_at, response_id)
            as csat_share,
        last_value(score >= scale - 1 order by responded_at, response_id)
            as is_satisfied
    from staging.surveys
    where
        kind = 'csat'
        and problem is null
        and score is not null
        and responded_at is not null
        and ticket_id is not null
    group by ticket_id
),

counted as (
    select
        tickets.ticket_id,
        tickets.customer_id,
        tickets.order_id,
        tickets.return_id,
        coalesce(tickets.issue_type, 'unknown') as issue_type,
        tickets.kind,
        coalesce(tickets.channel, 'unknown') as channel,
        coalesce(tickets.priority, 'unknown') as priority,
        coalesce(tickets.team, 'unknown') as team,
        case when customers.is_vip then 'vip' else 'standard' end as tier,
        coalesce(
            activity.first_reply_agent_id,
            case
                when activity.ticket_id is null and clocks.first_reply_at
                is not null
                    then tickets.assignee
            end
        ) as first_reply_agent_id,
        case
            when not clocks.is_open
                then coalesce(
                    activity.solver_agent_id,
                    case
                        when activity.ticket_id is null then tickets.assignee
                    end
                )
        end as solver_agent_id,
        clocks.response_seconds / 3600 as response_wait_hours,
        clocks.response_business_seconds / 3600.0
            as response_wait_business_hours,
        clocks.resolution_seconds / 3600 as resolution_wait_hours,
        (
            clocks.resolution_business_seconds
            - clocks.pending_business_seconds
        ) / 3600.0 as resolution_wait_business_hours,
        (
            cast(clocks.first_solved_at as bigint)
            - cast(tickets.created_at as bigint)
        ) / 3600000000.0 as first_resolution_hours,
        clocks.pending_seconds / 3600 as pending_hours,
        case
            when $sla_in_business_hours
                then clocks.response_business_seconds / 3600.0
            else clocks.response_seconds / 3600
        end as response_promise_hours,
        case
            when $sla_in_business_hours
                then (
                    clocks.resolution_business_seconds
                    - clocks.pending_business_seconds
                ) / 3600.0
            else (clocks.resolution_seconds - clocks.pending_seconds) / 3600
        end as resolution_promise_hours,
        coalesce(activity.agent_replies, tickets.agent_replies, 0)
            as agent_replies,
        coalesce(activity.reopens, tickets.reopens, 0) as reopens,
        coalesce(activity.bot_replies, 0) as bot_replies,
        1 + coalesce(activity.customer_messages, tickets.reopens, 0)
            as contacts,
        activity.hand_offs,
        cast(tickets.handle_minutes as decimal(18, 4)) as handle_minutes,
        clocks.is_open,
        clocks.is_open
        and coalesce(
            coalesce(activity.last_status, tickets.status) = 'pending', false
        ) as is_pending,
        coalesce(tickets.is_bot_contained, false) as is_bot_contained,
        tickets.created_at,
        clocks.first_reply_at,
        clocks.first_solved_at,
        clocks.solved_at
    from staging.tickets
    inner join intermediate.ticket_clocks as clocks
        on tickets.ticket_id = clocks.ticket_id
    left join intermediate.ticket_activity as activity
        on tickets.ticket_id = activity.ticket_id
    left join staging.customers
        on tickets.customer_id = customers.customer_id
),

-- A guest is nobody's second case.
in_sequence as (
    select
        *,
        fcr(
            created_at,
            solved_at,
            issue_type,
            agent_replies,
            reopens,
            $fcr_method,
            $fcr_window_days,
            true,
            true,
            $as_of_at
        ) over (
            partition by
                customer_id,
                case when customer_id is null then ticket_id end
        ) as is_first_contact_resolution,
        max(
            case when is_open then $as_of_at else solved_at end
        ) over (
            partition by
                customer_id,
                case when customer_id is null then ticket_id end,
                issue_type
            order by created_at, ticket_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_solved_at
    from counted
),

-- Where the lake records no reply at all, none is missed.
recorded as (
    select
        by_ticket.replies,
        by_event.reply_events
    from (
        select count(first_public_reply_at) as replies
        from staging.tickets
    ) as by_ticket
    cross join (
        select count(*) as reply_events
        from staging.ticket_events
        where
            event = 'reply'
            and actor = 'agent'
    ) as by_event
),

judged as (
    select
        in_sequence.*,
        coalesce(
            cast(in_sequence.created_at as bigint)
            <= cast(in_sequence.earlier_solved_at as bigint)
            + $fcr_window_days * 86400000000,
            false
        ) as is_repeat_contact,
        coalesce(issues.is_avoidable, false) as has_avoidable_issue,
        targets.first_response_hours as first_response_target_hours,
        targets.resolution_hours as resolution_target_hours,
        answers.csat_share,
        answers.is_satisfied,
        recorded.replies + recorded.reply_events > 0 as has_replies
    from in_sequence
    left join intermediate.issue_types as issues
        on in_sequence.issue_type = issues.issue_type
    left join intermediate.sla_targets as targets
        on
            in_sequence.tier = targets.tier
            and case
                when in_sequence.priority in ('urgent', 'high', 'normal', 'low')
                    then in_sequence.priority
                else 'other'
            end = targets.priority
    left join answers
        on in_sequence.ticket_id = answers.ticket_id
    cross join recorded
)

select
    ticket_id,
    customer_id,
    order_id,
    return_id,
    issue_type,
    kind,
    channel,
    priority,
    team,
    tier,
    first_reply_agent_id,
    solver_agent_id,
    case when first_reply_at is not null then response_wait_hours end
        as first_response_hours,
    case when first_reply_at is not null then response_wait_business_hours end
        as first_response_business_hours,
    first_resolution_hours,
    case when not is_open then resolution_wait_hours end as resolution_hours,
    case when not is_open then resolution_wait_business_hours end
        as resolution_business_hours,
    pending_hours,
    response_wait_hours,
    response_wait_business_hours,
    resolution_wait_hours,
    resolution_wait_business_hours,
    first_response_target_hours,
    resolution_target_hours,
    agent_replies,
    contacts,
    hand_offs,
    contacts + agent_replies + bot_replies as touches,
    reopens,
    handle_minutes,
    csat_share,
    is_open,
    is_pending,
    coalesce(kind = 'complaint', false) as is_complaint,
    is_bot_contained,
    is_bot_contained or bot_replies > 0 as has_bot_reply,
    reopens > 0 as is_reopened,
    not is_open and agent_replies < 2 as is_one_touch,
    is_first_contact_resolution,
    is_repeat_contact,
    is_repeat_contact or has_avoidable_issue as is_avoidable,
    case
        when first_reply_at is not null
            then response_promise_hours <= first_response_target_hours
        when
            is_open
            and has_replies
            and response_promise_hours > first_response_target_hours
            then false
    end as is_first_response_met,
    case
        when not is_open
            then resolution_promise_hours <= resolution_target_hours
        when resolution_promise_hours > resolution_target_hours then false
    end as is_resolution_met,
    is_satisfied,
    created_at,
    first_reply_at,
    first_solved_at,
    solved_at
from judged
