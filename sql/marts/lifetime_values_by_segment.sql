-- What are the segments expected to bring in the year to come?
--
-- grain: segment
--
-- segment            RFM segment; not_scored for customers without a kept order
--                    in the RFM window
-- customers          customers who ever kept a purchase
-- repeat_customers   of those, with a repeat purchase
-- mean_p_alive       mean chance that these have not left; NULL without any
-- expected_orders    weeks with a purchase expected of all of them in the next
--                    $clv_months
-- clv_amount         kept sales expected, discounted
-- clv_share          of the clv_amount of all segments
-- clv_per_customer_amount  clv_amount / customers
-- kept_amount        kept value so far, ever
--
-- See lifetime_values and lifetime_value_models for what the numbers rest on;
-- NULL where a model did not converge.

with

-- Decimals add up to the same sum in whatever order they come.
by_segment as (
    select
        coalesce(rfm.segment, 'not_scored') as segment,
        count(*) as customers,
        count(*) filter (where lifetime_values.repeat_weeks > 0)
            as repeat_customers,
        avg(cast(lifetime_values.p_alive as decimal(18, 9)))
            as mean_p_alive,
        sum(cast(lifetime_values.expected_orders as decimal(18, 6)))
            as expected_orders,
        sum(lifetime_values.clv_amount) as clv_amount,
        sum(value.net_amount_ever) as kept_amount
    from marts.lifetime_values
    inner join intermediate.customers_with_purchases as value
        on lifetime_values.customer_id = value.customer_id
    left join marts.rfm
        on lifetime_values.customer_id = rfm.customer_id
    group by coalesce(rfm.segment, 'not_scored')
)

select
    segment,
    customers,
    repeat_customers,
    cast(mean_p_alive as double) as mean_p_alive,
    cast(expected_orders as double) as expected_orders,
    clv_amount,
    cast(clv_amount as double)
    / nullif(cast(sum(clv_amount) over () as double), 0) as clv_share,
    cast(clv_amount as double) / customers as clv_per_customer_amount,
    kept_amount
from by_segment
