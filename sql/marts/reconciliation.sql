-- Do the reported totals agree with the sources, and with finance?
--
-- grain: shop, month, measure
--
-- shop                shop as text; unknown where there is none
-- month               first day of the local month: of the order for orders and
--                     sales, of the request for returns, of the payment for
--                     refunds
-- measure             orders and returns are numbers of them, sales and refunds
--                     money
-- raw_total           all that the mapping takes from the source, copies and
--                     rows after the report day included
-- excluded_total      of that, left out by a rule
-- excluded_by         the rules with what each left out
-- reported_total      what the marts count
-- unexplained_total   raw_total - excluded_total - reported_total
-- finance_total       as finance has it; NULL where it says nothing
-- finance_difference  finance_total - reported_total
-- finance_agrees_with  reported, raw, or the rule whose rows finance counts;
--                     NULL where it agrees with nothing
-- is_complete         the month ended before the report day
-- is_explained        unexplained_total is 0, and finance agrees, or
--                     says nothing, or the month is not over
--
-- The three totals are reached by different routes: raw_total from the
-- canonical tables, excluded_total from what staging gives a problem, and
-- reported_total from purchases, returns_with_lines and refunds as the marts
-- read them. reported_total of returns are requests of the kind return, the
-- others are counted under their kinds. Finance agrees when the difference is a
-- cent at most. A difference that one rule alone makes up is taken as
-- explained, and the rule is named: where it is of one or two orders, that may
-- be chance. Rows that a mapping leaves out by its where are not seen here:
-- only finance, or a view of the workspace, knows of them.
--
-- Cannot be replayed: raw_total is what the lake holds now, and what came after
-- the report day is left out by a rule that is named.

with

known_orders as (
    select
        order_id as known_order_id,
        min(shop_id) as order_shop_id
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

reported as (
    select
        'orders' as measure,
        cast(shop_id as varchar) as shop,
        ordered_date as day,
        cast(1 as decimal(28, 4)) as total
    from intermediate.purchases
    union all
    select
        'sales' as measure,
        cast(shop_id as varchar) as shop,
        ordered_date as day,
        cast(net_amount as decimal(28, 4)) as total
    from intermediate.purchases
    union all
    select
        'returns' as measure,
        cast(shop_id as varchar) as shop,
        cast(requested_at as date) as day,
        cast(1 as decimal(28, 4)) as total
    from intermediate.returns_with_lines
    where
        problem is null
        and kind = 'return'
    union all
    select
        'refunds' as measure,
        cast(order_shop_id as varchar) as shop,
        cast(refunds.refunded_at as date) as day,
        cast(refunds.amount as decimal(28, 4)) as total
    from staging.refunds
    left join known_returns
        on
            refunds.return_id = known_returns.known_return_id
            and refunds.order_id is null
    left join known_orders
        on
            coalesce(refunds.order_id, known_returns.return_order_id)
            = known_orders.known_order_id
    where refunds.problem is null
    union all
    select
        'refunds' as measure,
        cast(coalesce(order_shop_id, returns.shop_id) as varchar) as shop,
        cast(coalesce(returns.refunded_at, returns.requested_at) as date)
            as day,
        cast(returns.refund_amount as decimal(28, 4)) as total
    from staging.returns
    left join known_orders
        on returns.order_id = known_orders.known_order_id
    where
        returns.refund_amount is not null
        and (select count(*) from staging.refunds) = 0
),

excluded as (
    select
        measure,
        shop,
        month,
        sum(total) as excluded_total,
        string_agg(
            concat(
                rule, ' ',
                case
                    when measure in ('orders', 'returns')
                        then cast(cast(total as bigint) as varchar)
                    else cast(cast(total as decimal(28, 2)) as varchar)
                end
            ),
            ', ' order by rule
        ) as excluded_by
    from intermediate.excluded_totals
    group by measure, shop, month
),

sides as (
    select
        measure,
        shop,
        month,
        total as raw_total,
        cast(null as decimal(28, 4)) as reported_total,
        cast(null as decimal(28, 4)) as finance_total
    from staging.source_totals
    union all
    select
        measure,
        coalesce(shop, 'unknown') as shop,
        cast(date_trunc('month', day) as date) as month,
        cast(null as decimal(28, 4)) as raw_total,
        total as reported_total,
        cast(null as decimal(28, 4)) as finance_total
    from reported
    union all
    select
        measure,
        shop_id as shop,
        month,
        cast(null as decimal(28, 4)) as raw_total,
        cast(null as decimal(28, 4)) as reported_total,
        amount as finance_total
    from intermediate.finance_totals
),

summed as (
    select
        measure,
        shop,
        month,
        coalesce(sum(raw_total), 0) as raw_total,
        coalesce(sum(reported_total), 0) as reported_total,
        sum(finance_total) as finance_total
    from sides
    group by measure, shop, month
),

-- The first rule whose rows alone are the difference.
single_rules as (
    select
        summed.measure,
        summed.shop,
        summed.month,
        min(excluded_totals.rule) as rule
    from summed
    inner join intermediate.excluded_totals
        on
            summed.measure = excluded_totals.measure
            and summed.shop = excluded_totals.shop
            and summed.month = excluded_totals.month
    where
        excluded_totals.total <> 0
        and abs(
            summed.finance_total
            - summed.reported_total
            - excluded_totals.total
        ) <= 0.01
    group by summed.measure, summed.shop, summed.month
),

compared as (
    select
        summed.*,
        coalesce(excluded.excluded_total, 0) as excluded_total,
        excluded.excluded_by,
        summed.raw_total
        - coalesce(excluded.excluded_total, 0)
        - summed.reported_total as unexplained_total,
        case
            when abs(summed.finance_total - summed.reported_total) <= 0.01
                then 'reported'
            when abs(summed.finance_total - summed.raw_total) <= 0.01
                then 'raw'
            when summed.finance_total is not null then single_rules.rule
        end as finance_agrees_with,
        summed.month + interval '1 month' <= $as_of as is_complete
    from summed
    left join excluded
        on
            summed.measure = excluded.measure
            and summed.shop = excluded.shop
            and summed.month = excluded.month
    left join single_rules
        on
            summed.measure = single_rules.measure
            and summed.shop = single_rules.shop
            and summed.month = single_rules.month
)

select
    shop,
    month,
    measure,
    raw_total,
    excluded_total,
    excluded_by,
    reported_total,
    unexplained_total,
    finance_total,
    finance_total - reported_total as finance_difference,
    finance_agrees_with,
    is_complete,
    unexplained_total = 0
    and (
        finance_total is null
        or finance_agrees_with is not null
        or not is_complete
    ) as is_explained
from compared
