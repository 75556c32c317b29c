-- How long after its arrival is what was sold asked back, and how much of it?
--
-- grain: kind, days
-- rows: intermediate.sold_lines_with_returns on
--   rows.first_kind = cell.kind
--   and cast(rows.first_requested_at as date) - rows.delivered_date = cell.days
--   and rows.first_requested_at >= rows.delivered_at and rows.is_delivered
--   and rows.ordered_at >= $sales_window_start_at
--
-- kind             return, exchange, refund_only or repair
-- days             whole days from the day of the arrival; only days on which a
--                  request of the kind was made
-- lines_at_risk    order lines that had been there that long without a request
-- requests         of those, with a first request of the kind on that day
-- requested_share  order lines with a first request of the kind by that day
--                  (Aalen-Johansen)
-- requested_share_lower  lower end of its 95 % interval
-- requested_share_upper  upper end
-- requested_share_std_error  standard error of it
-- early_requests   order lines of which a first request of the kind was made
--                  before they arrived: in no other column
--
-- Sales of the last $sales_window_days whose arrival is recorded. The first
-- request ends the waiting, so the kinds compete; lines that nothing was asked
-- of count for as long as they have been there. Between two days of a kind its
-- share stays. Lines of an order are taken as independent, which makes the
-- intervals a little narrow.

with

lines as (
    select
        case
            when first_kind is null or first_requested_at >= delivered_at
                then greatest(
                    coalesce(
                        cast(cast(first_requested_at as date) as integer),
                        cast($as_of as integer) - 1
                    )
                    - cast(delivered_date as integer),
                    0
                )
        end as days,
        case first_kind
            when 'return' then 1
            when 'exchange' then 2
            when 'refund_only' then 3
            when 'repair' then 4
            else 0
        end as cause,
        first_kind,
        coalesce(first_requested_at < delivered_at, false) as is_early
    from intermediate.sold_lines_with_returns
    where
        is_delivered
        and ordered_at >= $sales_window_start_at
),

-- One pass over the lines for the four curves.
curves as (
    select
        unnest([
            named_struct(
                'kind', 'return',
                'curve', cumulative_incidence(days, cause, 1),
                'early', count(*) filter (where is_early and cause = 1)
            ),
            named_struct(
                'kind', 'exchange',
                'curve', cumulative_incidence(days, cause, 2),
                'early', count(*) filter (where is_early and cause = 2)
            ),
            named_struct(
                'kind', 'refund_only',
                'curve', cumulative_incidence(days, cause, 3),
                'early', count(*) filter (where is_early and cause = 3)
            ),
            named_struct(
                'kind', 'repair',
                'curve', cumulative_incidence(days, cause, 4),
                'early', count(*) filter (where is_early and cause = 4)
            )
        ]) as curve
    from lines
),

points as (
    select
        curve['kind'] as kind,
        curve['early'] as early_requests,
        unnest(curve['curve']) as point
    from curves
)

select
    kind,
    cast(point['time'] as bigint) as days,
    cast(point['n_at_risk'] as bigint) as lines_at_risk,
    cast(point['n_events'] as bigint) as requests,
    point['incidence'] as requested_share,
    point['lower'] as requested_share_lower,
    point['upper'] as requested_share_upper,
    point['std_err'] as requested_share_std_error,
    early_requests
from points
where point['n_events'] > 0
