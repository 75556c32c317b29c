-- How many credit notes found the sale they take back?
--
-- grain: one row
--
-- n_returns        lines of credit notes
-- n_matched        those with an order
-- matched_share    n_matched / n_returns
-- amount           credited
-- amount_matched   credited on lines with an order
-- amount_share     amount_matched / amount

select
    count(*) as n_returns,
    count(order_id) as n_matched,
    return_rate(case when order_id is null then 0 else 1 end, 1) as matched_share,
    sum(refund_amount) as amount,
    sum(case when order_id is not null then refund_amount end) as amount_matched,
    return_rate(case when order_id is null then 0 else refund_amount end, refund_amount) as amount_share
from raw.returns
