//! What is asked about sales: seasons, campaigns, who comes back.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    (
        // Ordinary days of November are those without a word about the sale.
        "channels",
        "with november as (
             select
                 (select sum(orders)
                 from channels(as_of => date '2026-11-12', sales_window_days => 1)) as peak,
                 (select sum(orders)
                 from channels(as_of => date '2026-11-05', sales_window_days => 4)) as before,
                 (select sum(orders)
                 from channels(as_of => date '2026-11-16', sales_window_days => 3)) as after
         )
         select 'singles_day_peak', peak * 7.0 / (before + after), null as lower, null as upper from november",
    ),
    (
        "channels",
        "select
             'arrivals_grow',
             (select sum(orders) from channels)
             / cast((select sum(orders) from channels(as_of => {end-365})) as double),
             null as lower,
             null as upper",
    ),
    (
        "campaign_effects",
        "select
             case campaign_id when '1' then 'coupon_works' else 'newsletter_does_nothing' end,
             difference,
             difference_lower,
             difference_upper
         from campaign_effects
         where outcome = 'ordered'",
    ),
    (
        // Against first orders of which nothing came back, before and since.
        "repeat_rates_by_experience",
        "with since as (
             select difference
             from repeat_rates_by_experience(experience_window_days => 280)
             where experience = 'return' and within_days = 90
         ),
         before as (
             select difference
             from repeat_rates_by_experience(as_of => {instant_refunds})
             where experience = 'return' and within_days = 90
         )
         select
             'instant_refunds_bring_customers_back',
             since.difference - before.difference,
             null as lower,
             null as upper
         from since cross join before",
    ),
    (
        "repeat_rates_by_experience",
        "select 'first_return_costs_repurchase', difference, null as lower, null as upper
         from repeat_rates_by_experience(as_of => {instant_refunds})
         where experience = 'return' and within_days = 180",
    ),
    (
        "repeat_rates_by_month",
        "with rates as (
             select cohort_month = {loyal_cohort} as is_cohort, repeat_rate
             from repeat_rates_by_month
             where
                 within_days = 180
                 and cohort_month >= {loyal_cohort} - interval '1 month'
                 and cohort_month <= {loyal_cohort_end}
         )
         select
             'october_cohort_stays',
             avg(repeat_rate) filter (where is_cohort)
             - avg(repeat_rate) filter (where not is_cohort),
             null as lower,
             null as upper
         from rates",
    ),
    (
        "basket_rules",
        "select
             'articles_are_bought_together',
             confidence
             - (consequent_share * baskets - baskets_with_both)
             / (baskets - antecedent_baskets),
             null as lower,
             null as upper
         from basket_rules(sales_window_days => 730)
         where
             basket = 'order' and item = 'sku' and antecedent = '9' and consequent = '19'
             and is_attracted",
    ),
    (
        "purchase_pace",
        "select
             'buyers_have_their_own_pace', correlation, correlation_lower, correlation_upper
         from purchase_pace",
    ),
];
