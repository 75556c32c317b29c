-- How long does it take until customers buy again, and how many never do?
--
-- grain: after_purchase, gap_days
-- rows: intermediate.gaps_between_purchases on
--   rows.gap_days = cell.gap_days and cell.after_purchase in (case
--   when rows.purchase_no = 1 then 'first' else 'later' end, 'all')
--
-- after_purchase   first (gaps after the first purchase of a customer), later,
--                  or all
-- gap_days         days since a purchase
-- gaps_at_risk     gaps that had lasted as long, without a next purchase yet
-- returns_to_buy   next purchases made on that day
-- open_gaps        gaps that had lasted exactly so long on the report day
-- returned_share   share of the gaps a next purchase has ended by then; after
--                  the first, the customers who have bought again
-- returned_share_lower  lower end of its 95 % interval; NULL from where all
--                  have ended
-- returned_share_upper  upper end
--
-- Kaplan-Meier: a gap still open counts for as long as it has lasted. Without
-- the open ones, the median would be that of the customers who came back. The
-- gaps of one customer count as independent, so the intervals are a little
-- narrow. Purchases of one day are one; the curve ends with the longest gap
-- seen, and is uncertain where few are left at risk.

with

gaps as (
    select
        unnest(
            make_array(
                'all', case when purchase_no = 1 then 'first' else 'later' end
            )
        ) as after_purchase,
        gap_days,
        is_closed
    from intermediate.gaps_between_purchases
),

curves as (
    select
        after_purchase,
        unnest(km_survival(gap_days, is_closed)) as point
    from gaps
    group by after_purchase
)

select
    after_purchase,
    cast(point['time'] as bigint) as gap_days,
    cast(point['n_at_risk'] as bigint) as gaps_at_risk,
    cast(point['n_events'] as bigint) as returns_to_buy,
    cast(point['n_censored'] as bigint) as open_gaps,
    1 - point['survival'] as returned_share,
    1 - point['upper'] as returned_share_lower,
    1 - point['lower'] as returned_share_upper
from curves
