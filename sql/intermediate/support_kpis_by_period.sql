-- How did the service desk do, month by month or week by week?
--
-- grain: period, period_start
--
-- period                                month or week: pick one
-- period_start                          first day of the period, local
-- tickets                               cases opened
-- complaints                            of those, complaints
-- orders                                purchases placed in the period
-- complaints_per_1000_orders            1,000 * complaints / orders
-- first_response_median_hours           median hours to the first reply of a
--                                       person; cases still waiting count for
--                                       as long as they have waited; without
--                                       cases a bot contained
-- first_response_p90_hours              time by which 90 % were replied to;
--                                       NULL while fewer are
-- first_response_median_business_hours  the median in the hours of the team
-- resolution_median_hours               median hours to the last solution; open
--                                       cases count for as long as they have
--                                       been open
-- resolution_p90_hours                  time by which 90 % were solved; NULL
--                                       while fewer are
-- resolution_median_business_hours      the median in the hours of the team,
--                                       without the time they waited for the
--                                       customer
-- solved_median_hours                   median of the solved cases alone: too
--                                       low while others are open
-- fcr_rate                              solved at the first contact /
--                                       fcr_tickets
-- fcr_lower                             lower end of its 95 % Wilson interval
-- fcr_upper                             upper end
-- fcr_tickets                           solved cases of which that can be said
-- fcr_immature_tickets                  solved cases of which it cannot be said
--                                       yet
-- solved_tickets                        cases opened then and solved by the
--                                       report day
-- resolution_rate                       solved_tickets / tickets
-- resolution_lower                      lower end of its 95 % Wilson interval
-- resolution_upper                      upper end
-- reopen_rate                           solved cases that were opened again /
--                                       solved_tickets
-- reopen_lower                          lower end of its 95 % Wilson interval
-- reopen_upper                          upper end
-- avoidable_share                       cases that need not have been / tickets
-- avoidable_lower                       lower end of its 95 % Wilson interval
-- avoidable_upper                       upper end
-- contacts_per_ticket                   times a customer turned to the shop,
--                                       per case
-- hand_offs_per_ticket                  times another agent took over, per case
--                                       with events
-- handle_minutes_per_ticket             mean minutes of work, of the cases that
--                                       have them
-- csat                                  satisfied / csat_answers: last valid
--                                       answer about each case
-- csat_lower                            lower end of its 95 % Wilson interval
-- csat_upper                            upper end
-- csat_answers                          cases with a valid answer
-- open_tickets                          cases opened then and open on the
--                                       report day
-- closed_tickets                        cases of whatever day that were solved
--                                       for good in the period
-- clearance_rate                        closed_tickets / tickets: above 1 the
--                                       backlog shrinks
-- backlog                               cases open when the period ended, or on
--                                       the report day
-- is_complete                           the period ended before the report day
--
-- Measures of a period are those of the cases opened in it, whatever day they
-- were solved on; only closed_tickets, clearance_rate and backlog go by the day
-- of the solution. A case that was opened again counts as open until its last
-- solution, so the backlog of the past is a little too high where there was a
-- solution in between; those that are solved, nobody knows when, are never in
-- it. Periods in which nothing was opened or solved have no row. csat counts
-- cases, each once: survey weights are not used, and cases of one customer
-- count as independent.

with

periods as (
    select *
    from (values ('month'), ('week')) as periods (period)
),

-- Once for the period it was opened in and once for that of its solution, so
-- that both are one pass.
moves as (
    select
        *,
        unnest([
            named_struct('day', cast(created_at as date), 'is_opening', true),
            named_struct(
                'day', case when not is_open then cast(solved_at as date) end,
                'is_opening', false
            )
        ]) as move
    from marts.tickets
),

tickets as (
    select
        periods.period,
        cast(
            case periods.period
                when 'month' then date_trunc('month', moves.move['day'])
                else date_trunc('week', moves.move['day'])
            end as date
        ) as period_start,
        moves.move['is_opening'] as is_opening,
        moves.*
    from periods
    cross join moves
    where moves.move['day'] is not null
),

orders as (
    select
        periods.period,
        cast(
            case periods.period
                when 'month'
                    then date_trunc('month', cast(orders.ordered_at as date))
                else date_trunc('week', cast(orders.ordered_at as date))
            end as date
        ) as period_start,
        count(*) as purchases
    from periods
    cross join staging.orders as orders
    where orders.is_purchase
    group by 1, 2
),

measured as (
    select
        period,
        period_start,
        count(*) filter (where is_opening) as tickets,
        count(*) filter (where is_opening and is_complaint) as complaints,
        km_quantile(response_wait_hours, first_reply_at is not null, 0.5)
        filter (where is_opening and not is_bot_contained) as response_median,
        km_quantile(response_wait_hours, first_reply_at is not null, 0.9)
        filter (where is_opening and not is_bot_contained) as response_p90,
        km_quantile(
            response_wait_business_hours, first_reply_at is not null, 0.5
        ) filter (where is_opening and not is_bot_contained)
            as response_business_median,
        km_quantile(resolution_wait_hours, not is_open, 0.5)
        filter (where is_opening) as resolution_median,
        km_quantile(resolution_wait_hours, not is_open, 0.9)
        filter (where is_opening) as resolution_p90,
        km_quantile(resolution_wait_business_hours, not is_open, 0.5)
        filter (where is_opening) as resolution_business_median,
        median(resolution_hours) filter (where is_opening)
            as solved_median_hours,
        count(*) filter (where is_opening and is_first_contact_resolution)
            as fcr,
        count(is_first_contact_resolution) filter (where is_opening)
            as fcr_tickets,
        count(*) filter (
            where
            is_opening
            and not is_open
            and is_first_contact_resolution is null
        ) as fcr_immature_tickets,
        count(*) filter (where is_opening and not is_open) as solved_tickets,
        count(*) filter (where is_opening and not is_open and is_reopened)
            as reopened,
        count(*) filter (where is_opening and is_avoidable) as avoidable,
        avg(contacts) filter (where is_opening) as contacts_per_ticket,
        avg(hand_offs) filter (where is_opening) as hand_offs_per_ticket,
        avg(handle_minutes) filter (where is_opening) as handle_minutes,
        count(*) filter (where is_opening and is_satisfied) as satisfied,
        count(is_satisfied) filter (where is_opening) as csat_answers,
        count(*) filter (where is_opening and is_open) as open_tickets,
        count(*) filter (where not is_opening) as closed_tickets,
        count(*) filter (
            where
            is_opening
            and (is_open or solved_at is not null)
        ) as waiting_tickets
    from tickets
    group by period, period_start
),

backlogs as (
    select
        *,
        sum(waiting_tickets - closed_tickets) over (
            partition by period
            order by period_start
            rows between unbounded preceding and current row
        ) as backlog
    from measured
),

with_intervals as (
    select
        backlogs.*,
        coalesce(orders.purchases, 0) as orders,
        proportion_ci(fcr, fcr_tickets) as fcr_interval,
        proportion_ci(solved_tickets, tickets) as resolution_interval,
        proportion_ci(reopened, solved_tickets) as reopen_interval,
        proportion_ci(avoidable, tickets) as avoidable_interval,
        proportion_ci(satisfied, csat_answers) as csat_interval
    from backlogs
    left join orders
        on
            backlogs.period = orders.period
            and backlogs.period_start = orders.period_start
)

select
    period,
    period_start,
    tickets,
    complaints,
    orders,
    1000.0 * complaints / nullif(orders, 0) as complaints_per_1000_orders,
    response_median['time'] as first_response_median_hours,
    response_p90['time'] as first_response_p90_hours,
    response_business_median['time'] as first_response_median_business_hours,
    resolution_median['time'] as resolution_median_hours,
    resolution_p90['time'] as resolution_p90_hours,
    resolution_business_median['time'] as resolution_median_business_hours,
    solved_median_hours,
    cast(fcr as double) / nullif(fcr_tickets, 0) as fcr_rate,
    fcr_interval['lower'] as fcr_lower,
    fcr_interval['upper'] as fcr_upper,
    fcr_tickets,
    fcr_immature_tickets,
    solved_tickets,
    cast(solved_tickets as double) / nullif(tickets, 0) as resolution_rate,
    resolution_interval['lower'] as resolution_lower,
    resolution_interval['upper'] as resolution_upper,
    cast(reopened as double) / nullif(solved_tickets, 0) as reopen_rate,
    reopen_interval['lower'] as reopen_lower,
    reopen_interval['upper'] as reopen_upper,
    cast(avoidable as double) / nullif(tickets, 0) as avoidable_share,
    avoidable_interval['lower'] as avoidable_lower,
    avoidable_interval['upper'] as avoidable_upper,
    contacts_per_ticket,
    hand_offs_per_ticket,
    cast(handle_minutes as double) as handle_minutes_per_ticket,
    cast(satisfied as double) / nullif(csat_answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    open_tickets,
    closed_tickets,
    cast(closed_tickets as double) / nullif(tickets, 0) as clearance_rate,
    backlog,
    case period
        when 'month' then period_start + interval '1 month'
        else period_start + interval '7 days'
    end <= $as_of as is_complete
from with_intervals
