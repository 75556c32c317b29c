-- How much of what each carrier delivered came back, and how late was it?
--
-- grain: carrier
-- rows: intermediate.sold_lines_with_returns on
--   rows.carrier = cell.carrier and rows.ordered_at >= $sales_window_start_at
--
-- carrier  who carried it; unknown without a parcel that says so
-- units_sold  units sold
-- orders  orders with a line it carried
-- sales_amount  net sales
-- units_returned  units sent back for money so far
-- returned_orders  orders of which such a unit came back
-- units_exchanged  units exchanged so far
-- return_refund_amount  refunded so far for goods sent back
-- unit_return_rate  units_returned / units_sold
-- unit_return_rate_lower  lower end of its 95 % Wilson interval
-- unit_return_rate_upper  upper end
-- order_return_rate  returned_orders / orders
-- order_return_rate_lower  lower end of its 95 % Wilson interval
-- order_return_rate_upper  upper end
-- value_return_rate  return_refund_amount / sales_amount
-- unit_exchange_rate  units_exchanged / units_sold
-- mature_share  share of the units that can no longer come back
-- mature_units_sold  units that can no longer come back
-- mature_unit_return_rate  return rate of those alone: final
-- mature_unit_return_rate_lower  lower end of its 95 % Wilson interval
-- mature_unit_return_rate_upper  upper end
-- developed_units_sold  units that arrived at least a complete week before the
--                       week of the report day: what the developed rate is of
-- developed_unit_return_rate  return rate those units will end with, by the
--                             chain ladder; NULL with fewer than $min_n units
--                             returned
-- developed_unit_return_rate_std_error  Mack's standard error of it
-- developed_unit_return_rate_lower  lower end of its 95 % interval, not below
--                                   what is back already
-- developed_unit_return_rate_upper  upper end, at most 1
-- late_lines  order lines that arrived after the promise
-- timed_lines  order lines of which arrival and promise are known
-- late_share  late_lines / timed_lines
-- late_share_lower  lower end of its 95 % Wilson interval
-- late_share_upper  upper end
--
-- Sales of the last $sales_window_days, each with its own returns, so no rate
-- exceeds one. A request that names no line of its order is in no row; those
-- are in the rates by month and week. unit_return_rate mixes sales that can
-- still come back with those that cannot: compare by the mature or the
-- developed rate. The developed rate takes sales of all weeks to come back at
-- the same pace, and its interval is that of these very sales, not of the next
-- ones; with few returns a week it is too narrow. Units of one order come back
-- together: Wilson intervals of unit rates are a little narrow. The value rate
-- has none.
-- An order that came with two carriers counts once for each. Parcels that
-- are overdue and still on their way are in no late_share. unknown also holds
-- what has not been sent yet.

with

carriers as (
    select
        carrier,
        sum(quantity) as units_sold,
        count(distinct order_id) as orders,
        sum(net_amount) as sales_amount,
        sum(units_returned) as units_returned,
        count(distinct case when has_return then order_id end)
            as returned_orders,
        sum(units_exchanged) as units_exchanged,
        sum(return_refund_amount) as return_refund_amount,
        sum(case when is_mature then quantity else 0 end) as mature_units_sold,
        sum(case when is_mature then units_returned else 0 end)
            as mature_units_returned,
        sum(
            case
                when
                    delivered_week_number
                    < (cast($as_of as integer) + 3) / 7 - 1
                    then quantity
                else 0
            end
        ) as developed_units_sold,
        count(*) filter (where is_late) as late_lines,
        count(is_late) as timed_lines,
        mack(
            delivered_week_number,
            return_age_weeks,
            units_returned,
            (cast($as_of as integer) + 3) / 7 - 2
        ) as development
    from intermediate.sold_lines_with_returns
    where ordered_at >= $sales_window_start_at
    group by carrier
),

rates as (
    select
        *,
        proportion_ci(units_returned, units_sold) as unit_interval,
        proportion_ci(returned_orders, orders) as order_interval,
        proportion_ci(mature_units_returned, mature_units_sold)
            as mature_interval,
        proportion_ci(late_lines, timed_lines) as late_interval,
        development['latest'] as latest,
        case
            when development['latest'] >= $min_n then development['ultimate']
        end as ultimate,
        case
            when development['latest'] >= $min_n then development['std_err']
        end as ultimate_std_error
    from carriers
)

select
    carrier,
    units_sold,
    orders,
    sales_amount,
    units_returned,
    returned_orders,
    units_exchanged,
    return_refund_amount,
    cast(units_returned as double) / units_sold as unit_return_rate,
    unit_interval['lower'] as unit_return_rate_lower,
    unit_interval['upper'] as unit_return_rate_upper,
    cast(returned_orders as double) / orders as order_return_rate,
    order_interval['lower'] as order_return_rate_lower,
    order_interval['upper'] as order_return_rate_upper,
    cast(return_refund_amount as double)
    / nullif(cast(sales_amount as double), 0) as value_return_rate,
    cast(units_exchanged as double) / units_sold as unit_exchange_rate,
    cast(mature_units_sold as double) / units_sold as mature_share,
    mature_units_sold,
    cast(mature_units_returned as double) / nullif(mature_units_sold, 0)
        as mature_unit_return_rate,
    mature_interval['lower'] as mature_unit_return_rate_lower,
    mature_interval['upper'] as mature_unit_return_rate_upper,
    developed_units_sold,
    ultimate / nullif(developed_units_sold, 0) as developed_unit_return_rate,
    ultimate_std_error / nullif(developed_units_sold, 0)
        as developed_unit_return_rate_std_error,
    case
        when ultimate_std_error is not null
            then greatest(ultimate - 1.959964 * ultimate_std_error, latest)
            / nullif(developed_units_sold, 0)
    end as developed_unit_return_rate_lower,
    case
        when ultimate_std_error is not null
            then least(
                (ultimate + 1.959964 * ultimate_std_error)
                / nullif(developed_units_sold, 0),
                1.0
            )
    end as developed_unit_return_rate_upper,
    late_lines,
    timed_lines,
    cast(late_lines as double) / nullif(timed_lines, 0) as late_share,
    late_interval['lower'] as late_share_lower,
    late_interval['upper'] as late_share_upper
from rates
