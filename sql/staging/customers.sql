-- People and firms that buy.
--
-- grain: customer_id
--
-- customer_id            customer
-- channel                channel the customer came through, lower case
-- region                 where the customer lives
-- gender                 as recorded, lower case
-- email                  e-mail address (personal data)
-- phone                  telephone number (personal data)
-- is_vip                 marked as VIP by the shop
-- has_marketing_consent  may be contacted for marketing
-- birth_date             birthday
-- first_seen_at          when the customer was first known
--
-- Customers first known on or after the report day are not there. Everything
-- but first_seen_at is as it is now, not as it was on the report day.

select
    -- ids
    customer_id,

    -- text
    lower(trim(channel)) as channel,
    trim(region) as region,
    lower(trim(gender)) as gender,
    trim(email) as email,
    trim(phone) as phone,

    -- booleans
    is_vip,
    has_marketing_consent,

    -- times
    birth_date,
    first_seen_at

from raw.customers
where
    coalesce(first_seen_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
