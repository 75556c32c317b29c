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
-- has_slow_reply     waited longer than $slow_reply_hours for a person
--
-- Within $experience_days before the answer, whatever the answer is about, and
-- whether or not the request was accepted. Only answers of known customers have
-- a row. What happened at the very instant of the answer had not happened yet.

with

-- What happened to whom and when; answers are among it, and take their turn
-- before what happens at the same instant.
events as (
    select
        customer_id,
        requested_at as at,
        'return' as event,
        1 as turn,
        reason,
        is_seller_fault,
        null as response_id,
        null as kind
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
        1 as turn,
        null as reason,
        null as is_seller_fault,
        null as response_id,
        null as kind
    from staging.orders
    where
        is_purchase
        and delivered_at is not null
    union all
    select
        customer_id,
        created_at as at,
        'ticket' as event,
        1 as turn,
        null as reason,
        null as is_seller_fault,
        null as response_id,
        null as kind
    from staging.tickets
    union all
    select
        customer_id,
        created_at
        + cast(concat($slow_reply_hours, ' hours') as interval) as at,
        'slow_reply' as event,
        1 as turn,
        null as reason,
        null as is_seller_fault,
        null as response_id,
        null as kind
    from staging.tickets
    where
        not coalesce(is_bot_contained, false)
        and coalesce(
            first_public_reply_at
            > created_at
            + cast(concat($slow_reply_hours, ' hours') as interval),
            true
        )
    union all
    select
        customer_id,
        responded_at as at,
        'answer' as event,
        0 as turn,
        null as reason,
        null as is_seller_fault,
        response_id,
        kind
    from intermediate.answers
),

-- When each of it last happened before, in one pass over each customer.
with_last as (
    select
        response_id,
        kind,
        at,
        event,
        last_value(reason) ignore nulls over history as last_reason,
        max(case when event = 'return' then at end) over history
            as last_return_at,
        max(case when is_seller_fault then at end) over history
            as last_faulty_return_at,
        max(case when event in ('delivery', 'late_delivery') then at end)
            over history as last_delivery_at,
        max(case when event = 'late_delivery' then at end) over history
            as last_late_delivery_at,
        max(case when event = 'ticket' then at end) over history
            as last_ticket_at,
        max(case when event = 'slow_reply' then at end) over history
            as last_slow_reply_at
    from events
    where customer_id is not null
    window history as (
        partition by customer_id
        order by at, turn
        rows between unbounded preceding and current row
    )
),

recent as (
    select
        *,
        at - cast(concat($experience_days, ' days') as interval) as since_at
    from with_last
    where event = 'answer'
)

select
    response_id,
    kind,
    case when last_return_at >= since_at then last_reason end as last_reason,
    coalesce(last_return_at >= since_at, false) as has_return,
    coalesce(last_faulty_return_at >= since_at, false) as has_faulty_return,
    coalesce(last_delivery_at >= since_at, false) as has_delivery,
    coalesce(last_late_delivery_at >= since_at, false) as has_late_delivery,
    coalesce(last_ticket_at >= since_at, false) as has_ticket,
    coalesce(last_slow_reply_at >= since_at, false) as has_slow_reply
from recent
