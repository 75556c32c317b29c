-- Where do returns, exchanges and repairs wait longest?
--
-- grain: stage
-- rows: marts.returns on
--   rows.problem is null and rows.requested_at >= $sales_window_start_at
--   and (rows.waiting_for = cell.stage or case cell.stage
--   when 'approval' then rows.approval_hours is not null
--   when 'transit' then rows.transit_hours is not null
--   when 'inspection' then rows.inspection_hours is not null
--   when 'refund' then rows.refund_hours is not null
--   and rows.kind in ('return', 'refund_only')
--   when 'replacement' then rows.replacement_delivered_at >=
--   coalesce(rows.inspected_at, rows.received_at)
--   when 'repair' then rows.repaired_at >= coalesce(rows.received_at,
--   rows.approved_at, rows.requested_at) and rows.kind = 'repair' end)
--
-- stage             approval, transit, inspection, refund, replacement or
--                   repair
-- done              requests that are through the stage
-- median_hours      median of those
-- p90_hours         nine of ten took no longer
-- total_hours       hours of all of them together
-- time_share        of the hours of all stages
-- open_requests     requests that wait in it on the report day
-- open_share        of all that wait
-- open_median_hours  median time those have waited in it
-- open_max_hours    longest of them
-- open_overdue      of them, longer than nine of ten of the finished took
--
-- Requests of the last $sales_window_days that are not refused or withdrawn.
-- transit is the customer's and the carrier's time, the rest is the desk's.
-- Replacement runs from the inspection, else from the arrival of the goods,
-- repair from their arrival. A refund before the goods are back runs beside transit, so the shares are of
-- hours waited, not of the time from end to end. Quantiles are of finished
-- stages, which is fair over a year; by month see refund_latency_by_month.

with

requests as (
    select
        waiting_for,
        approval_hours,
        transit_hours,
        inspection_hours,
        case when kind in ('return', 'refund_only') then refund_hours end
            as refund_hours,
        case
            when replacement_delivered_at >= coalesce(inspected_at, received_at)
                then cast(replacement_delivered_at as bigint)
                - cast(coalesce(inspected_at, received_at) as bigint)
        end / 3600000000.0 as replacement_hours,
        case
            when
                repaired_at >= coalesce(received_at, approved_at, requested_at)
                and kind = 'repair'
                then cast(repaired_at as bigint)
                - cast(
                    coalesce(received_at, approved_at, requested_at) as bigint
                )
        end / 3600000000.0 as repair_hours,
        (
            cast($as_of_at as bigint)
            - cast(
                case waiting_for
                    when 'approval' then requested_at
                    when 'transit' then coalesce(approved_at, requested_at)
                    when 'inspection' then received_at
                    when 'repair'
                        then coalesce(received_at, approved_at, requested_at)
                    else
                        coalesce(
                            inspected_at,
                            received_at,
                            approved_at,
                            requested_at
                        )
                end as bigint
            )
        ) / 3600000000.0 as open_hours
    from intermediate.requests_with_stages
    where
        problem is null
        and requested_at >= $sales_window_start_at
),

-- One row for each stage and request; those it never came to drop out below.
stages as (
    select
        unnest([
            named_struct(
                'stage', 'approval',
                'hours', approval_hours,
                'open_hours',
                case when waiting_for = 'approval' then open_hours end
            ),
            named_struct(
                'stage', 'transit',
                'hours', transit_hours,
                'open_hours',
                case when waiting_for = 'transit' then open_hours end
            ),
            named_struct(
                'stage', 'inspection',
                'hours', inspection_hours,
                'open_hours',
                case when waiting_for = 'inspection' then open_hours end
            ),
            named_struct(
                'stage', 'refund',
                'hours', refund_hours,
                'open_hours',
                case when waiting_for = 'refund' then open_hours end
            ),
            named_struct(
                'stage', 'replacement',
                'hours', replacement_hours,
                'open_hours',
                case when waiting_for = 'replacement' then open_hours end
            ),
            named_struct(
                'stage', 'repair',
                'hours', repair_hours,
                'open_hours',
                case when waiting_for = 'repair' then open_hours end
            )
        ]) as step
    from requests
),

steps as (
    select
        step['stage'] as stage,
        step['hours'] as hours,
        step['open_hours'] as open_hours
    from stages
    where
        step['hours'] is not null
        or step['open_hours'] is not null
),

-- Whole microseconds add up to the same sum in any order, floats do not.
finished as (
    select
        stage,
        count(hours) as done,
        quantile_type(hours, 0.5) as median_hours,
        quantile_type(hours, 0.9) as p90_hours,
        cast(
            sum(cast(round(hours * 3600000000.0) as bigint)) as double
        ) / 3600000000.0 as total_hours
    from steps
    group by stage
),

waiting as (
    select
        steps.stage,
        count(*) as open_requests,
        quantile_type(steps.open_hours, 0.5) as open_median_hours,
        max(steps.open_hours) as open_max_hours,
        count(*) filter (where steps.open_hours > finished.p90_hours)
            as open_overdue
    from steps
    inner join finished
        on steps.stage = finished.stage
    where steps.open_hours is not null
    group by steps.stage
)

select
    finished.stage,
    finished.done,
    finished.median_hours,
    finished.p90_hours,
    coalesce(finished.total_hours, 0) as total_hours,
    coalesce(finished.total_hours, 0)
    / nullif(
        sum(finished.total_hours) over (
            order by finished.stage
            rows between unbounded preceding and unbounded following
        ), 0
    ) as time_share,
    coalesce(waiting.open_requests, 0) as open_requests,
    cast(coalesce(waiting.open_requests, 0) as double)
    / nullif(sum(waiting.open_requests) over (), 0) as open_share,
    waiting.open_median_hours,
    waiting.open_max_hours,
    coalesce(waiting.open_overdue, 0) as open_overdue
from finished
left join waiting
    on finished.stage = waiting.stage
