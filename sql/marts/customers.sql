-- Who is this customer, and what happened with them so far?
--
-- grain: customer_id
-- rows: intermediate.purchases on rows.customer_id = cell.customer_id
--
-- customer_id          customer
-- channel              channel the customer came through
-- region               where the customer lives
-- preferred_channel    channel of the last purchase
-- segment              RFM segment; NULL without a kept order in the window
-- cn8                  group of the eight-segment model, as in rfm
-- returner_class       none, earlier, first_time, occasional or frequent; NULL
--                      without a purchase
-- churn_status         active, at_risk or churned, as in churn; NULL without a
--                      purchase
-- loyalty_tier         high, middle or low, as in loyalty
-- top_category         category with the most net sales ever
-- top_return_reason    most frequent reason of requests ever
-- orders               purchases ever
-- gross_amount         net sales of all of them, whatever came back
-- net_amount           the same less refunds
-- average_order_amount  gross_amount / orders
-- returned_orders      purchases ever with something sent back for money
-- recency_days         days since the last kept order in the window
-- frequency            kept orders in the window
-- monetary             value scored
-- r                    recency score
-- f                    frequency score
-- m                    monetary score
-- loyalty_index        0 to 100, as in loyalty
-- days_since_purchase  days since the last purchase
-- p_alive              chance of not having left, as in lifetime_values; NULL
--                      without a repeat purchase
-- expected_orders      purchases expected in the next $clv_months
-- clv_amount           kept sales expected in the next $clv_months, discounted
-- nps_score            last valid NPS answer to questions of $nps_scope
-- csat_score           last valid satisfaction answer
-- ces_score            last valid effort answer
-- tickets              contact cases ever
-- open_tickets         of those, not solved
-- cost_amount          cost of service and returns, as in costs_by_customer;
--                      NULL when unknown, or nothing happened of late
-- cost_to_serve_share  the same over kept sales of late
-- best_contact_hour    local hour with most purchases, answers and tickets
-- tenure_days          days since the customer was first known, or first bought
-- accounts             accounts of other systems known to be this customer
-- is_vip               marked as VIP by the shop
-- is_identified        has an entry in the customer table
-- is_high_value        in the highest score of value: the top fifth
-- is_overdue           away for longer than the customer's own habit
-- has_marketing_consent  may be contacted for marketing
-- needs_recovery       frequent returner, and unhappy
-- has_immature_orders  some orders of the window can still come back
-- first_seen_at        when the customer was first known
-- first_ordered_at     first purchase
-- last_ordered_at      last purchase
-- nps_answered_at      when the last NPS question was answered
-- csat_answered_at     when the last satisfaction question was answered
--
-- Every customer of the lake has a row, also those who never bought, and those
-- who bought but are missing in the customer table (is_identified is false).
-- Who buys as a guest has none: identity_coverage says how much of the business
-- that is. Names and addresses stay in staging.customers. Each column means
-- what it means in the mart it comes from, with its windows.

with

tickets as (
    select
        customer_id,
        count(*) as tickets,
        count(*) filter (where is_open) as open_tickets
    from staging.tickets
    where customer_id is not null
    group by customer_id
),

accounts as (
    select
        customer_id,
        count(*) as accounts
    from staging.id_map
    where customer_id is not null
    group by customer_id
),

known as (
    select
        coalesce(customers.customer_id, purchases.customer_id) as customer_id,
        customers.channel,
        customers.region,
        customers.is_vip,
        customers.customer_id is not null as is_identified,
        customers.has_marketing_consent,
        customers.first_seen_at,
        purchases.preferred_channel,
        purchases.returner_class,
        coalesce(purchases.orders_ever, 0) as orders,
        coalesce(purchases.gross_amount_ever, 0) as gross_amount,
        coalesce(purchases.net_amount_ever, 0) as net_amount,
        coalesce(purchases.returned_orders_ever, 0) as returned_orders,
        purchases.first_ordered_at,
        purchases.last_ordered_at
    from staging.customers
    full join intermediate.customers_with_purchases as purchases
        on customers.customer_id = purchases.customer_id
)

select
    known.customer_id,
    known.channel,
    known.region,
    known.preferred_channel,
    rfm.segment,
    rfm.cn8,
    known.returner_class,
    churn.churn_status,
    loyalty.loyalty_tier,
    habits.top_category,
    habits.top_return_reason,
    known.orders,
    known.gross_amount,
    known.net_amount,
    cast(known.gross_amount as double) / nullif(known.orders, 0)
        as average_order_amount,
    known.returned_orders,
    rfm.recency_days,
    rfm.frequency,
    rfm.monetary,
    rfm.r,
    rfm.f,
    rfm.m,
    loyalty.loyalty_index,
    churn.days_since_purchase,
    lifetime_values.p_alive,
    lifetime_values.expected_orders,
    lifetime_values.clv_amount,
    answers.nps_score,
    answers.csat_score,
    answers.ces_score,
    coalesce(tickets.tickets, 0) as tickets,
    coalesce(tickets.open_tickets, 0) as open_tickets,
    costs.cost_amount,
    costs.cost_to_serve_share,
    habits.best_contact_hour,
    $as_of - cast(
        least(known.first_seen_at, known.first_ordered_at) as date
    ) as tenure_days,
    coalesce(accounts.accounts, 0) as accounts,
    coalesce(known.is_vip, false) as is_vip,
    known.is_identified,
    coalesce(rfm.m = $rfm_bins, false) as is_high_value,
    coalesce(churn.is_overdue, false) as is_overdue,
    coalesce(known.has_marketing_consent, false) as has_marketing_consent,
    coalesce(known.returner_class = 'frequent', false)
    and coalesce(answers.nps_score <= 6 or answers.csat_share <= 0.5, false)
        as needs_recovery,
    coalesce(rfm.has_immature_orders, false) as has_immature_orders,
    known.first_seen_at,
    known.first_ordered_at,
    known.last_ordered_at,
    answers.nps_answered_at,
    answers.csat_answered_at
from known
left join marts.rfm
    on known.customer_id = rfm.customer_id
left join intermediate.last_answers_by_customer as answers
    on known.customer_id = answers.customer_id
left join tickets
    on known.customer_id = tickets.customer_id
left join accounts
    on known.customer_id = accounts.customer_id
left join marts.churn
    on known.customer_id = churn.customer_id
left join marts.loyalty
    on known.customer_id = loyalty.customer_id
left join marts.lifetime_values
    on known.customer_id = lifetime_values.customer_id
left join marts.costs_by_customer as costs
    on known.customer_id = costs.customer_id
left join intermediate.habits_by_customer as habits
    on known.customer_id = habits.customer_id
