-- Deliveries of order lines, as they stood on the report day.
--
-- grain: shipment_id
--
-- shipment_id   parcel line
-- order_id      order
-- line_no       line; NULL when the parcel holds the whole order
-- carrier       who carried it, lower case
-- problem       why the delivery cannot be counted: delivered_before_shipped;
--               NULL if it can
-- quantity      units in the parcel
-- promised_at   delivery promised for
-- shipped_at    when it left the warehouse
-- delivered_at  when it arrived; NULL on and after the report day
--
-- Parcels that left on or after the report day are not there.

select
    -- ids
    shipment_id,
    order_id,
    line_no,

    -- text
    lower(trim(carrier)) as carrier,
    case
        when delivered_at < shipped_at and delivered_at < $as_of_at
            then 'delivered_before_shipped'
    end as problem,

    -- numbers
    quantity,

    -- times
    promised_at,
    shipped_at,
    case when delivered_at < $as_of_at then delivered_at end as delivered_at

from raw.shipments
where
    coalesce(shipped_at < $as_of_at, delivered_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
