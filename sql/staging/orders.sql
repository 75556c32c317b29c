-- Orders, as they stood on the report day.
--
-- grain: order_id
--
-- order_id         order
-- customer_id      buyer, NULL for a guest
-- shop_id          shop sold through
-- campaign_id      campaign that brought the order
-- channel          web, app, store, ..., lower case
-- store_type       online or offline
-- status           open, paid, shipped, delivered, completed, cancelled,
--                  rejected, ...
-- currency         ISO 4217 code the source's amounts are in
-- problem          why the order is no purchase: replacement, cancelled,
--                  unpaid, other_currency or no_rate; NULL if it is one
-- gross_amount     value of the goods before discount
-- discount_amount  discount given, positive; 0 when unknown
-- net_amount       gross_amount - discount_amount: sales without shipping
-- shipping_fee     shipping charged to the customer
-- is_purchase      paid, not cancelled and not sent in exchange for a return
-- ordered_at       when it was placed
-- paid_at          when it was paid
-- promised_at      delivery promised for
-- shipped_at       when it left the warehouse
-- delivered_at     when it arrived
-- cancelled_at     when it was cancelled
--
-- Instants on or after the report day are NULL, except promises, and status is
-- then the last stage reached before it; completed and rejected carry no
-- instant of their own and cannot be replayed. An order counts as paid by
-- paid_at where the source has it, else by its status. Where a source has no
-- gross_amount the mapping gives the sum of the lines.
--
-- Amounts are in the workspace's currency. Orders in another one are no
-- purchase (other_currency), or converted at the rate of their local day where
-- $other_currencies is convert (no_rate where there is none), or as_is.

with

-- Empty unless amounts are converted, and then the join to it costs nothing.
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

-- What had happened before the report day; what came later is not there yet.
replayed as (
    select
        order_id,
        customer_id,
        shop_id,
        campaign_id,
        channel,
        store_type,
        lower(trim(status)) as recorded_status,
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
                then gross_amount
            else cast(gross_amount * rates.rate as decimal(18, 2))
        end as gross_amount,
        case
            when
                $other_currencies <> 'convert'
                or coalesce(upper(trim(currency)) = upper($currency), true)
                then coalesce(discount_amount, 0)
            else
                cast(
                    coalesce(discount_amount, 0) * rates.rate as decimal(18, 2)
                )
        end as discount_amount,
        case
            when
                $other_currencies <> 'convert'
                or coalesce(upper(trim(currency)) = upper($currency), true)
                then shipping_fee
            else cast(shipping_fee * rates.rate as decimal(18, 2))
        end as shipping_fee,
        coalesce(is_replacement, false) as is_replacement,
        coalesce(
            cancelled_at < $as_of_at, lower(trim(status)) = 'cancelled', false
        ) as is_cancelled,
        coalesce(
            paid_at >= $as_of_at,
            lower(trim(status)) in ('open', 'created', 'pending', 'unpaid'),
            false
        ) as is_unpaid,
        coalesce(
            coalesce(cancelled_at, delivered_at, shipped_at, paid_at)
            >= $as_of_at,
            false
        ) as is_going_on,
        ordered_at,
        case when paid_at < $as_of_at then paid_at end as paid_at,
        promised_at,
        case when shipped_at < $as_of_at then shipped_at end as shipped_at,
        case
            when delivered_at < $as_of_at then delivered_at
        end as delivered_at,
        case
            when cancelled_at < $as_of_at then cancelled_at
        end as cancelled_at
    from raw.orders
    left join rates
        on
            upper(trim(currency)) = rates.rate_currency
            and cast(ordered_at as date) = rates.rate_day
    where
        ordered_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    order_id,
    customer_id,
    shop_id,
    campaign_id,

    -- text
    lower(trim(channel)) as channel,
    lower(trim(store_type)) as store_type,
    case
        when is_cancelled then 'cancelled'
        when not is_going_on then recorded_status
        when shipped_at is not null then 'shipped'
        when paid_at is not null then 'paid'
        else 'open'
    end as status,
    upper(trim(currency)) as currency,
    case
        when is_replacement then 'replacement'
        when is_cancelled then 'cancelled'
        when is_unpaid then 'unpaid'
        when is_other_currency and $other_currencies = 'exclude'
            then 'other_currency'
        when is_other_currency and rate is null then 'no_rate'
    end as problem,

    -- numbers
    gross_amount,
    discount_amount,
    gross_amount - discount_amount as net_amount,
    shipping_fee,

    -- booleans
    not (
        is_replacement
        or is_cancelled
        or is_unpaid
        or (
            is_other_currency
            and ($other_currencies = 'exclude' or rate is null)
        )
    ) as is_purchase,

    -- times
    ordered_at,
    paid_at,
    promised_at,
    shipped_at,
    delivered_at,
    cancelled_at

from replayed
