-- Happenings that may explain a number: a strike, a sale, a release.
--
-- grain: day, name
--
-- day   day in the workspace's time zone
-- name  what happened
-- kind  sale, disruption, release, ..., lower case
--
-- Events on or after the report day are not there.

select
    day,
    trim(name) as name,
    lower(trim(kind)) as kind
from raw.calendar_events
where day < $as_of
