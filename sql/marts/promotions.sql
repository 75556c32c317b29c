-- Do orders of a promotion come back more than others, channel by channel?
--
-- grain: channel, promotion
--
-- channel               channel of the orders; all for every channel
-- promotion             none, discount, campaign (of whatever discount), or any
--                       for discount and campaign together
-- orders                purchases of the last $sales_window_days
-- sales_amount          net sales
-- discount_amount       discount given
-- discount_share        discount_amount / value before discount
-- unit_return_rate      of units that can no longer come back, the share that
--                       did
-- unit_return_rate_lower  lower end of its 95 % Wilson interval
-- unit_return_rate_upper  upper end
-- mature_units_sold     units that rate is of
-- expected_return_rate  rate the orders would have, if each category came back
--                       as it does in all orders
-- adjusted_return_rate  unit_return_rate / expected_return_rate, times the rate
--                       of all orders
-- rate_difference       unit_return_rate less that of promotion none of the
--                       channel
-- rate_difference_lower  lower end of its 95 % interval (Newcombe)
-- rate_difference_upper  upper end
-- nps                   net promoter score of $nps_scope, of the last answer
--                       about each order, weighted, in points
-- nps_lower             lower end of its 95 % interval (adjusted Wald),
--                       clustered by customer
-- nps_upper             upper end
-- nps_answers           orders with a valid answer, whatever it weighs
--
-- An order is of a campaign when it names one, else of a discount when it has
-- one. Who buys in a promotion is another customer and buys other goods: the
-- adjusted rate allows for categories, for nothing else, and the difference is
-- no effect of the promotion; campaigns with a control are in
-- marts.campaign_effects. Units of one order come back together, so that the
-- intervals are a little narrow.

with

purchases as (
    select
        purchases.order_id,
        coalesce(purchases.channel, 'unknown') as channel,
        case
            when orders.campaign_id is not null then 'campaign'
            when orders.discount_amount > 0 then 'discount'
            else 'none'
        end as promotion,
        purchases.net_amount,
        orders.discount_amount,
        orders.gross_amount,
        purchases.is_mature
    from intermediate.purchases
    inner join staging.orders
        on purchases.order_id = orders.order_id
    where purchases.ordered_at >= $sales_window_start_at
),

lines as (
    select
        purchases.channel,
        purchases.promotion,
        coalesce(products.category, order_items.category, 'unknown')
            as category,
        sum(order_items.quantity) as units_sold,
        sum(least(coalesce(returned.units_returned, 0), order_items.quantity))
            as units_returned
    from purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    left join intermediate.returns_by_line as returned
        on
            order_items.order_id = returned.order_id
            and order_items.line_no = returned.line_no
    left join staging.products
        on order_items.sku = products.sku
    where
        order_items.problem is null
        and purchases.is_mature
    group by
        purchases.channel,
        purchases.promotion,
        coalesce(products.category, order_items.category, 'unknown')
),

expected as (
    select
        *,
        -- Decimal, so that their sum is the same in whatever order.
        cast(
            units_sold
            * cast(sum(units_returned) over (partition by category) as double)
            / sum(units_sold) over (partition by category)
            as decimal(30, 15)
        ) as expected_units_returned,
        cast(sum(units_returned) over () as double) / sum(units_sold) over ()
            as overall_rate
    from lines
),

-- Every channel and all of them, every promotion and all of them.
spread_lines as (
    select
        unnest([channel, 'all']) as channel,
        promotion,
        units_sold,
        units_returned,
        expected_units_returned,
        overall_rate
    from expected
),

units as (
    select
        channel,
        unnest(
            case
                when promotion = 'none' then ['none']
                else [promotion, 'any']
            end
        ) as promotion,
        units_sold,
        units_returned,
        expected_units_returned,
        overall_rate
    from spread_lines
),

rates as (
    select
        channel,
        promotion,
        sum(units_sold) as units_sold,
        sum(units_returned) as units_returned,
        cast(sum(expected_units_returned) as double)
            as expected_units_returned,
        max(overall_rate) as overall_rate
    from units
    group by channel, promotion
),

-- One row for each order and what is known of its answer, spread alike.
answered as (
    select
        order_id,
        last_value(score order by responded_at, response_id) as score,
        last_value(weight order by responded_at, response_id) as weight,
        last_value(customer_id order by responded_at, response_id)
            as customer_id
    from staging.surveys
    where
        kind = 'nps'
        and scope = $nps_scope
        and problem is null
        and score is not null
        and order_id is not null
    group by order_id
),

spread_orders as (
    select
        unnest([purchases.channel, 'all']) as channel,
        purchases.promotion,
        purchases.net_amount,
        purchases.discount_amount,
        purchases.gross_amount,
        answered.score,
        answered.weight,
        answered.customer_id
    from purchases
    left join answered
        on purchases.order_id = answered.order_id
),

orders as (
    select
        channel,
        unnest(
            case
                when promotion = 'none' then ['none']
                else [promotion, 'any']
            end
        ) as promotion,
        net_amount,
        discount_amount,
        gross_amount,
        score,
        weight,
        customer_id
    from spread_orders
),

sales as (
    select
        channel,
        promotion,
        count(*) as orders,
        sum(net_amount) as sales_amount,
        sum(discount_amount) as discount_amount,
        sum(gross_amount) as gross_amount,
        nps(score, weight) as nps,
        nps_ci(score, 'adjusted_wald', 0.95, weight, customer_id)
            as nps_interval,
        count(score) as nps_answers
    from orders
    group by channel, promotion
),

compared as (
    select
        sales.*,
        rates.units_sold,
        rates.units_returned,
        rates.expected_units_returned,
        rates.overall_rate,
        sum(rates.units_sold) filter (where sales.promotion = 'none') over (
            partition by sales.channel
        ) as none_sold,
        sum(rates.units_returned) filter (where sales.promotion = 'none') over (
            partition by sales.channel
        ) as none_returned
    from sales
    left join rates
        on
            sales.channel = rates.channel
            and sales.promotion = rates.promotion
),

tested as (
    select
        *,
        proportion_ci(units_returned, units_sold) as return_interval,
        case
            when promotion <> 'none'
                then prop_diff_ci(
                    units_returned, units_sold, none_returned, none_sold
                )
        end as difference
    from compared
)

select
    channel,
    promotion,
    orders,
    sales_amount,
    discount_amount,
    cast(discount_amount as double) / nullif(cast(gross_amount as double), 0)
        as discount_share,
    cast(units_returned as double) / units_sold as unit_return_rate,
    return_interval['lower'] as unit_return_rate_lower,
    return_interval['upper'] as unit_return_rate_upper,
    coalesce(units_sold, 0) as mature_units_sold,
    expected_units_returned / units_sold as expected_return_rate,
    units_returned / nullif(expected_units_returned, 0) * overall_rate
        as adjusted_return_rate,
    difference['diff'] as rate_difference,
    difference['lower'] as rate_difference_lower,
    difference['upper'] as rate_difference_upper,
    nps,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    nps_answers
from tested
