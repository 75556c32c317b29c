-- How much of what each category sold comes back for which reason?
--
-- grain: category, reason
--
-- category          category of the article; all for every category
-- reason            level 1 of the reason
-- is_seller_fault   the seller sent something else than was promised
-- units_sold        units sold in the category
-- requests          returns and exchanges asked for
-- units             units of those requests
-- unit_rate         units / units_sold
-- unit_rate_lower   lower end of its 95 % Wilson interval
-- unit_rate_upper   upper end
-- unit_share        of all units asked back in the category
-- rest_rate         the same rate of all other categories; NULL for all
-- lift              unit_rate / rest_rate
-- rate_difference   unit_rate less rest_rate
-- rate_difference_lower  lower end of its 95 % interval (Newcombe)
-- rate_difference_upper  upper end
-- p_value           of no difference from the other categories, two-sided
-- p_value_adjusted  the same, adjusted for the number of categories and reasons
--                   (Benjamini-Hochberg)
-- is_above_rest     higher than elsewhere, with p_value_adjusted below 0.05 and
--                   at least 5 units
--
-- Mature sales of the last $sales_window_days, so that each had its time to
-- come back; exchanges count like returns, since the reason is the same.
-- Reasons no unit of a category came back for have no row. Units of one order
-- come back together, which makes the tests a little too keen.

with

sold as (
    select
        category,
        sum(quantity) as units_sold
    from intermediate.sold_lines
    where
        is_mature
        and ordered_at >= $sales_window_start_at
    group by category
),

requests as (
    select
        lines.category,
        requests.reason,
        bool_or(requests.is_seller_fault) as is_seller_fault,
        count(*) as requests,
        sum(requests.units) as units
    from intermediate.returns_with_lines as requests
    inner join intermediate.sold_lines as lines
        on
            requests.order_id = lines.order_id
            and requests.line_no = lines.line_no
    where
        requests.problem is null
        and requests.kind in ('return', 'exchange')
        and lines.is_mature
        and lines.ordered_at >= $sales_window_start_at
    group by lines.category, requests.reason
),

-- A category is compared with the others, not with a total it is part of.
compared as (
    select
        requests.category,
        requests.reason,
        requests.is_seller_fault,
        requests.requests,
        requests.units,
        sum(requests.units) over (partition by requests.category)
            as category_units,
        sold.units_sold,
        sum(requests.units) over (partition by requests.reason)
        - requests.units as rest_units,
        totals.units_sold - sold.units_sold as rest_sold
    from requests
    inner join sold
        on requests.category = sold.category
    cross join (
        select sum(units_sold) as units_sold
        from sold
    ) as totals
),

-- The total of a reason is what its rows of categories say.
with_all as (
    select
        category,
        reason,
        is_seller_fault,
        requests,
        units,
        category_units,
        units_sold,
        rest_units,
        rest_sold
    from compared
    union all
    select
        'all' as category,
        reason,
        bool_or(is_seller_fault) as is_seller_fault,
        sum(requests) as requests,
        sum(units) as units,
        sum(sum(units)) over () as category_units,
        max(units_sold + rest_sold) as units_sold,
        null as rest_units,
        null as rest_sold
    from compared
    group by reason
),

-- Pearson's test of two rates, from their counts: z squared.
scored as (
    select
        *,
        cast(units as double) / units_sold as unit_rate,
        cast(rest_units as double) / nullif(rest_sold, 0) as rest_rate,
        power(
            cast(units as double) / units_sold
            - cast(rest_units as double) / nullif(rest_sold, 0),
            2
        ) / nullif(
            cast(units + rest_units as double) / (units_sold + rest_sold)
            * (
                1 - cast(units + rest_units as double)
                / (units_sold + rest_sold)
            )
            * (1.0 / units_sold + 1.0 / nullif(rest_sold, 0)),
            0
        ) as z_squared
    from with_all
),

-- At a level of one half the power of a one-sided test of a quarter against
-- three is the normal distribution function, of z where n is 1.5 z squared.
tested as (
    select
        *,
        proportion_ci(units, units_sold) as unit_interval,
        prop_diff_ci(units, units_sold, rest_units, rest_sold) as difference,
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
    category,
    reason,
    is_seller_fault,
    units_sold,
    requests,
    units,
    unit_rate,
    unit_interval['lower'] as unit_rate_lower,
    unit_interval['upper'] as unit_rate_upper,
    cast(units as double) / category_units as unit_share,
    rest_rate,
    unit_rate / nullif(rest_rate, 0) as lift,
    difference['diff'] as rate_difference,
    difference['lower'] as rate_difference_lower,
    difference['upper'] as rate_difference_upper,
    p_value,
    p_value_adjusted,
    coalesce(
        p_value_adjusted < 0.05 and unit_rate > rest_rate and units >= 5, false
    ) as is_above_rest
from adjusted
