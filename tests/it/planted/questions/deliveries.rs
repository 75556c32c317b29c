//! What is asked about deliveries, the feed, the shelf and the checkout.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
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
];
