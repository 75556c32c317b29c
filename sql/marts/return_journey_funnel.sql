-- How far do requests to return get, step by step, and where do they wait?
--
-- grain: kind, step_no
-- rows: marts.returns on
--   rows.kind = cell.kind
--   and coalesce(rows.problem, 'none') <> 'quantity_not_positive'
--   and rows.requested_at >= $history_start_at
--
-- kind              return or exchange
-- step_no           1 for the first step
-- step              requested, approved, received, inspected or settled: money
--                   back, replacement delivered, or closed
-- entered           requests
-- returns           requests that took this step after all earlier ones
-- reached_share     returns / entered
-- conversion_rate   returns / (returns of the step before, less those still
--                   waiting); NULL for the first
-- conversion_lower  lower end of its 95 % Wilson interval
-- conversion_upper  upper end
-- waiting_returns   took the step before, not this one, and are not over
-- dropped_returns   took the step before, not this one, and are over: refused,
--                   given up, or settled without this step
-- median_hours      median hours from the step before; requests still waiting
--                   count for as long as they have waited
-- p90_hours         time by which 90 % took it; NULL while fewer have
--
-- Requests of the last $history_weeks weeks, also those refused, withdrawn or
-- of no known purchase. A request that skips a step, or takes it out of turn,
-- drops out there although it may be settled: see marts.journey_conformance.
-- Steps later than $journey_window_days after the request are not seen.

with

stages as (
    select
        returns.return_id,
        returns.kind,
        returns.is_rejected,
        unnest([
            named_struct('event', 'requested', 'at', returns.requested_at),
            named_struct('event', 'approved', 'at', returns.approved_at),
            named_struct('event', 'received', 'at', returns.received_at),
            named_struct('event', 'inspected', 'at', returns.inspected_at),
            named_struct('event', 'settled', 'at', returns.refunded_at),
            named_struct('event', 'settled', 'at', goods_refunds.refunded_at),
            named_struct('event', 'settled', 'at', replacements.delivered_at),
            named_struct('event', 'settled', 'at', returns.closed_at)
        ]) as stage
    from staging.returns
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    left join staging.orders as replacements
        on returns.exchange_order_id = replacements.order_id
    where
        returns.kind in ('return', 'exchange')
        and returns.problem is null
        and returns.requested_at >= $history_start_at
),

chains as (
    select
        kind,
        return_id,
        is_rejected or bool_or(stage['event'] = 'settled') as is_over,
        window_funnel_times(
            $journey_window_days * 86400,
            stage['at'],
            stage['event'] = 'requested',
            stage['event'] = 'approved',
            stage['event'] = 'received',
            stage['event'] = 'inspected',
            stage['event'] = 'settled'
        ) as times
    from stages
    where stage['at'] is not null
    group by kind, return_id, is_rejected
),

steps as (
    select
        steps.step_no,
        steps.step
    from (
        values
        (1, 'requested'),
        (2, 'approved'),
        (3, 'received'),
        (4, 'inspected'),
        (5, 'settled')
    ) as steps (step_no, step)
),

-- Every request with every step: taken, the next one, or further away.
attempts as (
    select
        chains.kind,
        steps.step_no,
        steps.step,
        array_length(chains.times) >= steps.step_no as is_taken,
        array_length(chains.times) + 1 = steps.step_no as is_next,
        chains.is_over,
        (
            cast(
                coalesce(chains.times[steps.step_no], $as_of_at) as bigint
            ) - cast(chains.times[steps.step_no - 1] as bigint)
        ) / 3600000000.0 as hours
    from chains
    cross join steps
),

reached as (
    select
        kind,
        step_no,
        step,
        count(*) as entered,
        count(*) filter (where is_taken) as returns,
        count(*) filter (where is_next and not is_over) as waiting_returns,
        count(*) filter (where is_next and is_over) as dropped_returns,
        km_quantile(hours, is_taken, 0.5) filter (
            where is_taken or (is_next and not is_over)
        ) as median_wait,
        km_quantile(hours, is_taken, 0.9) filter (
            where is_taken or (is_next and not is_over)
        ) as p90_wait
    from attempts
    group by kind, step_no, step
),

with_intervals as (
    select
        *,
        case
            when step_no > 1
                then proportion_ci(returns, returns + dropped_returns)
        end as conversion_interval
    from reached
)

select
    kind,
    step_no,
    step,
    entered,
    returns,
    cast(returns as double) / entered as reached_share,
    case
        when step_no > 1
            then
                cast(returns as double)
                / nullif(returns + dropped_returns, 0)
    end as conversion_rate,
    conversion_interval['lower'] as conversion_lower,
    conversion_interval['upper'] as conversion_upper,
    waiting_returns,
    dropped_returns,
    median_wait['time'] as median_hours,
    p90_wait['time'] as p90_hours
from with_intervals
