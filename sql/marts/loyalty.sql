-- How loyal is each customer, measured against the others?
--
-- grain: customer_id
-- rows: intermediate.purchases on
--   rows.customer_id = cell.customer_id
--   and rows.ordered_at >= $returner_window_start_at
--
-- customer_id          known customer with a purchase
-- loyalty_index        0 to 100: weighted mean of the scores below; NULL with
--                      fewer than two of them
-- loyalty_tier         high for the top $loyalty_high_share of the index, low
--                      for the bottom $loyalty_low_share, else middle; NULL
--                      like it
-- scores               scores that went in
-- purchases_score      by purchases
-- engagement_score     by interactions_per_30_days
-- nps_score_score      by nps_score
-- tenure_score         by tenure_days
-- kept_score           by kept_order_share
-- purchases            purchases of the last $returner_window_days
-- interactions_per_30_days  reviews, posts, calls, chats and visits of those
--                      days, per 30 days; NULL where the lake has none at all
-- nps_score            last valid NPS answer to questions of $nps_scope
-- tenure_days          days since the first purchase
-- kept_order_share     share of the purchases nothing of which was sent back;
--                      NULL without a purchase in the window
--
-- A score is the share of customers below, and half of those equal: 0.5 for the
-- middle one, and for everybody where all are equal. The weights are
-- $loyalty_weight_purchases, $loyalty_weight_engagement, $loyalty_weight_nps,
-- $loyalty_weight_tenure and $loyalty_weight_kept; what is missing gives its
-- weight to the rest. A house index: no other shop's can be compared with it,
-- and it says where a customer stands, not how much was gained: the mean is
-- near 50 every day.

with

interactions as (
    select
        customer_id,
        count(*) as interactions
    from staging.interactions
    where
        customer_id is not null
        and occurred_at >= $returner_window_start_at
    group by customer_id
),

measures as (
    select
        customers.customer_id,
        customers.orders as purchases,
        case
            when (select count(*) from staging.interactions) > 0
                then
                    coalesce(interactions.interactions, 0) * 30.0
                    / ($as_of - $returner_window_start)
        end as interactions_per_30_days,
        answers.nps_score,
        $as_of - cast(customers.first_ordered_at as date) as tenure_days,
        1 - cast(customers.returned_orders as double)
        / nullif(customers.orders, 0) as kept_order_share
    from intermediate.customers_with_purchases as customers
    left join interactions
        on customers.customer_id = interactions.customer_id
    left join intermediate.last_answers_by_customer as answers
        on customers.customer_id = answers.customer_id
),

-- Who has no value is ranked among themselves, and the rank then dropped.
scored as (
    select
        *,
        (
            percent_rank() over (order by purchases)
            * (count(*) over () - 1) / count(*) over ()
            + cume_dist() over (order by purchases)
        ) / 2 as purchases_score,
        case
            when interactions_per_30_days is not null
                then
                    (
                        percent_rank() over (order by interactions_per_30_days)
                        * (count(*) over () - 1) / count(*) over ()
                        + cume_dist() over (order by interactions_per_30_days)
                    ) / 2
        end as engagement_score,
        case
            when nps_score is not null
                then
                    (
                        percent_rank() over (
                            partition by nps_score is null
                            order by nps_score
                        )
                        * (count(*) over (partition by nps_score is null) - 1)
                        / count(*) over (partition by nps_score is null)
                        + cume_dist() over (
                            partition by nps_score is null
                            order by nps_score
                        )
                    ) / 2
        end as nps_score_score,
        (
            percent_rank() over (order by tenure_days)
            * (count(*) over () - 1) / count(*) over ()
            + cume_dist() over (order by tenure_days)
        ) / 2 as tenure_score,
        case
            when kept_order_share is not null
                then
                    (
                        percent_rank() over (
                            partition by kept_order_share is null
                            order by kept_order_share
                        )
                        * (
                            count(*) over (
                                partition by kept_order_share is null
                            ) - 1
                        )
                        / count(*) over (
                            partition by kept_order_share is null
                        )
                        + cume_dist() over (
                            partition by kept_order_share is null
                            order by kept_order_share
                        )
                    ) / 2
        end as kept_score
    from measures
),

weighted as (
    select
        *,
        cast(purchases_score is not null as bigint)
        + cast(engagement_score is not null as bigint)
        + cast(nps_score_score is not null as bigint)
        + cast(tenure_score is not null as bigint)
        + cast(kept_score is not null as bigint) as scores,
        $loyalty_weight_purchases * purchases_score
        + coalesce($loyalty_weight_engagement * engagement_score, 0)
        + coalesce($loyalty_weight_nps * nps_score_score, 0)
        + $loyalty_weight_tenure * tenure_score
        + coalesce($loyalty_weight_kept * kept_score, 0) as weighted_sum,
        $loyalty_weight_purchases
        + case
            when engagement_score is null then 0
            else $loyalty_weight_engagement
        end
        + case when nps_score_score is null then 0 else $loyalty_weight_nps end
        + $loyalty_weight_tenure
        + case when kept_score is null then 0 else $loyalty_weight_kept end
            as weights
    from scored
),

indexed as (
    select
        *,
        case
            when scores >= 2
                then round(100 * weighted_sum / nullif(weights, 0), 6)
        end as loyalty_index
    from weighted
),

ranked as (
    select
        *,
        cume_dist() over (
            partition by loyalty_index is null
            order by loyalty_index
        ) as place
    from indexed
)

select
    customer_id,
    loyalty_index,
    case
        when loyalty_index is null then null
        when place > 1 - $loyalty_high_share then 'high'
        when place <= $loyalty_low_share then 'low'
        else 'middle'
    end as loyalty_tier,
    scores,
    purchases_score,
    engagement_score,
    nps_score_score,
    tenure_score,
    kept_score,
    purchases,
    interactions_per_30_days,
    nps_score,
    tenure_days,
    kept_order_share
from ranked
