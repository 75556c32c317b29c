-- Which orders had a ticket, how was it handled, and which orders without one
-- are they compared with?
--
-- grain: order_id, dimension
--
-- order_id             order with a ticket before the landmark, or one matched
--                      to such orders
-- dimension            satisfaction, first_reply or resolution
-- customer_id          customer
-- experience           no_ticket, or by dimension: satisfied, unsatisfied or
--                      unrated; within_4_hours, within_24_hours, later or
--                      no_reply; within_24_hours, within_72_hours, later or
--                      unsolved
-- is_back_before       bought again before the landmark
-- days_after_landmark  days from the landmark to the next purchase, or to the
--                      report day; NULL if is_back_before
-- is_followed          the next purchase came; NULL if is_back_before
--
-- Orders without a ticket are matched on the month of the order: for each order
-- with one, up to $experience_match_ratio of the same month, drawn by a hash of
-- the id, the same ones every time. Both then stand in the same season and had
-- as long to come back.

with

ranked as (
    select
        *,
        count(*) filter (where has_ticket) over (partition by ordered_month)
            as ticketed_orders,
        row_number() over (
            partition by ordered_month, has_ticket
            order by md5(cast(order_id as varchar)), order_id
        ) as place
    from intermediate.order_experiences
),

matched as (
    select
        *,
        case
            when not has_ticket then 'no_ticket'
            when is_satisfied then 'satisfied'
            when not is_satisfied then 'unsatisfied'
            else 'unrated'
        end as satisfaction,
        case
            when not has_ticket then 'no_ticket'
            when first_reply_hours <= 4 then 'within_4_hours'
            when first_reply_hours <= 24 then 'within_24_hours'
            when first_reply_hours > 24 then 'later'
            else 'no_reply'
        end as first_reply,
        case
            when not has_ticket then 'no_ticket'
            when resolution_hours <= 24 then 'within_24_hours'
            when resolution_hours <= 72 then 'within_72_hours'
            when resolution_hours > 72 then 'later'
            else 'unsolved'
        end as resolution
    from ranked
    where
        has_ticket
        or place <= $experience_match_ratio * ticketed_orders
)

select
    order_id,
    unnest(make_array('satisfaction', 'first_reply', 'resolution'))
        as dimension,
    customer_id,
    unnest(make_array(satisfaction, first_reply, resolution)) as experience,
    is_back_before,
    days_after_landmark,
    is_followed
from matched
