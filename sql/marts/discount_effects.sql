-- Does what was sold with a discount come back more, and for which reason?
--
-- grain: reason
--
-- reason               level 1 of the reason of the request; any for all of
--                      them
-- discounted_lines     order lines sold with a discount
-- discounted_rate      share of them asked back for the reason
-- full_price_lines     order lines sold without
-- full_price_rate      share of them asked back for the reason
-- difference           discounted_rate less full_price_rate
-- difference_lower     lower end of its 95 % interval (Newcombe)
-- difference_upper     upper end
-- rate_ratio           discounted_rate / full_price_rate
-- rate_ratio_lower     lower end of its 95 % interval (Katz, on the logarithm)
-- rate_ratio_upper     upper end
-- p_value              of no difference, two-sided; NULL where fewer than five
--                      lines of a side would be asked back by chance
-- p_value_adjusted     the same, adjusted for the number of reasons (Holm); any
--                      is one of them
-- is_different         p_value_adjusted is below 0.05, and each side has at
--                      least $min_n lines
--
-- Lines of mature sales of the last $sales_window_days, without those of
-- frequent returners, who send back most of what they buy at any price.
-- Requests of any kind count. Who waits for a discount is another customer, and
-- other goods are discounted: the difference is no effect of the discount.
-- Promotions as a whole are in marts.promotions. A reason has a row when
-- something came back for it. Ratios are NULL where one side has none.

with

requests as (
    select
        order_id,
        line_no,
        reason
    from intermediate.returns_with_lines
    where
        problem is null
        and line_no is not null
    group by order_id, line_no, reason
),

lines as (
    select
        sold.order_id,
        sold.line_no,
        order_items.discount_amount > 0 as is_discounted
    from intermediate.sold_lines as sold
    inner join staging.order_items
        on
            sold.order_id = order_items.order_id
            and sold.line_no = order_items.line_no
    left join intermediate.customers_with_purchases as customers
        on sold.customer_id = customers.customer_id
    where
        sold.is_mature
        and sold.ordered_at >= $sales_window_start_at
        and order_items.problem is null
        and order_items.discount_amount is not null
        and coalesce(customers.returner_class <> 'frequent', true)
),

totals as (
    select
        count(*) filter (where is_discounted) as discounted_lines,
        count(*) filter (where not is_discounted) as full_price_lines
    from lines
),

reasons as (
    select
        case when grouping(requests.reason) = 1 then 'any' else requests.reason
        end as reason,
        count(distinct case
            when lines.is_discounted
                then concat_ws('/', lines.order_id, lines.line_no)
        end) as discounted_returns,
        count(distinct case
            when not lines.is_discounted
                then concat_ws('/', lines.order_id, lines.line_no)
        end) as full_price_returns
    from lines
    inner join requests
        on
            lines.order_id = requests.order_id
            and lines.line_no = requests.line_no
    group by grouping sets ((), (requests.reason))
),

rates as (
    select
        reasons.*,
        totals.*,
        cast(reasons.discounted_returns as double)
        / nullif(totals.discounted_lines, 0) as discounted_rate,
        cast(reasons.full_price_returns as double)
        / nullif(totals.full_price_lines, 0) as full_price_rate,
        cast(reasons.discounted_returns + reasons.full_price_returns as double)
        / nullif(totals.discounted_lines + totals.full_price_lines, 0)
            as pooled_rate,
        prop_diff_ci(
            reasons.discounted_returns,
            totals.discounted_lines,
            reasons.full_price_returns,
            totals.full_price_lines
        ) as difference
    from reasons
    cross join totals
    where reasons.discounted_returns + reasons.full_price_returns > 0
),

-- Pearson's test of two rates: z squared. The error is of the logarithm.
scored as (
    select
        *,
        case
            when least(discounted_lines, full_price_lines) * pooled_rate >= 5
                then
                    power(discounted_rate - full_price_rate, 2) / nullif(
                        pooled_rate * (1 - pooled_rate)
                        * (1.0 / discounted_lines + 1.0 / full_price_lines),
                        0
                    )
        end as z_squared,
        case
            when discounted_returns > 0 and full_price_returns > 0
                then
                    sqrt(
                        (1 - discounted_rate) / discounted_returns
                        + (1 - full_price_rate) / full_price_returns
                    )
        end as log_error
    from rates
),

-- The normal distribution function as in marts.product_problems.
tested as (
    select
        *,
        case
            when log_error is not null then discounted_rate / full_price_rate
        end as rate_ratio,
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
        p_adjust(p_value, 'holm') over () as p_value_adjusted
    from tested
)

select
    reason,
    discounted_lines,
    discounted_rate,
    full_price_lines,
    full_price_rate,
    difference['diff'] as difference,
    difference['lower'] as difference_lower,
    difference['upper'] as difference_upper,
    rate_ratio,
    rate_ratio * exp(-1.959964 * log_error) as rate_ratio_lower,
    rate_ratio * exp(1.959964 * log_error) as rate_ratio_upper,
    p_value,
    p_value_adjusted,
    coalesce(
        p_value_adjusted < 0.05
        and least(discounted_lines, full_price_lines) >= $min_n,
        false
    ) as is_different
from adjusted
