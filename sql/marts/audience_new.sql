-- Which customers bought for the first time a short while ago?
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
-- returned_orders       of those, with something sent back for money
-- net_amount            value of all purchases after refunds
-- csat_score            last valid satisfaction answer
-- open_tickets          contact cases not solved
-- first_ordered_at      first purchase
-- days_as_customer      days since the first purchase
--
-- First purchase in the last $new_customer_window_days, as far as the lake goes
-- back.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    orders,
    returned_orders,
    net_amount,
    csat_score,
    open_tickets,
    first_ordered_at,
    $as_of - cast(first_ordered_at as date) as days_as_customer
from intermediate.audience_candidates
where is_new
