-- What would a shorter time to return cut?
--
-- grain: window_days
-- rows: intermediate.sold_lines_with_returns on
--   cell.window_days is not null and rows.has_return and rows.is_mature
--   and rows.is_delivered and rows.ordered_at >= $sales_window_start_at
--
-- window_days          days after the arrival in which a return could be asked
--                      for
-- returned_lines       order lines sent back for money
-- late_lines           of those, asked back later than that
-- late_share           late_lines / returned_lines
-- late_share_lower     lower end of its 95 % Wilson interval
-- late_share_upper     upper end
-- own_late_lines       of late_lines, not by the seller's fault: only those can
--                      be refused
-- refund_amount        refunded for the returned lines
-- late_refund_amount   of that, for late_lines
-- late_refund_share    late_refund_amount / refund_amount
-- own_late_refund_amount  of that, not by the seller's fault
-- units_sold           units of all lines, returned or not
-- unit_return_rate     units sent back for money / units_sold
-- kept_unit_return_rate  the same without own_late_lines
-- is_longer            longer than the window of every shop: nothing can be
--                      said of what customers would do with it
--
-- Mature sales of the last $sales_window_days whose arrival is recorded, so
-- that every line had its time. An upper bound of what a shorter window cuts:
-- customers would hurry, and some would not buy.

with

lines as (
    select
        quantity,
        units_returned,
        return_refund_amount,
        has_return,
        has_own_return,
        case
            when has_return
                then cast(cast(return_requested_at as date) as integer)
                - cast(delivered_date as integer)
        end as days
    from intermediate.sold_lines_with_returns
    where
        is_mature
        and is_delivered
        and ordered_at >= $sales_window_start_at
),

-- Lines that were kept in one row, and one row for each day of a return.
by_day as (
    select
        days,
        has_own_return,
        sum(quantity) as units_sold,
        sum(units_returned) as units_returned,
        count(*) filter (where has_return) as returned_lines,
        sum(return_refund_amount) as refund_amount
    from lines
    group by days, has_own_return
),

scenarios as (
    select
        windows.window_days,
        sum(by_day.units_sold) as units_sold,
        sum(by_day.units_returned) as units_returned,
        sum(by_day.returned_lines) as returned_lines,
        sum(by_day.refund_amount) as refund_amount,
        sum(
            case
                when by_day.days > windows.window_days
                    then by_day.returned_lines
                else 0
            end
        ) as late_lines,
        sum(
            case
                when by_day.days > windows.window_days
                    then by_day.refund_amount
                else 0
            end
        ) as late_refund_amount,
        sum(
            case
                when by_day.days > windows.window_days and by_day.has_own_return
                    then by_day.returned_lines
                else 0
            end
        ) as own_late_lines,
        sum(
            case
                when by_day.days > windows.window_days and by_day.has_own_return
                    then by_day.units_returned
                else 0
            end
        ) as own_late_units,
        sum(
            case
                when by_day.days > windows.window_days and by_day.has_own_return
                    then by_day.refund_amount
                else 0
            end
        ) as own_late_refund_amount
    from by_day
    cross join (
        values (3), (7), (10), (14), (21), (30), (45), (60), (90)
    ) as windows (window_days)
    group by windows.window_days
),

with_intervals as (
    select
        *,
        proportion_ci(late_lines, returned_lines) as late_interval
    from scenarios
)

select
    window_days,
    returned_lines,
    late_lines,
    cast(late_lines as double) / nullif(returned_lines, 0) as late_share,
    late_interval['lower'] as late_share_lower,
    late_interval['upper'] as late_share_upper,
    own_late_lines,
    refund_amount,
    late_refund_amount,
    cast(late_refund_amount as double)
    / nullif(cast(refund_amount as double), 0) as late_refund_share,
    own_late_refund_amount,
    units_sold,
    cast(units_returned as double) / units_sold as unit_return_rate,
    cast(units_returned - own_late_units as double) / units_sold
        as kept_unit_return_rate,
    window_days > coalesce(shops.return_days, $return_window_days) as is_longer
from with_intervals
cross join (
    select max(return_days) as return_days
    from staging.shops
) as shops
