-- What is left out of the reported totals, and by which rule?
--
-- grain: measure, shop, month, rule
--
-- measure  orders, sales, returns or refunds
-- shop     shop as text; unknown where there is none
-- month    first day of the local month of the event
-- rule     a rule of marts.excluded_rows; exchange, repair and refund_only for
--          requests that are no returns; copy, no_time, after_report_day and
--          not_known_yet of staging.source_totals; or converted: what amounts
--          lost when they were converted to the workspace's currency
-- rows     rows it left out
-- total    of orders and returns their number, of sales and refunds money

with

known_orders as (
    select
        order_id as known_order_id,
        min(shop_id) as order_shop_id,
        min(currency) as order_currency
    from staging.orders
    group by order_id
),

known_returns as (
    select
        return_id as known_return_id,
        min(order_id) as return_order_id
    from staging.returns
    group by return_id
),

-- Refunds as staging sees them, with the shop of their order.
refunds as (
    select
        order_shop_id as shop_id,
        cast(date_trunc('month', refunds.refunded_at) as date) as month,
        refunds.problem,
        refunds.currency,
        refunds.amount
    from staging.refunds
    left join known_returns
        on
            refunds.return_id = known_returns.known_return_id
            and refunds.order_id is null
    left join known_orders
        on
            coalesce(refunds.order_id, known_returns.return_order_id)
            = known_orders.known_order_id
    union all
    select
        coalesce(order_shop_id, returns.shop_id) as shop_id,
        cast(
            date_trunc(
                'month', coalesce(returns.refunded_at, returns.requested_at)
            ) as date
        ) as month,
        cast(null as varchar) as problem,
        order_currency as currency,
        returns.refund_amount as amount
    from staging.returns
    left join known_orders
        on returns.order_id = known_orders.known_order_id
    where
        returns.refund_amount is not null
        and (select count(*) from staging.refunds) = 0
),

excluded as (
    select
        'orders' as measure,
        cast(shop_id as varchar) as shop,
        cast(date_trunc('month', ordered_at) as date) as month,
        problem as rule,
        cast(1 as decimal(28, 4)) as total
    from staging.orders
    where problem is not null
    union all
    select
        'sales' as measure,
        cast(shop_id as varchar) as shop,
        cast(date_trunc('month', ordered_at) as date) as month,
        problem as rule,
        cast(net_amount as decimal(28, 4)) as total
    from staging.orders
    where problem is not null
    union all
    select
        'returns' as measure,
        cast(shop_id as varchar) as shop,
        cast(date_trunc('month', requested_at) as date) as month,
        coalesce(problem, kind) as rule,
        cast(1 as decimal(28, 4)) as total
    from intermediate.returns_with_lines
    where
        problem is not null
        or kind <> 'return'
    union all
    select
        'refunds' as measure,
        cast(shop_id as varchar) as shop,
        month,
        problem as rule,
        cast(amount as decimal(28, 4)) as total
    from refunds
    where problem is not null
),

-- What was in another currency, before and after it was converted.
converted as (
    select
        measure,
        shop,
        month,
        rows,
        total
    from staging.source_totals
    where
        $other_currencies = 'convert'
        and is_other_currency
        and rule = 'seen'
        and measure in ('sales', 'refunds')
    union all
    select
        'sales' as measure,
        coalesce(cast(shop_id as varchar), 'unknown') as shop,
        cast(date_trunc('month', ordered_at) as date) as month,
        0 as rows,
        -cast(coalesce(net_amount, 0) as decimal(28, 4)) as total
    from staging.orders
    where
        $other_currencies = 'convert'
        and currency <> upper($currency)
    union all
    select
        'refunds' as measure,
        coalesce(cast(shop_id as varchar), 'unknown') as shop,
        month,
        0 as rows,
        -cast(coalesce(amount, 0) as decimal(28, 4)) as total
    from refunds
    where
        $other_currencies = 'convert'
        and currency <> upper($currency)
)

select
    measure,
    coalesce(shop, 'unknown') as shop,
    month,
    rule,
    count(*) as rows,
    coalesce(sum(total), 0) as total
from excluded
group by measure, coalesce(shop, 'unknown'), month, rule
union all
select
    measure,
    shop,
    month,
    rule,
    cast(sum(rows) as bigint) as rows,
    sum(total) as total
from staging.source_totals
where rule <> 'seen'
group by measure, shop, month, rule
union all
select
    measure,
    shop,
    month,
    'converted' as rule,
    sum(rows) as rows,
    sum(total) as total
from converted
group by measure, shop, month
