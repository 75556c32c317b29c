-- What a unit of a currency was worth in the workspace's currency, by day.
--
-- grain: currency, day
--
-- currency  ISO 4217 code
-- day       day in the workspace's time zone
-- problem   why the rate cannot be used: rate_not_positive; NULL if it can
-- rate      units of the workspace's currency for one unit
--
-- Rates of the report day and later are not there.

select
    -- text
    upper(trim(currency)) as currency,

    -- times
    day,

    -- text
    case when not rate > 0 then 'rate_not_positive' end as problem,

    -- numbers
    rate

from raw.fx_rates
where day < $as_of
