-- Do customers who were unhappy with the service, or waited for it, stay away?
--
-- grain: dimension, experience
-- rows: intermediate.service_experiences on
--   rows.dimension = cell.dimension and rows.experience = cell.experience
--
-- dimension             satisfaction (last answer about the ticket),
--                       first_reply or resolution (longest of the tickets)
-- experience            no_ticket, or by dimension: satisfied, unsatisfied or
--                       unrated; within_4_hours, within_24_hours, later or
--                       no_reply; within_24_hours, within_72_hours, later or
--                       unsolved
-- orders                orders with the experience
-- customers             their customers
-- back_before_landmark  of the orders, followed by a purchase within
--                       $experience_landmark_days: in none of the columns below
-- followed_orders       of the others, followed by a purchase so far
-- lost_90_share         share not followed within 90 days after the landmark
-- lost_90_share_lower   lower end of its 95 % interval
-- lost_90_share_upper   upper end
-- lost_180_share        the same within 180 days
-- lost_180_share_lower  lower end of its 95 % interval
-- lost_180_share_upper  upper end
-- median_days           days after the landmark by which half had bought again;
--                       NULL if half never did
-- p_value               log-rank test against no_ticket; NULL for no_ticket,
--                       and where either has fewer than $min_n orders that
--                       were not followed before the landmark: the test is of
--                       large samples
-- p_value_adjusted      the same adjusted for the number of experiences of the
--                       dimension (Holm)
--
-- Every order starts its clock at a landmark, $experience_landmark_days after
-- it was placed; its experience is what had happened by then, and orders
-- without a ticket are matched on the month. Customers who had no ticket have
-- no other day to start from: counting from now, or from the ticket, would give
-- the groups different times to come back. Shares are Kaplan-Meier estimates,
-- NULL where nobody was watched for so long. Several orders of one customer
-- count as independent; the intervals are a little narrow, the p-values a
-- little small. Unhappy customers may differ from others in more than the
-- service: no effect is shown.

with

-- Each experience is compared with the orders without a ticket, which stand in
-- every comparison.
spread as (
    select
        dimension,
        order_id,
        customer_id,
        is_back_before,
        days_after_landmark,
        is_followed,
        experience as label,
        case
            when experience <> 'no_ticket' then make_array(experience)
            when dimension = 'satisfaction'
                then
                    make_array(
                        'no_ticket', 'satisfied', 'unsatisfied', 'unrated'
                    )
            when dimension = 'first_reply'
                then
                    make_array(
                        'no_ticket', 'within_4_hours', 'within_24_hours',
                        'later', 'no_reply'
                    )
            else
                make_array(
                    'no_ticket', 'within_24_hours', 'within_72_hours', 'later',
                    'unsolved'
                )
        end as comparisons
    from intermediate.service_experiences
),

compared as (
    select
        dimension,
        unnest(comparisons) as experience,
        label,
        customer_id,
        is_back_before,
        days_after_landmark,
        is_followed
    from spread
),

groups as (
    select
        dimension,
        experience,
        count(*) filter (where label = experience) as orders,
        count(distinct case when label = experience then customer_id end)
            as customers,
        count(*) filter (where label = experience and is_back_before)
            as back_before_landmark,
        count(*) filter (where label = experience and is_followed)
            as followed_orders,
        km_survival(days_after_landmark, is_followed)
        filter (where label = experience) as curve,
        km_quantile(days_after_landmark, is_followed, 0.5)
        filter (where label = experience) as median_days,
        case
            when
                least(
                    count(days_after_landmark) filter (
                        where label = experience
                    ),
                    count(days_after_landmark) filter (
                        where label <> experience
                    )
                ) >= $min_n
                then
                    logrank(days_after_landmark, is_followed, label)['p_value']
        end as p_value
    from compared
    group by dimension, experience
),

tested as (
    select
        *,
        p_adjust(p_value, 'holm') over (partition by dimension)
            as p_value_adjusted
    from groups
    where orders > 0
),

points as (
    select
        dimension,
        experience,
        point['time'] as days,
        point['survival'] as survival,
        point['lower'] as survival_lower,
        point['upper'] as survival_upper
    from (
        select
            dimension,
            experience,
            unnest(curve) as point
        from tested
    ) as curves
),

-- What is left of the curve after 90 and 180 days.
shares as (
    select
        dimension,
        experience,
        max(days) as longest_days,
        coalesce(min(survival) = 0, false) as is_finished,
        coalesce(min(days) <= 90, false) as has_begun_90,
        coalesce(min(days) <= 180, false) as has_begun_180,
        last_value(survival order by days) filter (where days <= 90)
            as lost_90,
        last_value(survival_lower order by days) filter (where days <= 90)
            as lost_90_lower,
        last_value(survival_upper order by days) filter (where days <= 90)
            as lost_90_upper,
        last_value(survival order by days) filter (where days <= 180)
            as lost_180,
        last_value(survival_lower order by days) filter (where days <= 180)
            as lost_180_lower,
        last_value(survival_upper order by days) filter (where days <= 180)
            as lost_180_upper
    from points
    group by dimension, experience
),

-- The curve holds to the last day somebody was watched, or for good once
-- everybody has come back; before its first day nobody has.
estimated as (
    select
        tested.*,
        case
            when 90 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_90 then shares.lost_90
            when shares.longest_days >= 90 then 1
        end as lost_90_share,
        case
            when 90 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_90 then shares.lost_90_lower
            when shares.longest_days >= 90 then 1
        end as lost_90_share_lower,
        case
            when 90 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_90 then shares.lost_90_upper
            when shares.longest_days >= 90 then 1
        end as lost_90_share_upper,
        case
            when 180 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_180 then shares.lost_180
            when shares.longest_days >= 180 then 1
        end as lost_180_share,
        case
            when 180 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_180 then shares.lost_180_lower
            when shares.longest_days >= 180 then 1
        end as lost_180_share_lower,
        case
            when 180 > shares.longest_days and not shares.is_finished then null
            when shares.has_begun_180 then shares.lost_180_upper
            when shares.longest_days >= 180 then 1
        end as lost_180_share_upper
    from tested
    left join shares
        on
            tested.dimension = shares.dimension
            and tested.experience = shares.experience
)

select
    dimension,
    experience,
    orders,
    customers,
    back_before_landmark,
    followed_orders,
    lost_90_share,
    lost_90_share_lower,
    lost_90_share_upper,
    lost_180_share,
    lost_180_share_lower,
    lost_180_share_upper,
    median_days['time'] as median_days,
    p_value,
    p_value_adjusted
from estimated
