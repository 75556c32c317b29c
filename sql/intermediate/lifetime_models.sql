-- Which models of purchases and of spend fit the customers?
--
-- grain: one row
--
-- purchase_model   BG/NBD model in weeks: r, alpha, a, b, converged, reason, n
-- spend_model      Gamma-Gamma model: p, q, v, converged, reason, n, n_skipped,
--                  correlation
--
-- Fitted once for the whole base and joined to every customer; never inside a
-- query that has one row for each. No row without customers.

select
    bgnbd_fit(summary['x'], summary['t_x'], summary['t']) as purchase_model,
    gamma_gamma_fit(summary['x'], summary['monetary']) as spend_model
from intermediate.lifetime_summaries
having count(*) > 0
