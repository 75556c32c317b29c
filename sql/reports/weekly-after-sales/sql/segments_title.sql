-- Which segment keeps the most.

with

total as (
    select
        count(*) as n_segments,
        max(kept_share) as kept_share
    from segments
),

largest as (
    select
        segment,
        customer_share,
        kept_share
    from segments
    order by kept_share desc, segment
    limit 1
)

select
    case
        when total.n_segments = 0 then 'Customers by segment'
        else concat(
            largest.segment, ': ', cast(cast(round(100 * largest.customer_share) as bigint) as varchar),
            '% of customers, ', cast(cast(round(100 * largest.kept_share) as bigint) as varchar), '% of kept sales'
        )
    end as text,
    case
        when total.n_segments = 0 then '客户分层'
        else concat(
            largest.segment, '：客户占 ', cast(cast(round(100 * largest.customer_share) as bigint) as varchar),
            '%，留存销售占 ', cast(cast(round(100 * largest.kept_share) as bigint) as varchar), '%'
        )
    end as text_zh
from total
left join largest on true
