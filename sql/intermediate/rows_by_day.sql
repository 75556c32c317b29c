-- How many rows of each table and shop does the lake have, day by day?
--
-- grain: table_name, shop, day
--
-- table_name  canonical table
-- shop        shop as text; unknown where neither the row nor its order has one
-- day         local day of the event: order, request, refund, shipment, opening
--             of a ticket, sending of a questionnaire
-- rows        rows of that day
-- last_at     the last instant of them

with

events as (
    select
        'orders' as table_name,
        shop_id,
        ordered_at as happened_at
    from staging.orders
    union all
    select
        'returns' as table_name,
        coalesce(returns.shop_id, orders.shop_id) as shop_id,
        returns.requested_at as happened_at
    from staging.returns
    left join staging.orders
        on returns.order_id = orders.order_id
    union all
    select
        'refunds' as table_name,
        orders.shop_id,
        refunds.refunded_at as happened_at
    from staging.refunds
    left join staging.orders
        on refunds.order_id = orders.order_id
    union all
    select
        'shipments' as table_name,
        orders.shop_id,
        coalesce(shipments.shipped_at, shipments.delivered_at) as happened_at
    from staging.shipments
    left join staging.orders
        on shipments.order_id = orders.order_id
    union all
    select
        'tickets' as table_name,
        coalesce(tickets.shop_id, orders.shop_id) as shop_id,
        tickets.created_at as happened_at
    from staging.tickets
    left join staging.orders
        on tickets.order_id = orders.order_id
    union all
    select
        'surveys' as table_name,
        coalesce(surveys.shop_id, orders.shop_id) as shop_id,
        coalesce(surveys.sent_at, surveys.responded_at) as happened_at
    from staging.surveys
    left join staging.orders
        on surveys.order_id = orders.order_id
)

select
    table_name,
    coalesce(cast(shop_id as varchar), 'unknown') as shop,
    cast(happened_at as date) as day,
    count(*) as rows,
    max(happened_at) as last_at
from events
where happened_at is not null
group by
    table_name,
    coalesce(cast(shop_id as varchar), 'unknown'),
    cast(happened_at as date)
