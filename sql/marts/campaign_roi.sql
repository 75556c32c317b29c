-- What did each campaign bring for what it cost?
--
-- grain: campaign_id
-- rows: intermediate.campaign_customers on
--   rows.campaign_id = cell.campaign_id and rows.is_over
--
-- campaign_id            campaign
-- name                   name of the campaign
-- channel                mail, sms, app, ...
-- offer                  what was offered
-- treatment_customers    customers of the treatment whose days are over
-- control_customers      of the control
-- pending_customers      customers whose $campaign_outcome_days are not over:
--                        in no number here
-- cost_amount            cost of addressing the treatment
-- cost_known_share       share of the treatment with a known cost
-- incremental_orders     buyers of the treatment more than the control's share
--                        would make
-- incremental_orders_lower  lower end of the 95 % interval
-- incremental_orders_upper  upper end
-- incremental_amount     kept sales of the treatment more than the control's
--                        mean would make, after what the same customers spent
--                        before (CUPED)
-- incremental_amount_lower  lower end of the 95 % interval
-- incremental_amount_upper  upper end
-- net_amount             incremental_amount - cost_amount
-- roi_rate               net_amount / cost_amount
-- roi_rate_lower         lower end of its 95 % interval
-- roi_rate_upper         upper end
-- cost_per_order_amount  cost_amount / incremental_orders; NULL when that is
--                        not above 0
--
-- Kept sales are net of discounts and refunds so far, so what a coupon gives
-- away is paid for in them; the cost of the goods is not. Without a control
-- there is nothing to compare with and all of it is NULL. The interval is that
-- of the sales; costs are taken as known.

with

effects as (
    select
        campaign_id,
        max(treatment_customers) filter (where outcome = 'ordered')
            as treatment_customers,
        max(control_customers) filter (where outcome = 'ordered')
            as control_customers,
        max(difference) filter (where outcome = 'ordered') as orders,
        max(difference_lower) filter (where outcome = 'ordered')
            as orders_lower,
        max(difference_upper) filter (where outcome = 'ordered')
            as orders_upper,
        max(cuped_difference) filter (where outcome = 'kept_sales') as amount,
        max(cuped_difference_lower) filter (where outcome = 'kept_sales')
            as amount_lower,
        max(cuped_difference_upper) filter (where outcome = 'kept_sales')
            as amount_upper
    from marts.campaign_effects
    where outcome in ('ordered', 'kept_sales')
    group by campaign_id
),

costs as (
    select
        campaign_id,
        count(*) filter (where not is_over) as pending_customers,
        sum(cost) filter (where is_treatment and is_over) as cost_amount,
        count(cost) filter (where is_treatment and is_over) as with_cost
    from intermediate.campaign_customers
    group by campaign_id
),

totals as (
    select
        costs.campaign_id,
        coalesce(effects.treatment_customers, 0) as treatment_customers,
        coalesce(effects.control_customers, 0) as control_customers,
        costs.pending_customers,
        costs.cost_amount,
        cast(costs.cost_amount as double) as cost,
        costs.with_cost,
        effects.orders * effects.treatment_customers as orders,
        effects.orders_lower * effects.treatment_customers as orders_lower,
        effects.orders_upper * effects.treatment_customers as orders_upper,
        effects.amount * effects.treatment_customers as amount,
        effects.amount_lower * effects.treatment_customers as amount_lower,
        effects.amount_upper * effects.treatment_customers as amount_upper
    from costs
    left join effects
        on costs.campaign_id = effects.campaign_id
)

select
    totals.campaign_id,
    campaigns.name,
    campaigns.channel,
    campaigns.offer,
    totals.treatment_customers,
    totals.control_customers,
    totals.pending_customers,
    totals.cost_amount,
    cast(totals.with_cost as double) / nullif(totals.treatment_customers, 0)
        as cost_known_share,
    totals.orders as incremental_orders,
    totals.orders_lower as incremental_orders_lower,
    totals.orders_upper as incremental_orders_upper,
    totals.amount as incremental_amount,
    totals.amount_lower as incremental_amount_lower,
    totals.amount_upper as incremental_amount_upper,
    totals.amount - totals.cost as net_amount,
    (totals.amount - totals.cost) / nullif(totals.cost, 0) as roi_rate,
    (totals.amount_lower - totals.cost) / nullif(totals.cost, 0)
        as roi_rate_lower,
    (totals.amount_upper - totals.cost) / nullif(totals.cost, 0)
        as roi_rate_upper,
    case when totals.orders > 0 then totals.cost / totals.orders end
        as cost_per_order_amount
from totals
left join staging.campaigns
    on totals.campaign_id = campaigns.campaign_id
