//! What is asked about surveys, ratings, reviews and call backs.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
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
];
