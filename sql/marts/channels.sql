-- How does each sales channel do, and is its return rate its own or that of
-- what it sells?
--
-- grain: channel
-- rows: intermediate.purchases on
--   coalesce(rows.channel, 'unknown') = cell.channel
--   and rows.ordered_at >= $sales_window_start_at
--
-- channel               channel of the orders; unknown where the source has
--                       none
-- orders                purchases of the last $sales_window_days
-- customers             known customers who placed them
-- units_sold            units of them
-- sales_amount          net sales
-- sales_share           of the net sales of all channels
-- units_returned        units sent back for money so far
-- unit_return_rate      of units that can no longer come back, the share that
--                       did
-- unit_return_rate_lower  lower end of its 95 % Wilson interval
-- unit_return_rate_upper  upper end
-- mature_units_sold     units that rate is of
-- expected_return_rate  rate the channel would have, if each category came back
--                       as it does in all channels
-- adjusted_return_rate  unit_return_rate / expected_return_rate, times the rate
--                       of all channels
-- refund_amount         paid back on its orders so far, of whatever kind
-- refund_share          refund_amount / sales_amount
-- return_cost_amount    reverse shipping and handling of requests to return or
--                       exchange its goods, refused ones too, as far as known
-- return_cost_known_share  share of those requests with a known cost
-- return_cost_share     return_cost_amount / sales_amount
-- nps                   net promoter score of $nps_scope, of answers about its
--                       orders, weighted, in points
-- nps_lower             lower end of its 95 % interval (adjusted Wald),
--                       clustered by customer
-- nps_upper             upper end
-- nps_answers           valid answers, whatever they weigh
-- top_reason            most frequent reason of its returns and exchanges
-- top_reason_share      share of it
--
-- Relationship surveys name no order, so with that $nps_scope there is no nps.
-- An adjusted rate above the rate of all channels means that the channel's
-- goods come back more than the same categories do elsewhere; other
-- differences, of customers say, stay in it. Costs booked elsewhere, such as
-- the desk's, are in marts.costs_by_channel.

with

purchases as (
    select
        order_id,
        customer_id,
        coalesce(channel, 'unknown') as channel,
        net_amount,
        refund_amount,
        is_mature
    from intermediate.purchases
    where ordered_at >= $sales_window_start_at
),

lines as (
    select
        purchases.channel,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        sum(order_items.quantity) as units_sold,
        sum(least(coalesce(returned.units_returned, 0), order_items.quantity))
            as units_returned,
        coalesce(
            sum(order_items.quantity) filter (where purchases.is_mature), 0
        ) as mature_units_sold,
        coalesce(
            sum(
                least(
                    coalesce(returned.units_returned, 0), order_items.quantity
                )
            ) filter (where purchases.is_mature),
            0
        ) as mature_units_returned
    from purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    left join intermediate.returns_by_line as returned
        on
            order_items.order_id = returned.order_id
            and order_items.line_no = returned.line_no
    left join staging.products
        on order_items.sku = products.sku
    where order_items.problem is null
    group by
        purchases.channel,
        coalesce(products.category, order_items.category, 'unknown')
),

-- What each category's own rate would make of what the channel sold of it.
expected as (
    select
        *,
        mature_units_sold
        * cast(
            sum(mature_units_returned) over (partition by category) as double
        )
        / nullif(sum(mature_units_sold) over (partition by category), 0)
            as expected_units_returned,
        cast(sum(mature_units_returned) over () as double)
        / nullif(sum(mature_units_sold) over (), 0) as overall_rate
    from lines
),

units as (
    select
        channel,
        sum(units_sold) as units_sold,
        sum(units_returned) as units_returned,
        sum(mature_units_sold) as mature_units_sold,
        sum(mature_units_returned) as mature_units_returned,
        sum(expected_units_returned) as expected_units_returned,
        max(overall_rate) as overall_rate,
        proportion_ci(sum(mature_units_returned), sum(mature_units_sold))
            as return_interval
    from expected
    group by channel
),

sales as (
    select
        channel,
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(net_amount) as sales_amount,
        sum(refund_amount) as refund_amount
    from purchases
    group by channel
),

costs as (
    select
        purchases.channel,
        count(*) as returns,
        count(coalesce(returns.reverse_shipping_cost, returns.handling_cost))
            as with_cost,
        sum(
            coalesce(returns.reverse_shipping_cost, 0)
            + coalesce(returns.handling_cost, 0)
        ) filter (
            where
                coalesce(returns.reverse_shipping_cost, returns.handling_cost)
                is not null
        ) as return_cost_amount
    from staging.returns
    inner join purchases
        on returns.order_id = purchases.order_id
    where
        returns.problem is null
        and returns.kind in ('return', 'exchange')
    group by purchases.channel
),

answers as (
    select
        purchases.channel,
        nps(surveys.score, surveys.weight) as nps,
        nps_ci(
            surveys.score,
            'adjusted_wald',
            0.95,
            surveys.weight,
            surveys.customer_id
        ) as nps_interval,
        count(*) as nps_answers
    from staging.surveys
    inner join purchases
        on surveys.order_id = purchases.order_id
    where
        surveys.kind = 'nps'
        and surveys.scope = $nps_scope
        and surveys.problem is null
        and surveys.score is not null
    group by purchases.channel
),

reasons as (
    select
        purchases.channel,
        returns.reason,
        count(*) as returns
    from intermediate.returns_with_lines as returns
    inner join purchases
        on returns.order_id = purchases.order_id
    where
        returns.problem is null
        and returns.kind in ('return', 'exchange')
    group by purchases.channel, returns.reason
),

-- Ties in the order of the codes.
top_reasons as (
    select
        channel,
        first_value(reason order by returns desc, reason) as top_reason,
        cast(max(returns) as double) / sum(returns) as top_reason_share
    from reasons
    group by channel
)

select
    sales.channel,
    sales.orders,
    sales.customers,
    coalesce(units.units_sold, 0) as units_sold,
    sales.sales_amount,
    cast(sales.sales_amount as double)
    / nullif(cast(sum(sales.sales_amount) over () as double), 0) as sales_share,
    coalesce(units.units_returned, 0) as units_returned,
    cast(units.mature_units_returned as double)
    / nullif(units.mature_units_sold, 0) as unit_return_rate,
    units.return_interval['lower'] as unit_return_rate_lower,
    units.return_interval['upper'] as unit_return_rate_upper,
    coalesce(units.mature_units_sold, 0) as mature_units_sold,
    units.expected_units_returned / nullif(units.mature_units_sold, 0)
        as expected_return_rate,
    units.mature_units_returned / nullif(units.expected_units_returned, 0)
    * units.overall_rate as adjusted_return_rate,
    sales.refund_amount,
    cast(sales.refund_amount as double)
    / nullif(cast(sales.sales_amount as double), 0) as refund_share,
    costs.return_cost_amount,
    cast(costs.with_cost as double) / costs.returns as return_cost_known_share,
    cast(costs.return_cost_amount as double)
    / nullif(cast(sales.sales_amount as double), 0) as return_cost_share,
    answers.nps,
    answers.nps_interval['lower'] as nps_lower,
    answers.nps_interval['upper'] as nps_upper,
    coalesce(answers.nps_answers, 0) as nps_answers,
    top_reasons.top_reason,
    top_reasons.top_reason_share
from sales
left join units
    on sales.channel = units.channel
left join costs
    on sales.channel = costs.channel
left join answers
    on sales.channel = answers.channel
left join top_reasons
    on sales.channel = top_reasons.channel
