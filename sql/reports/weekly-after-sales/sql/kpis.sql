-- The measures of the week, each with its 26 weeks, its target and its past.
--
-- drill: marts.return_rates_by_week on finding.rank in (1, 2, 4)
--   and cell.sold_week = finding.week
-- drill: staging.returns on finding.rank = 3
--   and cast(date_trunc('week', cell.requested_at) as date) = finding.week
-- drill: staging.refunds on finding.rank = 5 and cell.problem is null
--   and cast(date_trunc('week', cell.refunded_at) as date) = finding.week
-- drill: marts.nps_by_week on finding.rank = 6 and cell.answered_week = finding.week
--   and cell.scope = 'transactional' and cell.touchpoint = 'delivery'
-- drill: marts.csat_by_week on finding.rank = 7 and cell.answered_week = finding.week
--   and cell.touchpoint = 'all'
-- drill: staging.tickets on finding.rank in (8, 9)
--   and cast(date_trunc('week', cell.created_at) as date) = finding.week

with

sales as (
    select
        sold_week,
        orders,
        sales_amount,
        units_sold,
        unit_return_rate,
        unit_return_rate_lower,
        unit_return_rate_upper,
        is_mature
    from return_rates_by_week
    where is_complete
),

refunds as (
    select
        cast(date_trunc('week', refunded_date) as date) as week,
        sum(refund_amount) as amount
    from intermediate.refunds_by_day
    group by week
),

requests as (
    select
        cast(date_trunc('week', requested_at) as date) as week,
        count(*) as requests
    from staging.returns
    group by week
),

tickets as (
    select
        cast(date_trunc('week', created_at) as date) as week,
        count(*) as tickets,
        median(
            (cast(first_public_reply_at as bigint) - cast(created_at as bigint)) / 3600000000.0
        ) as reply_hours
    from staging.tickets
    group by week
),

measures as (
    select
        1 as rank, 'Orders' as measure, '订单' as measure_zh, cast(sold_week as date) as week,
        cast(orders as double) as value, cast(null as bigint) as n,
        cast(null as double) as low, cast(null as double) as high,
        cast(null as double) as target, 'higher' as better, 'int' as format
    from sales

    union all

    select
        2, 'Net sales', '净销售额', cast(sold_week as date),
        cast(sales_amount as double), null, null, null, null, 'higher', 'money'
    from sales

    union all

    select
        3, 'Return requests', '退换货申请', week,
        cast(requests as double), null, null, null, null, 'lower', 'int'
    from requests

    union all

    select
        4, 'Units returned, latest mature week', '退货率（最近成熟周）', cast(sold_week as date),
        unit_return_rate, units_sold, unit_return_rate_lower, unit_return_rate_upper,
        $target_return_rate, 'lower', 'pct1'
    from sales
    where is_mature

    union all

    select
        5, 'Refunds paid', '退款', week,
        cast(amount as double), null, null, null, null, 'lower', 'money'
    from refunds

    union all

    select
        6, 'NPS after delivery', '签收后 NPS', cast(answered_week as date),
        nps, answers, nps_lower, nps_upper, $target_nps, 'higher', 'points'
    from marts.nps_by_week
    where scope = 'transactional' and touchpoint = 'delivery' and is_complete

    union all

    select
        7, 'Satisfied answers', '满意率', cast(answered_week as date),
        csat, answers, csat_lower, csat_upper, $target_csat, 'higher', 'pct1'
    from csat_by_week
    where touchpoint = 'all' and is_complete

    union all

    select
        8, 'Tickets opened', '新工单', week,
        cast(tickets as double), null, null, null, null, 'lower', 'int'
    from tickets

    union all

    select
        9, 'First reply, median', '首次响应中位数', week,
        reply_hours, tickets, null, null, $target_reply_hours, 'lower', 'hours'
    from tickets
),

-- The week the report day lies in has not ended: it would be held against whole ones.
compared as (
    select
        *,
        lag(value) over (partition by measure order by week) as previous,
        avg(value) over (
            partition by measure order by week rows between 4 preceding and 1 preceding
        ) as mean_4w,
        lag(value, 52) over (partition by measure order by week) as year_ago
    from measures
    where week + interval '7 days' <= $as_of
)

select
    rank,
    measure,
    measure_zh,
    week,
    value,
    n,
    low,
    high,
    target,
    better,
    format,
    previous,
    mean_4w,
    year_ago
from compared
where week >= $as_of - interval '26 weeks'
    or measure like 'Units returned%' and week >= $as_of - interval '36 weeks'
order by rank, week
