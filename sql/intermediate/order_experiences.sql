-- What did customers go through in the first weeks after an order, and when did
-- they buy again?
--
-- grain: order_id
--
-- order_id              purchase of a known customer in the last
--                       $experience_window_days, more than
--                       $experience_landmark_days old
-- customer_id           customer
-- ordered_date          local day of the order
-- ordered_month         first day of its month
-- is_first              the customer's first day with a purchase
-- is_back_before        bought again before the landmark
-- days_after_landmark   days from the landmark to the next purchase, or to the
--                       day before the report day; NULL if is_back_before
-- is_followed           the next purchase came; NULL if is_back_before
-- has_return            something was sent back for money, asked for before the
--                       landmark
-- has_exchange          the same for an exchange
-- has_ticket            a ticket about the order was opened before the landmark
-- is_late               delivered before the landmark, later than promised, by
--                       the instants of the order and not of its parcels
-- is_satisfied          last answer about such a ticket before the landmark was
--                       one of the two best; NULL without an answer
-- first_reply_hours     hours to the first reply of a person, longest of the
--                       tickets; NULL if one had none before the landmark
-- resolution_hours      hours to the first solution, likewise; to the last
--                       where only that is known
--
-- The landmark is the day $experience_landmark_days after the order. What
-- happened before it makes the group, what happened after it is the outcome,
-- and who bought again before it is in no group. So every order starts its
-- clock on a day that does not depend on the experience, and no group owes its
-- time to having had to wait for it (immortal time).

with

purchases as (
    select
        order_id,
        customer_id,
        ordered_date,
        cast(date_trunc('month', ordered_date) as date) as ordered_month,
        ordered_date + $experience_landmark_days as landmark_date
    from intermediate.purchases
    where
        customer_id is not null
        and ordered_at >= $experience_window_start_at
        and ordered_date + $experience_landmark_days < $as_of
),

returned as (
    select
        purchases.order_id,
        bool_or(returns.kind = 'return') as has_return,
        bool_or(returns.kind = 'exchange') as has_exchange
    from intermediate.returns_with_lines as returns
    inner join purchases
        on returns.order_id = purchases.order_id
    where
        returns.problem is null
        and cast(returns.requested_at as date) < purchases.landmark_date
    group by purchases.order_id
),

tickets as (
    select
        purchases.order_id,
        purchases.landmark_date,
        tickets.ticket_id,
        tickets.created_at,
        clocks.first_reply_at,
        coalesce(clocks.first_solved_at, clocks.solved_at) as solved_at
    from staging.tickets
    inner join purchases
        on tickets.order_id = purchases.order_id
    inner join intermediate.ticket_clocks as clocks
        on tickets.ticket_id = clocks.ticket_id
    where cast(tickets.created_at as date) < purchases.landmark_date
),

answers as (
    select
        tickets.order_id,
        last_value(
            surveys.score >= surveys.scale - 1
            order by surveys.responded_at, surveys.response_id
        ) as is_satisfied
    from staging.surveys
    inner join tickets
        on surveys.ticket_id = tickets.ticket_id
    where
        surveys.kind = 'csat'
        and surveys.score is not null
        and surveys.problem is null
        and cast(surveys.responded_at as date) < tickets.landmark_date
    group by tickets.order_id
),

ticketed as (
    select
        order_id,
        -- One ticket without a reply, and the customer was left waiting.
        case
            when
                bool_and(
                    coalesce(
                        cast(first_reply_at as date) < landmark_date,
                        false
                    )
                )
                then
                    max(date_diff('minute', created_at, first_reply_at)) / 60.0
        end as first_reply_hours,
        case
            when
                bool_and(
                    coalesce(
                        cast(solved_at as date) < landmark_date,
                        false
                    )
                )
                then
                    max(date_diff('minute', created_at, solved_at)) / 60.0
        end as resolution_hours
    from tickets
    group by order_id
),

joined as (
    select
        purchases.*,
        gaps.purchase_no = 1 as is_first,
        coalesce(gaps.ended_date < purchases.landmark_date, false)
            as is_back_before,
        coalesce(gaps.ended_date, $as_of - 1) - purchases.landmark_date
            as days_after_landmark,
        gaps.is_closed as is_followed,
        coalesce(returned.has_return, false) as has_return,
        coalesce(returned.has_exchange, false) as has_exchange,
        ticketed.order_id is not null as has_ticket,
        coalesce(
            cast(orders.delivered_at as date) < purchases.landmark_date
            and orders.delivered_at > orders.promised_at,
            false
        ) as is_late,
        answers.is_satisfied,
        ticketed.first_reply_hours,
        ticketed.resolution_hours
    from purchases
    inner join intermediate.gaps_between_purchases as gaps
        on
            purchases.customer_id = gaps.customer_id
            and purchases.ordered_date = gaps.began_date
    inner join staging.orders
        on purchases.order_id = orders.order_id
    left join returned
        on purchases.order_id = returned.order_id
    left join ticketed
        on purchases.order_id = ticketed.order_id
    left join answers
        on purchases.order_id = answers.order_id
)

select
    order_id,
    customer_id,
    ordered_date,
    ordered_month,
    is_first,
    is_back_before,
    case when not is_back_before then days_after_landmark end
        as days_after_landmark,
    case when not is_back_before then is_followed end as is_followed,
    has_return,
    has_exchange,
    has_ticket,
    is_late,
    is_satisfied,
    first_reply_hours,
    resolution_hours
from joined
