//! What is asked of which mart, about every planted fact and of quiet shops.

/// Marts with a query of them: rows of fact, estimate, lower and upper end of
/// the interval, NULL where the mart has none.
pub(super) const QUESTIONS: &[(&str, &str)] = &[
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
        // By the week of the delivery: parcels sent late in a span come after it.
        "metric_values_by_week",
        "with parcels as (
             select
                 dimension,
                 case dimension_value
                     when 'harbor' then 'carrier_is_late'
                     else 'other_carriers_are_not_later'
                 end as fact,
                 case
                     when week >= {late_carrier} + 7 then 'since'
                     when
                         week >= {strike}
                         and week < {strike} + 21
                         then 'strike'
                     when week < {late_carrier} then 'before'
                 end as span,
                 numerator,
                 denominator
             from metric_values_by_week
             where metric = 'late_rate'
         ),
         rates as (
             select
                 dimension,
                 case dimension when 'all' then 'all' else fact end as fact,
                 sum(numerator) filter (where span = 'since')
                 / sum(denominator) filter (where span = 'since') as since,
                 sum(numerator) filter (where span = 'before')
                 / sum(denominator) filter (where span = 'before') as before,
                 sum(numerator) filter (where span = 'strike') as late_in_strike,
                 sum(denominator) filter (where span = 'strike') as in_strike
             from parcels
             group by dimension, case dimension when 'all' then 'all' else fact end
         )
         select fact, since - before, null as lower, null as upper
         from rates
         where dimension = 'carrier'
         union all
         -- What is late beyond the usual of three weeks, of the parcels of one.
         select
             'strike_delays_all',
             (late_in_strike - before * in_strike) / (in_strike / 3),
             null as lower,
             null as upper
         from rates
         where dimension = 'all'",
    ),
    (
        "lateness_effects",
        "select
             case outcome
                 when 'nps' then 'late_delivery_lowers_nps'
                 when 'satisfied' then 'late_delivery_lowers_csat'
                 when 'contacted' then 'late_delivery_brings_tickets'
                 else 'late_delivery_brings_returns'
             end,
             difference,
             difference_lower,
             difference_upper
         from lateness_effects
         where outcome <> 'returned'",
    ),
    (
        // A day against those of four weeks on both sides.
        "shop_summaries",
        "select
             'plaza_sends_no_orders',
             coalesce((
                 select max(orders)
                 from shop_summaries(as_of => {feed_gap_end}, sales_window_days => 5)
                 where cast(shop_id as varchar) = '2'
             ), 0) / 5.0 / ((
                 select max(orders)
                 from shop_summaries(as_of => {feed_gap}, sales_window_days => 28)
                 where cast(shop_id as varchar) = '2'
             ) / 28.0),
             null as lower,
             null as upper",
    ),
    (
        // The letters of orders sent just before the change are answered after it.
        "nps_by_carrier",
        "with scores as (
             select 'since' as span, nps, nps_se
             from nps_by_carrier(history_weeks => 16)
             where scope = 'transactional' and carrier = 'harbor'
             union all
             select 'before' as span, nps, nps_se
             from nps_by_carrier(as_of => {late_carrier}, history_weeks => 95)
             where scope = 'transactional' and carrier = 'harbor'
         ),
         differences as (
             select
                 sum(case span when 'since' then nps else -nps end) as difference,
                 sqrt(sum(nps_se * nps_se)) as error
             from scores
         )
         select
             'late_carrier_costs_nps',
             difference,
             difference - 1.96 * error as lower,
             difference + 1.96 * error as upper
         from differences",
    ),
    (
        "carts_by_week",
        "with carts as (
             select
                 sum(payments) filter (where is_broken) as broken_payments,
                 sum(carts) filter (where is_broken) as broken_carts,
                 sum(payments) filter (where not is_broken) as payments,
                 sum(carts) filter (where not is_broken) as carts
             from (
                 select
                     carts,
                     payments,
                     week >= {broken_checkout} and week < {broken_checkout_end}
                         as is_broken
                 from carts_by_week(history_weeks => 120)
                 where channel = 'app'
             ) as weeks
         ),
         differences as (
             select
                 prop_diff_ci(broken_payments, broken_carts, payments, carts)
                     as difference
             from carts
         )
         select
             'app_checkout_breaks',
             difference['diff'],
             difference['lower'] as lower,
             difference['upper'] as upper
         from differences",
    ),
    (
        "contribution_by_subcategory",
        "select
             'subcategory_loses_money',
             contribution_share,
             contribution_share_lower,
             contribution_share_upper
         from contribution_by_subcategory(sales_window_days => null)
         where subcategory = 'climate' and is_losing",
    ),
    (
        "recording_delays",
        "select 'returns_are_recorded_late', late_share, late_share_lower, late_share_upper
         from recording_delays(sales_window_days => null)
         where table_name = 'returns'",
    ),
    (
        "purchase_pace",
        "select
             'buyers_have_their_own_pace', correlation, correlation_lower, correlation_upper
         from purchase_pace",
    ),
    (
        "return_rates_by_product",
        "select
             'article_is_sold_out',
             coalesce((
                 select max(units_sold)
                 from return_rates_by_product(
                     as_of => {sold_out_end}, sales_window_days => 28
                 )
                 where sku = '7'
             ), 0)
             / cast((
                 select max(units_sold)
                 from return_rates_by_product(as_of => {sold_out}, sales_window_days => 28)
                 where sku = '7'
             ) as double),
             null as lower,
             null as upper",
    ),
    (
        // By category: the article is one of apparel, of which others ask little.
        "demand_signals",
        "select 'sold_out_article_is_asked_for', share, null as lower, null as upper
         from demand_signals
         where
             month = {sold_out} and source = 'chat' and signal = 'search'
             and theme = 'apparel'",
    ),
    (
        // Frequent returners of the whole time, not of the last year, are left out.
        "size_fit_by_product",
        "select 'article_runs_small', rate_ratio, rate_ratio_lower, rate_ratio_upper
         from size_fit_by_product(sales_window_days => 730, returner_window_days => 800)
         where sku = '1' and has_wrong_size",
    ),
    (
        "discount_effects",
        "select 'promo_lines_come_back', rate_ratio, rate_ratio_lower, rate_ratio_upper
         from discount_effects(sales_window_days => null, returner_window_days => 800)
         where reason = 'changed_mind' and is_different",
    ),
    (
        "return_rates_by_reason",
        "select
             'fragile_category',
             max(unit_rate) filter (where category = 'kitchen')
             / max(unit_rate) filter (where category = 'home'),
             null as lower,
             null as upper
         from return_rates_by_reason(sales_window_days => 730)
         where reason = 'damaged_in_transit'",
    ),
    (
        "returns",
        "with requests as (
             select channel, sum(units) as units
             from returns
             where reason = 'changed_mind'
             group by channel
         ),
         rates as (
             select
                 requests.channel,
                 requests.units / cast(channels.units_sold as double) as rate
             from requests
             inner join channels(sales_window_days => null) as channels
                 on requests.channel = channels.channel
         )
         select
             'app_buyers_change_their_minds',
             max(rate) filter (where channel = 'app')
             / max(rate) filter (where channel = 'web'),
             null as lower,
             null as upper
         from rates",
    ),
    (
        "channels",
        "with rates as (
             select
                 max(unit_return_rate) filter (where channel = 'social') as social,
                 max(unit_return_rate) filter (where channel = 'web') as web,
                 max(adjusted_return_rate) filter (where channel = 'social')
                     as adjusted_social,
                 max(adjusted_return_rate) filter (where channel = 'web') as adjusted_web
             from channels(sales_window_days => null)
         )
         select 'social_returns_more', social / web, null as lower, null as upper from rates
         union all
         select 'social_returns_more_by_mix', adjusted_social / adjusted_web, null as lower, null as upper
         from rates",
    ),
    (
        // The class those customers come to, which is one in a hundred.
        "returner_class_summary",
        "select 'serial_returners', refund_share, null as lower, null as upper
         from returner_class_summary
         where returner_class = 'frequent' and customer_share < 0.02",
    ),
    (
        "risk_customers",
        "with customers as (
             select
                 sum(bracketed_articles) filter (where has_bracketing) as bracketed,
                 sum(refund_only_requests) filter (where has_refund_only_pattern)
                 / cast(sum(refund_only_requests) as double) as refund_only_share
             from risk_customers(returner_window_days => 800)
         ),
         orders as (
             select cast(sum(orders) as double) as orders
             from return_rates_by_category(sales_window_days => 800)
             where category in ('apparel', 'shoes')
         )
         select 'bracketing', bracketed / orders, null as lower, null as upper
         from customers cross join orders
         union all
         select 'refund_only_abuse', refund_only_share, null as lower, null as upper from customers",
    ),
    (
        // The rates' period ends 51 days before the report day, here a quarter
        // after the mark.
        "rate_changes_explained",
        "with changes as (
             select sum(mix_change) as mix, sum(within_change) as within
             from rate_changes_explained(
                 as_of => {new_range+143}, period => 'quarter'
             )
             where metric = 'unit_return_rate' and dimension = 'category'
         )
         select 'return_rate_rises_by_mix', mix, null as lower, null as upper from changes
         union all
         select 'return_rate_rises_within', within, null as lower, null as upper from changes",
    ),
    (
        "return_rules",
        "select
             'articles_come_back_together', confidence, confidence_lower, confidence_upper
         from return_rules(sales_window_days => 730)
         where
             basket = 'order' and item = 'sku' and antecedent = '9' and consequent = '19'
             and is_attracted",
    ),
    (
        "refund_latency_by_month",
        "select
             'instant_refunds_are_quick',
             (
                 avg(median_hours) filter (
                     where requested_month > {instant_refunds}
                 )
                 - avg(median_hours) filter (
                     where requested_month < {instant_refunds} - 27
                 )
             ) / 24,
             null as lower,
             null as upper
         from refund_latency_by_month(sales_window_days => null)
         where stage = 'request_to_refund'",
    ),
    (
        "returns",
        "with waits as (
             select
                 cast(shop_id as varchar) = '3' as is_slow,
                 cast(requested_at as date) >= {slow_refunds} as is_since,
                 request_to_refund_hours / 24 as days
             from returns
             where
                 kind = 'return'
                 and cast(requested_at as date) >= {instant_refunds}
         ),
         means as (
             select
                 avg(days) filter (where is_slow and is_since) as slow_since,
                 avg(days) filter (where is_slow and not is_since) as slow_before,
                 avg(days) filter (where not is_slow and is_since) as other_since,
                 avg(days) filter (where not is_slow and not is_since) as other_before
             from waits
         )
         select
             'junction_refunds_take_longer',
             slow_since - slow_before - other_since + other_before,
             null as lower,
             null as upper
         from means",
    ),
    (
        // Failures of a unit at risk, beyond those the rest of the category has
        // in the same time.
        "failure_rates_by_age",
        "with rates as (
             select
                 failures,
                 units_at_risk,
                 unit_years,
                 (category_failures - failures)
                 / (category_failures / category_failure_rate - unit_years) as other_rate
             from failure_rates_by_age
             where sku = '48' and age_from_days = 180
         )
         select
             'defect_appears_with_age',
             (failures - other_rate * unit_years) / units_at_risk,
             null as lower,
             null as upper
         from rates",
    ),
    (
        "after_sales_costs_by_component",
        "select
             'repairs_cost_more',
             (
                 select cost_per_case_amount
                 from after_sales_costs_by_component
                 where component = 'parts'
             ) / (
                 select cost_per_case_amount
                 from after_sales_costs_by_component(as_of => {end-365})
                 where component = 'parts'
             ),
             null as lower,
             null as upper",
    ),
    (
        "nps_by_touchpoint",
        "select
             'return_lowers_nps',
             max(nps) filter (where touchpoint = 'return')
             - max(nps) filter (where touchpoint = 'delivery'),
             null as lower,
             null as upper
         from nps_by_touchpoint(history_weeks => 110)
         where scope = 'transactional'",
    ),
    (
        "score_links",
        "select
             'effort_drives_nps',
             nps_difference,
             nps_difference_lower,
             nps_difference_upper
         from score_links
         where scores = 'ces_nps' and touchpoint = 'return'",
    ),
    (
        "survey_responses",
        "with asked as (
             select
                 channel,
                 sum(answered) / cast(sum(sent) as double) as rate
             from survey_responses
             where kind = 'nps' and is_mature
             group by channel
         )
         select
             'app_buyers_answer_more',
             max(rate) filter (where channel = 'app')
             - max(rate) filter (where channel = 'mail'),
             null as lower,
             null as upper
         from asked",
    ),
    (
        "nps_by_channel",
        "select
             'app_buyers_score_higher',
             max(nps) filter (where channel = 'app')
             - max(nps) filter (where channel = 'mail'),
             null as lower,
             null as upper
         from nps_by_channel(history_weeks => 110)
         where scope = 'transactional'",
    ),
    (
        "driver_gaps",
        "select
             case
                 when given_driver = 'delivery' then 'packaging_adds_nothing_to_delivery'
                 when driver = 'delivery' then 'delivery_drives_nps'
                 when driver = 'service' then 'service_drives_nps_half_as_much'
                 when driver = 'packaging' then 'packaging_moves_with_nps'
                 else 'assortment_does_not_drive_nps'
             end,
             difference,
             difference_lower,
             difference_upper
         from driver_gaps(history_weeks => 120)
         where
             scope = 'transactional'
             and (
                 given_driver = 'none'
                 or (driver = 'packaging' and given_driver = 'delivery')
             )",
    ),
    (
        "aspects_by_product",
        "with articles as (
             select
                 products.category = 'kitchen' as is_kitchen,
                 sum(aspects.negative_texts) filter (where aspects.aspect = 'packaging')
                     as packaging_texts,
                 sum(aspects.negative_texts) filter (where aspects.aspect = 'all') as texts
             from aspects_by_product(history_weeks => 110) as aspects
             inner join return_rates_by_product(sales_window_days => null) as products
                 on aspects.sku = products.sku
             group by products.category = 'kitchen'
         )
         select
             'kitchen_reviews_name_packaging',
             sum(packaging_texts / cast(texts as double)) filter (where is_kitchen)
             - sum(packaging_texts / cast(texts as double)) filter (where not is_kitchen),
             null as lower,
             null as upper
         from articles",
    ),
    (
        "closed_loop",
        "with actions as (
             select
                 cast(received_at as date) >= {slow_call_backs} as is_since,
                 act_hours / 24 as days
             from closed_loop
             where source = 'survey'
         )
         select
             'call_backs_slow_down',
             avg(days) filter (where is_since) - avg(days) filter (where not is_since),
             null as lower,
             null as upper
         from actions",
    ),
    (
        "agents",
        "with ratios as (
             select
                 agent_id,
                 handle_ratio,
                 handle_ratio_lower,
                 handle_ratio_upper,
                 solved_tickets
             from agents(support_window_days => 800)
         ),
         others as (
             select exp(sum(solved_tickets * ln(handle_ratio)) / sum(solved_tickets)) as ratio
             from ratios
             where agent_id <> 'agent_03'
         )
         -- The mart compares with all, the fact with the others.
         select
             'agent_is_slow',
             handle_ratio / others.ratio,
             handle_ratio_lower / others.ratio,
             handle_ratio_upper / others.ratio
         from ratios cross join others
         where agent_id = 'agent_03'
         union all
         select
             'agent_is_slow_by_case_mix',
             handle_ratio,
             handle_ratio_lower,
             handle_ratio_upper
         from ratios
         where agent_id = 'agent_07'",
    ),
    (
        "seasonality",
        "select
             'tickets_wait_for_monday',
             max(seasonal_index) filter (where phase = 1)
             / avg(seasonal_index) filter (where phase between 2 and 5),
             null as lower,
             null as upper
         from seasonality(seasonality_window_days => 728)
         where metric = 'tickets' and dimension = 'all' and cycle = 'weekday' and has_pattern",
    ),
    (
        "issue_trends_by_week",
        "select 'invoice_tickets_burst', tickets / expected_tickets, null as lower, null as upper
         from issue_trends_by_week
         where issue_type = 'invoice' and week = {invoice_burst} and is_burst",
    ),
    (
        "bot_effects",
        "select
             'bot_contains_less_than_it_says',
             containment_rate,
             containment_lower,
             containment_upper
         from bot_effects(support_window_days => 800)
         where issue_type = 'all' and handler = 'bot'",
    ),
    (
        "support_kpis_by_issue",
        "with reopened as (
             select
                 issue_type = 'refund' as is_refund,
                 sum(reopen_rate * solved_tickets) / sum(solved_tickets) as rate
             from support_kpis_by_issue(support_window_days => 800)
             group by issue_type = 'refund'
         )
         select
             'refund_tickets_are_reopened',
             max(rate) filter (where is_refund) / max(rate) filter (where not is_refund),
             null as lower,
             null as upper
         from reopened",
    ),
];
