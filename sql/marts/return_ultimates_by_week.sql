-- How much of what arrived in a week will have come back in the end?
--
-- grain: delivered_week
-- rows: intermediate.sold_lines_with_returns on
--   cast(cast(rows.delivered_week_number * 7 - 3 as integer) as date) =
--   cell.delivered_week and rows.delivered_date >= $history_start
--
-- delivered_week       Monday of the week in which the goods arrived, local
-- age_weeks            age in whole weeks that all of it has completed
-- units_sold           units that arrived in the week
-- units_returned       of those, asked back for money so far
-- ultimate_units       asked back in the end, by the chain ladder
-- ultimate_units_std_error  Mack's standard error of it
-- unit_return_rate     units_returned / units_sold
-- ultimate_unit_return_rate  ultimate_units / units_sold
-- ultimate_unit_return_rate_lower  lower end of its 95 % interval
-- ultimate_unit_return_rate_upper  upper end, at most 1
-- sales_amount         net sales of those units
-- returned_amount      what customers had paid for the units asked back so far
-- ultimate_amount      what they will have asked back in the end
-- ultimate_amount_std_error  Mack's standard error of it
-- ultimate_value_return_rate  ultimate_amount / sales_amount
-- is_mature            nothing of it can still come back
--
-- The last $history_weeks weeks but the last before the report day, of which
-- too little is known. Weeks develop as older ones did: a new return policy, or
-- a sale that brings other customers, breaks that, and nothing here can tell. A
-- week of which nothing has come back yet has no forecast (the chain ladder
-- would say never), unless it is mature.
-- Intervals are the forecast's plus and minus 1.96 standard errors; of weeks
-- with few returns they are rough.

with

cells as (
    select
        delivered_week_number,
        return_age_weeks,
        sum(quantity) as units_sold,
        sum(units_returned) as units_returned,
        sum(net_amount) as sales_amount,
        sum(returned_amount) as returned_amount,
        bool_and(is_mature) as is_mature
    from intermediate.sold_lines_with_returns
    where
        delivered_date >= $history_start
        and delivered_week_number < (cast($as_of as integer) + 3) / 7 - 1
    group by delivered_week_number, return_age_weeks
),

weeks as (
    select
        delivered_week_number,
        sum(units_sold) as units_sold,
        sum(units_returned) as units_returned,
        sum(sales_amount) as sales_amount,
        sum(returned_amount) as returned_amount,
        bool_and(is_mature) as is_mature
    from cells
    group by delivered_week_number
),

forecast as (
    select
        mack(
            delivered_week_number,
            return_age_weeks,
            units_returned,
            (cast($as_of as integer) + 3) / 7 - 2
        ) as units,
        mack(
            delivered_week_number,
            return_age_weeks,
            returned_amount,
            (cast($as_of as integer) + 3) / 7 - 2
        ) as amounts
    from cells
),

-- Both forecasts have the same weeks: from the first to the last with a return.
origins as (
    select
        unnest(units['origins']) as units,
        unnest(amounts['origins']) as amounts
    from forecast
),

joined as (
    select
        weeks.*,
        case
            when weeks.is_mature then cast(weeks.units_returned as double)
            when origins.units['latest'] > 0
                then greatest(
                    origins.units['ultimate'],
                    cast(weeks.units_returned as double)
                )
        end as ultimate_units,
        case
            when weeks.is_mature then 0
            when origins.units['latest'] > 0 then origins.units['std_err']
        end as units_std_error,
        case
            when weeks.is_mature then cast(weeks.returned_amount as double)
            when origins.amounts['latest'] > 0
                then greatest(
                    origins.amounts['ultimate'],
                    cast(weeks.returned_amount as double)
                )
        end as ultimate_amount,
        case
            when weeks.is_mature then 0
            when origins.amounts['latest'] > 0 then origins.amounts['std_err']
        end as amount_std_error
    from weeks
    left join origins
        on weeks.delivered_week_number = origins.units['origin']
)

select
    cast(cast(delivered_week_number * 7 - 3 as integer) as date)
        as delivered_week,
    (cast($as_of as integer) + 3) / 7 - 2 - delivered_week_number as age_weeks,
    units_sold,
    units_returned,
    ultimate_units,
    units_std_error as ultimate_units_std_error,
    cast(units_returned as double) / units_sold as unit_return_rate,
    ultimate_units / units_sold as ultimate_unit_return_rate,
    case
        when units_std_error is not null
            then greatest(
                ultimate_units - 1.959964 * units_std_error,
                cast(units_returned as double)
            ) / units_sold
    end as ultimate_unit_return_rate_lower,
    case
        when units_std_error is not null
            then least(
                (ultimate_units + 1.959964 * units_std_error) / units_sold, 1.0
            )
    end as ultimate_unit_return_rate_upper,
    sales_amount,
    returned_amount,
    ultimate_amount,
    amount_std_error as ultimate_amount_std_error,
    ultimate_amount / nullif(cast(sales_amount as double), 0)
        as ultimate_value_return_rate,
    is_mature
from joined
