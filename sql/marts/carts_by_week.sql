-- How many of the carts are paid, and in which week and channel fewer than
-- before?
--
-- grain: channel, week
--
-- channel            channel the customer came through; unknown when nobody
--                    knows the customer
-- week               Monday of the week, local
-- carts              carts filled
-- payments           payments made
-- payment_rate       payments / carts
-- payment_rate_lower  lower end of its 95 % Wilson interval
-- payment_rate_upper  upper end
-- usual_carts        carts of the eight weeks before
-- usual_payment_rate  payments / carts of those
-- difference         payment_rate less usual_payment_rate
-- difference_lower   lower end of its 95 % interval (Newcombe)
-- difference_upper   upper end
-- p_value            of no difference, two-sided
-- p_value_adjusted   the same, adjusted for all weeks and channels
--                    (Benjamini-Hochberg)
-- is_break           fewer are paid: p_value_adjusted is below $signal_level
--
-- Interactions of the last $history_weeks complete weeks with the step cart or
-- pay; the week is that of each: a cart of Sunday, paid on Monday, is in
-- two. Intervals are NULL where payments exceed carts. A week is tested
-- when five carts of it would be paid as before, and five not. A break that
-- lasts becomes usual after some weeks and is then no break any more; the first
-- weeks have nothing before them.

with

weeks as (
    select
        coalesce(customers.channel, 'unknown') as channel,
        cast(date_trunc('week', interactions.occurred_at) as date) as week,
        count(*) filter (where interactions.step = 'cart') as carts,
        count(*) filter (where interactions.step = 'pay') as payments
    from staging.interactions
    left join staging.customers
        on interactions.customer_id = customers.customer_id
    where
        interactions.step in ('cart', 'pay')
        and interactions.occurred_at >= $history_start_at
    group by
        coalesce(customers.channel, 'unknown'),
        cast(date_trunc('week', interactions.occurred_at) as date)
),

with_usual as (
    select
        *,
        sum(carts) over before as usual_carts,
        sum(payments) over before as usual_payments
    from weeks
    where week + 7 <= $as_of
    window before as (
        partition by channel
        order by week
        rows between 8 preceding and 1 preceding
    )
),

rates as (
    select
        *,
        cast(payments as double) / nullif(carts, 0) as payment_rate,
        cast(usual_payments as double) / nullif(usual_carts, 0)
            as usual_payment_rate,
        cast(payments + usual_payments as double)
        / nullif(carts + usual_carts, 0) as pooled_rate,
        case when payments <= carts then proportion_ci(payments, carts) end
            as rate_interval,
        case
            when payments <= carts and usual_payments <= usual_carts
                then
                    prop_diff_ci(payments, carts, usual_payments, usual_carts)
        end as difference
    from with_usual
),

-- Pearson's test of two rates: z squared. Small weeks are not tested, so that
-- they do not count as looks.
scored as (
    select
        *,
        case
            when
                usual_carts > carts
                and carts * pooled_rate >= 5
                and carts * (1 - pooled_rate) >= 5
                then
                    power(payment_rate - usual_payment_rate, 2) / nullif(
                        pooled_rate * (1 - pooled_rate)
                        * (1.0 / carts + 1.0 / usual_carts),
                        0
                    )
        end as z_squared
    from rates
),

-- The normal distribution function as in marts.product_problems.
tested as (
    select
        *,
        case
            when z_squared = 0 then 1.0
            else
                2 * (1 - prop_power(0.25, 0.75, 1.5 * z_squared, 0.5, 1, true))
        end as p_value
    from scored
),

adjusted as (
    select
        *,
        p_adjust(p_value) over () as p_value_adjusted
    from tested
)

select
    channel,
    week,
    carts,
    payments,
    payment_rate,
    rate_interval['lower'] as payment_rate_lower,
    rate_interval['upper'] as payment_rate_upper,
    usual_carts,
    usual_payment_rate,
    difference['diff'] as difference,
    difference['lower'] as difference_lower,
    difference['upper'] as difference_upper,
    p_value,
    p_value_adjusted,
    coalesce(
        p_value_adjusted < $signal_level and payment_rate < usual_payment_rate,
        false
    ) as is_break
from adjusted
