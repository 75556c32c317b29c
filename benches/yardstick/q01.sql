-- NPS overall, by channel, and by channel and month.

with

answers as (
    select
        channel,
        date_trunc('month', responded_at) as mon,
        score
    from raw.surveys
    where kind = 'nps'
)

select
    channel,
    mon,
    count(*) as responses,
    avg(score) as avg_score,
    nps(score) as nps_score
from answers
group by grouping sets ((), (channel), (channel, mon))
order by channel, mon
