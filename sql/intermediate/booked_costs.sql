-- What did each case of after-sales cost, component by component?
--
-- grain: case_kind, case_id, component
--
-- case_kind       return (any request), ticket, repair (without a request) or
--                 refund (without a request)
-- case_id         its id, as text
-- component       reverse_shipping, handling, ...: see cost_components
-- cost_group      return_exchange, repair or customer_service
-- cause           quality, logistics, description, fit, use, service, price,
--                 abuse, customer or unknown
-- cost_basis      recorded: the amount is on the case; rate: what was measured
--                 times a rate; standard: a rate per case, or the usual loss of
--                 such goods, in place of a missing amount; NULL without a cost
-- cost_amount     cost; NULL when it is not known
-- customer_id     customer, NULL when unknown
-- order_id        order
-- sku             article; NULL for tickets and refunds about no return
-- category        category of the article
-- shop_id         shop
-- channel         channel of the order
-- request_kind    return, exchange, repair or refund_only; NULL for others
-- opened_date     local day the case began
-- opened_at       when the case began
--
-- A component has a row where it applies (goods that came in were shipped), so
-- that a cost nobody wrote down counts as unknown and not as nothing. Requests
-- that never came to anything have no rows. Rates are those of the day the case
-- began. A repair that belongs to a request is part of its case; where it
-- carries the shipping of both ways, the request's own shipping is not counted
-- again.

with

-- One row per request, repaired once or several times.
repairs as (
    select
        coalesce(cast(return_id as varchar), cast(repair_id as varchar))
            as case_id,
        return_id,
        min(order_id) as known_order_id,
        min(sku) as repaired_sku,
        bool_or(labour_rate is not null) as has_labour_rate,
        sum(labour_hours) as labour_hours,
        sum(labour_hours * labour_rate) as labour_cost,
        sum(parts_cost) as parts_cost,
        sum(shipping_cost) as shipping_cost,
        min(opened_at) as first_opened_at
    from staging.repairs
    where problem is null
    group by
        coalesce(cast(return_id as varchar), cast(repair_id as varchar)),
        return_id
),

-- Every source of cost in the same shape: which components apply to the case,
-- what was written down, and how much of the priced activity there was.
requests as (
    select
        'return' as case_kind,
        cast(returns.return_id as varchar) as case_id,
        returns.order_id,
        returns.customer_id,
        returns.shop_id,
        returns.sku,
        returns.requested_at as opened_at,
        cast(null as varchar) as issue_type,
        returns.return_id,
        returns.line_no,
        returns.kind as request_kind,
        returns.reason_code,
        returns.outcome,
        returns.quantity as units,
        returns.recovery_value,
        [
            named_struct(
                'component', case
                    when
                        returns.reverse_shipping_cost is null
                        and returns.received_at is null
                        then null
                    when returns.kind in ('return', 'exchange')
                        then 'reverse_shipping'
                    when
                        returns.kind = 'repair'
                        and repairs.shipping_cost is null
                        then 'repair_shipping'
                end,
                'amount',
                cast(returns.reverse_shipping_cost as decimal(18, 4)),
                'quantity', 1.0
            ),
            named_struct(
                'component', case
                    when
                        returns.handling_cost is null
                        and returns.inspected_at is null
                        then null
                    when returns.kind in ('return', 'exchange')
                        then 'handling'
                    when returns.kind = 'repair' then 'repair_handling'
                end,
                'amount', cast(returns.handling_cost as decimal(18, 4)),
                'quantity', 1.0
            ),
            named_struct(
                'component', case
                    when
                        returns.kind in ('return', 'exchange')
                        and returns.outcome in (
                            'restock', 'refurbish', 'liquidate', 'scrap'
                        )
                        then 'depreciation'
                end,
                'amount', cast(null as decimal(18, 4)),
                'quantity', cast(null as double)
            ),
            named_struct(
                'component', case
                    when
                        returns.kind = 'exchange'
                        and returns.exchange_order_id is not null
                        and returns.received_at is not null
                        then 'replacement_shipping'
                end,
                'amount', cast(null as decimal(18, 4)),
                'quantity', 1.0
            )
        ] as costs
    from staging.returns
    left join repairs
        on returns.return_id = repairs.return_id
    where returns.problem is null
),

repaired as (
    select
        case when repairs.return_id is null then 'repair' else 'return' end
            as case_kind,
        repairs.case_id,
        coalesce(repairs.known_order_id, returns.order_id) as order_id,
        returns.customer_id,
        returns.shop_id,
        coalesce(repairs.repaired_sku, returns.sku) as sku,
        coalesce(returns.requested_at, repairs.first_opened_at) as opened_at,
        cast('warranty' as varchar) as issue_type,
        returns.return_id,
        returns.line_no,
        returns.kind as request_kind,
        returns.reason_code,
        returns.outcome,
        returns.quantity as units,
        returns.recovery_value,
        [
            named_struct(
                'component', 'labour',
                'amount', cast(repairs.labour_cost as decimal(18, 4)),
                'quantity', case
                    when not repairs.has_labour_rate then repairs.labour_hours
                end
            ),
            named_struct(
                'component', 'parts',
                'amount', cast(repairs.parts_cost as decimal(18, 4)),
                'quantity', cast(null as double)
            ),
            named_struct(
                'component', case
                    when
                        repairs.shipping_cost is not null
                        or repairs.return_id is null
                        then 'repair_shipping'
                end,
                'amount', cast(repairs.shipping_cost as decimal(18, 4)),
                'quantity', 1.0
            )
        ] as costs
    from repairs
    left join staging.returns
        on repairs.return_id = returns.return_id
),

contacts as (
    select
        'ticket' as case_kind,
        cast(tickets.ticket_id as varchar) as case_id,
        coalesce(tickets.order_id, returns.order_id) as order_id,
        coalesce(tickets.customer_id, returns.customer_id) as customer_id,
        coalesce(tickets.shop_id, returns.shop_id) as shop_id,
        returns.sku,
        tickets.created_at as opened_at,
        tickets.issue_type,
        returns.return_id,
        returns.line_no,
        returns.kind as request_kind,
        returns.reason_code,
        returns.outcome,
        returns.quantity as units,
        returns.recovery_value,
        [
            named_struct(
                'component', case
                    when
                        tickets.handle_minutes is not null
                        or not coalesce(tickets.is_bot_contained, false)
                        then 'agent_time'
                end,
                'amount', cast(null as decimal(18, 4)),
                'quantity', tickets.handle_minutes
            ),
            named_struct(
                'component', case when tickets.is_bot_contained then 'bot' end,
                'amount', cast(null as decimal(18, 4)),
                'quantity', 1.0
            ),
            named_struct(
                'component', 'platform_fee',
                'amount', cast(null as decimal(18, 4)),
                'quantity', 1.0
            ),
            named_struct(
                'component', 'training',
                'amount', cast(null as decimal(18, 4)),
                'quantity', tickets.handle_minutes
            )
        ] as costs
    from staging.tickets
    left join staging.returns
        on tickets.return_id = returns.return_id
),

-- Several refunds of one request are one row.
paid as (
    select
        coalesce(cast(return_id as varchar), cast(refund_id as varchar))
            as case_id,
        return_id,
        min(order_id) as known_order_id,
        min(customer_id) as known_customer_id,
        min(refunded_at) as refunded_at,
        sum(amount) filter (where kind = 'shipping') as shipping_amount,
        sum(amount) filter (where kind = 'goodwill') as goodwill_amount,
        cast(count(*) as double) as refunds
    from staging.refunds
    where
        problem is null
        and (kind in ('shipping', 'goodwill') or return_id is not null)
    group by
        coalesce(cast(return_id as varchar), cast(refund_id as varchar)),
        return_id
),

payments as (
    select
        case when paid.return_id is null then 'refund' else 'return' end
            as case_kind,
        paid.case_id,
        coalesce(paid.known_order_id, returns.order_id) as order_id,
        coalesce(paid.known_customer_id, returns.customer_id) as customer_id,
        returns.shop_id,
        returns.sku,
        coalesce(returns.requested_at, paid.refunded_at) as opened_at,
        cast('refund' as varchar) as issue_type,
        returns.return_id,
        returns.line_no,
        returns.kind as request_kind,
        returns.reason_code,
        returns.outcome,
        returns.quantity as units,
        returns.recovery_value,
        [
            named_struct(
                'component', case
                    when paid.shipping_amount is not null
                        then 'shipping_refund'
                end,
                'amount', cast(paid.shipping_amount as decimal(18, 4)),
                'quantity', cast(null as double)
            ),
            named_struct(
                'component', case
                    when paid.goodwill_amount is not null then 'goodwill'
                end,
                'amount', cast(paid.goodwill_amount as decimal(18, 4)),
                'quantity', cast(null as double)
            ),
            named_struct(
                'component', 'payment_fee',
                'amount', cast(null as decimal(18, 4)),
                'quantity', paid.refunds
            )
        ] as costs
    from paid
    left join staging.returns
        on paid.return_id = returns.return_id
),

cases as (
    select * from requests
    union all
    select * from repaired
    union all
    select * from contacts
    union all
    select * from payments
),

unnested as (
    select
        *,
        unnest(costs) as cost
    from cases
),

-- Fields are taken before the joins: DataFusion 55 loses its way when a lookup
-- below them takes fields too, as the returns of Online Retail do.
lines as (
    select
        *,
        cost['component'] as component,
        cost['amount'] as amount,
        cost['quantity'] as cost_quantity
    from unnested
),

-- What the case is about. Few rows look up many orders.
attributed as (
    select
        lines.case_kind,
        lines.case_id,
        lines.component,
        lines.amount,
        lines.cost_quantity as quantity,
        coalesce(orders.customer_id, lines.customer_id) as customer_id,
        lines.order_id,
        coalesce(order_items.sku, lines.sku) as sku,
        coalesce(orders.shop_id, lines.shop_id) as shop_id,
        orders.channel,
        lines.request_kind,
        case when lines.return_id is null then 'issue' else 'reason' end
            as cause_kind,
        case
            when lines.return_id is null then lines.issue_type
            else split_part(lines.reason_code, '/', 1)
        end as cause_code,
        lines.outcome,
        lines.recovery_value,
        coalesce(order_items.unit_cost, products.unit_cost)
        * least(
            coalesce(lines.units, order_items.quantity, 1),
            order_items.quantity
        ) as goods_cost,
        coalesce(products.category, order_items.category) as category,
        lines.opened_at
    from lines
    left join staging.orders
        on lines.order_id = orders.order_id
    left join staging.order_items
        on
            lines.order_id = order_items.order_id
            and lines.line_no = order_items.line_no
            and order_items.problem is null
    left join staging.products
        on coalesce(order_items.sku, lines.sku) = products.sku
    where lines.component is not null
),

-- What goods of the same category and outcome were still worth, of what they
-- had cost, where that is known.
recovered as (
    select
        *,
        sum(recovery_value) filter (where goods_cost is not null)
            over (partition by component, category, outcome)
            as known_recovery_value,
        sum(goods_cost) filter (where recovery_value is not null)
            over (partition by component, category, outcome)
            as known_goods_cost
    from attributed
),

-- greatest() passes over NULL, so what is unknown is kept out of it.
valued as (
    select
        *,
        case
            when component <> 'depreciation' then amount
            when goods_cost is not null and recovery_value is not null
                then greatest(goods_cost - recovery_value, 0)
        end as recorded_amount,
        case
            when component <> 'depreciation' then null
            when outcome = 'scrap' then cast(goods_cost as double)
            when goods_cost is not null and known_goods_cost > 0
                then
                goods_cost
                * greatest(
                    1
                    - cast(known_recovery_value as double)
                    / cast(known_goods_cost as double),
                    0
                )
        end as usual_amount
    from recovered
)

select
    valued.case_kind,
    valued.case_id,
    valued.component,
    components.cost_group,
    coalesce(causes.cause, 'unknown') as cause,
    case
        when valued.recorded_amount is not null then 'recorded'
        when
            valued.usual_amount is not null
            or (
                rates.unit = 'case'
                and components.cost_group <> 'customer_service'
            )
            then 'standard'
        when valued.quantity * rates.rate is not null then 'rate'
    end as cost_basis,
    cast(
        coalesce(
            valued.recorded_amount,
            valued.usual_amount,
            valued.quantity * rates.rate
        ) as decimal(18, 2)
    ) as cost_amount,
    valued.customer_id,
    valued.order_id,
    valued.sku,
    valued.category,
    valued.shop_id,
    valued.channel,
    valued.request_kind,
    cast(valued.opened_at as date) as opened_date,
    valued.opened_at
from valued
inner join intermediate.cost_components as components
    on valued.component = components.component
left join staging.cost_rates as rates
    on
        components.activity = rates.activity
        and components.unit = rates.unit
        and rates.problem is null
        and cast(valued.opened_at as date) >= rates.valid_from
        and coalesce(
            cast(valued.opened_at as date) < rates.valid_until, true
        )
left join intermediate.cost_causes as causes
    on
        valued.cause_kind = causes.kind
        and valued.cause_code = causes.code
where
    not components.is_optional
    or valued.quantity * rates.rate is not null
