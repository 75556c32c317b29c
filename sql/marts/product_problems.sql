-- Which articles have a problem, and what kind of problem?
--
-- grain: sku
-- rows: intermediate.sold_lines_with_returns on
--   rows.sku = cell.sku and rows.is_mature
--   and rows.ordered_at >= $sales_window_start_at
--
-- sku                  article
-- name                 name on the page
-- category             category of the article, or unknown
-- rank                 1 for the article with most units back beyond what its
--                      category would have; ties in the order of sku
-- abc_class            class of the article by refunds and booked cost: A for
--                      those that make the first $abc_a_share, B up to
--                      $abc_b_share, C the rest
-- units_sold           units of mature sales
-- units_returned       of those, sent back for money
-- unit_return_rate     units_returned / units_sold
-- unit_return_rate_lower  lower end of its 95 % Wilson interval
-- unit_return_rate_upper  upper end
-- rest_return_rate     the same of the other articles of the category
-- excess_units         units_returned less units_sold * rest_return_rate
-- rate_difference      unit_return_rate less rest_return_rate
-- rate_difference_lower  lower end of its 95 % interval (Newcombe)
-- rate_difference_upper  upper end
-- p_value              of no difference from the rest of the category,
--                      two-sided
-- p_value_adjusted     the same, adjusted for the number of articles
--                      (Benjamini-Hochberg)
-- is_problem           comes back more than the rest of its category:
--                      p_value_adjusted below 0.05 and at least $min_n units
-- previous_units_sold  units sold in as many days before
-- previous_return_rate  return rate of those
-- rate_change          unit_return_rate less previous_return_rate
-- rate_change_lower    lower end of its 95 % interval
-- rate_change_upper    upper end
-- requests             requests of any kind for units sold in the window
-- defect_share         of them, for a defect
-- damage_share         damaged in transit
-- mismatch_share       not as described
-- wrong_item_share     wrong item
-- size_share           size or fit
-- misuse_share         misuse or misunderstanding
-- unknown_share        for a reason nobody knows
-- defect_tickets       contact cases of the window with the issue type defect,
--                      warranty, quality or repair
-- failures             units that failed, ever
-- failure_rate         of them, for each year a unit was in use
-- failure_rate_lower   lower end of its 95 % interval
-- failure_rate_upper   upper end
-- return_refund_amount  refunded so far for the requests
-- booked_cost          carriage back, handling and repair of the requests, of
--                      those that are known
-- cost_share           share of the requests of which any cost is known
--
-- Mature sales of the last $sales_window_days decide the rates; the requests,
-- their reasons and costs are of all sales of those days. A rate alone makes no
-- problem: of a hundred articles that are all alike five would differ with p
-- below 0.05. An article alone in its category is compared with nothing. A case
-- counts here when it is about a return of the article, or about an order of
-- nothing else. Units of one order come back together, which makes the test a
-- little too keen.

with

sold as (
    select
        sku,
        max(category) as category,
        coalesce(
            sum(quantity) filter (
                where is_mature and ordered_at >= $sales_window_start_at
            ), 0
        ) as units_sold,
        coalesce(
            sum(units_returned) filter (
                where is_mature and ordered_at >= $sales_window_start_at
            ), 0
        ) as units_returned,
        coalesce(
            sum(quantity) filter (
                where is_mature and ordered_at < $sales_window_start_at
            ), 0
        ) as previous_units_sold,
        coalesce(
            sum(units_returned) filter (
                where is_mature and ordered_at < $sales_window_start_at
            ), 0
        ) as previous_units_returned
    from intermediate.sold_lines_with_returns
    where
        sku is not null
        and (
            ordered_at >= $sales_window_start_at
            or cast(ordered_at as date)
            >= $sales_window_start - $sales_window_days
        )
    group by sku
),

requests as (
    select
        sku,
        count(*) as requests,
        count(*) filter (where reason = 'defective') as defects,
        count(*) filter (where reason = 'damaged_in_transit') as damages,
        count(*) filter (where reason = 'not_as_described') as mismatches,
        count(*) filter (where reason = 'wrong_item') as wrong_items,
        count(*) filter (where reason = 'size_fit') as sizes,
        count(*) filter (where reason = 'misuse') as misuses,
        count(*) filter (where is_reason_unknown) as unknowns,
        coalesce(sum(refund_amount), 0) as return_refund_amount,
        sum(booked_cost) as booked_cost,
        count(booked_cost) as costed
    from intermediate.requests_with_stages
    where
        problem is null
        and sku is not null
        and ordered_at >= $sales_window_start_at
    group by sku
),

-- An order of one article says what a case about it is about.
articles as (
    select
        order_id,
        max(sku) as sku
    from intermediate.sold_lines
    group by order_id
    having count(distinct sku) = 1
),

tickets as (
    select
        coalesce(returns.sku, articles.sku) as sku,
        count(*) as defect_tickets
    from staging.tickets
    left join intermediate.returns_with_lines as returns
        on tickets.return_id = returns.return_id
    left join articles
        on tickets.order_id = articles.order_id
    where
        tickets.issue_type in ('defect', 'warranty', 'quality', 'repair')
        and tickets.created_at >= $sales_window_start_at
    group by coalesce(returns.sku, articles.sku)
),

failed as (
    select
        sku,
        sum(failures) as failures,
        sum(cast(round(unit_years * 365.25) as bigint)) as unit_days
    from marts.failure_rates_by_age
    group by sku
),

-- An article is compared with the others, not with a total it is part of.
compared as (
    select
        *,
        cast(units_returned as double) / nullif(units_sold, 0)
            as unit_return_rate,
        sum(units_sold) over (partition by category) - units_sold as rest_sold,
        sum(units_returned) over (partition by category) - units_returned
            as rest_returned
    from sold
),

-- Pearson's test of two rates, from their counts: z squared.
scored as (
    select
        *,
        cast(rest_returned as double) / nullif(rest_sold, 0)
            as rest_return_rate,
        power(
            unit_return_rate
            - cast(rest_returned as double) / nullif(rest_sold, 0),
            2
        ) / nullif(
            cast(units_returned + rest_returned as double)
            / nullif(units_sold + rest_sold, 0)
            * (
                1 - cast(units_returned + rest_returned as double)
                / nullif(units_sold + rest_sold, 0)
            )
            * (1.0 / nullif(units_sold, 0) + 1.0 / nullif(rest_sold, 0)),
            0
        ) as z_squared
    from compared
),

-- At a level of one half the power of a one-sided test of a quarter against
-- three is the normal distribution function, of z where n is 1.5 z squared.
tested as (
    select
        *,
        case
            when z_squared = 0 then 1.0
            else
                2 * (1 - prop_power(0.25, 0.75, 1.5 * z_squared, 0.5, 1, true))
        end as p_value,
        unit_return_rate * units_sold - rest_return_rate * units_sold
            as excess_units,
        proportion_ci(units_returned, units_sold) as unit_interval,
        prop_diff_ci(units_returned, units_sold, rest_returned, rest_sold)
            as difference,
        prop_diff_ci(
            units_returned,
            units_sold,
            previous_units_returned,
            previous_units_sold
        ) as change
    from scored
),

joined as (
    select
        tested.*,
        products.name,
        p_adjust(tested.p_value) over () as p_value_adjusted,
        abc_class(
            cast(coalesce(requests.return_refund_amount, 0) as double)
            + coalesce(cast(requests.booked_cost as double), 0),
            $abc_a_share, $abc_b_share
        ) over () as abc_class,
        coalesce(requests.requests, 0) as requests,
        nullif(requests.requests, 0) as divisor,
        requests.defects,
        requests.damages,
        requests.mismatches,
        requests.wrong_items,
        requests.sizes,
        requests.misuses,
        requests.unknowns,
        coalesce(requests.return_refund_amount, 0) as return_refund_amount,
        requests.booked_cost,
        requests.costed,
        coalesce(tickets.defect_tickets, 0) as defect_tickets,
        coalesce(failed.failures, 0) as failures,
        failed.unit_days,
        proportion_ci(failed.failures, failed.unit_days) as failure_interval
    from tested
    left join staging.products
        on tested.sku = products.sku
    left join requests
        on tested.sku = requests.sku
    left join tickets
        on tested.sku = tickets.sku
    left join failed
        on tested.sku = failed.sku
)

select
    sku,
    name,
    category,
    row_number() over (order by excess_units desc nulls last, sku) as rank,
    abc_class,
    units_sold,
    units_returned,
    unit_return_rate,
    unit_interval['lower'] as unit_return_rate_lower,
    unit_interval['upper'] as unit_return_rate_upper,
    rest_return_rate,
    excess_units,
    difference['diff'] as rate_difference,
    difference['lower'] as rate_difference_lower,
    difference['upper'] as rate_difference_upper,
    p_value,
    p_value_adjusted,
    coalesce(
        p_value_adjusted < 0.05
        and excess_units > 0
        and units_sold >= $min_n,
        false
    ) as is_problem,
    previous_units_sold,
    cast(previous_units_returned as double) / nullif(previous_units_sold, 0)
        as previous_return_rate,
    change['diff'] as rate_change,
    change['lower'] as rate_change_lower,
    change['upper'] as rate_change_upper,
    requests,
    cast(defects as double) / divisor as defect_share,
    cast(damages as double) / divisor as damage_share,
    cast(mismatches as double) / divisor as mismatch_share,
    cast(wrong_items as double) / divisor as wrong_item_share,
    cast(sizes as double) / divisor as size_share,
    cast(misuses as double) / divisor as misuse_share,
    cast(unknowns as double) / divisor as unknown_share,
    defect_tickets,
    failures,
    cast(failures as double) / nullif(unit_days, 0) * 365.25 as failure_rate,
    failure_interval['lower'] * 365.25 as failure_rate_lower,
    failure_interval['upper'] * 365.25 as failure_rate_upper,
    return_refund_amount,
    booked_cost,
    cast(costed as double) / divisor as cost_share
from joined
where units_sold + previous_units_sold + requests > 0
