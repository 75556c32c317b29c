-- Of what happened, how much was anybody asked about, and how much answered?
--
-- grain: happened_month, subject
--
-- happened_month        first day of the month in which it happened, local
-- subject               delivery, return or ticket
-- events                purchases that arrived, returns and exchanges asked
--                       for, or cases opened
-- asked                 of those, with a question about them
-- answered              of those, with a valid answer
-- asked_share           asked / events
-- asked_share_lower     lower end of its 95 % interval (Wilson)
-- asked_share_upper     upper end
-- answered_share        answered / events
-- answered_share_lower  lower end of its 95 % interval (Wilson)
-- answered_share_upper  upper end
-- is_mature             the month ended $recording_lag_days or more before the
--                       report day
--
-- A question is about what it names: a delivery counts as asked about only by
-- questions of the touchpoint delivery that name its order, a return or case by
-- those that name it, whatever the touchpoint. What happened to guests is in
-- events too, although few shops can ask them.

with

-- One row for what was asked about, however often.
about as (
    select
        order_id,
        return_id,
        ticket_id,
        touchpoint,
        score is not null and problem is null as is_answered
    from staging.surveys
),

by_order as (
    select
        order_id,
        bool_or(is_answered) as is_answered
    from about
    where
        touchpoint = 'delivery'
        and order_id is not null
    group by order_id
),

by_return as (
    select
        return_id,
        bool_or(is_answered) as is_answered
    from about
    where return_id is not null
    group by return_id
),

by_ticket as (
    select
        ticket_id,
        bool_or(is_answered) as is_answered
    from about
    where ticket_id is not null
    group by ticket_id
),

events as (
    select
        'delivery' as subject,
        cast(orders.delivered_at as date) as happened_date,
        by_order.is_answered
    from staging.orders
    left join by_order
        on orders.order_id = by_order.order_id
    where
        orders.is_purchase
        and orders.delivered_at is not null
    union all
    select
        'return' as subject,
        cast(returns.requested_at as date) as happened_date,
        by_return.is_answered
    from staging.returns
    left join by_return
        on returns.return_id = by_return.return_id
    where returns.kind in ('return', 'exchange')
    union all
    select
        'ticket' as subject,
        cast(tickets.created_at as date) as happened_date,
        by_ticket.is_answered
    from staging.tickets
    left join by_ticket
        on tickets.ticket_id = by_ticket.ticket_id
),

by_month as (
    select
        cast(date_trunc('month', happened_date) as date) as happened_month,
        subject,
        count(*) as events,
        count(is_answered) as asked,
        count(*) filter (where is_answered) as answered
    from events
    group by cast(date_trunc('month', happened_date) as date), subject
),

with_intervals as (
    select
        *,
        proportion_ci(asked, events) as asked_interval,
        proportion_ci(answered, events) as answered_interval
    from by_month
)

select
    happened_month,
    subject,
    events,
    asked,
    answered,
    cast(asked as double) / events as asked_share,
    asked_interval['lower'] as asked_share_lower,
    asked_interval['upper'] as asked_share_upper,
    cast(answered as double) / events as answered_share,
    answered_interval['lower'] as answered_share_lower,
    answered_interval['upper'] as answered_share_upper,
    cast(happened_month + interval '1 month' as date) + $recording_lag_days
    <= $as_of as is_mature
from with_intervals
