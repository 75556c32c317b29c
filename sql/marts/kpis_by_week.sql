-- How did the shop do, week by week?
--
-- grain: week
-- rows: intermediate.purchases on
--   cast(date_trunc('week', rows.ordered_date) as date) = cell.week
--
-- week                 Monday of the week, local
-- orders               purchases placed in the week
-- customers            known customers who placed them
-- sales_amount         net sales
-- unit_return_rate     share of the units sold in the week that came back
-- unit_return_rate_lower  lower end of its 95 % interval
-- unit_return_rate_upper  upper end
-- units_sold           units the rate is of
-- return_requests      returns and exchanges asked for in the week
-- refund_amount        paid back in the week, of whatever kind
-- nps                  net promoter score of $nps_scope, answers of the week,
--                      in points, as in nps_by_week
-- nps_lower            lower end of its 95 % interval
-- nps_upper            upper end
-- nps_answers          valid answers
-- csat                 share of satisfied answers of the week, as in
--                      csat_by_week
-- csat_lower           lower end of its 95 % interval
-- csat_upper           upper end
-- csat_answers         valid answers
-- tickets              contact cases opened in the week
-- contact_rate         tickets / orders
-- first_reply_hours    median hours from opening to the first reply of a
--                      person, of the cases opened in the week and replied to
-- is_mature            none of the orders of the week can still come back: only
--                      then is the return rate final
--
-- The last $history_weeks complete weeks before the report day, also those in
-- which nothing happened. Rates without anything to divide by are NULL. Where
-- the lake has no refunds, refund_amount is what its returns say was refunded.

with

-- generate_series and not range, which drops the last of dates that do not end
-- on a step.
weeks as (
    select
        cast(
            unnest(
                generate_series(
                    $history_start, $as_of - 7, interval '7 days'
                )
            ) as date
        ) as week
),

requests as (
    select
        cast(date_trunc('week', cast(requested_at as date)) as date) as week,
        count(*) as return_requests
    from intermediate.returns_with_lines
    where
        kind in ('return', 'exchange')
        and requested_at >= $history_start_at
    group by cast(date_trunc('week', cast(requested_at as date)) as date)
),

refunds as (
    select
        cast(date_trunc('week', refunded_date) as date) as week,
        sum(refund_amount) as refund_amount
    from intermediate.refunds_by_day
    where refunded_date >= $history_start
    group by cast(date_trunc('week', refunded_date) as date)
),

-- Integer microseconds: an interval would be far slower.
tickets as (
    select
        cast(date_trunc('week', cast(created_at as date)) as date) as week,
        count(*) as tickets,
        median(
            cast(first_public_reply_at as bigint) - cast(created_at as bigint)
        ) as first_reply_microseconds
    from staging.tickets
    where created_at >= $history_start_at
    group by cast(date_trunc('week', cast(created_at as date)) as date)
)

select
    weeks.week,
    coalesce(sales.orders, 0) as orders,
    coalesce(sales.customers, 0) as customers,
    coalesce(sales.sales_amount, 0) as sales_amount,
    sales.unit_return_rate,
    sales.unit_return_rate_lower,
    sales.unit_return_rate_upper,
    coalesce(sales.units_sold, 0) as units_sold,
    coalesce(requests.return_requests, 0) as return_requests,
    coalesce(refunds.refund_amount, 0) as refund_amount,
    nps.nps,
    nps.nps_lower,
    nps.nps_upper,
    coalesce(nps.answers, 0) as nps_answers,
    csat.csat,
    csat.csat_lower,
    csat.csat_upper,
    coalesce(csat.answers, 0) as csat_answers,
    coalesce(tickets.tickets, 0) as tickets,
    cast(coalesce(tickets.tickets, 0) as double) / sales.orders
        as contact_rate,
    tickets.first_reply_microseconds / 3600000000.0 as first_reply_hours,
    coalesce(sales.is_mature, true) as is_mature
from weeks
left join marts.return_rates_by_week as sales
    on weeks.week = sales.sold_week
left join requests
    on weeks.week = requests.week
left join refunds
    on weeks.week = refunds.week
left join marts.nps_by_week as nps
    on
        weeks.week = nps.answered_week
        and nps.scope = $nps_scope
        and nps.touchpoint = 'all'
left join marts.csat_by_week as csat
    on
        weeks.week = csat.answered_week
        and csat.touchpoint = 'all'
left join tickets
    on weeks.week = tickets.week
