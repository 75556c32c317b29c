-- RFM segments by what they keep.
--
-- drill: marts.segments

select
    segment,
    customers,
    customer_share,
    kept_share,
    average_order_amount,
    return_rate,
    return_rate_lower,
    return_rate_upper,
    nps,
    nps_lower,
    nps_upper,
    nps_answers,
    median_recency_days
from marts.segments
order by kept_share desc, segment
