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
        coalesce(labels.label_en, reasons.reason) as words_en,
        coalesce(labels.label_zh, reasons.reason) as words_zh,
        reasons.share
    from reasons
    left join marts.labels as labels
        on labels.kind = 'reason' and reasons.reason = labels.code
    order by reasons.returns desc, reasons.reason
    limit 1
)

select
    case
        when total.n_reasons = 0 then 'No return was requested this week'
        else concat(
            first_reason.words_en, ': ', cast(cast(round(100 * first_reason.share) as bigint) as varchar),
            '% of ', cast(total.returns as varchar), ' requests'
        )
    end as text,
    case
        when total.n_reasons = 0 then '本周无退换货申请'
        else concat(
            cast(total.returns as varchar), ' 件申请中“', first_reason.words_zh, '”占 ',
            cast(cast(round(100 * first_reason.share) as bigint) as varchar), '%'
        )
    end as text_zh
from total
left join first_reason on true
