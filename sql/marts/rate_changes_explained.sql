-- Did a rate move because groups changed their weight, or because it changed
-- within them?
--
-- grain: metric, dimension, dimension_value
--
-- metric           unit_return_rate, order_return_rate, late_rate, csat, nps or
--                  contact_rate
-- dimension        shop, channel, category, reason, carrier, touchpoint or
--                  first_order
-- dimension_value  group; unknown where the source does not say
-- unit             share, points (of NPS) or per_order
-- volume_before    what the rate of the group is of, in the period before:
--                  units, orders, parcels or answers
-- volume_after     the same, in the period
-- value_before     rate of the group, before; NULL without volume
-- value_after      rate of the group, in the period
-- mix_change       what the changed weight of the group did to the whole rate
-- within_change    what the changed rate of the group did to the whole rate
-- change           mix_change + within_change
-- total_before     the whole rate, before
-- total_after      the whole rate, in the period
-- total_change     total_after - total_before: the sum of change over the
--                  groups of the dimension
-- period_start_date  first day of the period
-- period_end_date    the day after its last
--
-- Kitagawa's decomposition with mean weights and mean rates: it leaves no rest.
-- Weights are compared with the mean rate, so a group that is better than the
-- rest and grows has a part below 0 in a rate of faults. Each dimension
-- explains the whole change anew; sums over several dimensions mean nothing. A
-- part is no cause. The period is the $period that ends with the report day.
-- Return rates cannot be known for it: theirs is a stretch of the same length
-- that ends when the window of returns and the lag of the books, counted from
-- $default_delivery_days after the order, are over, without orders that can
-- still come back; the one before goes along. reason splits what came back, not
-- what was sold, so it has no mix. first_order is what a customer's first
-- purchase is, or a later one, or a guest's. Survey weights are not used in nps
-- and csat: with them they are not those of nps_by_month and csat_by_month.
-- Contacts are of the shop of the case, else of its order; those of a shop
-- without orders in the period, or of none, are in no part of contact_rate.

with

orders as (
    select
        order_id,
        coalesce(cast(shop_id as varchar), 'unknown') as shop,
        coalesce(channel, 'unknown') as channel,
        case
            when customer_id is null then 'guest'
            when
                row_number() over (
                    partition by customer_id
                    order by ordered_at, order_id
                ) = 1
                then 'first'
            else 'later'
        end as first_order,
        has_return,
        is_mature,
        ordered_date
    from intermediate.purchases
),

-- Sales cohorts, two stretches of the length of the period.
sold as (
    select
        *,
        ordered_date >= $period_start
        - $default_delivery_days - $return_window_days - $recording_lag_days
            as is_after
    from orders
    where
        is_mature
        and ordered_date >= $prev_start
        - $default_delivery_days - $return_window_days - $recording_lag_days
        and ordered_date < $period_end
        - $default_delivery_days - $return_window_days - $recording_lag_days
),

lines as (
    select
        sold.shop,
        sold.channel,
        sold.first_order,
        sold.is_after,
        order_items.order_id,
        order_items.line_no,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        order_items.quantity
    from sold
    inner join staging.order_items
        on sold.order_id = order_items.order_id
    left join staging.products
        on order_items.sku = products.sku
    where order_items.problem is null
),

returned as (
    select
        order_id,
        line_no,
        reason,
        sum(units) as units
    from intermediate.returns_with_lines
    where
        problem is null
        and kind = 'return'
        and line_quantity is not null
    group by order_id, line_no, reason
),

returned_lines as (
    select
        order_id,
        line_no,
        sum(units) as units
    from returned
    group by order_id, line_no
),

units as (
    select
        'unit_return_rate' as metric,
        unnest([
            named_struct('dimension', 'shop', 'value', lines.shop),
            named_struct('dimension', 'channel', 'value', lines.channel),
            named_struct('dimension', 'category', 'value', lines.category)
        ]) as slice,
        lines.is_after,
        cast(lines.quantity as double) as volume,
        cast(
            least(coalesce(returned_lines.units, 0), lines.quantity) as double
        ) as total
    from lines
    left join returned_lines
        on
            lines.order_id = returned_lines.order_id
            and lines.line_no = returned_lines.line_no
    union all
    select
        'order_return_rate' as metric,
        unnest([
            named_struct('dimension', 'shop', 'value', shop),
            named_struct('dimension', 'channel', 'value', channel),
            named_struct('dimension', 'first_order', 'value', first_order)
        ]) as slice,
        is_after,
        1.0 as volume,
        case when has_return then 1.0 else 0.0 end as total
    from sold
),

-- What happened in the period itself, and in the one before.
happened as (
    select
        'late_rate' as metric,
        unnest([
            named_struct(
                'dimension', 'carrier',
                'value', coalesce(carrier, 'unknown')
            )
        ]) as slice,
        delivered_at >= $period_start_at as is_after,
        1.0 as volume,
        case when delivered_at > promised_at then 1.0 else 0.0 end as total
    from staging.shipments
    where
        problem is null
        and promised_at is not null
        and delivered_at >= $prev_start_at
        and delivered_at < $period_end_at
    union all
    select
        case kind when 'csat' then 'csat' else 'nps' end as metric,
        unnest([
            named_struct('dimension', 'touchpoint', 'value', touchpoint),
            named_struct(
                'dimension', 'channel',
                'value', coalesce(channel, 'unknown')
            ),
            named_struct(
                'dimension', 'shop',
                'value', coalesce(cast(shop_id as varchar), 'unknown')
            )
        ]) as slice,
        responded_at >= $period_start_at as is_after,
        1.0 as volume,
        case
            when kind = 'csat' and score >= scale - 1 then 1.0
            when kind = 'csat' then 0.0
            when score >= 9 then 100.0
            when score <= 6 then -100.0
            else 0.0
        end as total
    from staging.surveys
    where
        problem is null
        and score is not null
        and responded_at >= $prev_start_at
        and responded_at < $period_end_at
        and (kind = 'csat' or (kind = 'nps' and scope = $nps_scope))
),

-- Contacts are set against the orders of the same days and shop, whoever
-- writes.
contacts as (
    select
        'contact_rate' as metric,
        named_struct('dimension', 'shop', 'value', shop) as slice,
        ordered_date >= $period_start as is_after,
        1.0 as volume,
        0.0 as total
    from orders
    where
        ordered_date >= $prev_start
        and ordered_date < $period_end
    union all
    select
        'contact_rate' as metric,
        named_struct(
            'dimension', 'shop',
            'value',
            coalesce(
                cast(
                    coalesce(tickets.shop_id, ordered.shop_id) as varchar
                ),
                'unknown'
            )
        ) as slice,
        tickets.created_at >= $period_start_at as is_after,
        0.0 as volume,
        1.0 as total
    from staging.tickets
    left join staging.orders as ordered
        on tickets.order_id = ordered.order_id
    where
        tickets.created_at >= $prev_start_at
        and tickets.created_at < $period_end_at
),

points as (
    select * from units
    union all
    select * from happened
    union all
    select * from contacts
),

-- A group without volume has no rate; what it has is not explained by it.
summed as (
    select
        metric,
        slice['dimension'] as dimension,
        slice['value'] as dimension_value,
        coalesce(sum(volume) filter (where not is_after), 0) as volume_before,
        coalesce(sum(total) filter (where not is_after), 0) as total_before,
        coalesce(sum(volume) filter (where is_after), 0) as volume_after,
        coalesce(sum(total) filter (where is_after), 0) as total_after
    from points
    group by metric, slice['dimension'], slice['value']
),

groups as (
    select
        metric,
        dimension,
        dimension_value,
        volume_before,
        case when volume_before > 0 then total_before else 0 end
            as total_before,
        volume_after,
        case when volume_after > 0 then total_after else 0 end as total_after
    from summed
),

explained as (
    select
        metric,
        dimension,
        rate_change(
            volume_before,
            total_before,
            volume_after,
            total_after,
            dimension_value
        ) as changes
    from groups
    group by metric, dimension
),

parts as (
    select
        metric,
        dimension,
        changes['before'] as total_before,
        changes['after'] as total_after,
        changes['change'] as total_change,
        unnest(changes['groups']) as part
    from explained
),

-- Reasons: all units sold are the volume of each, so the change of a reason is
-- the change of its share of them.
reasons as (
    select
        coalesce(returned.reason, 'unknown') as reason,
        sum(least(returned.units, lines.quantity))
        filter (where not lines.is_after) as units_before,
        sum(least(returned.units, lines.quantity))
        filter (where lines.is_after) as units_after
    from lines
    inner join returned
        on
            lines.order_id = returned.order_id
            and lines.line_no = returned.line_no
    group by coalesce(returned.reason, 'unknown')
),

sold_units as (
    select
        cast(sum(quantity) filter (where not is_after) as double)
            as volume_before,
        cast(sum(quantity) filter (where is_after) as double) as volume_after
    from lines
),

reason_parts as (
    select
        reasons.reason,
        sold_units.volume_before,
        sold_units.volume_after,
        coalesce(reasons.units_before, 0) / sold_units.volume_before
            as value_before,
        coalesce(reasons.units_after, 0) / sold_units.volume_after
            as value_after
    from reasons
    cross join sold_units
    where
        sold_units.volume_before > 0
        and sold_units.volume_after > 0
),

together as (
    select
        groups.metric,
        groups.dimension,
        groups.dimension_value,
        groups.volume_before,
        groups.volume_after,
        groups.total_before / nullif(groups.volume_before, 0) as value_before,
        groups.total_after / nullif(groups.volume_after, 0) as value_after,
        parts.part['mix'] as mix_change,
        parts.part['within'] as within_change,
        parts.total_before,
        parts.total_after,
        parts.total_change
    from groups
    inner join parts
        on
            groups.metric = parts.metric
            and groups.dimension = parts.dimension
            and groups.dimension_value = parts.part['label']
    union all
    select
        'unit_return_rate' as metric,
        'reason' as dimension,
        cast(reason as varchar) as dimension_value,
        volume_before,
        volume_after,
        value_before,
        value_after,
        0.0 as mix_change,
        value_after - value_before as within_change,
        sum(value_before) over () as total_before,
        sum(value_after) over () as total_after,
        sum(value_after) over () - sum(value_before) over () as total_change
    from reason_parts
)

select
    metric,
    dimension,
    dimension_value,
    case metric
        when 'nps' then 'points'
        when 'contact_rate' then 'per_order'
        else 'share'
    end as unit,
    volume_before,
    volume_after,
    value_before,
    value_after,
    mix_change,
    within_change,
    mix_change + within_change as change,
    total_before,
    total_after,
    total_change,
    case
        when metric in ('unit_return_rate', 'order_return_rate')
            then $period_start - $default_delivery_days
                - $return_window_days - $recording_lag_days
        else $period_start
    end as period_start_date,
    case
        when metric in ('unit_return_rate', 'order_return_rate')
            then $period_end - $default_delivery_days
                - $return_window_days - $recording_lag_days
        else $period_end
    end as period_end_date
from together
