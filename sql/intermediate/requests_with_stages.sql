-- Through which stages did each request go, and what does it wait for?
--
-- grain: return_id
--
-- return_id            request
-- order_id             order the goods came from, NULL when unknown
-- line_no              line of the order
-- customer_id          buyer: of the order, else as the request says
-- shop_id              shop: of the order, else as the request says
-- sku                  article: of the line, else as the request says
-- request_channel      where the request was made
-- kind                 return, exchange, repair or refund_only
-- reason               level 1 of the reason
-- reason_detail        level 2, as recorded
-- reason_text          reason in the customer's words
-- outcome              restock, refurbish, liquidate, scrap or reject
-- problem              why the request is in no measure: orphan,
--                      quantity_not_positive, not_a_purchase, rejected or
--                      withdrawn; NULL if it is
-- waiting_for          what comes next: approval, transit, inspection, refund,
--                      replacement or repair; NULL when nothing does
-- units                units asked back, never more than the line has
-- line_amount          what the customer had paid for those units
-- refund_amount        refunded for the goods so far
-- booked_cost          carriage back, handling and repair, of those that are
--                      known; NULL when none is
-- reverse_shipping_cost  cost of bringing it back
-- handling_cost        cost of inspecting and restocking it
-- repair_cost          cost of its closed repairs
-- recovery_value       what the goods were still worth
-- approval_hours       from the request to the approval
-- transit_hours        from the approval, else from the request, to the arrival
--                      of the goods
-- inspection_hours     from their arrival to the inspection
-- refund_hours         from the last stage before it to the first refund
-- request_to_refund_hours  from the request to the first refund
-- request_to_replacement_hours  from the request to the arrival of the
--                      replacement
-- request_to_repair_hours  from the request to the end of the repair
-- is_seller_fault      the seller sent something else than was promised
-- is_reason_unknown    the reason is missing or not among reason_codes
-- is_open              something is still waited for
-- ordered_at           when the order was placed
-- requested_at         when the customer asked
-- approved_at          when it was approved
-- received_at          when the goods came in
-- inspected_at         when they were inspected
-- refunded_at          when the first money went back
-- replacement_delivered_at  when the replacement arrived
-- repaired_at          when the last repair was closed
-- closed_at            when the case was closed
--
-- Every request has a row, also those that count nowhere: filter on problem. A
-- stage is NULL when one of its two instants is missing or they are the wrong
-- way round. Money can go back before the goods do (refunds at approval):
-- stages then run side by side, and refund_hours begins with the approval. What
-- the goods lost in value is not part of booked_cost.

with

-- One row for each request and order before joining. A repair is done when the
-- last of it is.
repairs as (
    select
        return_id,
        sum(repair_cost) as repair_cost,
        case when bool_and(not is_open) then max(closed_at) end as repaired_at
    from staging.repairs
    where
        problem is null
        and return_id is not null
    group by return_id
),

joined as (
    select
        requests.return_id,
        requests.order_id,
        requests.line_no,
        requests.customer_id,
        requests.shop_id,
        requests.sku,
        records.channel as request_channel,
        requests.kind,
        requests.reason,
        nullif(split_part(records.reason_code, '/', 2), '') as reason_detail,
        records.reason_text,
        requests.outcome,
        requests.problem,
        requests.units,
        requests.line_amount,
        requests.refund_amount,
        records.reverse_shipping_cost,
        records.handling_cost,
        repairs.repair_cost,
        records.recovery_value,
        requests.is_seller_fault,
        requests.is_reason_unknown,
        requests.ordered_at,
        requests.requested_at,
        records.approved_at,
        requests.received_at,
        records.inspected_at,
        requests.refunded_at,
        replacements.delivered_at as replacement_delivered_at,
        repairs.repaired_at,
        records.closed_at,
        -- Where the lake records no arrivals at all, none is waited for; nor an
        -- inspection where it records none.
        requests.received_at is null and receipts.receipts > 0
            as is_in_transit,
        records.inspected_at is null and receipts.inspections > 0
            as is_uninspected
    from intermediate.returns_with_lines as requests
    inner join staging.returns as records
        on requests.return_id = records.return_id
    left join staging.orders as replacements
        on records.exchange_order_id = replacements.order_id
    left join repairs
        on requests.return_id = repairs.return_id
    cross join (
        select
            count(received_at) as receipts,
            count(inspected_at) as inspections
        from staging.returns
    ) as receipts
),

-- Integer microseconds: an interval would be far slower. The stage before a
-- refund is the last that was reached by then.
timed as (
    select
        *,
        cast(requested_at as bigint) as requested,
        cast(approved_at as bigint) as approved,
        cast(received_at as bigint) as received,
        cast(inspected_at as bigint) as inspected,
        cast(refunded_at as bigint) as refunded,
        greatest(
            cast(requested_at as bigint),
            case
                when approved_at <= refunded_at then cast(approved_at as bigint)
            end,
            case
                when received_at <= refunded_at then cast(received_at as bigint)
            end,
            case
                when inspected_at <= refunded_at
                    then cast(inspected_at as bigint)
            end
        ) as refundable,
        case
            when problem is not null or closed_at is not null then null
            when
                coalesce(approved_at, received_at, inspected_at, refunded_at)
                is null
                then 'approval'
            when kind = 'refund_only' and refunded_at is null then 'refund'
            when kind = 'refund_only' then null
            when is_in_transit then 'transit'
            when kind = 'repair' and repaired_at is null then 'repair'
            when kind = 'repair' then null
            when kind = 'return' and refunded_at is not null then null
            when kind = 'exchange' and replacement_delivered_at is not null
                then null
            when is_uninspected then 'inspection'
            when kind = 'return' then 'refund'
            when replacement_delivered_at is null then 'replacement'
        end as waiting_for
    from joined
)

select
    return_id,
    order_id,
    line_no,
    customer_id,
    shop_id,
    sku,
    request_channel,
    kind,
    reason,
    reason_detail,
    reason_text,
    outcome,
    problem,
    waiting_for,
    units,
    line_amount,
    refund_amount,
    case
        when
            coalesce(reverse_shipping_cost, handling_cost, repair_cost)
            is not null
            then coalesce(reverse_shipping_cost, 0)
            + coalesce(handling_cost, 0)
            + coalesce(repair_cost, 0)
    end as booked_cost,
    reverse_shipping_cost,
    handling_cost,
    repair_cost,
    recovery_value,
    case when approved >= requested then approved - requested end
    / 3600000000.0 as approval_hours,
    case
        when received >= coalesce(approved, requested)
            then received - coalesce(approved, requested)
    end / 3600000000.0 as transit_hours,
    case when inspected >= received then inspected - received end
    / 3600000000.0 as inspection_hours,
    case when refunded >= refundable then refunded - refundable end
    / 3600000000.0 as refund_hours,
    case when refunded >= requested then refunded - requested end
    / 3600000000.0 as request_to_refund_hours,
    case
        when replacement_delivered_at >= requested_at
            then cast(replacement_delivered_at as bigint) - requested
    end / 3600000000.0 as request_to_replacement_hours,
    case
        when repaired_at >= requested_at
            then cast(repaired_at as bigint) - requested
    end / 3600000000.0 as request_to_repair_hours,
    is_seller_fault,
    is_reason_unknown,
    waiting_for is not null as is_open,
    ordered_at,
    requested_at,
    approved_at,
    received_at,
    inspected_at,
    refunded_at,
    replacement_delivered_at,
    repaired_at,
    closed_at
from timed
