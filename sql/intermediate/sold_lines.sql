-- What was sold, line by line, and when and how it reached the customer.
--
-- grain: order_id, line_no
--
-- order_id          purchase
-- line_no           line of the order
-- customer_id       buyer, NULL for a guest
-- shop_id           shop sold through
-- sku               article
-- category          category of the article, else of the line; unknown without
--                   either
-- channel           web, app, store, ...; unknown when the source does not say
-- carrier           who carried it; unknown without a parcel that says so
-- quantity          units sold
-- net_amount        net sales of the line
-- late_days         days from the promise to the arrival, negative when early;
--                   the worst parcel of the line; NULL without either
-- is_late           it arrived after the promise; NULL without either
-- is_delivered      its arrival is recorded
-- is_mature         its return window and the lag of the books are over
-- delivered_week_number  week of delivered_date, counted from a Monday of old
-- delivered_date    local day of the arrival; $default_delivery_days after the
--                   order where none is recorded, which can be a day to come
-- ordered_at        when the order was placed
-- delivered_at      when the last parcel of it arrived
--
-- The parcels of the line say when it came, else those of the whole order, else
-- the order itself. A line of which only some parcels have arrived counts from
-- the last that has.

with

-- A line can come in several parcels, and a parcel can hold a whole order (its
-- line_no is NULL), so one row for each before joining. Integer microseconds:
-- an interval would be far slower.
parcels as (
    select
        order_id,
        line_no,
        last_value(
            carrier order by
                coalesce(delivered_at, shipped_at) nulls first,
                shipment_id
        ) as carrier,
        max(delivered_at) as delivered_at,
        max(cast(delivered_at as bigint) - cast(promised_at as bigint))
            as late_microseconds
    from staging.shipments
    where problem is null
    group by order_id, line_no
),

lines as (
    select
        orders.order_id,
        order_items.line_no,
        orders.customer_id,
        orders.shop_id,
        order_items.sku,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(line_parcels.carrier, order_parcels.carrier, 'unknown')
            as carrier,
        order_items.quantity,
        order_items.net_amount,
        case
            when line_parcels.order_id is not null
                then line_parcels.late_microseconds
            when order_parcels.order_id is not null
                then order_parcels.late_microseconds
            else
                cast(orders.delivered_at as bigint)
                - cast(orders.promised_at as bigint)
        end as late_microseconds,
        coalesce(shops.return_days, $return_window_days) as return_days,
        orders.ordered_at,
        coalesce(
            line_parcels.delivered_at,
            order_parcels.delivered_at,
            orders.delivered_at
        ) as delivered_at
    from staging.orders
    inner join staging.order_items
        on
            orders.order_id = order_items.order_id
            and order_items.problem is null
    left join parcels as line_parcels
        on
            order_items.order_id = line_parcels.order_id
            and order_items.line_no = line_parcels.line_no
    left join parcels as order_parcels
        on
            order_items.order_id = order_parcels.order_id
            and order_parcels.line_no is null
    left join staging.products
        on order_items.sku = products.sku
    left join staging.shops
        on orders.shop_id = shops.shop_id
    where orders.is_purchase
),

dated as (
    select
        *,
        coalesce(
            cast(delivered_at as date),
            cast(ordered_at as date) + $default_delivery_days
        ) as delivered_date
    from lines
)

select
    order_id,
    line_no,
    customer_id,
    shop_id,
    sku,
    category,
    channel,
    carrier,
    quantity,
    net_amount,
    late_microseconds / 86400000000.0 as late_days,
    late_microseconds > 0 as is_late,
    delivered_at is not null as is_delivered,
    delivered_date + return_days + $recording_lag_days < $as_of as is_mature,
    (cast(delivered_date as integer) + 3) / 7 as delivered_week_number,
    delivered_date,
    ordered_at,
    delivered_at
from dated
