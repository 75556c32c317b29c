-- Why customers wanted to send goods back in the week.

select
    label_en as reason,
    label_zh as reason_zh,
    returns,
    previous_returns,
    units,
    refund_amount,
    share,
    cumulative_share
from return_reasons
where returns > 0
order by rank
