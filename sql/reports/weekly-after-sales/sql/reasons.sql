-- Why customers wanted to send goods back in the week.
--
-- drill: marts.return_reasons

select
    reason,
    returns,
    previous_returns,
    units,
    refund_amount,
    share,
    cumulative_share
from return_reasons
where returns > 0
order by rank
