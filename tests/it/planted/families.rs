//! Families of findings, and how each is asked whether it says something.

/// Families with a query that has a row for each finding: what a reader would
/// take for news, after the correction for looking often that the mart makes.
///
/// `issue_trends_by_week` is not among them: `is_burst` is one look at each week
/// and issue at three standard deviations, and says so.
pub(super) const FAMILIES: &[(&str, &str)] = &[
    (
        "product_problems",
        "select sku, unit_return_rate, rest_return_rate, p_value_adjusted
         from product_problems where is_problem",
    ),
    (
        "size_fit_by_product",
        "select sku, size_rate, rest_size_rate, p_value_adjusted
         from size_fit_by_product where has_wrong_size",
    ),
    (
        "discount_effects",
        "select reason, rate_ratio, p_value_adjusted from discount_effects where is_different",
    ),
    (
        "carts_by_week",
        "select channel, week, payment_rate, usual_payment_rate
         from carts_by_week(history_weeks => 110) where is_break",
    ),
    (
        "campaign_effects",
        "select campaign_id, outcome, difference, adjusted_p_value
         from campaign_effects where verdict in ('better', 'worse')",
    ),
    (
        "agents",
        "select agent_id, fcr_signal, reopen_signal, csat_signal
         from agents(support_window_days => 365)
         where fcr_signal <> 0 or reopen_signal <> 0 or csat_signal <> 0",
    ),
    (
        "signals",
        "select metric, dimension, dimension_value, value, centre, adjusted_p_value
         from signals where is_signal",
    ),
    (
        "lateness_effects",
        "select outcome, difference, p_value_adjusted
         from lateness_effects where p_value_adjusted < 0.05",
    ),
    (
        // Bonferroni over the experiences with an answer.
        "nps_by_experience",
        "select * from (
             select scope, experience, nps_difference, p_value, count(p_value) over () as n
             from nps_by_experience
         ) as tested
         where p_value < 0.05 / n",
    ),
    (
        "repeat_rates_by_experience",
        "select experience, difference, p_value_adjusted
         from repeat_rates_by_experience
         where within_days = 180 and p_value_adjusted < 0.05",
    ),
    (
        "service_churn",
        "select dimension, experience, p_value_adjusted
         from service_churn where p_value_adjusted < 0.05",
    ),
    (
        "basket_rules",
        "select basket, item, antecedent, consequent, lift
         from basket_rules where is_attracted and basket = 'order' and item = 'sku'",
    ),
    (
        "return_rules",
        "select basket, item, antecedent, consequent, lift
         from return_rules where is_attracted and basket = 'order' and item = 'sku'",
    ),
    (
        "issues_by_segment",
        "select segment, issue_type, residual from issues_by_segment where is_notable",
    ),
    (
        "seasonality",
        "select distinct metric, dimension_value, cycle, chi_square, critical_value
         from seasonality where has_pattern",
    ),
    (
        "measure_effects",
        "select day, name, metric, difference, adjusted_p_value
         from measure_effects where adjusted_p_value < 0.05",
    ),
    (
        "survey_channels",
        "select kind, touchpoint, channel, p_value_adjusted
         from survey_channels where p_value_adjusted < 0.05",
    ),
    (
        "data_gaps",
        "select table_name, shop, first_date, kind from data_gaps",
    ),
    (
        // Against all others: three shops, three carriers and four channels, so
        // that 2.81 standard errors are passed by one of them in 5 % of shops.
        "return_rates",
        "with rates as (
             select 'carrier ' || carrier as name, 'carrier' as kind, returned_orders, orders
             from return_rates_by_carrier
             union all
             select 'channel ' || channel as name, 'channel' as kind, returned_orders, orders
             from return_rates_by_channel
             union all
             select 'shop ' || shop as name, 'shop' as kind, returned_orders, orders
             from return_rates_by_shop
         ),
         compared as (
             select
                 name,
                 orders,
                 cast(returned_orders as double) / orders as rate,
                 sum(orders) over (partition by kind) - orders as other_orders,
                 cast(sum(returned_orders) over (partition by kind) as double)
                 / sum(orders) over (partition by kind) as whole_rate,
                 cast(
                     sum(returned_orders) over (partition by kind) - returned_orders as double
                 ) / nullif(sum(orders) over (partition by kind) - orders, 0) as other_rate
             from rates
         )
         select name, rate, other_rate
         from compared
         where
             orders >= 30
             and other_orders >= 30
             and abs(rate - other_rate)
             > 2.81 * sqrt(
                 whole_rate * (1 - whole_rate) * (1.0 / orders + 1.0 / other_orders)
             )",
    ),
];
