-- Requests to send goods back, exchange or repair them, as they stood on the
-- report day.
--
-- grain: return_id
--
-- return_id              request
-- order_id               order the goods came from, NULL when unknown
-- line_no                line of the order
-- customer_id            customer, where the source has it
-- sku                    article, where the source has it
-- shop_id                shop
-- exchange_order_id      replacement order
-- kind                   return, exchange, repair or refund_only; return when
--                        the source does not say
-- reason_code            reason as recorded, lower case: level 1, or
--                        level 1/level 2
-- reason_text            reason in the customer's words
-- channel                where the return was requested, lower case
-- outcome                restock, refurbish, liquidate, scrap or reject; NULL
--                        until inspected or closed
-- problem                why the request cannot be counted:
--                        quantity_not_positive; NULL if it can
-- quantity               units, NULL when the source does not say
-- refund_amount          refunded for the goods, where there is no refunds
--                        table; NULL until refunded
-- reverse_shipping_cost  cost of bringing it back
-- handling_cost          cost of inspecting and restocking it
-- recovery_value         what the goods were still worth
-- is_rejected            inspected and sent back to the customer
-- is_withdrawn           closed although nothing came in and nothing was paid
-- requested_at           when the customer asked
-- approved_at            when it was approved
-- received_at            when the goods came in
-- inspected_at           when they were inspected
-- refunded_at            when the money went back
-- closed_at              when the case was closed
--
-- Instants on or after the report day are NULL, and with them the outcome and
-- the amounts they bring.
--
-- refund_amount is converted with the rate of the order where $other_currencies
-- is convert; the costs and the recovery value are taken to be in the
-- workspace's currency.

with

-- Empty unless amounts are converted, and then the join to it costs nothing.
rates as (
    select
        orders.order_id as rated_order_id,
        max(fx_rates.rate) as rate
    from raw.orders as orders
    inner join raw.fx_rates as fx_rates
        on
            upper(trim(orders.currency)) = upper(trim(fx_rates.currency))
            and cast(orders.ordered_at as date) = fx_rates.day
    where
        $other_currencies = 'convert'
        and upper(trim(orders.currency)) <> upper($currency)
        and fx_rates.rate > 0
        and fx_rates.day < $as_of
    group by orders.order_id
),

-- What had happened before the report day; what came later is not there yet.
replayed as (
    select
        return_id,
        order_id,
        line_no,
        customer_id,
        sku,
        shop_id,
        exchange_order_id,
        coalesce(lower(trim(kind)), 'return') as kind,
        lower(trim(reason_code)) as reason_code,
        trim(reason_text) as reason_text,
        lower(trim(channel)) as channel,
        case
            when
                coalesce(inspected_at, closed_at, received_at, requested_at)
                < $as_of_at
                then lower(trim(outcome))
        end as outcome,
        quantity,
        case
            when not coalesce(refunded_at, requested_at) < $as_of_at then null
            when $other_currencies <> 'convert' or rates.rate is null
                then refund_amount
            else cast(refund_amount * rates.rate as decimal(18, 2))
        end as refund_amount,
        case
            when coalesce(received_at, requested_at) < $as_of_at
                then reverse_shipping_cost
        end as reverse_shipping_cost,
        case
            when coalesce(inspected_at, received_at, requested_at) < $as_of_at
                then handling_cost
        end as handling_cost,
        case
            when coalesce(inspected_at, received_at, requested_at) < $as_of_at
                then recovery_value
        end as recovery_value,
        requested_at,
        case when approved_at < $as_of_at then approved_at end as approved_at,
        case when received_at < $as_of_at then received_at end as received_at,
        case
            when inspected_at < $as_of_at then inspected_at
        end as inspected_at,
        case when refunded_at < $as_of_at then refunded_at end as refunded_at,
        case when closed_at < $as_of_at then closed_at end as closed_at
    from raw.returns
    left join rates
        on returns.order_id = rates.rated_order_id
    where
        requested_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    return_id,
    order_id,
    line_no,
    customer_id,
    sku,
    shop_id,
    exchange_order_id,

    -- text
    kind,
    reason_code,
    reason_text,
    channel,
    outcome,
    case when quantity <= 0 then 'quantity_not_positive' end as problem,

    -- numbers
    quantity,
    refund_amount,
    reverse_shipping_cost,
    handling_cost,
    recovery_value,

    -- booleans
    coalesce(outcome = 'reject', false) as is_rejected,
    closed_at is not null
    and outcome is null
    and received_at is null
    and refunded_at is null
    and refund_amount is null
    and kind in ('return', 'exchange') as is_withdrawn,

    -- times
    requested_at,
    approved_at,
    received_at,
    inspected_at,
    refunded_at,
    closed_at

from replayed
