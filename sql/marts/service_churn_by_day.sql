-- How fast do customers come back after good service, bad service, and none?
--
-- grain: experience, days_after_landmark
-- rows: intermediate.service_experiences on
--   rows.dimension = 'satisfaction' and rows.experience = cell.experience
--   and rows.days_after_landmark = cell.days_after_landmark
--
-- experience           no_ticket, satisfied, unsatisfied or unrated, as in
--                      service_churn
-- days_after_landmark  days after the landmark, 0 for the landmark itself
-- orders_at_risk       orders watched for so long and not yet followed
-- followed_orders      orders followed by a purchase on that day
-- lost_share           share not followed until then (Kaplan-Meier)
-- lost_share_lower     lower end of its 95 % interval
-- lost_share_upper     upper end
--
-- The curves behind service_churn; its notes hold here.

with

curves as (
    select
        experience,
        unnest(km_survival(days_after_landmark, is_followed)) as point
    from intermediate.service_experiences
    where dimension = 'satisfaction'
    group by experience
)

select
    experience,
    cast(point['time'] as bigint) as days_after_landmark,
    cast(point['n_at_risk'] as bigint) as orders_at_risk,
    cast(point['n_events'] as bigint) as followed_orders,
    point['survival'] as lost_share,
    point['lower'] as lost_share_lower,
    point['upper'] as lost_share_upper
from curves
