-- Which ways do orders take, and how do they end?
--
-- grain: path
--
-- path               events of the order joined by >, events that repeat told
--                    once
-- rank               1 for the most frequent; ties in the order of the paths
-- orders             orders that took it
-- share              of all orders
-- cumulative_share   share of this path and all more frequent ones
-- cases              returns and tickets on the way, mean per order
-- repurchase_rate    customers who bought again within $journey_window_days
--                    days / orders
-- repurchase_lower   lower end of its 95 % Wilson interval
-- repurchase_upper   upper end
-- csat               share of satisfied, last valid answer about each order,
--                    weighted
-- csat_lower         lower end of its 95 % Wilson interval, over effective
--                    answers, clustered by customer
-- csat_upper         upper end
-- csat_answers       orders with a valid answer, whatever it weighs
-- nps                net promoter score of the last valid answer about each
--                    order, weighted, in points
-- nps_lower          lower end of its 95 % interval (adjusted Wald), clustered
--                    by customer
-- nps_upper          upper end
-- nps_answers        orders with a valid answer, whatever it weighs
-- is_enough          at least $min_n orders: below, it is an anecdote
--
-- Answers to relationship surveys do not count. Orders of known customers, paid
-- or not, but for replacements, of the last $history_weeks weeks, whose
-- $journey_window_days days are over, and what happened within those days. The
-- next purchase is the outcome and not part of the path.

with

orders as (
    select
        order_id,
        ordered_at
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
        events.event,
        events.stage,
        events.case_id,
        events.is_case,
        events.occurred_at
    from intermediate.journey_events as events
    inner join orders
        on events.order_id = orders.order_id
    where
        cast(events.occurred_at as bigint)
        <= cast(orders.ordered_at as bigint)
        + $journey_window_days * 86400000000
),

sequenced as (
    select
        *,
        lag(event) over (
            partition by order_id
            order by occurred_at, stage, case_id
        ) as event_before
    from events
),

ways as (
    select
        order_id,
        string_agg(event, ' > ' order by occurred_at, stage, case_id)
        filter (
            where
            event <> 'repurchased'
            and (event_before is null or event_before <> event)
        ) as path,
        count(*) filter (where is_case) as cases,
        bool_or(event = 'repurchased') as is_repurchased
    from sequenced
    group by order_id
),

answers as (
    select
        order_id,
        last_value(score >= scale - 1 order by responded_at, response_id)
        filter (where kind = 'csat') as is_satisfied,
        last_value(weight order by responded_at, response_id)
        filter (where kind = 'csat') as csat_weight,
        last_value(customer_id order by responded_at, response_id)
        filter (where kind = 'csat') as csat_customer_id,
        last_value(score order by responded_at, response_id)
        filter (where kind = 'nps') as nps_score,
        last_value(weight order by responded_at, response_id)
        filter (where kind = 'nps') as nps_weight,
        last_value(customer_id order by responded_at, response_id)
        filter (where kind = 'nps') as nps_customer_id
    from staging.surveys
    where
        order_id is not null
        and problem is null
        and score is not null
        and scope = 'transactional'
    group by order_id
),

-- A satisfied answer is coded as a promoter, any other as a passive one: 1 and
-- 0, of which nps_se knows the error by customer and without customers.
coded as (
    select
        *,
        case when is_satisfied then 10 when not is_satisfied then 7 end
            as csat_code
    from answers
),

measured as (
    select
        ways.path,
        count(*) as orders,
        avg(ways.cases) as cases,
        count(*) filter (where ways.is_repurchased) as repurchased,
        nps(answers.csat_code, answers.csat_weight) / 100 as csat,
        power(sum(answers.csat_weight), 2)
        / nullif(sum(power(answers.csat_weight, 2)), 0) as kish_answers,
        nps_se(
            answers.csat_code, answers.csat_weight, answers.csat_customer_id
        )
        / nullif(nps_se(answers.csat_code, answers.csat_weight), 0)
            as error_ratio,
        count(answers.is_satisfied) as csat_answers,
        nps(answers.nps_score, answers.nps_weight) as nps,
        nps_ci(
            answers.nps_score,
            'adjusted_wald',
            0.95,
            answers.nps_weight,
            answers.nps_customer_id
        ) as nps_interval,
        count(answers.nps_score) as nps_answers
    from ways
    left join coded as answers
        on ways.order_id = answers.order_id
    group by ways.path
),

-- Clusters leave fewer effective answers, never more.
with_effective as (
    select
        *,
        kish_answers / greatest(power(coalesce(error_ratio, 1), 2), 1)
            as effective_answers
    from measured
),

ranked as (
    select
        *,
        row_number() over (order by orders desc, path) as rank,
        sum(orders) over (
            order by orders desc, path
            rows between unbounded preceding and current row
        ) as cumulative_orders,
        sum(orders) over () as all_orders,
        proportion_ci(repurchased, orders) as repurchase_interval,
        proportion_ci(csat * effective_answers, effective_answers)
            as csat_interval
    from with_effective
)

select
    path,
    rank,
    orders,
    cast(orders as double) / all_orders as share,
    cast(cumulative_orders as double) / all_orders as cumulative_share,
    cases,
    cast(repurchased as double) / orders as repurchase_rate,
    repurchase_interval['lower'] as repurchase_lower,
    repurchase_interval['upper'] as repurchase_upper,
    csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    nps,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    nps_answers,
    orders >= $min_n as is_enough
from ranked
