-- The most frequent reason of the week.

with

total as (
    select
        count(*) as n_reasons,
        sum(returns) as returns
    from reasons
),

first_reason as (
    select
        reason,
        reason_zh,
        share
    from reasons
    order by returns desc, reason
    limit 1
)

select
    case
        when total.n_reasons = 0 then 'No return was requested this week'
        else concat(
            first_reason.reason, ': ', cast(cast(round(100 * first_reason.share) as bigint) as varchar),
            '% of ', cast(total.returns as varchar), ' requests'
        )
    end as text,
    case
        when total.n_reasons = 0 then '本周无退换货申请'
        else concat(
            cast(total.returns as varchar), ' 件申请中“', first_reason.reason_zh, '”占 ',
            cast(cast(round(100 * first_reason.share) as bigint) as varchar), '%'
        )
    end as text_zh
from total
left join first_reason on true
