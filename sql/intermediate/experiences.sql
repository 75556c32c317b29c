-- What had happened to a customer in the weeks before each answer?
--
-- grain: response_id, kind
--
-- response_id        questionnaire
-- kind               nps, csat or ces
-- last_reason        reason of the last return or exchange asked for
-- has_return         asked to send something back or to exchange it
-- has_faulty_return  the same, and it was the seller's fault
-- has_delivery       a purchase arrived
-- has_late_delivery  a purchase arrived later than promised
-- has_ticket         opened a contact case
-- has_slow_reply     waited longer than $slow_reply_hours for a person, or for
--                    a solution without a reply
--
-- Within $experience_days before the answer, whatever the answer is about, and
-- whether or not the request was accepted. Only answers of known customers have
-- a row. What happened at the very instant of the answer had not happened yet.

with

-- What happened to whom and when.
events as (
    select
        customer_id,
        requested_at as at,
        'return' as event,
        reason,
        is_seller_fault
    from intermediate.returns_with_lines
    where kind in ('return', 'exchange')
    union all
    select
        customer_id,
        delivered_at as at,
        case
            when delivered_at > promised_at then 'late_delivery'
            else 'delivery'
        end as event,
        null as reason,
        null as is_seller_fault
    from staging.orders
    where is_purchase
    union all
    select
        customer_id,
        created_at as at,
        'ticket' as event,
        null as reason,
        null as is_seller_fault
    from staging.tickets
    union all
    select
        tickets.customer_id,
        tickets.created_at
        + cast(concat($slow_reply_hours, ' hours') as interval) as at,
        'slow_reply' as event,
        null as reason,
        null as is_seller_fault
    from staging.tickets
    inner join intermediate.ticket_clocks as clocks
        on tickets.ticket_id = clocks.ticket_id
    where
        not coalesce(tickets.is_bot_contained, false)
        and clocks.response_seconds > 3600.0 * $slow_reply_hours
),

-- What is not older than $experience_days happened in the period of the answer
-- or in the one before, so that no account is joined with all its years.
events_with_periods as (
    select
        *,
        cast(
            floor(
                date_part('epoch', at)
                / (86400.0 * greatest($experience_days, 1))
            ) as bigint
        ) as period
    from events
    where
        customer_id is not null
        and at is not null
),

events_by_period as (
    select
        customer_id,
        at,
        event,
        reason,
        is_seller_fault,
        unnest(make_array(period, period + 1)) as period
    from events_with_periods
),

-- One moment for all answers of a questionnaire, which are many more.
moments as (
    select distinct
        customer_id,
        responded_at,
        responded_at
        - cast(concat($experience_days, ' days') as interval) as since_at,
        cast(
            floor(
                date_part('epoch', responded_at)
                / (86400.0 * greatest($experience_days, 1))
            ) as bigint
        ) as period
    from intermediate.answers
    where customer_id is not null
),

happened as (
    select
        moments.customer_id,
        moments.responded_at,
        last_value(events.reason order by events.at, events.reason)
            filter (where events.reason is not null) as last_reason,
        count(*) filter (where events.event = 'return') > 0 as has_return,
        count(*) filter (where events.is_seller_fault) > 0 as has_faulty_return,
        count(*) filter (where events.event in ('delivery', 'late_delivery'))
        > 0 as has_delivery,
        count(*) filter (where events.event = 'late_delivery') > 0
            as has_late_delivery,
        count(*) filter (where events.event = 'ticket') > 0 as has_ticket,
        count(*) filter (where events.event = 'slow_reply') > 0
            as has_slow_reply
    from moments
    left join events_by_period as events
        on
            moments.customer_id = events.customer_id
            and moments.period = events.period
            and moments.responded_at > events.at
            and moments.since_at <= events.at
    group by moments.customer_id, moments.responded_at
)

select
    answers.response_id,
    answers.kind,
    happened.last_reason,
    happened.has_return,
    happened.has_faulty_return,
    happened.has_delivery,
    happened.has_late_delivery,
    happened.has_ticket,
    happened.has_slow_reply
from intermediate.answers
inner join happened
    on
        answers.customer_id = happened.customer_id
        and answers.responded_at = happened.responded_at
