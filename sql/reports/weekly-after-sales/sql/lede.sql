-- The story of the week: a measure without data says nothing.
--
-- A week is judged against its target or the weeks before it together, and
-- with its interval; never against the last week alone.

with

-- The last row of each measure is the present.
latest as (
    select
        measure,
        max(week) as week
    from kpis
    group by measure
),

present as (
    select
        kpis.rank,
        kpis.week,
        kpis.value,
        kpis.n,
        kpis.low,
        kpis.high,
        kpis.target,
        kpis.mean_4w
    from kpis
    inner join latest on kpis.measure = latest.measure and kpis.week = latest.week
),

-- One row whatever there is.
facts as (
    select
        cast(max(case when rank = 1 then value end) as bigint) as orders,
        cast(round(max(case when rank = 1 then 100 * (value / nullif(mean_4w, 0) - 1) end)) as bigint) as orders_change,
        max(case when rank = 4 then week end) as mature_week,
        max(case when rank = 4 then round(100 * value, 1) end) as return_rate,
        max(case when rank = 4 then round(100 * low, 1) end) as return_rate_low,
        max(case when rank = 4 then round(100 * high, 1) end) as return_rate_high,
        max(case when rank = 4 then round(100 * target, 1) end) as return_rate_target,
        cast(round(max(case when rank = 6 then value end)) as bigint) as nps,
        cast(round(max(case when rank = 6 then low end)) as bigint) as nps_low,
        cast(round(max(case when rank = 6 then high end)) as bigint) as nps_high,
        cast(round(max(case when rank = 6 then target end)) as bigint) as nps_target,
        max(case when rank = 6 then n end) as nps_answers
    from present
),

sentences as (
    select
        case
            when orders is null then null
            when orders_change is null then concat('**', orders, ' orders**.')
            when orders_change = 0 then concat('**', orders, ' orders**, as many as in the four weeks before.')
            when orders_change > 0 then concat('**', orders, ' orders**, ', orders_change, '% more than the mean of the four weeks before.')
            else concat('**', orders, ' orders**, ', -orders_change, '% fewer than the mean of the four weeks before.')
        end as orders_en,
        case
            when orders is null then null
            when orders_change is null then concat('**订单 ', orders, ' 单**。')
            when orders_change = 0 then concat('**订单 ', orders, ' 单**，与前四周均值持平。')
            when orders_change > 0 then concat('**订单 ', orders, ' 单**，比前四周均值多 ', orders_change, '%。')
            else concat('**订单 ', orders, ' 单**，比前四周均值少 ', -orders_change, '%。')
        end as orders_zh,
        case when return_rate is not null then concat(
            'Of the units sold in the week of ', to_char(mature_week, '%-d %B'),
            ', the latest whose orders can no longer come back, **', return_rate, '%** were returned (',
            return_rate_low, ' to ', return_rate_high, ')',
            case
                when return_rate_low > return_rate_target then concat(': above the target of ', return_rate_target, '%.')
                when return_rate_high < return_rate_target then concat(': below the target of ', return_rate_target, '%.')
                else concat(': the target of ', return_rate_target, '% lies within the interval.')
            end
        ) end as returns_en,
        case when return_rate is not null then concat(
            to_char(mature_week, '%-m 月 %-d 日'), '起一周售出的商品已过退货期，**', return_rate, '%** 被退回（',
            return_rate_low, '–', return_rate_high, '%）',
            case
                when return_rate_low > return_rate_target then concat('，高于目标 ', return_rate_target, '%。')
                when return_rate_high < return_rate_target then concat('，低于目标 ', return_rate_target, '%。')
                else concat('，目标 ', return_rate_target, '% 在区间之内。')
            end
        ) end as returns_zh,
        case when nps is not null then concat(
            'NPS after delivery is **', nps, '** (', nps_low, ' to ', nps_high, ', ', nps_answers, ' answers)',
            case
                when nps_high < nps_target then concat(': below the target of ', nps_target, '.')
                when nps_low > nps_target then concat(': above the target of ', nps_target, '.')
                else concat(': the target of ', nps_target, ' lies within the interval.')
            end
        ) end as nps_en,
        case when nps is not null then concat(
            '签收后 NPS 为 **', nps, '**（', nps_low, '–', nps_high, '，', nps_answers, ' 份）',
            case
                when nps_high < nps_target then concat('，低于目标 ', nps_target, '。')
                when nps_low > nps_target then concat('，高于目标 ', nps_target, '。')
                else concat('，目标 ', nps_target, ' 在区间之内。')
            end
        ) end as nps_zh
    from facts
)

select
    coalesce(nullif(concat_ws(' ', orders_en, returns_en, nps_en), ''), 'No data for this period.') as en,
    coalesce(nullif(concat_ws('', orders_zh, returns_zh, nps_zh), ''), '本期没有数据。') as zh
from sentences
