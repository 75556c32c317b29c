-- Money paid back before the report day.
--
-- grain: refund_id
--
-- refund_id    refund
-- order_id     order, where the source has it
-- line_no      line of the order
-- return_id    return it belongs to, NULL for a refund without return
-- customer_id  customer, where the source has it
-- kind         goods, shipping, goodwill, price_adjustment, pre_shipment,
--              rejected_delivery or chargeback; goods when the source does not
--              say
-- currency     ISO 4217 code the source's amount is in
-- problem      why the refund cannot be counted: negative_amount,
--              other_currency or no_rate; NULL if it can
-- amount       amount paid back, positive
-- tax_amount   tax in the amount
-- refunded_at  when the money went back
--
-- Amounts are in the workspace's currency. Refunds in another one do not count
-- (other_currency), or are converted where $other_currencies is convert, at the
-- rate of the local day of the order, so that a refund in full takes off what
-- the order was worth, or of its own day where the order is not known (no_rate
-- where there is none).

with

-- Both are empty unless amounts are converted, and then cost nothing.
rates as (
    select
        upper(trim(currency)) as rate_currency,
        day as rate_day,
        max(rate) as rate
    from raw.fx_rates
    where
        $other_currencies = 'convert'
        and rate > 0
        and day < $as_of
    group by upper(trim(currency)), day
),

days as (
    select
        order_id as dated_order_id,
        cast(ordered_at as date) as ordered_day
    from raw.orders
    where $other_currencies = 'convert'
),

paid as (
    select
        refund_id,
        order_id,
        line_no,
        return_id,
        customer_id,
        kind,
        currency,
        case
            when $other_currencies = 'as_is' then false
            else
                coalesce(
                    currency <> upper($currency)
                    and upper(trim(currency)) <> upper($currency),
                    false
                )
        end as is_other_currency,
        rates.rate,
        case
            when
                $other_currencies <> 'convert'
                or coalesce(upper(trim(currency)) = upper($currency), true)
                then amount
            else cast(amount * rates.rate as decimal(18, 2))
        end as amount,
        case
            when
                $other_currencies <> 'convert'
                or coalesce(upper(trim(currency)) = upper($currency), true)
                then tax_amount
            else cast(tax_amount * rates.rate as decimal(18, 2))
        end as tax_amount,
        refunded_at
    from raw.refunds
    left join days
        on refunds.order_id = days.dated_order_id
    left join rates
        on
            upper(trim(currency)) = rates.rate_currency
            and coalesce(ordered_day, cast(refunded_at as date))
            = rates.rate_day
    where
        refunded_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    refund_id,
    order_id,
    line_no,
    return_id,
    customer_id,

    -- text
    coalesce(lower(trim(kind)), 'goods') as kind,
    upper(trim(currency)) as currency,
    case
        when amount < 0 then 'negative_amount'
        when is_other_currency and $other_currencies = 'exclude'
            then 'other_currency'
        when is_other_currency and rate is null then 'no_rate'
    end as problem,

    -- numbers
    amount,
    tax_amount,

    -- times
    refunded_at

from paid
