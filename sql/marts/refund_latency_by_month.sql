-- How long do customers wait, stage by stage, month by month?
--
-- grain: requested_month, stage
-- rows: marts.returns on
--   rows.problem is null
--   and cast(date_trunc('month', cast(rows.requested_at as date)) as date) =
--   cell.requested_month and rows.requested_at >= $sales_window_start_at
--   and case cell.stage when 'approval' then rows.approval_hours is not null
--   or rows.waiting_for = 'approval'
--   when 'transit' then rows.transit_hours is not null
--   or rows.waiting_for = 'transit'
--   when 'inspection' then rows.inspection_hours is not null
--   or rows.waiting_for = 'inspection'
--   when 'refund' then (rows.refund_hours is not null
--   and rows.kind in ('return', 'refund_only')) or rows.waiting_for = 'refund'
--   when 'request_to_refund' then rows.kind in ('return', 'refund_only')
--   and (rows.request_to_refund_hours is not null
--   or rows.waiting_for is not null)
--   when 'request_to_replacement' then rows.kind = 'exchange'
--   and (rows.request_to_replacement_hours is not null
--   or rows.waiting_for is not null) else rows.kind = 'repair'
--   and (rows.request_to_repair_hours is not null
--   or rows.waiting_for is not null) end
--
-- requested_month    first day of the month of the request, local
-- stage              approval, transit, inspection, refund (from the stage
--                    before it), request_to_refund, request_to_replacement or
--                    request_to_repair
-- requests           requests that came to the stage
-- done               of those, through it
-- median_hours       time by which half were through it (Kaplan-Meier)
-- median_hours_lower  lower end of its 95 % interval
-- median_hours_upper  upper end; NULL when the data do not bound it
-- p90_hours          time by which nine of ten were
-- mean_done_hours    mean of those through it: too short while others wait
-- in_time            requests refunded within $refund_target_days; NULL but for
--                    request_to_refund
-- decided            requests that were refunded, or have waited longer than
--                    that; NULL but for request_to_refund
-- in_time_share      in_time / decided
-- in_time_share_lower  lower end of its 95 % Wilson interval
-- in_time_share_upper  upper end
--
-- Requests of the last $sales_window_days. Those still waiting count for as
-- long as they have waited, so the last months do not look quick because only
-- the quick ones are done; NULL where too few are through. Calendar hours,
-- nights and holidays included. request_to_refund and refund are of returns and
-- refunds without goods; refused and withdrawn requests are in none. A refund
-- in several parts counts with the first. Requests closed without a stage are
-- not waiting.

with

requests as (
    select
        cast(date_trunc('month', cast(requested_at as date)) as date)
            as requested_month,
        kind,
        waiting_for,
        approval_hours,
        transit_hours,
        inspection_hours,
        refund_hours,
        request_to_refund_hours,
        request_to_replacement_hours,
        request_to_repair_hours,
        (cast($as_of_at as bigint) - cast(requested_at as bigint))
        / 3600000000.0 as since_request,
        (
            cast($as_of_at as bigint)
            - cast(coalesce(approved_at, requested_at) as bigint)
        ) / 3600000000.0 as since_approval,
        (cast($as_of_at as bigint) - cast(received_at as bigint))
        / 3600000000.0 as since_receipt,
        (
            cast($as_of_at as bigint)
            - cast(coalesce(inspected_at, received_at, approved_at) as bigint)
        ) / 3600000000.0 as since_last
    from intermediate.requests_with_stages
    where
        problem is null
        and requested_at >= $sales_window_start_at
),

-- One row for each stage a request came to: the hours it took, or has taken.
stages as (
    select
        requested_month,
        unnest([
            named_struct(
                'stage', 'approval',
                'hours', approval_hours,
                'waited',
                case when waiting_for = 'approval' then since_request end
            ),
            named_struct(
                'stage', 'transit',
                'hours', transit_hours,
                'waited',
                case when waiting_for = 'transit' then since_approval end
            ),
            named_struct(
                'stage', 'inspection',
                'hours', inspection_hours,
                'waited',
                case when waiting_for = 'inspection' then since_receipt end
            ),
            named_struct(
                'stage', 'refund',
                'hours',
                case
                    when kind in ('return', 'refund_only') then refund_hours
                end,
                'waited',
                case when waiting_for = 'refund' then since_last end
            ),
            named_struct(
                'stage', 'request_to_refund',
                'hours',
                case
                    when kind in ('return', 'refund_only')
                        then request_to_refund_hours
                end,
                'waited',
                case
                    when
                        kind in ('return', 'refund_only')
                        and request_to_refund_hours is null
                        and waiting_for is not null
                        then since_request
                end
            ),
            named_struct(
                'stage', 'request_to_replacement',
                'hours',
                case
                    when kind = 'exchange' then request_to_replacement_hours
                end,
                'waited',
                case
                    when
                        kind = 'exchange'
                        and request_to_replacement_hours is null
                        and waiting_for is not null
                        then since_request
                end
            ),
            named_struct(
                'stage', 'request_to_repair',
                'hours',
                case when kind = 'repair' then request_to_repair_hours end,
                'waited',
                case
                    when
                        kind = 'repair'
                        and request_to_repair_hours is null
                        and waiting_for is not null
                        then since_request
                end
            )
        ]) as step
    from requests
),

steps as (
    select
        requested_month,
        step['stage'] as stage,
        step['hours'] as hours,
        coalesce(step['hours'], step['waited']) as observed_hours,
        step['hours'] is not null as is_done
    from stages
    where coalesce(step['hours'], step['waited']) is not null
),

-- Whole microseconds add up to the same sum in any order, floats do not.
by_stage as (
    select
        requested_month,
        stage,
        count(*) as requests,
        count(hours) as done,
        km_quantile(observed_hours, is_done, 0.5) as median,
        km_quantile(observed_hours, is_done, 0.9) as p90,
        cast(
            sum(cast(round(hours * 3600000000.0) as bigint)) as double
        ) / nullif(count(hours), 0) / 3600000000.0 as mean_done_hours,
        case
            when stage = 'request_to_refund'
                then count(*) filter (where hours <= $refund_target_days * 24)
        end as in_time,
        case
            when stage = 'request_to_refund'
                then count(*) filter (
                    where is_done or observed_hours > $refund_target_days * 24
                )
        end as decided
    from steps
    group by requested_month, stage
),

with_intervals as (
    select
        *,
        proportion_ci(in_time, decided) as in_time_interval
    from by_stage
)

select
    requested_month,
    stage,
    requests,
    done,
    median['time'] as median_hours,
    median['lower'] as median_hours_lower,
    median['upper'] as median_hours_upper,
    p90['time'] as p90_hours,
    mean_done_hours,
    in_time,
    decided,
    cast(in_time as double) / nullif(decided, 0) as in_time_share,
    in_time_interval['lower'] as in_time_share_lower,
    in_time_interval['upper'] as in_time_share_upper
from with_intervals
