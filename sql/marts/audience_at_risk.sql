-- Which customers of some value are about to be lost?
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
-- orders                purchases ever
-- monetary              value of the RFM window, the one that is scored
-- recency_days          days since the last kept order in the window
-- nps_score             last valid NPS answer
-- csat_score            last valid satisfaction answer
-- open_tickets          contact cases not solved
-- last_ordered_at       last purchase
-- last_contact_at       last ticket, answer or request
--
-- Segment at_risk, cant_lose_them, need_attention or about_to_sleep, with at
-- least the median value of those scored. A segment is no forecast: nothing
-- here says how probable it is that the customer leaves.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    orders,
    monetary,
    recency_days,
    nps_score,
    csat_score,
    open_tickets,
    last_ordered_at,
    last_contact_at
from intermediate.audience_candidates
where is_at_risk
