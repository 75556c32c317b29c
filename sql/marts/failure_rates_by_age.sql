-- How often does an article fail at which age, and what is to be expected?
--
-- grain: sku, age_from_days
-- rows: intermediate.failures on
--   rows.sku = cell.sku and rows.age_days >= cell.age_from_days
--   and (rows.age_days < cell.age_to_days or cell.age_to_days is null)
--
-- sku                article
-- category           category of the article, or unknown
-- age_from_days      first day of the age band, counted from the arrival
-- age_to_days        day after its last; NULL for the last band
-- units_at_risk      units that reached the band while in use
-- unit_years         time they spent in it, in years
-- failures           units that failed in it
-- failure_rate       failures / unit_years: 0.05 is five of a hundred units in
--                    use in a year
-- failure_rate_lower  lower end of its 95 % interval
-- failure_rate_upper  upper end
-- category_failure_rate  the same of all articles of the category
-- category_failures  failures behind it
-- units_in_use       units of that age in use on the report day
-- expected_unit_years  time units in use will spend in the band within the next
--                    $failure_horizon_days
-- expected_failures  failures to expect of it, at the article's own rate where
--                    the band saw at least $min_n failures, else at the
--                    category's
--
-- A failure is a repair or a defective return. Units are in use from their
-- arrival to the report day, those sent back or exchanged until they were asked
-- back; a repaired unit stays in use. All of the past. The interval takes
-- failures as independent and is that of a proportion of unit-days, which for
-- rare failures is that of a Poisson rate. Sales to come are not in
-- expected_failures. Failures of which the shop is not told are nowhere.

with

bands as (
    select
        bands.age_from_days,
        bands.age_to_days
    from (
        values (0, 30), (30, 90), (90, 180), (180, 365), (365, null)
    ) as bands (age_from_days, age_to_days)
),

-- What was kept is in use until the report day; what went back, until the first
-- request.
spans as (
    select
        sku,
        category,
        cast(delivered_date as integer) as delivered_day,
        cast($as_of as integer) as end_day,
        quantity - least(units_returned + units_exchanged, quantity) as units,
        true as is_in_use
    from intermediate.sold_lines_with_returns
    where
        sku is not null
        and delivered_date < $as_of
    union all
    select
        sku,
        category,
        cast(delivered_date as integer) as delivered_day,
        greatest(
            cast(cast(first_requested_at as date) as integer),
            cast(delivered_date as integer)
        ) as end_day,
        least(units_returned + units_exchanged, quantity) as units,
        false as is_in_use
    from intermediate.sold_lines_with_returns
    where
        sku is not null
        and delivered_date < $as_of
        and units_returned + units_exchanged > 0
),

-- Far fewer rows, before each meets the bands.
grouped as (
    select
        sku,
        max(category) as category,
        end_day - delivered_day as age_days,
        is_in_use,
        sum(units) as units
    from spans
    group by sku, end_day - delivered_day, is_in_use
),

exposed as (
    select
        grouped.sku,
        max(grouped.category) as category,
        bands.age_from_days,
        bands.age_to_days,
        sum(
            case
                when
                    grouped.age_days > bands.age_from_days
                    or grouped.is_in_use
                    and grouped.age_days = bands.age_from_days
                    then grouped.units
                else 0
            end
        ) as units_at_risk,
        sum(
            grouped.units * greatest(
                least(grouped.age_days, bands.age_to_days)
                - bands.age_from_days,
                0
            )
        ) as unit_days,
        sum(
            case
                when
                    grouped.is_in_use
                    and grouped.age_days >= bands.age_from_days
                    and coalesce(grouped.age_days < bands.age_to_days, true)
                    then grouped.units
                else 0
            end
        ) as units_in_use,
        sum(
            case
                when grouped.is_in_use
                    then grouped.units * greatest(
                        least(
                            grouped.age_days + $failure_horizon_days,
                            bands.age_to_days
                        )
                        - greatest(grouped.age_days, bands.age_from_days),
                        0
                    )
                else 0
            end
        ) as expected_unit_days
    from grouped
    cross join bands
    group by grouped.sku, bands.age_from_days, bands.age_to_days
),

failed as (
    select
        failures.sku,
        bands.age_from_days,
        sum(failures.units) as failures
    from intermediate.failures
    inner join bands
        on
            failures.age_days >= bands.age_from_days
            and coalesce(failures.age_days < bands.age_to_days, true)
    group by failures.sku, bands.age_from_days
),

-- A unit that is asked back on the day it arrives has failed in no time.
joined as (
    select
        exposed.*,
        coalesce(failed.failures, 0) as failures,
        sum(coalesce(failed.failures, 0)) over (
            partition by exposed.category, exposed.age_from_days
        ) as category_failures,
        sum(exposed.unit_days) over (
            partition by exposed.category, exposed.age_from_days
        ) as category_unit_days
    from exposed
    left join failed
        on
            exposed.sku = failed.sku
            and exposed.age_from_days = failed.age_from_days
),

rated as (
    select
        *,
        cast(failures as double) / nullif(unit_days, 0) as daily_rate,
        cast(category_failures as double) / nullif(category_unit_days, 0)
            as category_daily_rate,
        proportion_ci(failures, unit_days) as daily_interval
    from joined
)

select
    sku,
    category,
    age_from_days,
    age_to_days,
    units_at_risk,
    unit_days / 365.25 as unit_years,
    failures,
    daily_rate * 365.25 as failure_rate,
    daily_interval['lower'] * 365.25 as failure_rate_lower,
    daily_interval['upper'] * 365.25 as failure_rate_upper,
    category_daily_rate * 365.25 as category_failure_rate,
    category_failures,
    units_in_use,
    expected_unit_days / 365.25 as expected_unit_years,
    expected_unit_days * case
        when failures >= $min_n then daily_rate
        else category_daily_rate
    end as expected_failures
from rated
where units_at_risk > 0 or expected_unit_days > 0
