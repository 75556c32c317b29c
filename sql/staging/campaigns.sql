-- Measures that address customers.
--
-- grain: campaign_id
--
-- campaign_id  campaign
-- name         name people know it by
-- channel      mail, sms, app, ..., lower case
-- offer        what was offered, lower case
-- problem      why its times cannot be used: ends_before_it_starts; NULL if
--              they can
-- starts_at    start
-- ends_at      end, as planned
--
-- Campaigns that begin on or after the report day are not there. The end is a
-- plan and is shown also when it lies after the report day. Name, channel and
-- offer are as they are now.

select
    -- ids
    campaign_id,

    -- text
    trim(name) as name,
    lower(trim(channel)) as channel,
    lower(trim(offer)) as offer,
    case when ends_at < starts_at then 'ends_before_it_starts' end as problem,

    -- times
    starts_at,
    ends_at

from raw.campaigns
where
    coalesce(starts_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
