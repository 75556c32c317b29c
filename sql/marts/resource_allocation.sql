-- Does the work of the service desk go where the value is?
--
-- grain: segment, issue_tier
--
-- segment             RFM segment of the customer today; none for customers
--                     without a score, guest for cases without a customer
-- issue_tier          tier of the issue, 1 to 4, as in marts.issue_tiers; 0 for
--                     all issues
-- tickets             cases opened
-- customers           known customers with such a case
-- agent_hours         hours agents worked on them, of the cases that say so
-- agent_cost_amount   agent_hours at $agent_minute_cost; NULL without it
-- costed_share        share of the cases with minutes of work
-- value_at_stake_amount  what these customers ever bought, less refunds; a
--                     customer counts once in each row
-- hours_share         agent_hours / those of all rows of the same kind (tiers,
--                     or all issues)
-- value_share         value at stake / that of all rows of the same kind
-- hours_per_value     hours_share / value_share: above 1 the row gets more work
--                     than its share of the value
--
-- Cases opened in the $support_window_days days before the report day. A
-- customer with cases of two tiers is at stake in both, so the values of the
-- tiers do not add up to that of tier 0. Guests have no value here. Value is of
-- the past: what the customer would still buy is not in it.

with

segments as (
    select
        customer_id,
        segment
    from marts.rfm
),

cases as (
    select
        tickets.customer_id,
        case
            when tickets.customer_id is null then 'guest'
            else coalesce(segments.segment, 'none')
        end as segment,
        tiers.tier as issue_tier,
        cast(tickets.handle_minutes as decimal(18, 4)) as handle_minutes
    from staging.tickets
    left join segments
        on tickets.customer_id = segments.customer_id
    inner join marts.issue_tiers as tiers
        on coalesce(tickets.issue_type, 'unknown') = tiers.issue_type
    where tickets.created_at >= $support_window_start_at
),

-- One row per customer and tier first: the value of a customer counts once.
by_customer as (
    select
        segment,
        case when grouping(issue_tier) = 1 then 0 else issue_tier end
            as issue_tier,
        customer_id,
        count(*) as tickets,
        sum(handle_minutes) as handle_minutes,
        count(handle_minutes) as handled_tickets
    from cases
    group by grouping sets (
        (segment, customer_id),
        (segment, customer_id, issue_tier)
    )
),

by_cell as (
    select
        by_customer.segment,
        by_customer.issue_tier,
        sum(by_customer.tickets) as tickets,
        count(by_customer.customer_id) as customers,
        sum(by_customer.handle_minutes) as handle_minutes,
        sum(by_customer.handled_tickets) as handled_tickets,
        coalesce(sum(customers.net_amount_ever), 0) as value_amount
    from by_customer
    left join intermediate.customers_with_purchases as customers
        on by_customer.customer_id = customers.customer_id
    group by by_customer.segment, by_customer.issue_tier
),

shared as (
    select
        *,
        cast(handle_minutes as double) / nullif(
            cast(
                sum(handle_minutes) over (partition by issue_tier = 0) as double
            ),
            0
        ) as hours_share,
        cast(value_amount as double) / nullif(
            cast(
                sum(value_amount) over (partition by issue_tier = 0) as double
            ),
            0
        ) as value_share
    from by_cell
)

select
    segment,
    issue_tier,
    tickets,
    customers,
    cast(handle_minutes as double) / 60 as agent_hours,
    cast(handle_minutes as double) * $agent_minute_cost as agent_cost_amount,
    cast(handled_tickets as double) / tickets as costed_share,
    value_amount as value_at_stake_amount,
    hours_share,
    value_share,
    hours_share / nullif(value_share, 0) as hours_per_value
from shared
