-- Which customers are worth most, and why do they count as such?
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
-- reason                vip; segment, a champion or loyal; or top_value, among
--                       the $value_high_share with the highest value of the RFM
--                       window
-- is_vip                marked as VIP by the shop
-- orders                purchases ever
-- returned_orders       of those, with something sent back for money
-- net_amount            value of all purchases after refunds
-- monetary              value of the RFM window, the one that is scored
-- recency_days          days since the last kept order in the window
-- nps_score             last valid NPS answer
-- open_tickets          contact cases not solved
--
-- Value is net of refunds, so a customer who sends most of it back is not here
-- for what was ordered. Leaves out nobody: ask has_marketing_consent before
-- writing.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    high_value_reason as reason,
    is_vip,
    orders,
    returned_orders,
    net_amount,
    monetary,
    recency_days,
    nps_score,
    open_tickets
from intermediate.audience_candidates
where is_high_value
