-- What happened on the way of each order, from placing it to the next one?
--
-- grain: order_id, event, case_id
--
-- order_id     order, also one that was cancelled or never paid; no replacement
-- customer_id  buyer, NULL for a guest
-- case_id      return or ticket of the event, in text; empty where the event is
--              the order's own
-- event        ordered, paid, cancelled, shipped, delivered, return_requested,
--              return_approved, goods_received, goods_inspected, refunded,
--              exchanged, return_closed, ticket_opened, ticket_answered,
--              ticket_solved or repurchased
-- stage        order of the events that happen at one instant
-- is_case      the customer turned to the shop: return_requested or
--              ticket_opened
-- is_solution  the shop settled it: refunded, exchanged, return_closed or
--              ticket_solved
-- occurred_at  when it happened
--
-- The one place where the events of journeys are defined. Repurchased is the
-- next purchase of the customer. Refunded is the first money back on the
-- return, exchanged the delivery of the replacement. Tickets and returns
-- without an order are on nobody's way.

with

orders as (
    select
        order_id,
        customer_id,
        is_purchase,
        ordered_at,
        paid_at,
        cancelled_at,
        shipped_at,
        delivered_at
    from staging.orders
    where (problem is null or problem <> 'replacement')
),

returns as (
    select
        returns.order_id,
        returns.return_id,
        returns.requested_at,
        returns.approved_at,
        returns.received_at,
        returns.inspected_at,
        coalesce(goods_refunds.refunded_at, returns.refunded_at)
            as refunded_at,
        replacements.delivered_at as exchanged_at,
        returns.closed_at
    from staging.returns
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    left join staging.orders as replacements
        on returns.exchange_order_id = replacements.order_id
    where returns.order_id is not null
),

tickets as (
    select
        coalesce(tickets.order_id, returns.order_id) as order_id,
        tickets.ticket_id,
        tickets.created_at,
        tickets.first_public_reply_at,
        tickets.solved_at
    from staging.tickets
    left join returns
        on
            tickets.return_id = returns.return_id
            and tickets.order_id is null
),

repurchases as (
    select
        order_id,
        lead(ordered_at) over (
            partition by customer_id
            order by ordered_at, order_id
        ) as repurchased_at
    from orders
    where
        is_purchase
        and customer_id is not null
),

-- One row for each order, return or ticket; its events are a list, so that the
-- tables are read once.
happened as (
    select
        orders.order_id,
        '' as case_id,
        [
            named_struct('event', 'ordered', 'stage', 1, 'at', ordered_at),
            named_struct('event', 'paid', 'stage', 2, 'at', paid_at),
            named_struct('event', 'cancelled', 'stage', 3, 'at', cancelled_at),
            named_struct('event', 'shipped', 'stage', 4, 'at', shipped_at),
            named_struct('event', 'delivered', 'stage', 5, 'at', delivered_at),
            named_struct(
                'event', 'repurchased',
                'stage', 16,
                'at', repurchases.repurchased_at
            )
        ] as events
    from orders
    left join repurchases
        on orders.order_id = repurchases.order_id
    union all
    select
        order_id,
        cast(return_id as varchar) as case_id,
        [
            named_struct(
                'event', 'return_requested', 'stage', 6, 'at', requested_at
            ),
            named_struct(
                'event', 'return_approved', 'stage', 7, 'at', approved_at
            ),
            named_struct(
                'event', 'goods_received', 'stage', 8, 'at', received_at
            ),
            named_struct(
                'event', 'goods_inspected', 'stage', 9, 'at', inspected_at
            ),
            named_struct('event', 'refunded', 'stage', 10, 'at', refunded_at),
            named_struct('event', 'exchanged', 'stage', 11, 'at', exchanged_at),
            named_struct('event', 'return_closed', 'stage', 12, 'at', closed_at)
        ] as events
    from returns
    union all
    select
        order_id,
        cast(ticket_id as varchar) as case_id,
        [
            named_struct(
                'event', 'ticket_opened', 'stage', 13, 'at', created_at
            ),
            named_struct(
                'event', 'ticket_answered',
                'stage', 14,
                'at', first_public_reply_at
            ),
            named_struct('event', 'ticket_solved', 'stage', 15, 'at', solved_at)
        ] as events
    from tickets
    where order_id is not null
),

listed as (
    select
        order_id,
        case_id,
        unnest(events) as happening
    from happened
)

select
    listed.order_id,
    orders.customer_id,
    listed.case_id,
    listed.happening['event'] as event,
    listed.happening['stage'] as stage,
    listed.happening['event'] in ('return_requested', 'ticket_opened')
        as is_case,
    listed.happening['event'] in (
        'refunded', 'exchanged', 'return_closed', 'ticket_solved'
    ) as is_solution,
    listed.happening['at'] as occurred_at
from listed
inner join orders
    on listed.order_id = orders.order_id
where listed.happening['at'] is not null
