-- Does critical feedback reach somebody in time, and does the customer hear?
--
-- grain: received_month, source
-- rows: marts.closed_loop on
--   rows.problem is null and cell.source in (rows.source, 'all')
--   and cast(date_trunc('month', cast(rows.received_at as date)) as date) =
--   cell.received_month
--
-- received_month              first day of the month in which the feedback came
--                             in, local
-- source                      survey, ticket or review; all for every source
-- feedback                    pieces of feedback
-- routed                      of those, handed to an owner
-- routed_share                routed / feedback
-- routing_due                 pieces routed, or waiting longer than
--                             $feedback_route_hours
-- routed_in_time              of those, routed within that time
-- routed_in_time_share        routed_in_time / routing_due
-- routed_in_time_share_lower  lower end of its 95 % interval (Wilson)
-- routed_in_time_share_upper  upper end
-- acted                       pieces about which something was done
-- acted_share                 acted / feedback
-- acted_share_lower           lower end of its 95 % interval (Wilson)
-- acted_share_upper           upper end
-- acting_due                  pieces acted on, or waiting longer than
--                             $feedback_act_hours
-- acted_in_time               of those, acted on within that time
-- acted_in_time_share         acted_in_time / acting_due
-- notified                    pieces of which the customer was told what was
--                             done
-- notified_share              notified / feedback
-- notified_share_lower        lower end of its 95 % interval (Wilson)
-- notified_share_upper        upper end
-- overdue                     pieces nothing was done about in time
-- route_hours                 median hours to the owner, of those routed
-- act_hours                   median hours to the action, of those acted on
-- reply_hours                 median hours to telling the customer, of those
--                             told
-- reply_hours_p90             hours within which nine in ten of those were told
-- resurveyed                  pieces whose customer answered the same question
--                             later
-- is_mature                   the month ended $feedback_act_hours or more
--                             before the report day: nothing can still be done
--                             in time
--
-- Shares of months that are not mature grow. Hours are of what was done, so
-- what waits is not in them; the shares say how much that is. What counts as
-- feedback is said in closed_loop; a source that only enters what it handles
-- has better shares than one that enters all. Rows with a problem are left out.

with

by_month as (
    select
        received_month,
        case when grouping(source) = 1 then 'all' else source end as source,
        count(*) as feedback,
        count(routed_at) as routed,
        count(is_routed_in_time) as routing_due,
        count(*) filter (where is_routed_in_time) as routed_in_time,
        count(acted_at) as acted,
        count(is_acted_in_time) as acting_due,
        count(*) filter (where is_acted_in_time) as acted_in_time,
        count(notified_at) as notified,
        count(*) filter (where is_overdue) as overdue,
        percentile_cont(route_hours, 0.5) as route_hours,
        percentile_cont(act_hours, 0.5) as act_hours,
        percentile_cont(reply_hours, 0.5) as reply_hours,
        percentile_cont(reply_hours, 0.9) as reply_hours_p90,
        count(score_change) as resurveyed
    from (
        select
            *,
            cast(date_trunc('month', cast(received_at as date)) as date)
                as received_month
        from marts.closed_loop
        where
            problem is null
            and received_at is not null
    )
    group by grouping sets ((received_month), (received_month, source))
),

with_intervals as (
    select
        *,
        proportion_ci(routed_in_time, routing_due) as routed_interval,
        proportion_ci(acted, feedback) as acted_interval,
        proportion_ci(notified, feedback) as notified_interval
    from by_month
)

select
    received_month,
    source,
    feedback,
    routed,
    cast(routed as double) / feedback as routed_share,
    routing_due,
    routed_in_time,
    cast(routed_in_time as double) / nullif(routing_due, 0)
        as routed_in_time_share,
    routed_interval['lower'] as routed_in_time_share_lower,
    routed_interval['upper'] as routed_in_time_share_upper,
    acted,
    cast(acted as double) / feedback as acted_share,
    acted_interval['lower'] as acted_share_lower,
    acted_interval['upper'] as acted_share_upper,
    acting_due,
    acted_in_time,
    cast(acted_in_time as double) / nullif(acting_due, 0)
        as acted_in_time_share,
    notified,
    cast(notified as double) / feedback as notified_share,
    notified_interval['lower'] as notified_share_lower,
    notified_interval['upper'] as notified_share_upper,
    overdue,
    route_hours,
    act_hours,
    reply_hours,
    reply_hours_p90,
    resurveyed,
    cast(received_month + interval '1 month' as date)
    + cast(ceil($feedback_act_hours / 24.0) as integer) <= $as_of as is_mature
from with_intervals
