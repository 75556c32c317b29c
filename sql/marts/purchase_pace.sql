-- Do customers have a pace of their own, or do all buy alike?
--
-- grain: one row
--
-- customers          customers with at least three days with a purchase
-- median_first_days  median days from the first of them to the second
-- median_second_days  the same from the second to the third
-- correlation        correlation of the logarithms of the two gaps of a
--                    customer
-- correlation_lower  lower end of its 95 % interval (Fisher)
-- correlation_upper  upper end
-- p_value            probability of a correlation as large if there were none
--
-- Where it is above 0, who came back soon comes back soon again: a customer is
-- late by the own pace and not by that of all (churn_method), and models of
-- lifetime value may let rates differ by customer. Of customers who bought
-- three times only, whose gaps are shorter than those of all; see
-- marts.interpurchase_times for the latter.

with

pairs as (
    select
        customer_id,
        max(gap_days) filter (where purchase_no = 1) as first_days,
        max(gap_days) filter (where purchase_no = 2) as second_days
    from intermediate.gaps_between_purchases
    where
        purchase_no <= 2
        and is_closed
    group by customer_id
    having count(*) = 2
),

correlated as (
    select
        count(*) as customers,
        median(cast(first_days as double)) as median_first_days,
        median(cast(second_days as double)) as median_second_days,
        pearson_ci(ln(first_days), ln(second_days)) as correlation
    from pairs
)

select
    customers,
    median_first_days,
    median_second_days,
    correlation['r'] as correlation,
    correlation['lower'] as correlation_lower,
    correlation['upper'] as correlation_upper,
    correlation['p_value'] as p_value
from correlated
