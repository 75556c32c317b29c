-- Is after-sales saving money at the expense of what customers think of it?
--
-- grain: opened_month
-- rows: intermediate.case_costs on
--   cast(date_trunc('month', rows.opened_date) as date) = cell.opened_month
--
-- opened_month           first day of the month, local
-- cost_amount            booked cost of the cases that began in it
-- costed_share           of those cases, with a known cost
-- orders                 purchases of the month
-- cost_per_order_amount  cost_amount / orders
-- previous_cost_per_order_amount  of the month before
-- csat                   share of satisfied among valid answers of the month,
--                        weighted
-- csat_lower             lower end of its 95 % Wilson interval, clustered by
--                        customer
-- csat_upper             upper end
-- csat_answers           valid answers, whatever they weigh
-- previous_csat          of the month before
-- csat_change            csat - previous_csat
-- csat_change_lower      lower end of its 95 % interval (Newcombe, of the
--                        intervals of both months)
-- csat_change_upper      upper end
-- is_complete            the month ended before the report day
-- needs_attention        complete, cost per order fell, and satisfaction fell by
--                        more than chance (the whole interval is below 0)
--
-- csat is that of csat_by_month, with its interval. Side by side is not cause
-- and effect. Only a month that directly follows the
-- one before is compared; a month without orders or answers compares nothing.

with

costs as (
    select
        cast(date_trunc('month', opened_date) as date) as month,
        sum(cost_amount) as cost_amount,
        cast(count(cost_amount) as double) / count(*) as costed_share
    from intermediate.case_costs
    group by cast(date_trunc('month', opened_date) as date)
),

sales as (
    select
        cast(date_trunc('month', ordered_date) as date) as month,
        count(*) as orders
    from intermediate.purchases
    group by cast(date_trunc('month', ordered_date) as date)
),

months as (
    select
        costs.month,
        costs.cost_amount,
        costs.costed_share,
        coalesce(sales.orders, 0) as orders,
        cast(costs.cost_amount as double) / sales.orders
            as cost_per_order_amount,
        answers.csat,
        answers.csat_lower,
        answers.csat_upper,
        coalesce(answers.answers, 0) as csat_answers,
        lag(costs.month) over (order by costs.month)
        + interval '1 month' = costs.month as has_previous
    from costs
    left join sales
        on costs.month = sales.month
    left join marts.csat_by_month as answers
        on
            costs.month = answers.answered_month
            and answers.touchpoint = 'all'
),

compared as (
    select
        *,
        case
            when has_previous
                then lag(cost_per_order_amount) over (order by month)
        end as previous_cost_per_order_amount,
        case when has_previous then lag(csat) over (order by month) end
            as previous_csat,
        case when has_previous then lag(csat_lower) over (order by month) end
            as previous_csat_lower,
        case when has_previous then lag(csat_upper) over (order by month) end
            as previous_csat_upper
    from months
),

-- Newcombe's method from the intervals and not from counts, so that weights and
-- repeated answers are in it: without them it is prop_diff_ci.
changed as (
    select
        *,
        csat - previous_csat as csat_change,
        csat - previous_csat
        - sqrt(
            power(csat - csat_lower, 2)
            + power(previous_csat_upper - previous_csat, 2)
        ) as csat_change_lower,
        csat - previous_csat
        + sqrt(
            power(csat_upper - csat, 2)
            + power(previous_csat - previous_csat_lower, 2)
        ) as csat_change_upper
    from compared
)

select
    month as opened_month,
    cost_amount,
    costed_share,
    orders,
    cost_per_order_amount,
    previous_cost_per_order_amount,
    csat,
    csat_lower,
    csat_upper,
    csat_answers,
    previous_csat,
    csat_change,
    csat_change_lower,
    csat_change_upper,
    month + interval '1 month' <= $as_of as is_complete,
    coalesce(
        month + interval '1 month' <= $as_of
        and cost_per_order_amount < previous_cost_per_order_amount
        and csat_change_upper < 0,
        false
    ) as needs_attention
from changed
