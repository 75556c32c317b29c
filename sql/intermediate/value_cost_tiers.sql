-- Is a customer worth much or little, and dear or cheap to serve for it?
--
-- grain: customer_id
--
-- customer_id          customer with a purchase or a case in the window
-- value_tier           high, medium or low, by kept_amount
-- cost_tier            high, medium or low, by cost_to_serve_share; unknown
--                      where no case has a known cost
-- kept_amount          net revenue of the window
-- cost_amount          booked after-sales cost as far as known
-- cost_to_serve_share  cost_amount / kept_amount
-- contribution_amount  what is left after goods and after-sales cost
-- cases                cases that began in the window
-- costed_cases         of those, with a known cost
--
-- high: fewer than $value_high_share of the customers have more; low: fewer
-- than $value_low_share have less. Equal customers share a tier, medium where
-- both would hold. Cost is measured against revenue, else whoever buys much
-- would look dear; who cost something and kept nothing is above everyone, who
-- cost nothing is low. The window is the last $cost_window_days.

with

ranked as (
    select
        customer_id,
        kept_amount,
        cost_amount,
        cost_to_serve_share,
        contribution_amount,
        cases,
        costed_cases,
        loses_all_revenue,
        count(*) over () as customers,
        rank() over (order by kept_amount desc) - 1 as richer,
        rank() over (order by kept_amount) - 1 as poorer,
        rank() over (
            order by
                case when loses_all_revenue then 1 else 0 end desc,
                coalesce(cost_to_serve_share, 0) desc
        ) - 1 as dearer,
        rank() over (
            order by
                case when loses_all_revenue then 1 else 0 end,
                coalesce(cost_to_serve_share, 0)
        ) - 1 as cheaper
    from intermediate.contributions_by_customer
)

select
    customer_id,
    case
        when
            richer < $value_high_share * customers
            and poorer >= $value_low_share * customers
            then 'high'
        when
            poorer < $value_low_share * customers
            and richer >= $value_high_share * customers
            then 'low'
        else 'medium'
    end as value_tier,
    case
        when cost_amount is null then 'unknown'
        when cost_amount = 0 then 'low'
        when
            dearer < $value_high_share * customers
            and cheaper >= $value_low_share * customers
            then 'high'
        when
            cheaper < $value_low_share * customers
            and dearer >= $value_high_share * customers
            then 'low'
        else 'medium'
    end as cost_tier,
    kept_amount,
    cost_amount,
    cost_to_serve_share,
    contribution_amount,
    cases,
    costed_cases
from ranked
