-- What does each customer buy most, send back most often, and at what hour is
-- he or she there?
--
-- grain: customer_id
--
-- customer_id        customer who bought, answered or wrote
-- top_category       category with the most net sales ever; the first in the
--                    alphabet of equal ones
-- top_return_reason  most frequent reason of requests ever, likewise
-- best_contact_hour  local hour, 0 to 23, with most purchases, answers and
--                    tickets; the earliest of equal ones
--
-- With few events these are anecdotes, not habits: they name what there was.
-- Each is NULL for who has none of its events. A questionnaire counts once for
-- each kind of question in it.

with

categories as (
    select
        customer_id,
        category,
        sum(net_amount) as amount
    from intermediate.kept_lines
    group by customer_id, category
),

reasons as (
    select
        customer_id,
        reason,
        count(*) as requests
    from intermediate.returns_with_lines
    where
        customer_id is not null
        and problem is null
    group by customer_id, reason
),

contacts as (
    select
        customer_id,
        ordered_at as at
    from intermediate.purchases
    union all
    select
        customer_id,
        responded_at as at
    from staging.surveys
    union all
    select
        customer_id,
        created_at as at
    from staging.tickets
),

hours as (
    select
        customer_id,
        date_part('hour', at) as hour,
        count(*) as contacts
    from contacts
    where
        customer_id is not null
        and at is not null
    group by customer_id, date_part('hour', at)
),

-- Each habit by itself, so that nothing is sorted but what has to be.
habits as (
    select
        customer_id,
        last_value(category order by amount, category desc) as top_category,
        cast(null as varchar) as top_return_reason,
        cast(null as bigint) as best_contact_hour
    from categories
    group by customer_id
    union all
    select
        customer_id,
        cast(null as varchar) as top_category,
        last_value(reason order by requests, reason desc) as top_return_reason,
        cast(null as bigint) as best_contact_hour
    from reasons
    group by customer_id
    union all
    -- The most contacts, and of equal hours the earliest, which leaves most of
    -- the day.
    select
        customer_id,
        cast(null as varchar) as top_category,
        cast(null as varchar) as top_return_reason,
        23 - max(24 * contacts + 23 - hour) % 24 as best_contact_hour
    from hours
    group by customer_id
)

select
    customer_id,
    max(top_category) as top_category,
    max(top_return_reason) as top_return_reason,
    max(best_contact_hour) as best_contact_hour
from habits
group by customer_id
