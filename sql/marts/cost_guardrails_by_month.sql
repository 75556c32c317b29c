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
-- csat                   share of satisfied among valid answers of the month
-- csat_lower             lower end of its 95 % Wilson interval
-- csat_upper             upper end
-- csat_answers           valid answers
-- previous_csat          of the month before
-- csat_change            csat - previous_csat
-- csat_change_lower      lower end of its 95 % interval
-- csat_change_upper      upper end
-- is_complete            the month ended before the report day
-- needs_attention        complete, cost per order fell, and satisfaction fell by
--                        more than chance (the whole interval is below 0)
--
-- Side by side is not cause and effect. Only a month that directly follows the
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

-- The two best answers of a scale are satisfied, as in csat_by_month.
answers as (
    select
        cast(date_trunc('month', cast(responded_at as date)) as date) as month,
        count(*) as csat_answers,
        count(*) filter (where score >= scale - 1) as satisfied_answers
    from staging.surveys
    where
        kind = 'csat'
        and score is not null
        and problem is null
    group by cast(date_trunc('month', cast(responded_at as date)) as date)
),

months as (
    select
        costs.month,
        costs.cost_amount,
        costs.costed_share,
        coalesce(sales.orders, 0) as orders,
        cast(costs.cost_amount as double) / sales.orders
            as cost_per_order_amount,
        coalesce(answers.csat_answers, 0) as csat_answers,
        coalesce(answers.satisfied_answers, 0) as satisfied_answers,
        lag(costs.month) over (order by costs.month)
        + interval '1 month' = costs.month as has_previous
    from costs
    left join sales
        on costs.month = sales.month
    left join answers
        on costs.month = answers.month
),

compared as (
    select
        *,
        case
            when has_previous
                then lag(cost_per_order_amount) over (order by month)
        end as previous_cost_per_order_amount,
        case
            when has_previous then lag(csat_answers) over (order by month)
        end as previous_answers,
        case
            when has_previous then lag(satisfied_answers) over (order by month)
        end as previous_satisfied_answers
    from months
),

tested as (
    select
        *,
        proportion_ci(satisfied_answers, csat_answers) as csat_interval,
        prop_diff_ci(
            satisfied_answers,
            csat_answers,
            previous_satisfied_answers,
            previous_answers
        ) as csat_difference
    from compared
)

select
    month as opened_month,
    cost_amount,
    costed_share,
    orders,
    cost_per_order_amount,
    previous_cost_per_order_amount,
    cast(satisfied_answers as double) / nullif(csat_answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    cast(previous_satisfied_answers as double) / nullif(previous_answers, 0)
        as previous_csat,
    csat_difference['diff'] as csat_change,
    csat_difference['lower'] as csat_change_lower,
    csat_difference['upper'] as csat_change_upper,
    month + interval '1 month' <= $as_of as is_complete,
    coalesce(
        month + interval '1 month' <= $as_of
        and cost_per_order_amount < previous_cost_per_order_amount
        and csat_difference['upper'] < 0,
        false
    ) as needs_attention
from tested
