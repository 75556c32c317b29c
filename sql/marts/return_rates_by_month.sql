-- How much of what was sold in a month came back, counted four ways?
--
-- grain: sold_month
-- rows: intermediate.purchases on
--   cast(date_trunc('month', rows.ordered_date) as date) = cell.sold_month
--
-- sold_month             first day of the month of sale, local
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
-- is_complete            the month ended before the report day
--
-- A return counts in the month of its sale, not of its request, so no rate
-- exceeds one and the rates of a month that is not mature still grow. Units of
-- one order come back together: the interval of the unit rate is a little
-- narrow.

select
    period_start as sold_month,
    * exclude (period, period_start)
from intermediate.return_rates_by_period
where period = 'month'
