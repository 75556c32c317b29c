-- Which groups of customers earn money after returns and service, and which
-- lose it?
--
-- grain: dimension, segment
--
-- dimension            rfm_segment, returner_class or value_tier
-- segment              group within it; unscored without a kept order in the
--                      RFM window, no_purchase without a purchase ever
-- customers            customers with a purchase or a case in the window
-- orders               purchases
-- sales_amount         net sales
-- refund_amount        refunds of sales: sales_amount - kept_amount
-- kept_amount          net revenue
-- goods_cost_amount    what the units that stayed with customers had cost
-- margin_amount        kept_amount - goods_cost_amount
-- cost_amount          booked after-sales cost as far as known
-- costed_share         of the cases, with a known cost
-- contribution_amount  margin_amount - cost_amount
-- contribution_share   contribution_amount / kept_amount; NULL when nothing was
--                      kept
-- contribution_per_customer_amount  contribution_amount / customers
-- losing_customers     customers of whom less than nothing is left
-- losing_share         losing_customers / customers
-- losing_share_lower   lower end of its 95 % Wilson interval
-- losing_share_upper   upper end
-- is_losing            contribution_amount is below 0
--
-- The last $cost_window_days, as in whale_curve. Every dimension counts all
-- customers once: do not add over dimensions. What is not known is not taken
-- off: a contribution is at best as it looks while costed_share is below 1.

with

customers as (
    select
        contributions.*,
        unnest([
            named_struct(
                'dimension', 'rfm_segment',
                'segment', coalesce(rfm.segment, 'unscored')
            ),
            named_struct(
                'dimension', 'returner_class',
                'segment', coalesce(classes.returner_class, 'no_purchase')
            ),
            named_struct(
                'dimension', 'value_tier',
                'segment', tiers.value_tier
            )
        ]) as place
    from intermediate.contributions_by_customer as contributions
    left join marts.rfm
        on contributions.customer_id = rfm.customer_id
    left join intermediate.customers_with_purchases as classes
        on contributions.customer_id = classes.customer_id
    left join intermediate.value_cost_tiers as tiers
        on contributions.customer_id = tiers.customer_id
),

segments as (
    select
        place['dimension'] as dimension,
        place['segment'] as segment,
        count(*) as customers,
        sum(orders) as orders,
        sum(sales_amount) as sales_amount,
        sum(kept_amount) as kept_amount,
        sum(goods_cost_amount) as goods_cost_amount,
        sum(margin_amount) as margin_amount,
        sum(cost_amount) as cost_amount,
        sum(cases) as cases,
        sum(costed_cases) as costed_cases,
        sum(contribution_amount) as contribution_amount,
        count(*) filter (where contribution_amount < 0) as losing_customers
    from customers
    group by place['dimension'], place['segment']
),

with_intervals as (
    select
        *,
        proportion_ci(losing_customers, customers) as losing_interval
    from segments
)

select
    dimension,
    segment,
    customers,
    orders,
    sales_amount,
    sales_amount - kept_amount as refund_amount,
    kept_amount,
    goods_cost_amount,
    margin_amount,
    cost_amount,
    cast(costed_cases as double) / nullif(cases, 0) as costed_share,
    contribution_amount,
    case
        when kept_amount > 0
            then
                cast(contribution_amount as double)
                / cast(kept_amount as double)
    end as contribution_share,
    cast(contribution_amount as double) / customers
        as contribution_per_customer_amount,
    losing_customers,
    cast(losing_customers as double) / customers as losing_share,
    losing_interval['lower'] as losing_share_lower,
    losing_interval['upper'] as losing_share_upper,
    contribution_amount < 0 as is_losing
from with_intervals
