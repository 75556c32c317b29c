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

with

events as (
    select
        customer_id,
        'category' as topic,
        category as item,
        cast(net_amount as decimal(18, 2)) as weight
    from intermediate.kept_lines
    union all
    select
        customer_id,
        'reason' as topic,
        reason as item,
        cast(1 as decimal(18, 2)) as weight
    from intermediate.returns_with_lines
    where
        customer_id is not null
        and problem is null
    union all
    select
        customer_id,
        'hour' as topic,
        lpad(cast(date_part('hour', ordered_at) as varchar), 2, '0') as item,
        cast(1 as decimal(18, 2)) as weight
    from intermediate.purchases
    where customer_id is not null
    union all
    select
        customer_id,
        'hour' as topic,
        lpad(cast(date_part('hour', responded_at) as varchar), 2, '0') as item,
        cast(1 as decimal(18, 2)) as weight
    from staging.surveys
    where
        customer_id is not null
        and responded_at is not null
    union all
    select
        customer_id,
        'hour' as topic,
        lpad(cast(date_part('hour', created_at) as varchar), 2, '0') as item,
        cast(1 as decimal(18, 2)) as weight
    from staging.tickets
    where customer_id is not null
),

weighed as (
    select
        customer_id,
        topic,
        item,
        sum(weight) as weight
    from events
    group by customer_id, topic, item
)

select
    customer_id,
    last_value(item order by weight, item desc) filter (
        where topic = 'category'
    ) as top_category,
    last_value(item order by weight, item desc) filter (
        where topic = 'reason'
    ) as top_return_reason,
    cast(
        last_value(item order by weight, item desc) filter (
            where topic = 'hour'
        ) as bigint
    ) as best_contact_hour
from weighed
group by customer_id
