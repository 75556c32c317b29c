-- What may trouble after the sale cost beyond the books, by customer?
--
-- grain: customer_id, component
--
-- customer_id       customer who had a case in the window and was last unhappy
-- component         churn: yearly margin times the higher risk of leaving;
--                   reputation: what a detractor's word does
-- cost_amount       estimate; NULL while nobody stated the assumption
-- margin_amount     kept sales less goods of the window, not below 0: what may
--                   be lost
--
-- Unhappy is a last NPS answer of 6 or less (on questions of $nps_scope) or a
-- last satisfaction answer in the lower half of its scale, up to the middle (3
-- of 5). The two assumptions are settings,
-- $unhappy_churn_rate (how much more probable it is that an unhappy customer
-- leaves within a year) and $detractor_loss_amount, and are not measured here:
-- nothing in a list of unhappy customers says who leaves because of it.

with

unhappy as (
    select
        answers.customer_id,
        coalesce(answers.nps_score <= 6, false) as is_detractor,
        greatest(contributions.margin_amount, 0) as margin_amount
    from intermediate.last_answers_by_customer as answers
    inner join intermediate.contributions_by_customer as contributions
        on answers.customer_id = contributions.customer_id
    where
        contributions.cases > 0
        and (answers.nps_score <= 6 or answers.csat_share <= 0.5)
),

estimates as (
    select
        customer_id,
        margin_amount,
        unnest([
            named_struct(
                'component', 'churn',
                'amount', cast(margin_amount as double) * $unhappy_churn_rate
            ),
            named_struct(
                'component', case when is_detractor then 'reputation' end,
                'amount', cast($detractor_loss_amount as double)
            )
        ]) as estimate
    from unhappy
)

select
    customer_id,
    estimate['component'] as component,
    cast(estimate['amount'] as decimal(18, 2)) as cost_amount,
    margin_amount
from estimates
where estimate['component'] is not null
