-- Days on which a desk is closed.
--
-- grain: calendar, day
--
-- calendar  team that is closed, or $holiday_calendar: closes every team
-- day       day in the workspace's time zone
-- name      name of the holiday
--
-- Holidays on or after the report day are there: they are known beforehand.

select
    trim(calendar) as calendar,
    day,
    trim(name) as name
from raw.holidays
