-- What was each headline measure in each week, overall and by shop, channel,
-- category, carrier, touchpoint or issue?
--
-- grain: metric, dimension, dimension_value, week
--
-- metric           orders, sales_amount, unit_return_rate, order_return_rate,
--                  return_requests, refund_amount, refund_hours, late_rate,
--                  nps, csat, ces_easy_rate, tickets, contacts_per_1000_orders,
--                  complaints_per_1000_orders, first_reply_hours, fcr_rate,
--                  repurchase_rate
-- dimension        all, shop, channel, category, carrier, touchpoint, issue or
--                  reason
-- dimension_value  which one of them, as text; all for all; unknown where the
--                  source does not say
-- week             Monday of the week, local
-- unit             share, points, count, money, hours or per_1000
-- numerator        what counts, such as units returned; NULL for medians
-- denominator      what it is of, such as units sold; cases of a median or a
--                  sum
-- value            the measure: numerator / denominator for shares
-- is_higher_better  more of it is what one wants; NULL where neither is
-- is_mature        later facts cannot change the week any more
--
-- Weeks from the first in which the measure exists to the last that is over;
-- counts and sums are 0 where nothing happened, all else NULL. Return rates and
-- repurchase_rate belong to the week of the sale and grow until is_mature;
-- fcr_rate to the week of the solution; refund_hours, the median from request
-- to refund, to that of the refund; late_rate, the share of parcels after the
-- promise, to that of the delivery. repurchase_rate is the share of the week's
-- customers who buy again within $repurchase_days of their last purchase of
-- it. nps is of $nps_scope, ces_easy_rate of surveys that say which end of the
-- scale is easy. Values by shop and channel include guests. nps, csat and
-- ces_easy_rate count answers, for the charts, without survey weights: with
-- weights they are not those of nps_by_week.

with

-- 1. What was sold, and what of it came back.
lines as (
    select
        order_items.order_id,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        sum(order_items.quantity) as units_sold
    from staging.order_items
    left join staging.products
        on order_items.sku = products.sku
    where order_items.problem is null
    group by
        order_items.order_id,
        coalesce(products.category, order_items.category, 'unknown')
),

orders as (
    select
        purchases.order_id,
        purchases.customer_id,
        cast(purchases.shop_id as varchar) as shop,
        coalesce(purchases.channel, 'unknown') as channel,
        purchases.net_amount,
        purchases.has_return,
        purchases.units_returned,
        purchases.is_mature,
        purchases.ordered_date,
        cast(date_trunc('week', purchases.ordered_date) as date) as week
    from intermediate.purchases
),

units_by_order as (
    select
        order_id,
        sum(units_sold) as units_sold
    from lines
    group by order_id
),

sales as (
    select
        case
            when grouping(orders.shop) = 0 then 'shop'
            when grouping(orders.channel) = 0 then 'channel'
            else 'all'
        end as dimension,
        case
            when grouping(orders.shop) = 0 then coalesce(orders.shop, 'unknown')
            when grouping(orders.channel) = 0 then orders.channel
            else 'all'
        end as dimension_value,
        orders.week,
        count(*) as orders,
        sum(orders.net_amount) as sales_amount,
        count(*) filter (where orders.has_return) as returned_orders,
        sum(orders.units_returned) as units_returned,
        sum(units_by_order.units_sold) as units_sold,
        bool_and(orders.is_mature) as is_mature
    from orders
    left join units_by_order
        on orders.order_id = units_by_order.order_id
    group by grouping sets (
        (orders.week),
        (orders.week, orders.shop),
        (orders.week, orders.channel)
    )
),

-- Requests by line and category, summed before they meet the sales.
returned_lines as (
    select
        returns.order_id,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        sum(least(returns.units, returns.line_quantity)) as units_returned
    from intermediate.returns_with_lines as returns
    left join staging.order_items
        on
            returns.order_id = order_items.order_id
            and returns.line_no = order_items.line_no
            and order_items.problem is null
    left join staging.products
        on order_items.sku = products.sku
    where
        returns.problem is null
        and returns.kind = 'return'
    group by
        returns.order_id,
        coalesce(products.category, order_items.category, 'unknown')
),

categories as (
    select
        lines.category,
        orders.week,
        sum(lines.units_sold) as units_sold,
        sum(least(coalesce(returned_lines.units_returned, 0), lines.units_sold))
            as units_returned,
        bool_and(orders.is_mature) as is_mature
    from lines
    inner join orders
        on lines.order_id = orders.order_id
    left join returned_lines
        on
            lines.order_id = returned_lines.order_id
            and lines.category = returned_lines.category
    group by lines.category, orders.week
),

-- 2. Customers who buy again. Days between a customer's last purchase of a week
-- and the next one.
gaps as (
    select
        customer_id,
        week,
        ordered_date,
        lead(ordered_date) over (
            partition by customer_id
            order by ordered_date, order_id
        ) as next_date,
        lead(week) over (
            partition by customer_id
            order by ordered_date, order_id
        ) as next_week
    from orders
    where customer_id is not null
),

repurchases as (
    select
        week,
        count(*) as customers,
        count(*) filter (where next_date <= ordered_date + $repurchase_days)
            as repurchasers,
        bool_and(ordered_date + $repurchase_days < $as_of) as is_mature
    from gaps
    where coalesce(next_week > week, true)
    group by week
),

-- 3. Requests and refunds, by their own day. Reasons are of another kind of
-- text than the rest and are cast, since a union of the two fails to plan.
requests as (
    select
        case when grouping(reason) = 0 then 'reason' else 'all' end
            as dimension,
        cast(
            case when grouping(reason) = 0 then reason else 'all' end as varchar
        ) as dimension_value,
        week,
        count(*) as requests
    from (
        select
            cast(reason as varchar) as reason,
            cast(date_trunc('week', cast(requested_at as date)) as date) as week
        from intermediate.returns_with_lines
        where kind in ('return', 'exchange')
    ) as requested
    group by grouping sets ((week), (week, reason))
),

refunds as (
    select
        cast(date_trunc('week', cast(refunded_at as date)) as date) as week,
        count(*) as refunds,
        sum(amount) as refund_amount
    from staging.refunds
    where problem is null
    group by cast(date_trunc('week', cast(refunded_at as date)) as date)
),

-- Integer microseconds: an interval would be far slower.
waits as (
    select
        cast(date_trunc('week', cast(refunded_at as date)) as date) as week,
        count(*) as refunds,
        median(cast(refunded_at as bigint) - cast(requested_at as bigint))
        / 3600000000.0 as refund_hours
    from intermediate.returns_with_lines
    where
        kind = 'return'
        and refunded_at >= requested_at
    group by cast(date_trunc('week', cast(refunded_at as date)) as date)
),

-- 4. Deliveries.
deliveries as (
    select
        case when grouping(carrier) = 0 then 'carrier' else 'all' end
            as dimension,
        case when grouping(carrier) = 0 then carrier else 'all' end
            as dimension_value,
        week,
        count(*) as parcels,
        count(*) filter (where is_late) as late_parcels
    from (
        select
            coalesce(carrier, 'unknown') as carrier,
            cast(date_trunc('week', cast(delivered_at as date)) as date)
                as week,
            delivered_at > promised_at as is_late
        from staging.shipments
        where
            problem is null
            and delivered_at is not null
            and promised_at is not null
    ) as delivered
    group by grouping sets ((week), (week, carrier))
),

-- 5. Answers.
answers as (
    select
        case when grouping(touchpoint) = 0 then 'touchpoint' else 'all' end
            as dimension,
        case when grouping(touchpoint) = 0 then touchpoint else 'all' end
            as dimension_value,
        week,
        count(*) filter (where kind = 'nps') as nps_answers,
        count(*) filter (where kind = 'nps' and score >= 9)
        - count(*) filter (where kind = 'nps' and score <= 6) as nps_balance,
        count(*) filter (where kind = 'csat') as csat_answers,
        count(*) filter (where kind = 'csat' and score >= scale - 1)
            as satisfied,
        count(*) filter (where kind = 'ces' and direction is not null)
            as ces_answers,
        count(*) filter (
            where
                kind = 'ces'
                and case direction
                    when 'ease' then 2 * score > scale + 1
                    when 'effort' then 2 * score < scale + 1
                end
        ) as easy
    from (
        select
            kind,
            touchpoint,
            direction,
            scale,
            score,
            cast(date_trunc('week', cast(responded_at as date)) as date)
                as week
        from staging.surveys
        where
            problem is null
            and score is not null
            and responded_at is not null
            and (kind <> 'nps' or scope = $nps_scope)
    ) as answered
    group by grouping sets ((week), (week, touchpoint))
),

-- 6. Contact cases.
tickets as (
    select
        case
            when grouping(issue) = 0 then 'issue'
            when grouping(channel) = 0 then 'channel'
            else 'all'
        end as dimension,
        case
            when grouping(issue) = 0 then issue
            when grouping(channel) = 0 then channel
            else 'all'
        end as dimension_value,
        week,
        count(*) as tickets,
        count(*) filter (where kind = 'complaint') as complaints,
        count(reply_microseconds) as replied,
        median(reply_microseconds) / 3600000000.0 as first_reply_hours
    from (
        select
            coalesce(issue_type, 'unknown') as issue,
            coalesce(channel, 'unknown') as channel,
            kind,
            cast(first_public_reply_at as bigint) - cast(created_at as bigint)
                as reply_microseconds,
            cast(date_trunc('week', cast(created_at as date)) as date) as week
        from staging.tickets
    ) as opened
    group by grouping sets ((week), (week, issue), (week, channel))
),

-- One partition of each customer; a ticket of nobody cannot be followed by
-- another, so it is left out.
first_contacts as (
    select
        case when grouping(issue) = 0 then 'issue' else 'all' end as dimension,
        case when grouping(issue) = 0 then issue else 'all' end
            as dimension_value,
        week,
        count(*) as solved,
        count(*) filter (where is_first_contact) as solved_at_first_contact
    from (
        select
            coalesce(issue_type, 'unknown') as issue,
            cast(date_trunc('week', cast(solved_at as date)) as date) as week,
            fcr(
                created_at,
                solved_at,
                issue_type,
                agent_replies,
                reopens,
                null,
                null,
                null,
                null,
                $as_of_at
            ) over (partition by customer_id) as is_first_contact
        from staging.tickets
        where customer_id is not null
    ) as solved
    where
        is_first_contact is not null
        and week is not null
    group by grouping sets ((week), (week, issue))
),

contacts as (
    select
        sales.week,
        sales.orders,
        coalesce(tickets.tickets, 0) as tickets,
        coalesce(tickets.complaints, 0) as complaints
    from sales
    left join tickets
        on
            sales.week = tickets.week
            and tickets.dimension = 'all'
    where
        sales.dimension = 'all'
        and exists (select 1 from staging.tickets)
),

-- 7. All of it in one shape.
points as (
    select
        dimension,
        dimension_value,
        week,
        unnest([
            named_struct(
                'metric', 'orders',
                'numerator', cast(orders as double),
                'denominator', cast(orders as double),
                'is_mature', true
            ),
            named_struct(
                'metric', 'sales_amount',
                'numerator', cast(sales_amount as double),
                'denominator', cast(orders as double),
                'is_mature', true
            ),
            named_struct(
                'metric', 'unit_return_rate',
                'numerator', cast(units_returned as double),
                'denominator', cast(units_sold as double),
                'is_mature', is_mature
            ),
            named_struct(
                'metric', 'order_return_rate',
                'numerator', cast(returned_orders as double),
                'denominator', cast(orders as double),
                'is_mature', is_mature
            )
        ]) as point,
        cast(null as double) as middle
    from sales
    union all
    select
        'category' as dimension,
        cast(category as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'unit_return_rate',
            'numerator', cast(units_returned as double),
            'denominator', cast(units_sold as double),
            'is_mature', is_mature
        ) as point,
        null as middle
    from categories
    union all
    select
        'all' as dimension,
        cast('all' as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'repurchase_rate',
            'numerator', cast(repurchasers as double),
            'denominator', cast(customers as double),
            'is_mature', is_mature
        ) as point,
        null as middle
    from repurchases
    union all
    select
        dimension,
        cast(dimension_value as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'return_requests',
            'numerator', cast(requests as double),
            'denominator', cast(requests as double),
            'is_mature', true
        ) as point,
        null as middle
    from requests
    union all
    select
        'all' as dimension,
        cast('all' as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'refund_amount',
            'numerator', cast(refund_amount as double),
            'denominator', cast(refunds as double),
            'is_mature', true
        ) as point,
        null as middle
    from refunds
    union all
    select
        'all' as dimension,
        cast('all' as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'refund_hours',
            'numerator', cast(null as double),
            'denominator', cast(refunds as double),
            'is_mature', true
        ) as point,
        refund_hours as middle
    from waits
    union all
    select
        dimension,
        cast(dimension_value as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'late_rate',
            'numerator', cast(late_parcels as double),
            'denominator', cast(parcels as double),
            'is_mature', true
        ) as point,
        null as middle
    from deliveries
    union all
    select
        dimension,
        dimension_value,
        week,
        unnest([
            named_struct(
                'metric', 'nps',
                'numerator', cast(nps_balance as double),
                'denominator', cast(nps_answers as double),
                'is_mature', true
            ),
            named_struct(
                'metric', 'csat',
                'numerator', cast(satisfied as double),
                'denominator', cast(csat_answers as double),
                'is_mature', true
            ),
            named_struct(
                'metric', 'ces_easy_rate',
                'numerator', cast(easy as double),
                'denominator', cast(ces_answers as double),
                'is_mature', true
            )
        ]) as point,
        null as middle
    from answers
    union all
    select
        dimension,
        cast(dimension_value as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'tickets',
            'numerator', cast(tickets as double),
            'denominator', cast(tickets as double),
            'is_mature', true
        ) as point,
        null as middle
    from tickets
    union all
    select
        'all' as dimension,
        cast('all' as varchar) as dimension_value,
        week,
        unnest([
            named_struct(
                'metric', 'contacts_per_1000_orders',
                'numerator', cast(tickets as double),
                'denominator', cast(orders as double),
                'is_mature', true
            ),
            named_struct(
                'metric', 'complaints_per_1000_orders',
                'numerator', cast(complaints as double),
                'denominator', cast(orders as double),
                'is_mature', true
            )
        ]) as point,
        null as middle
    from contacts
    union all
    select
        dimension,
        cast(dimension_value as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'first_reply_hours',
            'numerator', cast(null as double),
            'denominator', cast(replied as double),
            'is_mature', true
        ) as point,
        first_reply_hours as middle
    from tickets
    union all
    select
        dimension,
        cast(dimension_value as varchar) as dimension_value,
        week,
        named_struct(
            'metric', 'fcr_rate',
            'numerator', cast(solved_at_first_contact as double),
            'denominator', cast(solved as double),
            'is_mature', true
        ) as point,
        null as middle
    from first_contacts
),

metrics as (
    select
        columns.metric,
        columns.unit,
        columns.is_higher_better
    from (
        values
        ('orders', 'count', true),
        ('sales_amount', 'money', true),
        ('unit_return_rate', 'share', false),
        ('order_return_rate', 'share', false),
        ('return_requests', 'count', false),
        ('refund_amount', 'money', false),
        ('refund_hours', 'hours', false),
        ('late_rate', 'share', false),
        ('nps', 'points', true),
        ('csat', 'share', true),
        ('ces_easy_rate', 'share', true),
        ('tickets', 'count', false),
        ('contacts_per_1000_orders', 'per_1000', false),
        ('complaints_per_1000_orders', 'per_1000', false),
        ('first_reply_hours', 'hours', false),
        ('fcr_rate', 'share', true),
        ('repurchase_rate', 'share', true)
    ) as columns (metric, unit, is_higher_better)
),

flat as (
    select
        point['metric'] as metric,
        dimension,
        dimension_value,
        week,
        point['numerator'] as numerator,
        point['denominator'] as denominator,
        point['is_mature'] as is_mature,
        middle
    from points
    where
        week <= $as_of - 7
        and point['denominator'] > 0
),

-- The first week is part of the key: after a grouping by the other three alone
-- the optimizer takes them for a key of the weeks, too, and drops the week from
-- whatever groups by it later.
spans as (
    select distinct
        metric,
        dimension,
        dimension_value,
        min(week) over (partition by metric, dimension, dimension_value)
            as first_week
    from flat
),

-- Every week of a series from its first on, so that a week without tickets is a
-- week with none.
weeks as (
    select
        metric,
        dimension,
        dimension_value,
        cast(
            unnest(
                generate_series(first_week, $as_of - 7, interval '7 days')
            ) as date
        ) as week
    from spans
)

select
    weeks.metric,
    weeks.dimension,
    weeks.dimension_value,
    weeks.week,
    metrics.unit,
    case
        when metrics.unit in ('count', 'money') then coalesce(flat.numerator, 0)
        else flat.numerator
    end as numerator,
    coalesce(flat.denominator, 0) as denominator,
    case metrics.unit
        when 'count' then coalesce(flat.numerator, 0)
        when 'money' then coalesce(flat.numerator, 0)
        when 'hours' then flat.middle
        when 'points' then 100 * flat.numerator / flat.denominator
        when 'per_1000' then 1000 * flat.numerator / flat.denominator
        else flat.numerator / flat.denominator
    end as value,
    metrics.is_higher_better,
    coalesce(flat.is_mature, true) as is_mature
from weeks
inner join metrics
    on weeks.metric = metrics.metric
left join flat
    on
        weeks.metric = flat.metric
        and weeks.dimension = flat.dimension
        and weeks.dimension_value = flat.dimension_value
        and weeks.week = flat.week
