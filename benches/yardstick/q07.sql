-- Cohort retention: month of the first order by months since.

with

active as (
    select
        customer_id,
        date_trunc('month', ordered_at) as mon,
        sum(gross_amount) as revenue
    from raw.orders
    where status <> 'cancelled'
    group by customer_id, mon
),

born as (
    select
        customer_id,
        min(mon) as cohort
    from active
    group by customer_id
),

aged as (
    select
        born.cohort,
        12 * (extract(year from active.mon) - extract(year from born.cohort))
        + extract(month from active.mon) - extract(month from born.cohort) as since,
        active.revenue
    from active
    inner join born on active.customer_id = born.customer_id
)

select
    cohort,
    since,
    count(*) as customers,
    sum(revenue) as revenue
from aged
group by cohort, since
order by cohort, since
