-- Who is waiting for the service desk now, and for how long?
--
-- grain: team, priority
-- rows: marts.tickets on
--   rows.is_open and cell.team in (rows.team, 'all')
--   and cell.priority in (rows.priority, 'all')
--
-- team                     team; all for every open case
-- priority                 priority; all for every open case of the team
-- open_tickets             cases open on the report day
-- pending_tickets          of those, waiting for the customer
-- waiting_tickets          of those, waiting for the desk
-- unanswered_tickets       waiting cases without a reply of a person
-- overdue_tickets          open cases with a broken promise on the first reply
--                          or the solution
-- median_age_hours         median age of the waiting cases
-- oldest_age_hours         age of the oldest
-- median_unanswered_hours  median wait of the unanswered
-- oldest_unanswered_hours  longest wait of them
-- age_under_4_hours        waiting cases younger than 4 hours
-- age_under_1_day          from 4 to below 24 hours
-- age_under_3_days         from 24 to below 72 hours
-- age_under_7_days         from 72 to below 168 hours
-- age_from_7_days          168 hours and older
--
-- Ages are on the clock of the wall, up to the midnight of the report day.
-- These are cases that still wait: how long one waits as a rule is in
-- marts.resolution_times.

with

-- A case that waits for the customer has no age here.
waiting as (
    select
        *,
        case when not is_pending then resolution_wait_hours end as age_hours
    from marts.tickets
    where is_open
),

-- Names of the totals are set after grouping, lest a team called all is one.
grouped as (
    select
        case when grouping(team) = 1 then 'all' else team end as team,
        case when grouping(priority) = 1 then 'all' else priority end
            as priority,
        count(*) as open_tickets,
        count(*) filter (where is_pending) as pending_tickets,
        count(*) filter (where not is_pending) as waiting_tickets,
        count(*) filter (where not is_pending and first_reply_at is null)
            as unanswered_tickets,
        count(*) filter (
            where
            coalesce(not is_first_response_met, false)
            or coalesce(not is_resolution_met, false)
        ) as overdue_tickets,
        median(age_hours) as median_age_hours,
        max(age_hours) as oldest_age_hours,
        median(age_hours) filter (where first_reply_at is null)
            as median_unanswered_hours,
        max(age_hours) filter (where first_reply_at is null)
            as oldest_unanswered_hours,
        count(*) filter (where age_hours < 4) as age_under_4_hours,
        count(*) filter (where age_hours >= 4 and age_hours < 24)
            as age_under_1_day,
        count(*) filter (where age_hours >= 24 and age_hours < 72)
            as age_under_3_days,
        count(*) filter (where age_hours >= 72 and age_hours < 168)
            as age_under_7_days,
        count(*) filter (where age_hours >= 168) as age_from_7_days
    from waiting
    group by grouping sets ((), (team), (team, priority))
)

select *
from grouped
where open_tickets > 0
