-- How long was it from each purchase to the next, and how long is it since the
-- last?
--
-- grain: customer_id, purchase_no
--
-- customer_id     known customer
-- purchase_no     1 for the gap after the first day with a purchase, 2, ...
-- purchases       days with a purchase, in all
-- began_date      day of the purchase the gap follows
-- ended_date      day of the next purchase; NULL while it is still awaited
-- gap_days        days from the one to the other, or to the report day
-- is_closed       the next purchase came
--
-- Purchases of one local day are one. The last gap of every customer is open:
-- who leaves it out sees only customers who came back, and takes their habits
-- for everybody's.

with

days as (
    select distinct
        customer_id,
        ordered_date
    from intermediate.purchases
    where customer_id is not null
),

customers as (
    select
        customer_id,
        array_sort(array_agg(ordered_date)) as dates
    from days
    group by customer_id
),

gaps as (
    select
        customer_id,
        cast(array_length(dates) as bigint) as purchases,
        unnest(range(1, cast(array_length(dates) as bigint) + 1))
            as purchase_no,
        unnest(dates) as began_date,
        unnest(array_push_back(array_pop_front(dates), null)) as ended_date
    from customers
)

select
    customer_id,
    purchase_no,
    purchases,
    began_date,
    ended_date,
    coalesce(ended_date, $as_of) - began_date as gap_days,
    ended_date is not null as is_closed
from gaps
