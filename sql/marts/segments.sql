-- How large is each RFM segment, what is it worth, and what does it say?
--
-- grain: segment
--
-- segment            segment of the RFM scores
-- customers          customers in it
-- customer_share     of all customers with a score
-- orders             orders in the RFM window, kept or not
-- returned_orders    orders of which something was sent back for money
-- sales_amount       net sales of the orders
-- kept_amount        the same less refunds
-- kept_share         of all kept sales
-- average_order_amount  sales_amount / orders
-- return_rate        returned_orders / orders
-- return_rate_lower  lower end of its 95 % Wilson interval
-- return_rate_upper  upper end
-- nps                net promoter score, in points
-- nps_lower          lower end of its 95 % interval
-- nps_upper          upper end
-- nps_answers        customers who answered: one answer each, the last one
-- median_recency_days  median days since the last order
-- median_frequency   median number of orders
-- median_monetary    median value
--
-- Each customer has one voice in the score of a segment, the last valid answer,
-- so that who is asked more often does not weigh more and the interval holds.
-- The return rate counts orders, mature or not; compare it within the table and
-- not with a published one.

with

by_segment as (
    select
        rfm.segment,
        count(*) as customers,
        sum(rfm.orders) as orders,
        sum(rfm.returned_orders) as returned_orders,
        sum(rfm.monetary_gross) as sales_amount,
        sum(rfm.monetary_net) as kept_amount,
        nps(answers.nps_score) as nps,
        nps_ci(answers.nps_score) as nps_interval,
        count(answers.nps_score) as nps_answers,
        median(rfm.recency_days) as median_recency_days,
        median(rfm.frequency) as median_frequency,
        median(rfm.monetary) as median_monetary
    from marts.rfm
    left join intermediate.last_answers_by_customer as answers
        on rfm.customer_id = answers.customer_id
    group by rfm.segment
),

with_intervals as (
    select
        *,
        proportion_ci(returned_orders, orders) as return_interval
    from by_segment
)

select
    segment,
    customers,
    customers / cast(sum(customers) over () as double) as customer_share,
    orders,
    returned_orders,
    sales_amount,
    kept_amount,
    cast(kept_amount as double)
    / nullif(cast(sum(kept_amount) over () as double), 0) as kept_share,
    cast(sales_amount as double) / orders as average_order_amount,
    cast(returned_orders as double) / orders as return_rate,
    return_interval['lower'] as return_rate_lower,
    return_interval['upper'] as return_rate_upper,
    nps,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    nps_answers,
    median_recency_days,
    median_frequency,
    median_monetary
from with_intervals
