-- RFM quintile scores over all customers and the size and worth of each segment.

with

bought as (
    select
        customer_id,
        max(ordered_at) as last_at,
        count(*) as frequency,
        sum(gross_amount) as gross
    from raw.orders
    where status <> 'cancelled'
    group by customer_id
),

refunded as (
    select
        customer_id,
        sum(refund_amount) as refunds
    from raw.returns
    where kind = 'return'
    group by customer_id
),

base as (
    select
        bought.customer_id,
        $as_of - cast(bought.last_at as date) as recency,
        bought.frequency,
        bought.gross - coalesce(refunded.refunds, 0) as monetary
    from bought
    left join refunded on bought.customer_id = refunded.customer_id
),

scored as (
    select
        recency,
        frequency,
        monetary,
        rfm_score(recency, frequency, monetary, 'ntile', 5) over (order by customer_id) as score
    from base
),

named as (
    select
        recency,
        frequency,
        monetary,
        score['r'] + score['f'] + score['m'] as score_sum,
        case
            when score['r'] >= 4 and score['f'] >= 4 and score['m'] >= 4 then 'champions'
            when score['r'] >= 3 and score['f'] >= 4 then 'loyal'
            when score['r'] >= 4 and score['f'] <= 2 then 'promising'
            when score['r'] <= 2 and score['f'] >= 4 then 'cannot_lose'
            when score['r'] <= 2 and score['f'] = 3 then 'at_risk'
            when score['r'] <= 2 then 'hibernating'
            else 'needs_attention'
        end as seg
    from scored
)

select
    seg,
    count(*) as customers,
    avg(recency) as avg_recency,
    avg(frequency) as avg_frequency,
    sum(monetary) as monetary,
    sum(score_sum) as score_sum
from named
group by seg
order by seg
