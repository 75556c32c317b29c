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
        coalesce(labels.label_en, segments.segment) as words_en,
        coalesce(labels.label_zh, segments.segment) as words_zh,
        segments.customer_share,
        segments.kept_share
    from segments
    left join marts.labels as labels
        on labels.kind = 'segment' and segments.segment = labels.code
    order by segments.kept_share desc, segments.segment
    limit 1
)

select
    case
        when total.n_segments = 0 then 'Customers by segment'
        else concat(
            largest.words_en, ': ', cast(cast(round(100 * largest.customer_share) as bigint) as varchar),
            '% of customers, ', cast(cast(round(100 * largest.kept_share) as bigint) as varchar), '% of kept sales'
        )
    end as text,
    case
        when total.n_segments = 0 then '客户分层'
        else concat(
            largest.words_zh, '：客户占 ', cast(cast(round(100 * largest.customer_share) as bigint) as varchar),
            '%，留存销售占 ', cast(cast(round(100 * largest.kept_share) as bigint) as varchar), '%'
        )
    end as text_zh
from total
left join largest on true
