-- How far do orders get, to the next purchase, with and without a case on the
-- way?
--
-- grain: branch, channel, step_no
--
-- branch           after_delivery: with a return or ticket after delivery;
--                  before_delivery: with one before; no_case: without any
-- channel          channel of the order; all for every order; unknown where the
--                  source does not say
-- step_no          1 for the first step
-- step             ordered, paid, shipped, delivered, case_opened,
--                  case_solved or repurchased
-- entered          orders that began: those of step 1
-- orders           orders that took this step after all earlier ones
-- reached_share    orders / entered
-- conversion_rate  orders / orders of the step before; NULL for the first
-- conversion_lower  lower end of its 95 % Wilson interval
-- conversion_upper  upper end
-- dropped_orders   orders that took the step before, and not this one
-- median_hours     median hours from the step before
--
-- Orders of known customers, paid or not, but for replacements, of the last
-- $history_weeks weeks, whose $journey_window_days days are over: younger ones
-- could still go on. Steps count within those days after the order and in this
-- order; an order with a case before and one after delivery is in both
-- branches. Where most orders have no case, most drop out at case_opened of the
-- first two branches: that is how it should be. Who came back after a case and
-- who had none are other customers, so the difference between branches is not
-- what a case does.

with

orders as (
    select
        order_id,
        coalesce(channel, 'unknown') as channel,
        delivered_at
    from staging.orders
    where
        customer_id is not null
        and (problem is null or problem <> 'replacement')
        and ordered_at >= $history_start_at
        and ordered_at < $journey_window_start_at
),

events as (
    select
        orders.order_id,
        orders.channel,
        events.event,
        events.is_case,
        events.is_solution,
        coalesce(events.occurred_at < orders.delivered_at, true)
            as is_before_delivery,
        events.occurred_at
    from intermediate.journey_events as events
    inner join orders
        on events.order_id = orders.order_id
),

-- The first case and its first solution: a chain would else take the last of
-- several before the next step.
cases as (
    select
        order_id,
        min(case when not is_before_delivery then occurred_at end)
            as late_case_at,
        min(case when is_before_delivery then occurred_at end)
            as early_case_at
    from events
    where is_case
    group by order_id
),

solutions as (
    select
        events.order_id,
        min(
            case
                when events.occurred_at >= cases.late_case_at
                    then events.occurred_at
            end
        ) as late_solution_at,
        min(
            case
                when events.occurred_at >= cases.early_case_at
                    then events.occurred_at
            end
        ) as early_solution_at
    from events
    inner join cases
        on events.order_id = cases.order_id
    where events.is_solution
    group by events.order_id
),

with_solutions as (
    select
        events.*,
        cases.late_case_at,
        cases.early_case_at,
        solutions.late_solution_at,
        solutions.early_solution_at
    from events
    left join cases
        on events.order_id = cases.order_id
    left join solutions
        on events.order_id = solutions.order_id
),

chains as (
    select
        order_id,
        channel,
        bool_or(is_case) as has_case,
        window_funnel_times(
            $journey_window_days * 86400,
            occurred_at,
            event = 'ordered',
            event = 'paid',
            event = 'shipped',
            event = 'delivered',
            is_case and occurred_at = late_case_at,
            is_solution and occurred_at = late_solution_at,
            event = 'repurchased'
        ) as after_delivery,
        window_funnel_times(
            $journey_window_days * 86400,
            occurred_at,
            event = 'ordered',
            event = 'paid',
            is_case and occurred_at = early_case_at,
            is_solution and occurred_at = early_solution_at,
            event = 'repurchased'
        ) as before_delivery,
        window_funnel_times(
            $journey_window_days * 86400,
            occurred_at,
            event = 'ordered',
            event = 'paid',
            event = 'shipped',
            event = 'delivered',
            event = 'repurchased'
        ) as no_case
    from with_solutions
    group by order_id, channel
),

-- A list and not a union, which would run the chains once for each branch.
branches as (
    select
        channel,
        has_case,
        unnest([
            named_struct('branch', 'after_delivery', 'times', after_delivery),
            named_struct('branch', 'before_delivery', 'times', before_delivery),
            named_struct('branch', 'no_case', 'times', no_case)
        ]) as chain
    from chains
),

steps as (
    select
        steps.branch,
        steps.step_no,
        steps.step
    from (
        values
        ('after_delivery', 1, 'ordered'),
        ('after_delivery', 2, 'paid'),
        ('after_delivery', 3, 'shipped'),
        ('after_delivery', 4, 'delivered'),
        ('after_delivery', 5, 'case_opened'),
        ('after_delivery', 6, 'case_solved'),
        ('after_delivery', 7, 'repurchased'),
        ('before_delivery', 1, 'ordered'),
        ('before_delivery', 2, 'paid'),
        ('before_delivery', 3, 'case_opened'),
        ('before_delivery', 4, 'case_solved'),
        ('before_delivery', 5, 'repurchased'),
        ('no_case', 1, 'ordered'),
        ('no_case', 2, 'paid'),
        ('no_case', 3, 'shipped'),
        ('no_case', 4, 'delivered'),
        ('no_case', 5, 'repurchased')
    ) as steps (branch, step_no, step)
),

-- Every order with every step of its branches, taken or not: steps that nobody
-- took are then there with 0.
counted as (
    select
        steps.branch,
        case
            when grouping(branches.channel) = 1 then 'all'
            else branches.channel
        end as channel,
        steps.step_no,
        steps.step,
        count(*) as entered,
        count(branches.chain['times'][steps.step_no]) as orders,
        median(
            cast(branches.chain['times'][steps.step_no] as bigint)
            - cast(branches.chain['times'][steps.step_no - 1] as bigint)
        ) as step_microseconds
    from branches
    inner join steps
        on branches.chain['branch'] = steps.branch
    where
        steps.branch <> 'no_case'
        or not branches.has_case
    group by grouping sets (
        (steps.branch, steps.step_no, steps.step),
        (steps.branch, steps.step_no, steps.step, branches.channel)
    )
),

reached as (
    select
        *,
        lag(orders) over (
            partition by branch, channel
            order by step_no
        ) as orders_before
    from counted
),

with_intervals as (
    select
        *,
        proportion_ci(orders, orders_before) as conversion_interval
    from reached
)

select
    branch,
    channel,
    step_no,
    step,
    entered,
    orders,
    cast(orders as double) / entered as reached_share,
    cast(orders as double) / nullif(orders_before, 0) as conversion_rate,
    conversion_interval['lower'] as conversion_lower,
    conversion_interval['upper'] as conversion_upper,
    orders_before - orders as dropped_orders,
    step_microseconds / 3600000000.0 as median_hours
from with_intervals
