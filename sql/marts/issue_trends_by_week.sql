-- Which issues come up more often than they used to, week by week?
--
-- grain: week, issue_type
-- rows: marts.tickets on
--   cell.issue_type in (rows.issue_type, 'all')
--   and cast(date_trunc('week', cast(rows.created_at as date)) as date) =
--   cell.week
--
-- week                    Monday of the week, local
-- issue_type              what the cases are about; all for every case
-- tickets                 cases opened in the week
-- share                   of all cases of the week
-- orders                  purchases placed in the week
-- tickets_per_1000_orders  1,000 * tickets / orders
-- past_tickets            mean of the eight weeks before; NULL in the first
--                         eight
-- index_of_past           100 * tickets / past_tickets: 150 is half as much
--                         again
-- expected_tickets        cases the orders of the week would bring at the rate
--                         of those eight weeks
-- past_z                  distance from it in standard deviations
-- centre_per_1000_orders  centre of the chart of tickets per order
-- lower_per_1000_orders   lower limit
-- upper_per_1000_orders   upper limit
-- z                       distance from the centre in standard deviations
-- signal                  1 strictly above the upper, -1 below the lower limit,
--                         else 0; NULL where the week is not on the chart
-- is_burst                $burst_min_tickets or more, and above the upper limit
--                         or three standard deviations above its own past
--
-- The last $history_weeks complete weeks, for every issue that came up in them
-- or since; weeks without a case count as 0. Limits are at three standard
-- deviations and widened by how much weeks really vary (Laney's p'), since
-- cases come in clusters and plain limits would signal all the time. A week
-- with more cases than orders is not on the chart. The centre is that of all
-- weeks, so a lasting rise hides a burst before it: past_z looks back only,
-- with the variance of a count, widened where those eight weeks varied more.
-- Cases are set against the orders of the same week, although many are about
-- older ones. is_burst is not adjusted for how many weeks and issues are looked
-- at: in half a year of eight issues some burst by chance; marts.signals is
-- adjusted.

with

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

cases as (
    select
        cast(date_trunc('week', cast(created_at as date)) as date) as week,
        case
            when grouping(issue_type) = 1 then 'all'
            else coalesce(issue_type, 'unknown')
        end as issue_type,
        count(*) as tickets
    from staging.tickets
    where created_at >= $history_start_at
    group by grouping sets (
        (cast(date_trunc('week', cast(created_at as date)) as date)),
        (
            cast(date_trunc('week', cast(created_at as date)) as date),
            issue_type
        )
    )
),

purchases as (
    select
        cast(date_trunc('week', cast(ordered_at as date)) as date) as week,
        count(*) as orders
    from staging.orders
    where
        is_purchase
        and ordered_at >= $history_start_at
    group by cast(date_trunc('week', cast(ordered_at as date)) as date)
),

issues as (
    select distinct issue_type
    from cases
),

counted as (
    select
        weeks.week,
        issues.issue_type,
        coalesce(cases.tickets, 0) as tickets,
        coalesce(purchases.orders, 0) as orders
    from weeks
    cross join issues
    left join cases
        on
            weeks.week = cases.week
            and issues.issue_type = cases.issue_type
    left join purchases
        on weeks.week = purchases.week
),

charted as (
    select
        *,
        sum(case when issue_type = 'all' then tickets else 0 end) over (
            partition by week
        ) as all_tickets,
        avg(tickets) over (
            partition by issue_type
            order by week
            rows between 8 preceding and 1 preceding
        ) as past_tickets,
        var_samp(tickets) over (
            partition by issue_type
            order by week
            rows between 8 preceding and 1 preceding
        ) as past_variance,
        avg(orders) over (
            partition by issue_type
            order by week
            rows between 8 preceding and 1 preceding
        ) as past_orders,
        count(*) over (
            partition by issue_type
            order by week
            rows between 8 preceding and 1 preceding
        ) as past_weeks,
        p_chart(
            case when tickets <= orders then tickets end,
            case when tickets <= orders then orders end,
            'laney'
        ) over (partition by issue_type order by week) as chart
    from counted
),

expected as (
    select
        *,
        case
            when past_weeks = 8
                then past_tickets * orders / nullif(past_orders, 0)
        end as expected_tickets
    from charted
),

-- The past rate is uncertain too: it is that of eight times past_orders.
compared as (
    select
        *,
        (tickets - expected_tickets) / nullif(
            sqrt(
                expected_tickets
                * (1 + orders / (8 * nullif(past_orders, 0)))
                * greatest(1, past_variance / nullif(past_tickets, 0))
            ),
            0
        ) as past_z
    from expected
)

select
    week,
    issue_type,
    tickets,
    cast(tickets as double) / nullif(all_tickets, 0) as share,
    orders,
    1000.0 * tickets / nullif(orders, 0) as tickets_per_1000_orders,
    case when past_weeks = 8 then past_tickets end as past_tickets,
    case
        when past_weeks = 8 then 100.0 * tickets / nullif(past_tickets, 0)
    end as index_of_past,
    expected_tickets,
    past_z,
    1000 * chart['centre'] as centre_per_1000_orders,
    1000 * chart['lower'] as lower_per_1000_orders,
    1000 * chart['upper'] as upper_per_1000_orders,
    chart['z'] as z,
    chart['signal'] as signal,
    tickets >= $burst_min_tickets
    and (
        coalesce(chart['signal'] = 1, false)
        or coalesce(past_z > 3, false)
    ) as is_burst
from compared
