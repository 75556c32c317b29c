-- Which important customers has nobody heard of for too long?
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
-- reason                why the customer is important: vip, segment or
--                       top_value
-- monetary              value of the RFM window, the one that is scored
-- recency_days          days since the last kept order in the window
-- nps_score             last valid NPS answer
-- csat_score            last valid satisfaction answer
-- last_requested_at     last request to send something back
-- last_contact_at       last ticket, answer or request
-- silent_days           days since the last contact; NULL without any
-- due_date              last contact and $callback_window_days; the report day
--                       without any contact
-- overdue_days          days since due_date, 0 or more
--
-- Customers of high value without a ticket, an answer or a request in the last
-- $callback_window_days. A purchase is no contact. Calls the lake does not know
-- as tickets are not seen.

select
    customer_id,
    email,
    phone,
    preferred_channel,
    has_marketing_consent,
    segment,
    high_value_reason as reason,
    monetary,
    recency_days,
    nps_score,
    csat_score,
    last_requested_at,
    last_contact_at,
    $as_of - cast(last_contact_at as date) as silent_days,
    coalesce(
        cast(last_contact_at as date) + $callback_window_days, $as_of
    ) as due_date,
    coalesce(
        $as_of - cast(last_contact_at as date) - $callback_window_days, 0
    ) as overdue_days
from intermediate.audience_candidates
where is_callback_due
