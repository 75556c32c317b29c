-- Between which segments did customers move since an earlier day, and how much
-- value moved with them?
--
-- grain: from_segment, to_segment
-- rows: intermediate.segment_states on
--   rows.from_segment = cell.from_segment and rows.to_segment = cell.to_segment
--
-- from_segment      segment $compare_window_days before the report day; new for
--                   customers without a purchase then, inactive for those
--                   without a kept order in the window
-- to_segment        segment on the report day by the same cuts; inactive
--                   likewise
-- customers         customers who went this way
-- from_customers    customers of from_segment
-- from_share        customers / from_customers
-- from_share_lower  lower end of its 95 % Wilson interval
-- from_share_upper  upper end
-- from_amount       their scored value on the earlier day
-- to_amount         their scored value on the report day
-- change_amount     to_amount - from_amount
-- has_moved         the two segments differ
-- from_date         the earlier day, exclusive
--
-- The cuts are those of the earlier day and frozen, so a customer moves only by
-- buying or letting time pass; with cuts of each day a few new champions push
-- others out who did nothing. So to_segment is not the segment of rfm, whose
-- cuts are of the report day. rfm_method does not apply: the cuts are
-- quantiles. Returns and refunds are those known today, on both days: what was
-- sent back in between moves nobody. Without $rfm_net every order counts as
-- kept.

with

moves as (
    select
        from_segment,
        to_segment,
        count(*) as customers,
        sum(from_amount) as from_amount,
        sum(to_amount) as to_amount
    from intermediate.segment_states
    where from_segment is not null and to_segment is not null
    group by from_segment, to_segment
),

totals as (
    select
        *,
        sum(customers) over (partition by from_segment) as from_customers
    from moves
),

with_intervals as (
    select
        *,
        proportion_ci(customers, from_customers) as share_interval
    from totals
)

select
    from_segment,
    to_segment,
    customers,
    from_customers,
    cast(customers as double) / from_customers as from_share,
    share_interval['lower'] as from_share_lower,
    share_interval['upper'] as from_share_upper,
    from_amount,
    to_amount,
    to_amount - from_amount as change_amount,
    from_segment <> to_segment as has_moved,
    $compare_window_start as from_date
from with_intervals
