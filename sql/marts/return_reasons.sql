-- Why did customers want to send goods back in the report period?
--
-- grain: reason
-- rows: marts.returns on
--   rows.reason = cell.reason and rows.problem is null
--   and rows.kind in ('return', 'exchange')
--   and rows.requested_at >= $period_start_at
--   and rows.requested_at < $period_end_at
--
-- reason             level 1 of the reason
-- label_en           what a page calls it in English
-- label_zh           what a page calls it in Chinese
-- rank               1 for the most frequent; ties in the order of the codes
-- returns            requests of the period, returns and exchanges
-- units              units of those requests
-- line_amount        what the customers had paid for those units
-- refund_amount      refunded for them so far
-- share              of all requests of the period
-- cumulative_share   share of this reason and all before it
-- previous_returns   requests of the period before
-- previous_share     share of all requests of the period before
-- is_seller_fault    the seller sent something else than was promised
--
-- A request counts in the period in which the customer asked, whenever the
-- order was placed. The period is the $period that ends with the report day;
-- $period_start to $period_end, and $prev_start to $prev_end before it.

with

reasons as (
    select
        reason,
        count(*) filter (where requested_at >= $period_start_at) as returns,
        sum(units) filter (where requested_at >= $period_start_at) as units,
        sum(line_amount) filter (where requested_at >= $period_start_at)
            as line_amount,
        sum(refund_amount) filter (where requested_at >= $period_start_at)
            as refund_amount,
        count(*) filter (where requested_at < $period_start_at)
            as previous_returns
    from intermediate.returns_with_lines
    where
        problem is null
        and kind in ('return', 'exchange')
        and requested_at >= $prev_start_at
        and requested_at < $period_end_at
    group by reason
),

ranked as (
    select
        *,
        row_number() over (order by returns desc, reason) as rank,
        sum(returns) over (
            order by returns desc, reason
            rows between unbounded preceding and current row
        ) as cumulative_returns,
        nullif(sum(returns) over (), 0) as all_returns,
        nullif(sum(previous_returns) over (), 0) as all_previous_returns
    from reasons
)

select
    ranked.reason,
    reason_codes.label_en,
    reason_codes.label_zh,
    ranked.rank,
    ranked.returns,
    coalesce(ranked.units, 0) as units,
    coalesce(ranked.line_amount, 0) as line_amount,
    coalesce(ranked.refund_amount, 0) as refund_amount,
    cast(ranked.returns as double) / ranked.all_returns as share,
    cast(ranked.cumulative_returns as double) / ranked.all_returns
        as cumulative_share,
    ranked.previous_returns,
    cast(ranked.previous_returns as double) / ranked.all_previous_returns
        as previous_share,
    reason_codes.is_seller_fault
from ranked
left join intermediate.reason_codes
    on ranked.reason = reason_codes.reason
