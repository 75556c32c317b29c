-- Money paid back before the report day.
--
-- grain: refund_id
--
-- refund_id    refund
-- order_id     order, where the source has it
-- line_no      line of the order
-- return_id    return it belongs to, NULL for a refund without return
-- customer_id  customer, where the source has it
-- kind         goods, shipping, goodwill, price_adjustment, pre_shipment,
--              rejected_delivery or chargeback; goods when the source does not
--              say
-- currency     ISO 4217 code of the amount
-- problem      why the refund cannot be counted: negative_amount; NULL if it
--              can
-- amount       amount paid back, positive
-- tax_amount   tax in the amount
-- refunded_at  when the money went back

select
    -- ids
    refund_id,
    order_id,
    line_no,
    return_id,
    customer_id,

    -- text
    coalesce(lower(trim(kind)), 'goods') as kind,
    upper(trim(currency)) as currency,
    case when amount < 0 then 'negative_amount' end as problem,

    -- numbers
    amount,
    tax_amount,

    -- times
    refunded_at

from raw.refunds
where
    refunded_at < $as_of_at
    and coalesce(recorded_at < $known_as_of_at, true)
