-- How much is still to be refunded for what has been sold already?
--
-- grain: shop
--
-- shop               shop_id in text; unknown when the source does not say; all
--                    for all shops
-- pending_requests   returns asked for that wait for their refund
-- pending_amount     what the customers had paid for them, as far as the
--                    requests name a line
-- future_amount      what will still be asked back of the goods that arrived in
--                    the last $history_weeks weeks, but for the last before the
--                    week of the report day, by the chain ladder
-- future_amount_std_error  Mack's standard error of it
-- arriving_amount    net sales on their way, or arrived since: too young to be
--                    developed
-- arriving_returned_amount  what will be asked back of those: their sales at
--                    the rate the weeks before will end with, less what is
--                    asked back already
-- arriving_returned_amount_std_error  standard error of it, from how much the
--                    rates of mature weeks vary
-- refunded_share     of what is asked back, the part that is refunded: of
--                    mature sales; 1 where nothing is mature
-- liability_amount   refunded_share * (pending_amount + future_amount
--                    + arriving_returned_amount)
-- liability_amount_lower  lower end of its 95 % interval
-- liability_amount_upper  upper end
--
-- Refunds for goods sent back; exchanges, goodwill and shipping are not in it.
-- all is developed on its own: shops need not add up to it. Pending requests
-- count whole, though some will be refused; their number of the past is not in
-- refunded_share, which is of requests that were not refused. The interval has
-- no part for that, nor for a change of policy. NULL where the past is too
-- short to develop.

with

-- Each line once for its shop and once for all.
lines as (
    select
        unnest([
            coalesce(cast(shop_id as varchar), 'unknown'), 'all'
        ]) as shop,
        delivered_week_number,
        return_age_weeks,
        net_amount,
        returned_amount,
        return_refund_amount,
        is_mature,
        delivered_week_number >= (cast($as_of as integer) + 3) / 7 - 1
            as is_arriving
    from intermediate.sold_lines_with_returns
    where delivered_date >= $history_start
),

cells as (
    select
        shop,
        is_arriving,
        delivered_week_number,
        return_age_weeks,
        sum(net_amount) as sales_amount,
        sum(returned_amount) as returned_amount,
        coalesce(sum(returned_amount) filter (where is_mature), 0)
            as mature_returned_amount,
        coalesce(sum(return_refund_amount) filter (where is_mature), 0)
            as mature_refund_amount,
        bool_and(is_mature) as is_mature
    from lines
    group by shop, is_arriving, delivered_week_number, return_age_weeks
),

-- How much the rate of a week varies about the rate of all, by the mature ones:
-- sum((r - rate * s)^2 / s) / (weeks - 1), with rate = sum(r) / sum(s).
-- Decimals add up to the same sum in any order, floats do not.
weeks as (
    select
        shop,
        delivered_week_number,
        sum(sales_amount) as sales_amount,
        sum(returned_amount) as returned_amount
    from cells
    where not is_arriving
    group by shop, delivered_week_number
    having bool_and(is_mature) and sum(sales_amount) > 0
),

dispersion as (
    select
        shop,
        (
            cast(
                sum(
                    cast(
                        cast(returned_amount as double)
                        * cast(returned_amount as double)
                        / cast(sales_amount as double) as decimal(30, 6)
                    )
                ) as double
            )
            - cast(sum(returned_amount) as double)
            * cast(sum(returned_amount) as double)
            / cast(sum(sales_amount) as double)
        ) / nullif(count(*) - 1, 0) as variance_per_amount
    from weeks
    group by shop
),

pending as (
    select
        shop,
        count(*) as requests,
        sum(line_amount) as amount
    from (
        select
            unnest([
                coalesce(cast(shop_id as varchar), 'unknown'), 'all'
            ]) as shop,
            line_amount
        from intermediate.requests_with_stages
        where
            kind = 'return'
            and is_open
            and refunded_at is null
    ) as requests
    group by shop
),

developed as (
    select
        shop,
        mack(
            delivered_week_number,
            return_age_weeks,
            case when not is_arriving then returned_amount end,
            (cast($as_of as integer) + 3) / 7 - 2
        ) as development,
        cast(sum(case when not is_arriving then sales_amount end) as double)
            as developed_sales,
        cast(
            sum(case when not is_arriving then returned_amount end) as double
        ) as developed_returned,
        sum(case when is_arriving then sales_amount else 0 end)
            as arriving_amount,
        sum(case when is_arriving then returned_amount else 0 end)
            as arriving_returned,
        cast(sum(mature_refund_amount) as double)
        / nullif(cast(sum(mature_returned_amount) as double), 0)
            as refunded_share
    from cells
    group by shop
),

parts as (
    select
        developed.shop,
        coalesce(pending.requests, 0) as pending_requests,
        coalesce(pending.amount, 0) as pending_amount,
        greatest(
            developed.development['ultimate'] - developed.developed_returned,
            case
                when developed.development['ultimate'] is not null then 0.0
            end
        ) as future_amount,
        developed.development['std_err'] as future_std_error,
        developed.arriving_amount,
        greatest(
            cast(developed.arriving_amount as double)
            * developed.development['ultimate']
            / nullif(developed.developed_sales, 0)
            - cast(developed.arriving_returned as double),
            case when developed.developed_sales > 0 then 0.0 end
        ) as arriving_returned_amount,
        sqrt(
            greatest(dispersion.variance_per_amount, 0.0)
            * cast(developed.arriving_amount as double)
            * (
                1
                + cast(developed.arriving_amount as double)
                / nullif(developed.developed_sales, 0)
            )
        ) as arriving_std_error,
        coalesce(developed.refunded_share, 1) as refunded_share
    from developed
    left join dispersion
        on developed.shop = dispersion.shop
    left join pending
        on developed.shop = pending.shop
),

totals as (
    select
        *,
        cast(pending_amount as double)
        + future_amount
        + arriving_returned_amount as amount,
        sqrt(
            future_std_error * future_std_error
            + arriving_std_error * arriving_std_error
        ) as std_error
    from parts
)

select
    shop,
    pending_requests,
    pending_amount,
    future_amount,
    future_std_error as future_amount_std_error,
    arriving_amount,
    arriving_returned_amount,
    arriving_std_error as arriving_returned_amount_std_error,
    refunded_share,
    refunded_share * amount as liability_amount,
    case
        when std_error is not null
            then refunded_share * greatest(
                amount - 1.959964 * std_error,
                cast(pending_amount as double)
            )
    end as liability_amount_lower,
    refunded_share * (amount + 1.959964 * std_error) as liability_amount_upper
from totals
