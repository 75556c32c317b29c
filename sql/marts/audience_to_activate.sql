-- Which sleeping customers of little value could be woken cheaply?
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
-- reason                never_bought; kept_nothing, bought in the RFM window
--                       and kept nothing; not_of_late, bought before it only;
--                       or segment, hibernating, lost or about_to_sleep
-- orders                purchases ever
-- returned_orders       of those, with something sent back for money
-- net_amount            value of all purchases after refunds
-- recency_days          days since the last kept order in the window
-- last_ordered_at       last purchase
--
-- Nobody of high value, at risk or new. Who kept nothing is here and perhaps
-- should not be wooed: see returned_orders.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    activation_reason as reason,
    orders,
    returned_orders,
    net_amount,
    recency_days,
    last_ordered_at
from intermediate.audience_candidates
where is_to_activate
