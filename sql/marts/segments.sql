-- How large is each RFM segment, what is it worth, and what does it say?
--
-- grain: segment
-- rows: marts.rfm on coalesce(rows.segment, 'none') = cell.segment
--
-- segment            segment of the RFM scores; none for scores above 5, which
--                    no model knows, where $rfm_bins is more
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
-- nps                net promoter score of $nps_scope, weighted, in points
-- nps_lower          lower end of its 95 % interval (adjusted Wald)
-- nps_upper          upper end
-- nps_answers        customers who ever answered: one answer each, the last one
-- median_recency_days  median days since the last order
-- median_frequency   median number of orders
-- median_monetary    median value
-- return_refund_amount  refunded for goods sent back, of the orders of the last
--                    $returner_window_days
-- needs_recovery     frequent returners who are unhappy
-- overdue_customers  customers whose own habit says they should have bought
-- at_risk_customers  customers at risk by churn_status
-- churned_customers  churned customers by churn_status
-- at_risk_amount     kept sales of those at risk: what may be lost
--
-- Each customer has one voice in the score of a segment, the last valid answer
-- with its weight, so that who is asked more often does not weigh more and the
-- interval needs no allowance for repeated answers.
-- The return rate counts orders, mature or not; compare it within the table and
-- not with a published one. Segments are made of recency, so how many of one
-- are churned says what the segment is; how many of its customers were lost
-- lately is in churn_by_segment, what they are expected to bring in
-- lifetime_values_by_segment, what they cost in segment_profiles.

with

by_segment as (
    select
        coalesce(rfm.segment, 'none') as segment,
        count(*) as customers,
        sum(rfm.orders) as orders,
        sum(rfm.returned_orders) as returned_orders,
        sum(rfm.monetary_gross) as sales_amount,
        sum(rfm.monetary_net) as kept_amount,
        nps(answers.nps_score, answers.nps_weight) as nps,
        nps_ci(answers.nps_score, 'adjusted_wald', 0.95, answers.nps_weight)
            as nps_interval,
        count(answers.nps_score) as nps_answers,
        median(rfm.recency_days) as median_recency_days,
        median(rfm.frequency) as median_frequency,
        median(rfm.monetary) as median_monetary,
        sum(classes.return_refund_amount) as return_refund_amount,
        count(*) filter (where classes.needs_recovery) as needs_recovery,
        count(*) filter (where churn.is_overdue) as overdue_customers,
        count(*) filter (where churn.churn_status = 'at_risk')
            as at_risk_customers,
        count(*) filter (where churn.churn_status = 'churned')
            as churned_customers,
        coalesce(
            sum(rfm.monetary_net) filter (
                where churn.churn_status = 'at_risk'
            ),
            0
        ) as at_risk_amount
    from marts.rfm
    left join intermediate.last_answers_by_customer as answers
        on rfm.customer_id = answers.customer_id
    left join marts.returner_classes as classes
        on rfm.customer_id = classes.customer_id
    left join marts.churn
        on rfm.customer_id = churn.customer_id
    group by coalesce(rfm.segment, 'none')
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
    median_monetary,
    return_refund_amount,
    needs_recovery,
    overdue_customers,
    at_risk_customers,
    churned_customers,
    at_risk_amount
from with_intervals
