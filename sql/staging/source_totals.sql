-- What did the mapping take from the sources, before any rule of ours?
--
-- grain: measure, shop, month, rule, is_other_currency
--
-- measure            orders, sales, returns or refunds
-- shop               shop as text: of the order, else as the row says; unknown
--                    where there is none
-- month              first day of the local month of the event
-- rule               seen, or why staging does not have the row: copy, no_time,
--                    after_report_day or not_known_yet
-- is_other_currency  in another currency than the workspace's
-- rows               rows
-- total              orders and returns: rows; sales and refunds: money as the
--                    source has it
--
-- orders: rows of orders, sales: their gross_amount less discount_amount,
-- returns: rows of returns of every kind, refunds: the amounts of refunds, or,
-- where the lake has none, those of returns, as in refunds_by_day. Copies that
-- dedupe dropped are counted as rule copy: what there was with them less what
-- there is. A row without its time is put into the month of the report day.

with

-- The shop and currency of an order, once, as views see it.
known_orders as (
    select
        order_id as known_order_id,
        min(shop_id) as order_shop_id,
        min(upper(trim(currency))) as order_currency
    from raw.orders
    where
        ordered_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
    group by order_id
),

-- The order of a return, once, for refunds that name only the return.
known_returns as (
    select
        return_id as known_return_id,
        min(order_id) as return_order_id
    from raw.returns
    where
        requested_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
    group by return_id
),

order_rows as (
    select
        true as is_copied,
        shop_id,
        ordered_at,
        recorded_at,
        upper(trim(currency)) as currency,
        gross_amount - coalesce(discount_amount, 0) as amount
    from raw.orders_with_copies
    union all
    select
        false as is_copied,
        shop_id,
        ordered_at,
        recorded_at,
        upper(trim(currency)) as currency,
        gross_amount - coalesce(discount_amount, 0) as amount
    from raw.orders
),

return_rows as (
    select
        true as is_copied,
        order_id,
        shop_id,
        requested_at,
        refunded_at,
        recorded_at,
        refund_amount
    from raw.returns_with_copies
    union all
    select
        false as is_copied,
        order_id,
        shop_id,
        requested_at,
        refunded_at,
        recorded_at,
        refund_amount
    from raw.returns
),

refund_rows as (
    select
        true as is_copied,
        order_id,
        return_id,
        currency,
        amount,
        refunded_at,
        recorded_at
    from raw.refunds_with_copies
    union all
    select
        false as is_copied,
        order_id,
        return_id,
        currency,
        amount,
        refunded_at,
        recorded_at
    from raw.refunds
),

events as (
    select
        'orders' as measure,
        is_copied,
        cast(shop_id as varchar) as shop,
        ordered_at as happened_at,
        ordered_at as seen_at,
        recorded_at,
        currency,
        cast(1 as decimal(28, 4)) as amount
    from order_rows
    union all
    select
        'sales' as measure,
        is_copied,
        cast(shop_id as varchar) as shop,
        ordered_at as happened_at,
        ordered_at as seen_at,
        recorded_at,
        currency,
        cast(amount as decimal(28, 4)) as amount
    from order_rows
    union all
    select
        'returns' as measure,
        is_copied,
        cast(coalesce(order_shop_id, shop_id) as varchar) as shop,
        requested_at as happened_at,
        requested_at as seen_at,
        recorded_at,
        cast(null as varchar) as currency,
        cast(1 as decimal(28, 4)) as amount
    from return_rows
    left join known_orders
        on return_rows.order_id = known_orders.known_order_id
    union all
    select
        'refunds' as measure,
        is_copied,
        cast(coalesce(order_shop_id, shop_id) as varchar) as shop,
        coalesce(refunded_at, requested_at) as happened_at,
        greatest(requested_at, coalesce(refunded_at, requested_at)) as seen_at,
        recorded_at,
        order_currency as currency,
        cast(refund_amount as decimal(28, 4)) as amount
    from return_rows
    left join known_orders
        on return_rows.order_id = known_orders.known_order_id
    where
        refund_amount is not null
        and (
            select count(*)
            from raw.refunds
            where
                refunded_at < $as_of_at
                and coalesce(recorded_at < $known_as_of_at, true)
        ) = 0
    union all
    select
        'refunds' as measure,
        is_copied,
        cast(order_shop_id as varchar) as shop,
        refunded_at as happened_at,
        refunded_at as seen_at,
        recorded_at,
        upper(trim(currency)) as currency,
        cast(amount as decimal(28, 4)) as amount
    from refund_rows
    left join known_returns
        on
            refund_rows.return_id = known_returns.known_return_id
            and refund_rows.order_id is null
    left join known_orders
        on
            coalesce(refund_rows.order_id, known_returns.return_order_id)
            = known_orders.known_order_id
),

placed as (
    select
        measure,
        is_copied,
        coalesce(shop, 'unknown') as shop,
        coalesce(
            cast(date_trunc('month', happened_at) as date),
            cast(date_trunc('month', $as_of) as date)
        ) as month,
        case
            when seen_at is null then 'no_time'
            when seen_at >= $as_of_at then 'after_report_day'
            when not coalesce(recorded_at < $known_as_of_at, true)
                then 'not_known_yet'
            else 'seen'
        end as rule,
        coalesce(currency <> upper($currency), false) as is_other_currency,
        amount
    from events
),

summed as (
    select
        measure,
        shop,
        month,
        rule,
        is_other_currency,
        count(*) filter (where is_copied) as all_rows,
        count(*) filter (where not is_copied) as single_rows,
        coalesce(sum(amount) filter (where is_copied), 0) as all_total,
        coalesce(sum(amount) filter (where not is_copied), 0) as single_total
    from placed
    group by measure, shop, month, rule, is_other_currency
)

select
    measure,
    shop,
    month,
    rule,
    is_other_currency,
    single_rows as rows,
    single_total as total
from summed
where single_rows > 0
union all
select
    measure,
    shop,
    month,
    'copy' as rule,
    is_other_currency,
    sum(all_rows) - sum(single_rows) as rows,
    sum(all_total) - sum(single_total) as total
from summed
group by measure, shop, month, is_other_currency
having
    sum(all_rows) <> sum(single_rows)
    or sum(all_total) <> sum(single_total)
