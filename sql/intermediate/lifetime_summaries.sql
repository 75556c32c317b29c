-- What do the models of lifetime value need to know of each customer?
--
-- grain: customer_id
--
-- customer_id             known customer who kept a purchase
-- summary                 x repeat weeks, t_x and t in weeks, mean kept amount
--                         of the repeat weeks, up to the report day
-- holdout_summary         the same up to $clv_holdout_window_days before it;
--                         NULL for customers who came later
--
-- Purchases count that were kept and brought money; those of one week (Monday
-- to Sunday) are one, so x is the number of later weeks with a purchase.

select
    customer_id,
    btyd_summary(ordered_date, kept_amount, $as_of - 1, 'week') as summary,
    btyd_summary(
        ordered_date, kept_amount, $clv_holdout_window_start - 1, 'week'
    ) as holdout_summary
from intermediate.purchases
where
    customer_id is not null
    and is_kept
    and kept_amount > 0
group by customer_id
