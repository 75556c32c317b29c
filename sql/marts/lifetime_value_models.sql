-- Which models are behind the lifetime values, do they fit, and did they
-- foretell the last months?
--
-- grain: one row
--
-- customers             customers the purchase model was fitted to
-- repeat_customers      of those, with a repeat purchase: the spend model's
-- r                     shape of the purchase rates
-- alpha                 scale of the purchase rates, weeks
-- a                     first parameter of dropping out
-- b                     second one
-- log_likelihood        of the purchase model at these values
-- is_converged          the purchase model was found; else the reason says why
-- reason                how the fit of the purchase model ended
-- p                     shape of the spend within a customer
-- q                     shape of the spend between customers
-- v                     scale of the spend, money
-- is_spend_converged    the spend model was found
-- spend_reason          how the fit of the spend model ended
-- spend_correlation     of the number and the mean amount of repeat purchases;
--                       the model takes it as 0
-- holdout_days          days before the report day that were hidden from a
--                       second fit
-- holdout_customers     customers that fit knew
-- holdout_expected_orders  weeks with a purchase it expected of them since
-- holdout_orders        weeks with a purchase they made
-- holdout_error         expected less made, over made: 0.1 is 10 % too many
-- holdout_correlation   of both, over the customers
-- is_holdout_converged  the second fit was found
--
-- No row without customers. Lifetime values rest on the fit of the first part;
-- the check says how well the same model, fitted without the last
-- $clv_holdout_window_days, foretold them. Over a base that grows or is
-- seasonal a year is a fairer check than half of one.

with

summaries as (
    select
        summary['x'] as repeat_weeks,
        holdout_summary['x'] as known_repeat_weeks,
        holdout_summary['t_x'] as known_weeks_to_last,
        holdout_summary['t'] as known_age_weeks
    from intermediate.lifetime_summaries
),

holdout_model as (
    select
        bgnbd_fit(known_repeat_weeks, known_weeks_to_last, known_age_weeks)
            as model
    from summaries
    where known_repeat_weeks is not null
),

foretold as (
    select
        summaries.repeat_weeks - summaries.known_repeat_weeks as orders,
        bgnbd_conditional_expected(
            summaries.known_repeat_weeks,
            summaries.known_weeks_to_last,
            summaries.known_age_weeks,
            $clv_holdout_window_days / 7.0,
            holdout_model.model
        ) as expected_orders,
        coalesce(holdout_model.model['converged'], false) as is_converged
    from summaries
    cross join holdout_model
    where summaries.known_repeat_weeks is not null
),

-- Decimals add up to the same sum in whatever order they come.
checked as (
    select
        count(*) as customers,
        cast(
            sum(cast(expected_orders as decimal(18, 6))) as double
        ) as expected_orders,
        sum(orders) as orders,
        pearson_ci(expected_orders, cast(orders as double)) as correlation,
        bool_or(is_converged) as is_converged
    from foretold
)

select
    models.purchase_model['n'] as customers,
    coalesce(models.spend_model['n'], 0) as repeat_customers,
    models.purchase_model['r'] as r,
    models.purchase_model['alpha'] as alpha,
    models.purchase_model['a'] as a,
    models.purchase_model['b'] as b,
    models.purchase_model['log_likelihood'] as log_likelihood,
    models.purchase_model['converged'] as is_converged,
    models.purchase_model['reason'] as reason,
    models.spend_model['p'] as p,
    models.spend_model['q'] as q,
    models.spend_model['v'] as v,
    coalesce(models.spend_model['converged'], false) as is_spend_converged,
    models.spend_model['reason'] as spend_reason,
    models.spend_model['correlation'] as spend_correlation,
    $clv_holdout_window_days as holdout_days,
    checked.customers as holdout_customers,
    checked.expected_orders as holdout_expected_orders,
    checked.orders as holdout_orders,
    checked.expected_orders / nullif(checked.orders, 0) - 1 as holdout_error,
    checked.correlation['r'] as holdout_correlation,
    coalesce(checked.is_converged, false) as is_holdout_converged
from intermediate.lifetime_models as models
cross join checked
