-- What one unit of an after-sales activity costs, and for how long.
--
-- grain: activity, valid_from
--
-- activity        agent, bot, inspection, reverse_shipping, ..., lower case
-- unit            minute, hour, case, ..., lower case; case where the source
--                 does not say
-- currency        ISO 4217 code of the rate
-- problem         why the rate cannot be used: negative_rate; NULL if it can
-- rate            cost per unit
-- valid_from      first day of the rate
-- valid_until     first day of the next rate of the same activity; NULL for
--                 the last one
--
-- Rates that begin on or after the report day are not there. A case before the
-- first rate of its activity has none. Rates are taken to be in the workspace's
-- currency.

with

rates as (
    select
        lower(trim(activity)) as activity,
        coalesce(lower(trim(unit)), 'case') as unit,
        upper(trim(currency)) as currency,
        case when rate < 0 then 'negative_rate' end as problem,
        rate,
        valid_from
    from raw.cost_rates
    where valid_from < $as_of
)

select
    -- text
    activity,
    unit,
    currency,
    problem,

    -- numbers
    rate,

    -- times
    valid_from,
    lead(valid_from) over (
        partition by activity order by valid_from
    ) as valid_until

from rates
