-- How did the service desk do with the cases of a channel, issue or team?
--
-- grain: dimension, member
--
-- dimension                             channel, issue_type or team: pick one
-- member                                the channel, issue or team
-- tickets                               cases opened
-- complaints                            of those, complaints
-- orders                                purchases of those days
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
-- is_enough                             at least $min_n cases: below, compare
--                                       nothing
--
-- Cases opened in the $support_window_days days before the report day. Every
-- member is set against all purchases of those days. csat counts cases, each
-- once: survey weights are not used, and cases of one customer count as
-- independent.

with

-- Every case stands under each dimension; a filter on it leaves one.
tickets as (
    select
        dimensions.dimension,
        case dimensions.dimension
            when 'channel' then tickets.channel
            when 'issue_type' then tickets.issue_type
            when 'team' then tickets.team
        end as member,
        tickets.*
    from (
        values ('channel'), ('issue_type'), ('team')
    ) as dimensions (dimension)
    cross join marts.tickets as tickets
    where tickets.created_at >= $support_window_start_at
),

orders as (
    select count(*) as purchases
    from staging.orders
    where
        is_purchase
        and ordered_at >= $support_window_start_at
),

measured as (
    select
        dimension,
        member,
        count(*) as tickets,
        count(*) filter (where is_complaint) as complaints,
        km_quantile(response_wait_hours, first_reply_at is not null, 0.5)
        filter (where not is_bot_contained) as response_median,
        km_quantile(response_wait_hours, first_reply_at is not null, 0.9)
        filter (where not is_bot_contained) as response_p90,
        km_quantile(
            response_wait_business_hours, first_reply_at is not null, 0.5
        ) filter (where not is_bot_contained) as response_business_median,
        km_quantile(resolution_wait_hours, not is_open, 0.5)
            as resolution_median,
        km_quantile(resolution_wait_hours, not is_open, 0.9) as resolution_p90,
        km_quantile(resolution_wait_business_hours, not is_open, 0.5)
            as resolution_business_median,
        median(resolution_hours) as solved_median_hours,
        count(*) filter (where is_first_contact_resolution) as fcr,
        count(is_first_contact_resolution) as fcr_tickets,
        count(*) filter (
            where
            not is_open
            and is_first_contact_resolution is null
        ) as fcr_immature_tickets,
        count(*) filter (where not is_open) as solved_tickets,
        count(*) filter (where not is_open and is_reopened) as reopened,
        count(*) filter (where is_avoidable) as avoidable,
        avg(contacts) as contacts_per_ticket,
        avg(hand_offs) as hand_offs_per_ticket,
        avg(handle_minutes) as handle_minutes,
        count(*) filter (where is_satisfied) as satisfied,
        count(is_satisfied) as csat_answers,
        count(*) filter (where is_open) as open_tickets
    from tickets
    group by dimension, member
),

with_intervals as (
    select
        measured.*,
        coalesce(orders.purchases, 0) as orders,
        proportion_ci(fcr, fcr_tickets) as fcr_interval,
        proportion_ci(solved_tickets, tickets) as resolution_interval,
        proportion_ci(reopened, solved_tickets) as reopen_interval,
        proportion_ci(avoidable, tickets) as avoidable_interval,
        proportion_ci(satisfied, csat_answers) as csat_interval
    from measured
    cross join orders
)

select
    dimension,
    member,
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
    tickets >= $min_n as is_enough
from with_intervals
