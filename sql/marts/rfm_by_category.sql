-- How recently, how often and for how much did each customer buy in each
-- category?
--
-- grain: category, customer_id
-- rows: intermediate.kept_lines on
--   rows.customer_id = cell.customer_id and rows.category = cell.category
--   and rows.units_kept > 0 and rows.ordered_date >= $rfm_window_start
--
-- category         category of the articles; unknown where nobody says
-- customer_id      customer who kept something of it in the window
-- segment          segment of the scores within the category, by $segment_model
-- recency_days     days since the last order of it that was kept
-- frequency        orders with something of it that was kept
-- monetary         kept amount of it
-- category_share   monetary / what the customer kept in all categories; NULL
--                  when that is nothing
-- is_top_category  none of the customer's categories has a higher kept amount
-- r                recency score among the buyers of the category
-- f                frequency score among them
-- m                monetary score among them
-- frequency_collapse  none, cuts or majority, as in rfm
--
-- Orders of the last $rfm_window_days; of them units kept. A customer can be a
-- champion of one category and lost to another: sum customers over categories
-- and you count them twice. Small categories have few customers to rank.

with

-- First by order, so that two lines of one category are one order.
orders as (
    select
        category,
        customer_id,
        order_id,
        max(ordered_date) as ordered_date,
        sum(kept_amount) as kept_amount
    from intermediate.kept_lines
    where
        ordered_date >= $rfm_window_start
        and units_kept > 0
    group by category, customer_id, order_id
),

customers as (
    select
        category,
        customer_id,
        $as_of - max(ordered_date) as recency_days,
        count(*) as frequency,
        sum(kept_amount) as monetary
    from orders
    group by category, customer_id
),

-- An order of rows matters to ntile alone; the others are spared the sort.
scored as (
    select
        *,
        rfm_score(
            recency_days, frequency, monetary, $rfm_method, $rfm_bins
        ) over (
            partition by category
            order by case when $rfm_method = 'ntile' then customer_id end
        ) as score,
        rfm_collapse(frequency, $rfm_bins) over (partition by category)
            as frequency_collapse,
        sum(monetary) over (partition by customer_id) as all_monetary,
        max(monetary) over (partition by customer_id) as top_monetary
    from customers
)

select
    scored.category,
    scored.customer_id,
    models.segment,
    scored.recency_days,
    scored.frequency,
    scored.monetary,
    cast(scored.monetary as double)
    / nullif(cast(scored.all_monetary as double), 0) as category_share,
    scored.monetary = scored.top_monetary as is_top_category,
    scored.score['r'] as r,
    scored.score['f'] as f,
    scored.score['m'] as m,
    scored.frequency_collapse
from scored
left join intermediate.segment_models as models
    on
        models.model = $segment_model
        and scored.score['r'] = models.r
        and scored.score['f'] = models.f
        and scored.score['m'] = models.m
