-- Which customers send much back and are unhappy?
--
-- grain: customer_id
-- rows: intermediate.purchases on rows.customer_id = cell.customer_id
--
-- customer_id           customer
-- email                 address, masked unless $show_personal_data (personal
--                       data)
-- phone                 number, masked unless $show_personal_data (personal
--                       data)
-- preferred_channel     channel of the last purchase
-- has_marketing_consent  may be contacted for marketing
-- segment               RFM segment; NULL without a kept order in the window
-- returner_class        none, earlier, first_time, occasional or frequent
-- orders                purchases ever
-- returned_orders       of those, with something sent back for money
-- net_amount            value of all purchases after refunds
-- nps_score             last valid NPS answer
-- csat_score            last valid satisfaction answer
-- open_tickets          contact cases not solved
-- last_requested_at     last request to send something back
-- last_contact_at       last ticket, answer or request
--
-- Frequent returners whose last NPS answer was a detractor's (0 to 6) or whose
-- last satisfaction answer was at most the middle of its scale (3 of 5).
-- Service, not marketing: calling them needs no marketing consent where the
-- call is about their case.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    returner_class,
    orders,
    returned_orders,
    net_amount,
    nps_score,
    csat_score,
    open_tickets,
    last_requested_at,
    last_contact_at
from intermediate.audience_candidates
where needs_recovery
