-- Do customers whose first order went wrong buy again as often as the others?
--
-- grain: experience, within_days
-- rows: intermediate.order_experiences on
--   rows.is_first and case cell.experience
--   when 'none' then not (rows.has_return or rows.has_exchange
--   or rows.has_ticket or rows.is_late) when 'return' then rows.has_return
--   when 'exchange' then rows.has_exchange when 'ticket' then rows.has_ticket
--   when 'ticket_satisfied' then rows.is_satisfied
--   when 'ticket_unsatisfied' then not rows.is_satisfied
--   when 'late_delivery' then rows.is_late else true end
--
-- experience           what happened within $experience_landmark_days of the
--                      first purchase: none, return, exchange, ticket,
--                      ticket_satisfied, ticket_unsatisfied, late_delivery; or
--                      all
-- within_days          30, 60, 90, 180 or 365 days after that landmark
-- orders               orders of a first day of purchase with the experience,
--                      of the last $experience_window_days and older than
--                      $experience_landmark_days
-- back_before_landmark  of those, followed by a purchase before the landmark,
--                      and left out
-- followed_orders      of the others, followed by a purchase within within_days
-- repeat_rate          share followed by then (Kaplan-Meier); NULL where nobody
--                      was observed for so long
-- repeat_rate_lower    lower end of its 95 % interval
-- repeat_rate_upper    upper end
-- difference           repeat_rate less that of the experience none
-- p_value              log-rank test against none, over the whole time; NULL
--                      for all and none, and where either has fewer than $min_n
--                      orders that were not followed before the landmark
-- p_value_adjusted     the same adjusted for the number of experiences (Holm)
--
-- An order with two experiences is in both; none had none of them. The rates
-- are of customers who had not bought again by the landmark, so they are lower
-- than those of repeat_rates. Customers with a return or a ticket differ from
-- others in more than that: a difference is no effect.

with

orders as (
    select
        *,
        not (has_return or has_exchange or has_ticket or is_late) as has_none
    from intermediate.order_experiences
    where is_first
),

-- Each experience is compared with none, whose orders are in every comparison.
spread as (
    select
        unnest(
            make_array(
                'all', 'none', 'return', 'exchange', 'ticket',
                'ticket_satisfied', 'ticket_unsatisfied', 'late_delivery'
            )
        ) as experience,
        unnest(
            make_array(
                true, has_none, has_return, has_exchange, has_ticket,
                coalesce(is_satisfied, false), not coalesce(is_satisfied, true),
                is_late
            )
        ) as has_it,
        has_none,
        is_back_before,
        days_after_landmark,
        is_followed
    from orders
),

compared as (
    select
        *,
        experience not in ('all', 'none') as is_compared,
        case when has_it then 'with' else 'without' end as label
    from spread
    where has_it or (has_none and experience not in ('all', 'none'))
),

groups as (
    select
        experience,
        count(*) filter (where has_it) as orders,
        count(*) filter (where has_it and is_back_before)
            as back_before_landmark,
        km_survival(days_after_landmark, is_followed) filter (where has_it)
            as curve,
        case
            when
                least(
                    count(days_after_landmark) filter (where has_it),
                    count(days_after_landmark) filter (where not has_it)
                ) >= $min_n
                then logrank(days_after_landmark, is_followed, label)['p_value']
        end as p_value
    from compared
    group by experience
),

tested as (
    select
        experience,
        orders,
        back_before_landmark,
        curve,
        p_value,
        p_adjust(p_value, 'holm') over () as p_value_adjusted
    from groups
    where orders > 0
),

points as (
    select
        experience,
        point['time'] as days,
        point['n_events'] as followed_orders,
        point['survival'] as survival,
        point['lower'] as survival_lower,
        point['upper'] as survival_upper
    from (
        select
            experience,
            unnest(curve) as point
        from tested
    ) as curves
),

-- One list for each curve: from here on nothing is large.
lasts as (
    select
        experience,
        max(days) as longest_days,
        min(survival) as last_survival
    from points
    group by experience
),

windows as (
    select
        tested.experience,
        tested.orders,
        tested.back_before_landmark,
        tested.p_value,
        tested.p_value_adjusted,
        lasts.longest_days,
        coalesce(lasts.last_survival = 0, false) as is_finished,
        unnest(make_array(30, 60, 90, 180, 365)) as within_days
    from tested
    left join lasts
        on tested.experience = lasts.experience
),

reached as (
    select
        windows.experience,
        windows.within_days,
        cast(sum(points.followed_orders) as bigint) as followed_orders,
        last_value(points.survival order by points.days) as survival,
        last_value(points.survival_lower order by points.days)
            as survival_lower,
        last_value(points.survival_upper order by points.days)
            as survival_upper
    from windows
    inner join points
        on windows.experience = points.experience
    where points.days <= windows.within_days
    group by windows.experience, windows.within_days
),

-- The curve holds to the last day somebody was watched, or for good once
-- everybody has come back; before its first day nobody has.
estimated as (
    select
        windows.*,
        coalesce(reached.followed_orders, 0) as followed_orders,
        windows.within_days <= windows.longest_days or windows.is_finished
            as is_estimated,
        case when reached.experience is null then 1 else reached.survival end
            as survival,
        case
            when reached.experience is null then 1 else reached.survival_lower
        end as survival_lower,
        case
            when reached.experience is null then 1 else reached.survival_upper
        end as survival_upper
    from windows
    left join reached
        on
            windows.experience = reached.experience
            and windows.within_days = reached.within_days
),

rates as (
    select
        *,
        case when is_estimated then 1 - survival end as repeat_rate,
        case when is_estimated then 1 - survival_upper end
            as repeat_rate_lower,
        case when is_estimated then 1 - survival_lower end
            as repeat_rate_upper
    from estimated
)

select
    experience,
    within_days,
    orders,
    back_before_landmark,
    followed_orders,
    repeat_rate,
    repeat_rate_lower,
    repeat_rate_upper,
    repeat_rate
    - max(case when experience = 'none' then repeat_rate end)
        over (partition by within_days) as difference,
    p_value,
    p_value_adjusted
from rates
