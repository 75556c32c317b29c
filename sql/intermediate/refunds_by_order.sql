-- How much was paid back on an order, by kind of refund.
--
-- grain: order_id
--
-- order_id                   order
-- goods_amount               for goods sent back or missing
-- shipping_amount            of the shipping fee
-- goodwill_amount            to make up for trouble
-- price_adjustment_amount    because the price fell
-- pre_shipment_amount        because it was never sent
-- rejected_delivery_amount   because it was refused at the door
-- chargeback_amount          taken back by the bank
-- refund_amount              all of the above
-- sales_reduction_amount     all but shipping and goodwill: what the sale of
--                            the goods is worth less
--
-- A refund without an order of its own counts on the order of its return; one
-- with neither is nowhere in here. Where the lake has no refunds, the amounts
-- that returns carry stand for refunds of goods.

with

refunds as (
    select
        coalesce(refunds.order_id, returns.order_id) as order_id,
        refunds.kind,
        refunds.amount
    from staging.refunds
    left join staging.returns
        on
            refunds.return_id = returns.return_id
            and refunds.order_id is null
    where refunds.problem is null
    union all
    select
        order_id,
        'goods' as kind,
        refund_amount as amount
    from staging.returns
    where
        refund_amount is not null
        and (select count(*) from staging.refunds) = 0
)

select
    order_id,
    coalesce(sum(amount) filter (where kind = 'goods'), 0) as goods_amount,
    coalesce(sum(amount) filter (where kind = 'shipping'), 0)
        as shipping_amount,
    coalesce(sum(amount) filter (where kind = 'goodwill'), 0)
        as goodwill_amount,
    coalesce(sum(amount) filter (where kind = 'price_adjustment'), 0)
        as price_adjustment_amount,
    coalesce(sum(amount) filter (where kind = 'pre_shipment'), 0)
        as pre_shipment_amount,
    coalesce(sum(amount) filter (where kind = 'rejected_delivery'), 0)
        as rejected_delivery_amount,
    coalesce(sum(amount) filter (where kind = 'chargeback'), 0)
        as chargeback_amount,
    sum(amount) as refund_amount,
    coalesce(
        sum(amount) filter (where kind not in ('shipping', 'goodwill')), 0
    ) as sales_reduction_amount
from refunds
where order_id is not null
group by order_id
