-- What does the bot take off people's hands, and does it hold?
--
-- grain: issue_type, handler
-- rows: marts.tickets on
--   cell.issue_type in (rows.issue_type, 'all') and cell.handler = case
--   when rows.is_bot_contained then 'bot'
--   when rows.has_bot_reply then 'bot_then_human' else 'human' end
--   and rows.created_at >= $support_window_start_at
--
-- issue_type                   what the cases are about; all for every case
-- handler                      bot: alone; bot_then_human: a bot answered and a
--                              person took over; human: no bot
-- tickets                      cases opened
-- share                        of the cases of the issue
-- contained_tickets            cases a bot solved without a person, without
--                              being opened again and without the customer
--                              coming back with the issue
-- containment_rate             contained_tickets / cases a bot answered, of
--                              which that can be said; NULL for people
-- containment_lower            lower end of its 95 % Wilson interval
-- containment_upper            upper end
-- judged_tickets               cases the rate is of
-- first_response_median_hours  median hours to the first answer, of a bot or a
--                              person
-- resolution_median_hours      median hours to the last solution, open cases
--                              counted for as long as they have been open
-- fcr_rate                     solved at the first contact
-- fcr_lower                    lower end of its 95 % Wilson interval
-- fcr_upper                    upper end
-- fcr_tickets                  cases the rate is of
-- reopen_rate                  solved cases that were opened again
-- reopen_lower                 lower end of its 95 % Wilson interval
-- reopen_upper                 upper end
-- solved_tickets               cases the rate is of
-- csat                         satisfied / csat_answers
-- csat_lower                   lower end of its 95 % Wilson interval
-- csat_upper                   upper end
-- csat_answers                 cases with a valid answer
--
-- Cases opened in the $support_window_days days before the report day. A bot
-- gets the easy ones: compare it with people within an issue, and even there
-- the difference is not what the bot does. Without ticket_events the first
-- answer of a bot is not known, and bot_then_human cannot be told from human.
-- csat counts cases, each once: survey weights are not used, and cases of one
-- customer count as independent.

with

bot_replies as (
    select
        ticket_id,
        min(occurred_at) as bot_reply_at
    from staging.ticket_events
    where
        actor = 'bot'
        and event = 'reply'
        and coalesce(is_public, true)
    group by ticket_id
),

cases as (
    select
        tickets.*,
        case
            when tickets.is_bot_contained then 'bot'
            when tickets.has_bot_reply then 'bot_then_human'
            else 'human'
        end as handler,
        (
            cast(
                least(bot_replies.bot_reply_at, tickets.first_reply_at)
                as bigint
            ) - cast(tickets.created_at as bigint)
        ) / 3600000000.0 as first_answer_hours,
        case
            when not tickets.has_bot_reply then null
            when not tickets.is_bot_contained then false
            else tickets.is_first_contact_resolution
        end as is_contained
    from marts.tickets as tickets
    left join bot_replies
        on tickets.ticket_id = bot_replies.ticket_id
    where tickets.created_at >= $support_window_start_at
),

measured as (
    select
        case when grouping(issue_type) = 1 then 'all' else issue_type end
            as issue_type,
        handler,
        count(*) as tickets,
        count(*) filter (where is_contained) as contained_tickets,
        count(is_contained) as judged_tickets,
        median(first_answer_hours) as first_response_median_hours,
        km_quantile(resolution_wait_hours, not is_open, 0.5)
            as resolution_median,
        count(*) filter (where is_first_contact_resolution) as fcr,
        count(is_first_contact_resolution) as fcr_tickets,
        count(*) filter (where not is_open) as solved_tickets,
        count(*) filter (where not is_open and is_reopened) as reopened,
        count(*) filter (where is_satisfied) as satisfied,
        count(is_satisfied) as csat_answers
    from cases
    group by grouping sets ((handler), (issue_type, handler))
),

with_intervals as (
    select
        *,
        sum(tickets) over (partition by issue_type) as issue_tickets,
        proportion_ci(contained_tickets, judged_tickets)
            as containment_interval,
        proportion_ci(fcr, fcr_tickets) as fcr_interval,
        proportion_ci(reopened, solved_tickets) as reopen_interval,
        proportion_ci(satisfied, csat_answers) as csat_interval
    from measured
)

select
    issue_type,
    handler,
    tickets,
    cast(tickets as double) / issue_tickets as share,
    contained_tickets,
    cast(contained_tickets as double) / nullif(judged_tickets, 0)
        as containment_rate,
    containment_interval['lower'] as containment_lower,
    containment_interval['upper'] as containment_upper,
    judged_tickets,
    first_response_median_hours,
    resolution_median['time'] as resolution_median_hours,
    cast(fcr as double) / nullif(fcr_tickets, 0) as fcr_rate,
    fcr_interval['lower'] as fcr_lower,
    fcr_interval['upper'] as fcr_upper,
    fcr_tickets,
    cast(reopened as double) / nullif(solved_tickets, 0) as reopen_rate,
    reopen_interval['lower'] as reopen_lower,
    reopen_interval['upper'] as reopen_upper,
    solved_tickets,
    cast(satisfied as double) / nullif(csat_answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers
from with_intervals
