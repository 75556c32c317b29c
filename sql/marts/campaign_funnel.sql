-- How far did the customers of each campaign come, by arm and by segment?
--
-- grain: campaign_id, arm, segment
--
-- campaign_id     campaign
-- name            name of the campaign
-- arm             treatment or control
-- segment         segment among the campaign's customers when the arm was
--                 drawn; no_purchase for who had not bought; all for everyone
-- customers       customers drawn into the arm
-- sent            of those, were sent it
-- delivered       of those, it arrived
-- opened          of those, opened it
-- redeemed        of those, redeemed the offer
-- ordered         customers of the arm who bought in the
--                 $campaign_outcome_days after the draw, so far
-- delivered_rate  delivered / sent
-- opened_rate     opened / delivered
-- redeemed_rate   redeemed / delivered
-- ordered_rate    ordered / customers
-- ordered_rate_lower  lower end of its 95 % interval
-- ordered_rate_upper  upper end
-- is_over         the days after the draw are over for all of them
--
-- Only ordered_rate can be compared between the arms: nobody of the control can
-- open what was not sent. An event counts for the steps before it, so that who
-- redeemed without a record of opening has opened. Segments are scored on the
-- $rfm_window_days before the draw, since what a customer is now may be what
-- the campaign made of them; they differ from those of marts.rfm.

with

scored as (
    select
        campaign_id,
        customer_id,
        rfm_score(
            recency_before_days,
            orders_before,
            sales_before_amount,
            $rfm_method,
            $rfm_bins
        ) over (
            partition by campaign_id
            order by case when $rfm_method = 'ntile' then customer_id end
        ) as score
    from intermediate.campaign_customers
    where orders_before > 0
),

steps as (
    select
        customers.campaign_id,
        case when customers.is_treatment then 'treatment' else 'control' end
            as arm,
        coalesce(
            rfm_segment(
                scored.score['r'],
                scored.score['f'],
                scored.score['m'],
                $segment_model
            ),
            'no_purchase'
        ) as segment,
        coalesce(
            assignments.sent_at,
            assignments.delivered_at,
            assignments.opened_at,
            assignments.redeemed_at
        ) is not null as is_sent,
        coalesce(
            assignments.delivered_at,
            assignments.opened_at,
            assignments.redeemed_at
        ) is not null as is_delivered,
        coalesce(assignments.opened_at, assignments.redeemed_at) is not null
            as is_opened,
        assignments.redeemed_at is not null as is_redeemed,
        customers.has_ordered,
        customers.is_over
    from intermediate.campaign_customers as customers
    inner join staging.assignments
        on
            customers.campaign_id = assignments.campaign_id
            and customers.customer_id = assignments.customer_id
    left join scored
        on
            customers.campaign_id = scored.campaign_id
            and customers.customer_id = scored.customer_id
),

counted as (
    select
        campaign_id,
        arm,
        case when grouping(segment) = 1 then 'all' else segment end as segment,
        count(*) as customers,
        count(*) filter (where is_sent) as sent,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_opened) as opened,
        count(*) filter (where is_redeemed) as redeemed,
        count(*) filter (where has_ordered) as ordered,
        bool_and(is_over) as is_over
    from steps
    group by grouping sets ((campaign_id, arm), (campaign_id, arm, segment))
)

select
    counted.campaign_id,
    campaigns.name,
    counted.arm,
    counted.segment,
    counted.customers,
    counted.sent,
    counted.delivered,
    counted.opened,
    counted.redeemed,
    counted.ordered,
    cast(counted.delivered as double) / nullif(counted.sent, 0)
        as delivered_rate,
    cast(counted.opened as double) / nullif(counted.delivered, 0)
        as opened_rate,
    cast(counted.redeemed as double) / nullif(counted.delivered, 0)
        as redeemed_rate,
    cast(counted.ordered as double) / counted.customers as ordered_rate,
    proportion_ci(counted.ordered, counted.customers)['lower']
        as ordered_rate_lower,
    proportion_ci(counted.ordered, counted.customers)['upper']
        as ordered_rate_upper,
    counted.is_over
from counted
left join staging.campaigns
    on counted.campaign_id = campaigns.campaign_id
