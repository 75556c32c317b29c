-- Who was drawn into which arm of a campaign, and what came of it, as it stood
-- on the report day.
--
-- grain: campaign_id, customer_id
--
-- campaign_id   campaign
-- customer_id   customer
-- arm           treatment or control, lower case
-- problem       why the row cannot be counted: unknown_arm; NULL if it can
-- cost          cost of addressing the customer
-- is_treatment  drawn into the treatment; NULL when the arm is neither
-- assigned_at   when the arm was drawn
-- sent_at       when it was sent
-- delivered_at  when it was delivered
-- opened_at     when it was opened
-- redeemed_at   when the offer was redeemed
--
-- Customers drawn on or after the report day are not there; later instants are
-- NULL. The arm is the one that was drawn, whatever was sent.

select
    -- ids
    campaign_id,
    customer_id,

    -- text
    lower(trim(arm)) as arm,
    case
        when lower(trim(arm)) not in ('treatment', 'control') then 'unknown_arm'
    end as problem,

    -- numbers
    case when coalesce(sent_at < $as_of_at, true) then cost end as cost,

    -- booleans
    case lower(trim(arm))
        when 'treatment' then true
        when 'control' then false
    end as is_treatment,

    -- times
    assigned_at,
    case when sent_at < $as_of_at then sent_at end as sent_at,
    case when delivered_at < $as_of_at then delivered_at end as delivered_at,
    case when opened_at < $as_of_at then opened_at end as opened_at,
    case when redeemed_at < $as_of_at then redeemed_at end as redeemed_at

from raw.assignments
where
    coalesce(assigned_at < $as_of_at, sent_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
