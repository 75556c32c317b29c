-- Is this customer still one, and what is he or she worth in the year to come?
--
-- grain: customer_id
-- rows: intermediate.purchases on
--   rows.customer_id = cell.customer_id and rows.is_kept
--
-- customer_id           known customer who kept a purchase
-- repeat_weeks          later weeks with a purchase that was kept
-- weeks_to_last         weeks from the first purchase to the last
-- age_weeks             weeks from the first purchase to the report day
-- p_alive               chance that the customer has not left, 0 to 1; NULL
--                       without a repeat purchase
-- is_likely_alive       p_alive is at least one half; NULL like it
-- expected_orders       weeks with a purchase expected in the next $clv_months
-- mean_repeat_amount    mean kept amount of the repeat weeks; NULL without
-- expected_order_amount  kept amount expected of a week with a purchase
-- clv_amount            kept sales expected in the next $clv_months, discounted
--                       by $clv_monthly_discount
--
-- BG/NBD and Gamma-Gamma, fitted to the whole base (lifetime_value_models):
-- NULL in p_alive, expected_* and clv_amount where a fit did not converge, with
-- the reason there. The model takes everybody without a repeat purchase as
-- alive, so p_alive is not shown for them; churn has a rule that is. Sales, not
-- margin, and no cost of service: costs_by_customer has that. What was kept
-- counts as known now; young orders can still come back.

with

summaries as (
    select
        customer_id,
        summary['x'] as repeat_weeks,
        summary['t_x'] as weeks_to_last,
        summary['t'] as age_weeks,
        summary['monetary'] as mean_repeat_amount
    from intermediate.lifetime_summaries
),

-- A month has 365.25 / 12 / 7 weeks.
expected as (
    select
        summaries.*,
        case
            when repeat_weeks > 0
                then
                    bgnbd_alive(
                        repeat_weeks,
                        weeks_to_last,
                        age_weeks,
                        models.purchase_model
                    )
        end as p_alive,
        bgnbd_conditional_expected(
            repeat_weeks,
            weeks_to_last,
            age_weeks,
            $clv_months * 365.25 / 84,
            models.purchase_model
        ) as expected_orders,
        gamma_gamma_expected_value(
            repeat_weeks, mean_repeat_amount, models.spend_model
        ) as expected_order_amount,
        models.purchase_model
    from summaries
    cross join intermediate.lifetime_models as models
)

select
    customer_id,
    repeat_weeks,
    weeks_to_last,
    age_weeks,
    p_alive,
    p_alive >= 0.5 as is_likely_alive,
    expected_orders,
    case when repeat_weeks > 0 then mean_repeat_amount end
        as mean_repeat_amount,
    expected_order_amount,
    cast(
        clv(
            repeat_weeks,
            weeks_to_last,
            age_weeks,
            expected_order_amount,
            purchase_model,
            $clv_months,
            365.25 / 84,
            $clv_monthly_discount
        ) as decimal(18, 2)
    ) as clv_amount
from expected
