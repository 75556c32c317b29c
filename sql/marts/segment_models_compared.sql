-- Which segment model tells these customers apart best?
--
-- grain: model
--
-- model               cells11, rf10, rfm10, putler11 or cn8
-- is_chosen           the one of $segment_model
-- segments            segments with at least one customer, others among them
-- customers           customers with a score
-- others_share        of them in no segment of the model
-- largest_share       of them in the largest segment
-- smallest_customers  customers in the smallest segment
-- effective_segments  as many segments of equal size would be as mixed (inverse
--                     of the sum of squared shares)
-- value_separation    eta squared of monetary: share of its variance that lies
--                     between the segments
-- recency_separation  eta squared of recency_days
-- frequency_separation  eta squared of frequency
-- return_separation   Cramer's V of the segment and having sent something back
--                     in the window
-- agreement           Cramer's V of the segment and that of the chosen model
--
-- The same customers and scores for every model. More segments separate better
-- by themselves: weigh separation against effective_segments, and against who
-- has to act on the segments. cn8 cuts raw values in two and knows no others. A
-- model of the workspace's own has no row here, though agreement is with it
-- where it is chosen. The models know scores of 1 to 5: with another $rfm_bins
-- customers with higher ones are counted for cn8 only. Eta squared is NULL
-- where all customers are alike.

with

-- One row for each customer and model.
labelled as (
    select
        unnest(make_array('cells11', 'rf10', 'rfm10', 'putler11', 'cn8'))
            as model,
        unnest(
            make_array(
                rfm_segment(r, f, m, 'cells11'),
                rfm_segment(r, f, m, 'rf10'),
                rfm_segment(r, f, m, 'rfm10'),
                rfm_segment(r, f, m, 'putler11'),
                cn8
            )
        ) as label,
        segment,
        monetary,
        recency_days,
        frequency,
        returned_orders > 0 as has_return
    from marts.rfm
),

-- The sums of a model and of its segments in one pass; exact as decimals.
counted as (
    select
        model,
        label,
        count(*) as customers,
        sum(cast(monetary as decimal(18, 2))) as monetary,
        sum(cast(recency_days as bigint)) as recency_days,
        sum(frequency) as frequency,
        sum(cast(monetary as decimal(18, 2)) * cast(monetary as decimal(18, 2)))
            as monetary_squares,
        sum(cast(recency_days as bigint) * recency_days) as recency_squares,
        sum(frequency * frequency) as frequency_squares,
        cramers_v(label, has_return) as return_separation,
        cramers_v(label, segment) as agreement
    from labelled
    where label is not null
    group by grouping sets ((model), (model, label))
),

totals as (
    select
        model,
        label,
        cast(customers as double) as customers,
        cast(monetary as double) as monetary,
        cast(recency_days as double) as recency_days,
        cast(frequency as double) as frequency,
        cast(monetary_squares as double) as monetary_squares,
        cast(recency_squares as double) as recency_squares,
        cast(frequency_squares as double) as frequency_squares,
        return_separation,
        agreement
    from counted
),

-- Between the segments lies the sum of (segment sum)^2 / n less that of all.
summed as (
    select
        model,
        count(label) as segments,
        max(case when label is null then customers end) as customers,
        max(case when label = 'others' then customers end) as other_customers,
        max(case when label is not null then customers end)
            as largest_customers,
        min(case when label is not null then customers end)
            as smallest_customers,
        sum(case when label is not null then customers * customers end)
            as squared_customers,
        sum(
            case
                when label is null then -monetary * monetary / customers
                else monetary * monetary / customers
            end
        ) as monetary_between,
        sum(
            case
                when label is null
                    then monetary_squares - monetary * monetary / customers
            end
        ) as monetary_total,
        sum(
            case
                when label is null then -recency_days * recency_days / customers
                else recency_days * recency_days / customers
            end
        ) as recency_between,
        sum(
            case
                when label is null
                    then
                        recency_squares
                        - recency_days * recency_days / customers
            end
        ) as recency_total,
        sum(
            case
                when label is null then -frequency * frequency / customers
                else frequency * frequency / customers
            end
        ) as frequency_between,
        sum(
            case
                when label is null
                    then frequency_squares - frequency * frequency / customers
            end
        ) as frequency_total,
        max(case when label is null then return_separation end)
            as return_separation,
        max(case when label is null then agreement end) as agreement
    from totals
    group by model
)

select
    model,
    model = $segment_model as is_chosen,
    segments,
    cast(customers as bigint) as customers,
    coalesce(other_customers, 0) / customers as others_share,
    largest_customers / customers as largest_share,
    cast(smallest_customers as bigint) as smallest_customers,
    customers * customers / squared_customers as effective_segments,
    round(monetary_between / nullif(monetary_total, 0), 9) as value_separation,
    round(recency_between / nullif(recency_total, 0), 9)
        as recency_separation,
    round(frequency_between / nullif(frequency_total, 0), 9)
        as frequency_separation,
    return_separation,
    agreement
from summed
