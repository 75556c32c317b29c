-- How much of what was sold in a month or week came back, counted four ways?
--
-- grain: period, period_start
--
-- period                 month or week: pick one
-- period_start           first day of the period of sale, local
-- orders                 purchases
-- customers              known customers who bought
-- units_sold             units sold
-- sales_amount           net sales
-- returned_orders        orders of which something was sent back for money
-- returned_customers     known customers who sent something back
-- units_returned         units sent back for money so far
-- units_exchanged        units exchanged so far
-- return_refund_amount   refunded so far for goods sent back
-- unit_return_rate       units_returned / units_sold
-- unit_return_rate_lower  lower end of its 95 % Wilson interval
-- unit_return_rate_upper  upper end
-- order_return_rate      returned_orders / orders
-- order_return_rate_lower  lower end of its 95 % Wilson interval
-- order_return_rate_upper  upper end
-- customer_return_rate   returned_customers / customers
-- customer_return_rate_lower  lower end of its 95 % Wilson interval
-- customer_return_rate_upper  upper end
-- value_return_rate      return_refund_amount / sales_amount
-- unit_exchange_rate     units_exchanged / units_sold
-- unit_return_exchange_rate  units returned or exchanged / units_sold
-- mature_share           share of the orders that can no longer come back
-- is_mature              none of the orders can still come back
-- is_complete            the period ended before the report day
--
-- A return counts in the period of its sale, not of its request, so no rate
-- exceeds one and the rates of a period that is not mature still grow. Units of
-- one order come back together: the interval of the unit rate is a little
-- narrow.

with

-- Every purchase stands in its month and its week; a filter on period leaves
-- one.
purchases as (
    select
        periods.period,
        cast(
            case periods.period
                when 'month' then date_trunc('month', purchases.ordered_date)
                else date_trunc('week', purchases.ordered_date)
            end as date
        ) as period_start,
        purchases.*
    from (values ('month'), ('week')) as periods (period)
    cross join intermediate.purchases as purchases
),

-- First by customer, so that a customer with two orders is counted once.
customers as (
    select
        period,
        period_start,
        customer_id,
        count(*) as orders,
        count(*) filter (where has_return) as returned_orders,
        count(*) filter (where is_mature) as mature_orders,
        sum(net_amount) as sales_amount,
        sum(units_returned) as units_returned,
        sum(units_exchanged) as units_exchanged,
        sum(return_refund_amount) as return_refund_amount
    from purchases
    group by period, period_start, customer_id
),

sums as (
    select
        period,
        period_start,
        sum(orders) as orders,
        count(customer_id) as customers,
        sum(sales_amount) as sales_amount,
        sum(returned_orders) as returned_orders,
        count(customer_id) filter (where returned_orders > 0)
            as returned_customers,
        sum(units_returned) as units_returned,
        sum(units_exchanged) as units_exchanged,
        sum(return_refund_amount) as return_refund_amount,
        sum(mature_orders) as mature_orders
    from customers
    group by period, period_start
),

units as (
    select
        purchases.period,
        purchases.period_start,
        sum(order_items.quantity) as units_sold
    from purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    where order_items.problem is null
    group by purchases.period, purchases.period_start
),

rates as (
    select
        sums.*,
        units.units_sold,
        proportion_ci(sums.units_returned, units.units_sold) as unit_interval,
        proportion_ci(sums.returned_orders, sums.orders) as order_interval,
        proportion_ci(sums.returned_customers, sums.customers)
            as customer_interval
    from sums
    left join units
        on
            sums.period = units.period
            and sums.period_start = units.period_start
)

select
    period,
    period_start,
    orders,
    customers,
    coalesce(units_sold, 0) as units_sold,
    sales_amount,
    returned_orders,
    returned_customers,
    units_returned,
    units_exchanged,
    return_refund_amount,
    cast(units_returned as double) / units_sold as unit_return_rate,
    unit_interval['lower'] as unit_return_rate_lower,
    unit_interval['upper'] as unit_return_rate_upper,
    cast(returned_orders as double) / orders as order_return_rate,
    order_interval['lower'] as order_return_rate_lower,
    order_interval['upper'] as order_return_rate_upper,
    cast(returned_customers as double) / nullif(customers, 0)
        as customer_return_rate,
    customer_interval['lower'] as customer_return_rate_lower,
    customer_interval['upper'] as customer_return_rate_upper,
    cast(return_refund_amount as double)
    / nullif(cast(sales_amount as double), 0) as value_return_rate,
    cast(units_exchanged as double) / units_sold as unit_exchange_rate,
    cast(units_returned + units_exchanged as double) / units_sold
        as unit_return_exchange_rate,
    cast(mature_orders as double) / orders as mature_share,
    mature_orders = orders as is_mature,
    case period
        when 'month' then period_start + interval '1 month'
        else period_start + interval '7 days'
    end <= $as_of as is_complete
from rates
