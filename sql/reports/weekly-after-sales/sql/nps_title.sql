-- What the NPS trend says: the latest week against the mean of the weeks before.

with

-- One row even when nobody answered.
week as (
    select
        max(answered_week) as answered_week,
        sum(answers) as answers
    from nps_by_week
),

latest as (
    select
        week.answered_week,
        trend.nps,
        trend.nps_lower,
        trend.nps_upper
    from week
    left join nps_by_week as trend on week.answered_week = trend.answered_week
),

past as (
    select sum(trend.nps * trend.answers) / sum(trend.answers) as nps
    from nps_by_week as trend
    inner join week on trend.answered_week < week.answered_week
)

select
    case
        when latest.nps is null then 'NPS after delivery'
        when past.nps is null then concat('NPS after delivery stands at ', cast(cast(round(latest.nps) as bigint) as varchar))
        when past.nps < latest.nps_lower
            then concat('NPS stands at ', cast(cast(round(latest.nps) as bigint) as varchar), ', above its past by more than chance')
        when past.nps > latest.nps_upper
            then concat('NPS stands at ', cast(cast(round(latest.nps) as bigint) as varchar), ', below its past by more than chance')
        else concat('NPS stands at ', cast(cast(round(latest.nps) as bigint) as varchar), ', within its usual range')
    end as text,
    case
        when latest.nps is null then '签收后 NPS'
        when past.nps is null then concat('签收后 NPS 为 ', cast(cast(round(latest.nps) as bigint) as varchar))
        when past.nps < latest.nps_lower
            then concat('NPS 为 ', cast(cast(round(latest.nps) as bigint) as varchar), '，显著高于过去')
        when past.nps > latest.nps_upper
            then concat('NPS 为 ', cast(cast(round(latest.nps) as bigint) as varchar), '，显著低于过去')
        else concat('NPS 为 ', cast(cast(round(latest.nps) as bigint) as varchar), '，处于常态')
    end as text_zh
from latest
cross join past
