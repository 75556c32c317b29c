-- Which customers have stayed away for longer than customers do who come back?
--
-- grain: customer_id
-- rows: intermediate.gaps_between_purchases on
--   rows.customer_id = cell.customer_id
--
-- customer_id          known customer with a purchase
-- churn_status         active, at_risk or churned, by $churn_method
-- population_status    the same by the gaps of all customers
-- own_status           the same by the customer's own median gap, where there
--                      are $churn_own_min_purchases purchases, else as
--                      population_status
-- fixed_status         the same by $churn_at_risk_days and $churn_churned_days
-- has_own_interval     own_status is by the customer's own gaps
-- days_since_purchase  days since the last purchase
-- at_risk_after_days   threshold of churn_status
-- churned_after_days   threshold of churn_status
-- median_gap_days      median of the customer's own gaps that ended
-- purchases            days with a purchase
-- is_overdue           beyond $churn_own_at_risk_factor own median gaps; false
--                      without has_own_interval
-- is_likely_loss       at risk, and kept value ever at least the median
-- net_amount           kept value ever
-- first_purchase_date  first purchase
-- last_purchase_date   last purchase
--
-- Purchases count whether or not they were kept: who buys is there. Nobody
-- tells a shop that they left, so churn is a threshold, and its definition
-- matters more than its digits: compare the three. The chance that a customer
-- is still one, by a model, is in lifetime_values. Guests are nowhere in here:
-- see identity_coverage.

with

customers as (
    select
        customer_id,
        max(purchases) as purchases,
        min(began_date) as first_purchase_date,
        max(began_date) as last_purchase_date,
        max(gap_days) filter (where not is_closed) as days_since_purchase,
        median(cast(gap_days as double)) filter (where is_closed)
            as median_gap_days
    from intermediate.gaps_between_purchases
    group by customer_id
),

-- A customer who buys daily is not at risk after an afternoon: one day at
-- least.
with_limits as (
    select
        customers.*,
        customers.purchases >= $churn_own_min_purchases
        and customers.median_gap_days is not null as has_own_interval,
        customers.purchases >= $churn_own_min_purchases
        and customers.median_gap_days is not null
        and $churn_method = 'own' as uses_own_interval,
        greatest(
            $churn_own_at_risk_factor * customers.median_gap_days, 1
        ) as own_at_risk_days,
        greatest(
            $churn_own_churned_factor * customers.median_gap_days, 1
        ) as own_churned_days,
        coalesce(
            thresholds.population_at_risk_days, $churn_at_risk_days
        ) as population_at_risk_days,
        coalesce(
            thresholds.population_churned_days, $churn_churned_days
        ) as population_churned_days,
        thresholds.at_risk_days,
        thresholds.churned_days,
        value.net_amount_ever
    from customers
    cross join intermediate.churn_thresholds as thresholds
    inner join intermediate.customers_with_purchases as value
        on customers.customer_id = value.customer_id
),

with_status as (
    select
        *,
        churn_status(
            days_since_purchase,
            population_at_risk_days,
            population_churned_days
        ) as population_status,
        churn_status(
            days_since_purchase,
            case
                when has_own_interval then own_at_risk_days
                else population_at_risk_days
            end,
            case
                when has_own_interval then own_churned_days
                else population_churned_days
            end
        ) as own_status,
        churn_status(
            days_since_purchase, $churn_at_risk_days, $churn_churned_days
        ) as fixed_status,
        median(net_amount_ever) over () as median_net_amount
    from with_limits
)

select
    customer_id,
    case $churn_method
        when 'fixed' then fixed_status
        when 'own' then own_status
        else population_status
    end as churn_status,
    population_status,
    own_status,
    fixed_status,
    has_own_interval,
    days_since_purchase,
    cast(
        case
            when uses_own_interval then own_at_risk_days else at_risk_days
        end as double
    ) as at_risk_after_days,
    cast(
        case
            when uses_own_interval then own_churned_days else churned_days
        end as double
    ) as churned_after_days,
    median_gap_days,
    purchases,
    has_own_interval and own_status <> 'active' as is_overdue,
    case $churn_method
        when 'fixed' then fixed_status
        when 'own' then own_status
        else population_status
    end = 'at_risk'
    and net_amount_ever >= median_net_amount as is_likely_loss,
    net_amount_ever as net_amount,
    first_purchase_date,
    last_purchase_date
from with_status
