-- Customers and returns by recency and frequency score, high scores first.
--
-- drill: marts.rfm_heatmap on cast(cell.r as varchar) = finding.recency
--   and cast(cell.f as varchar) = finding.frequency

select
    cast(f as varchar) as frequency,
    cast(r as varchar) as recency,
    return_rate,
    customers,
    mean_monetary
from rfm_heatmap
order by r desc, f
