-- Which articles come back for their size more than others of their category?
--
-- grain: sku
--
-- sku                  article
-- name                 name on the page
-- category             category of the article, or unknown
-- lines_sold           order lines of mature sales
-- size_lines           of those, of which something was asked back or to be
--                      exchanged for its size
-- size_rate            size_lines / lines_sold
-- size_rate_lower      lower end of its 95 % Wilson interval
-- size_rate_upper      upper end
-- rest_size_rate       the same of the other articles of the category
-- rate_ratio           size_rate / rest_size_rate
-- rate_ratio_lower     lower end of its 95 % interval (Katz, on the logarithm)
-- rate_ratio_upper     upper end
-- p_value              of no difference from the rest of the category,
--                      two-sided
-- p_value_adjusted     the same, adjusted for the number of articles
--                      (Benjamini-Hochberg)
-- has_wrong_size       comes back for its size more than the rest of its
--                      category: p_value_adjusted below 0.05, at least $min_n
--                      lines and five of them for the size
--
-- Mature sales of the last $sales_window_days. Two kinds of lines say nothing
-- about an article and are left out: those of an order with the same article
-- on another line, since who orders two sizes keeps one; and those of frequent
-- returners, who send back whatever they buy. marts.product_problems counts
-- both, and all reasons. Whether it runs small or large is in the words of the
-- requests only. The ratio is NULL where nothing of the rest came back for its
-- size, its limits also where nothing of the article did; p_value is NULL where
-- there is no rest, or neither did, and is of large samples: has_wrong_size asks
-- for more.

with

requests as (
    select
        order_id,
        line_no,
        bool_or(reason = 'size_fit') as is_for_size
    from intermediate.returns_with_lines
    where
        kind in ('return', 'exchange')
        and problem is null
    group by order_id, line_no
),

-- Orders with an article on one line only.
lines as (
    select
        order_id,
        sku,
        max(line_no) as line_no,
        max(customer_id) as customer_id,
        max(category) as category
    from intermediate.sold_lines
    where
        sku is not null
        and ordered_at >= $sales_window_start_at
    group by order_id, sku
    having
        count(*) = 1
        and bool_and(is_mature)
),

articles as (
    select
        lines.sku,
        max(lines.category) as category,
        count(*) as lines_sold,
        count(*) filter (where requests.is_for_size) as size_lines
    from lines
    left join intermediate.customers_with_purchases as customers
        on lines.customer_id = customers.customer_id
    left join requests
        on
            lines.order_id = requests.order_id
            and lines.line_no = requests.line_no
    where coalesce(customers.returner_class <> 'frequent', true)
    group by lines.sku
),

-- An article is compared with the others, not with a total it is part of.
compared as (
    select
        *,
        sum(lines_sold) over (partition by category) - lines_sold
            as rest_lines,
        sum(size_lines) over (partition by category) - size_lines
            as rest_size_lines
    from articles
),

rates as (
    select
        *,
        cast(size_lines as double) / lines_sold as size_rate,
        cast(rest_size_lines as double) / nullif(rest_lines, 0)
            as rest_size_rate,
        cast(size_lines + rest_size_lines as double)
        / (lines_sold + rest_lines) as pooled_rate,
        proportion_ci(size_lines, lines_sold) as size_interval
    from compared
),

-- Pearson's test of two rates: z squared. The error is of the logarithm.
scored as (
    select
        *,
        power(size_rate - rest_size_rate, 2) / nullif(
            pooled_rate * (1 - pooled_rate)
            * (1.0 / lines_sold + 1.0 / nullif(rest_lines, 0)),
            0
        ) as z_squared,
        case
            when size_lines > 0 and rest_size_lines > 0
                then
                    sqrt(
                        (1 - size_rate) / size_lines
                        + (1 - rest_size_rate) / rest_size_lines
                    )
        end as log_error
    from rates
),

-- The normal distribution function as in marts.product_problems.
tested as (
    select
        *,
        size_rate / nullif(rest_size_rate, 0) as rate_ratio,
        case
            when z_squared = 0 then 1.0
            else
                2 * (1 - prop_power(0.25, 0.75, 1.5 * z_squared, 0.5, 1, true))
        end as p_value
    from scored
),

adjusted as (
    select
        *,
        p_adjust(p_value) over () as p_value_adjusted
    from tested
)

select
    adjusted.sku,
    products.name,
    adjusted.category,
    adjusted.lines_sold,
    adjusted.size_lines,
    adjusted.size_rate,
    adjusted.size_interval['lower'] as size_rate_lower,
    adjusted.size_interval['upper'] as size_rate_upper,
    adjusted.rest_size_rate,
    adjusted.rate_ratio,
    adjusted.rate_ratio * exp(-1.959964 * adjusted.log_error)
        as rate_ratio_lower,
    adjusted.rate_ratio * exp(1.959964 * adjusted.log_error)
        as rate_ratio_upper,
    adjusted.p_value,
    adjusted.p_value_adjusted,
    coalesce(
        adjusted.p_value_adjusted < 0.05
        and adjusted.size_rate > adjusted.rest_size_rate
        and adjusted.lines_sold >= $min_n
        and adjusted.size_lines >= 5,
        false
    ) as has_wrong_size
from adjusted
left join staging.products
    on adjusted.sku = products.sku
