//! What is asked about returns and refunds.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    (
        "recording_delays",
        "select 'returns_are_recorded_late', late_share, late_share_lower, late_share_upper
         from recording_delays(sales_window_days => null)
         where table_name = 'returns'",
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
];
