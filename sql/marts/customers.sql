-- Who is this customer, and what happened with them so far?
--
-- grain: customer_id
--
-- customer_id          customer
-- channel              channel the customer came through
-- region               where the customer lives
-- preferred_channel    channel of the last purchase
-- segment              RFM segment; NULL without a kept order in the window
-- returner_class       none, earlier, first_time, occasional or frequent; NULL
--                      without a purchase
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
-- nps_score            last valid NPS answer to questions of $nps_scope
-- csat_score           last valid satisfaction answer
-- tickets              contact cases ever
-- open_tickets         of those, not solved
-- is_vip               marked as VIP by the shop
-- has_marketing_consent  may be contacted for marketing
-- needs_recovery       frequent returner, and unhappy
-- has_immature_orders  some orders of the window can still come back
-- first_seen_at        when the customer was first known
-- first_ordered_at     first purchase
-- last_ordered_at      last purchase
-- nps_answered_at      when the last NPS question was answered
--
-- Every customer of the lake has a row, also those who never bought, and those
-- who bought but are missing in the customer table. Names and addresses stay in
-- staging.customers.

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

known as (
    select
        coalesce(customers.customer_id, purchases.customer_id) as customer_id,
        customers.channel,
        customers.region,
        customers.is_vip,
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
    known.returner_class,
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
    answers.nps_score,
    answers.csat_score,
    coalesce(tickets.tickets, 0) as tickets,
    coalesce(tickets.open_tickets, 0) as open_tickets,
    coalesce(known.is_vip, false) as is_vip,
    coalesce(known.has_marketing_consent, false) as has_marketing_consent,
    coalesce(known.returner_class = 'frequent', false)
    and coalesce(answers.nps_score <= 6 or answers.csat_score <= 3, false)
        as needs_recovery,
    coalesce(rfm.has_immature_orders, false) as has_immature_orders,
    known.first_seen_at,
    known.first_ordered_at,
    known.last_ordered_at,
    answers.nps_answered_at
from known
left join marts.rfm
    on known.customer_id = rfm.customer_id
left join intermediate.last_answers_by_customer as answers
    on known.customer_id = answers.customer_id
left join tickets
    on known.customer_id = tickets.customer_id
