-- How recently, how often and for how much did each customer buy?
--
-- grain: customer_id
-- rows: intermediate.purchases on
--   rows.customer_id = cell.customer_id
--   and rows.ordered_at >= $rfm_window_start_at
--
-- customer_id           customer with at least one order in the window
-- code                  the three scores as text, 543; 10-3-7 from 10 bins
-- segment               segment of the scores by $segment_model
-- cn8                   eight-segment model: 1 or 0 for recent, frequent,
--                       valuable, by the $cn8_threshold of the raw values
-- frequency_collapse    none; cuts when some frequency cuts coincide; majority
--                       when most customers share one frequency and f is given
--                       by the bands 1, 2, 3-4, 5-9, 10+ instead of quantiles
-- recency_days          whole days from the last order to the report day
-- frequency             orders
-- monetary              value of the orders, the one that is scored
-- monetary_gross        net sales of all orders, whatever came back
-- monetary_net          the same less refunds
-- orders                all orders, kept or not
-- returned_orders       orders of which something was sent back for money
-- r                     recency score, high is recent
-- f                     frequency score
-- m                     monetary score
-- has_immature_orders   some orders can still come back
-- last_order_date       local day of the last order counted
--
-- Orders of the last $rfm_window_days count, or all when that is NULL. With
-- $rfm_net an order counts only if a unit of it was kept, and the value is that
-- of all orders of the window less what was refunded so far, so goods sent back
-- are in it until they are refunded; a customer who kept nothing has no row
-- here and is found in returner_classes. Guests have none either: see
-- identity_coverage.

with

customers as (
    select
        customer_id,
        $as_of
        - max(
            case when is_kept or not $rfm_net then ordered_date end
        ) as recency_days,
        count(*) filter (where is_kept or not $rfm_net) as frequency,
        sum(net_amount) as monetary_gross,
        sum(kept_amount) as monetary_net,
        count(*) as orders,
        count(*) filter (where has_return) as returned_orders,
        not bool_and(is_mature) as has_immature_orders
    from intermediate.purchases
    where
        customer_id is not null
        and ordered_at >= $rfm_window_start_at
    group by customer_id
),

-- An order of rows matters to ntile alone; the others are spared the sort.
scored as (
    select
        customers.*,
        case when $rfm_net then monetary_net else monetary_gross end
            as monetary,
        rfm_score(
            recency_days,
            frequency,
            case when $rfm_net then monetary_net else monetary_gross end,
            $rfm_method,
            $rfm_bins
        ) over (
            order by case when $rfm_method = 'ntile' then customer_id end
        ) as score,
        rfm_cn8(
            recency_days,
            frequency,
            case when $rfm_net then monetary_net else monetary_gross end,
            $cn8_threshold
        ) over () as cn8,
        rfm_collapse(frequency, $rfm_bins) over () as frequency_collapse
    from customers
    where frequency > 0
)

select
    scored.customer_id,
    scored.score['code'] as code,
    models.segment,
    scored.cn8,
    scored.frequency_collapse,
    scored.recency_days,
    scored.frequency,
    scored.monetary,
    scored.monetary_gross,
    scored.monetary_net,
    scored.orders,
    scored.returned_orders,
    scored.score['r'] as r,
    scored.score['f'] as f,
    scored.score['m'] as m,
    scored.has_immature_orders,
    $as_of - scored.recency_days as last_order_date
from scored
left join intermediate.segment_models as models
    on
        models.model = $segment_model
        and scored.score['r'] = models.r
        and scored.score['f'] = models.f
        and scored.score['m'] = models.m
