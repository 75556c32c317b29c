-- What happened to each request to send goods back, exchange or repair them?
--
-- grain: return_id
-- rows: staging.refunds on rows.return_id = cell.return_id
--
-- return_id            request
-- order_id             order the goods came from, NULL when unknown
-- line_no              line of the order
-- customer_id          buyer: of the order, else as the request says
-- shop_id              shop: of the order, else as the request says
-- sku                  article: of the line, else as the request says
-- category             category of the article; NULL when the line is unknown
-- channel              channel of the sale; NULL when the line is unknown
-- request_channel      where the request was made
-- carrier              who had carried the goods; NULL when the line is unknown
-- returner_class       class of the customer, as in returner_classes
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
-- days_since_delivery  days from the arrival to the request, negative when it
--                      was asked for before
-- late_days            days from the promise to the arrival of the line,
--                      negative when early
-- approval_hours       from the request to the approval
-- transit_hours        from the approval, else from the request, to the arrival
--                      of the goods
-- inspection_hours     from their arrival to the inspection
-- refund_hours         from the last stage before it to the first refund
-- request_to_refund_hours  from the request to the first refund
-- request_to_replacement_hours  from the request to the arrival of the
--                      replacement
-- request_to_repair_hours  from the request to the end of the repair
-- is_first_order       it is of the customer's first purchase; NULL for a guest
-- is_late              the line arrived after the promise; NULL when unknown
-- is_seller_fault      the seller sent something else than was promised
-- is_reason_unknown    the reason is missing or not among reason_codes
-- is_open              something is still waited for
-- ordered_at           when the order was placed
-- delivered_at         when the last parcel of the line arrived
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

select
    requests.return_id,
    requests.order_id,
    requests.line_no,
    requests.customer_id,
    requests.shop_id,
    requests.sku,
    lines.category,
    lines.channel,
    requests.request_channel,
    lines.carrier,
    customers.returner_class,
    requests.kind,
    requests.reason,
    requests.reason_detail,
    requests.reason_text,
    requests.outcome,
    requests.problem,
    requests.waiting_for,
    requests.units,
    requests.line_amount,
    requests.refund_amount,
    requests.booked_cost,
    requests.reverse_shipping_cost,
    requests.handling_cost,
    requests.repair_cost,
    requests.recovery_value,
    (
        cast(requests.requested_at as bigint)
        - cast(lines.delivered_at as bigint)
    ) / 86400000000.0 as days_since_delivery,
    lines.late_days,
    requests.approval_hours,
    requests.transit_hours,
    requests.inspection_hours,
    requests.refund_hours,
    requests.request_to_refund_hours,
    requests.request_to_replacement_hours,
    requests.request_to_repair_hours,
    requests.ordered_at = customers.first_ordered_at as is_first_order,
    lines.is_late,
    requests.is_seller_fault,
    requests.is_reason_unknown,
    requests.is_open,
    requests.ordered_at,
    lines.delivered_at,
    requests.requested_at,
    requests.approved_at,
    requests.received_at,
    requests.inspected_at,
    requests.refunded_at,
    requests.replacement_delivered_at,
    requests.repaired_at,
    requests.closed_at
from intermediate.requests_with_stages as requests
left join intermediate.sold_lines as lines
    on
        requests.order_id = lines.order_id
        and requests.line_no = lines.line_no
left join intermediate.customers_with_purchases as customers
    on requests.customer_id = customers.customer_id
