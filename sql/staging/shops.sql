-- Shops the workspace sells through, one row per shop or marketplace account.
--
-- grain: shop_id
--
-- shop_id      shop
-- name         name people know it by
-- marketplace  platform it runs on, lower case; NULL for an own shop
-- currency     ISO 4217 code its amounts are in
-- return_days  days after delivery in which a return may be requested;
--              $return_window_days where the shop does not say
--
-- Shops have no history: a report of an earlier day sees them as they are now.

select
    -- ids
    shop_id,

    -- text
    trim(name) as name,
    lower(trim(marketplace)) as marketplace,
    upper(trim(currency)) as currency,

    -- numbers
    coalesce(return_days, $return_window_days) as return_days

from raw.shops
