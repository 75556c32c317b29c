-- How much trouble is a return for the customer, month by month?
--
-- grain: requested_month
--
-- requested_month      first day of the month of the request, local
-- returns              requests for money or other goods
-- contacted_returns    of those, with a contact case
-- contacted_share      contacted_returns / returns
-- contacted_lower      lower end of its 95 % Wilson interval
-- contacted_upper      upper end
-- tickets_per_return   contact cases / returns
-- touches_per_return   messages of the customer and replies, the request itself
--                      counted as one, per return
-- settled_median_days  median days from the request to money back, replacement
--                      or closing; open requests count for as long as they have
--                      been open; NULL while fewer than half were settled
-- settled_p90_days     time by which 90 % were settled; NULL while fewer are
-- open_returns         requests not settled yet
-- easy_share           effort answers about returns that say easy / ces_answers
-- easy_lower           lower end of its 95 % Wilson interval
-- easy_upper           upper end
-- ces_answers          valid effort answers about returns of the month
-- is_complete          the month ended before the report day
--
-- Returns and exchanges by the month of the request; withdrawn ones are left
-- out, refused ones are not. Months with open requests have fewer touches than
-- they will have. Easy is above the middle of the scale where the survey asks
-- for ease, below where it asks for effort; answers without a direction are in
-- no number.

with

cases as (
    select
        return_id,
        count(*) as tickets,
        sum(touches) as touches
    from marts.tickets
    where return_id is not null
    group by return_id
),

answers as (
    select
        return_id,
        count(*) as ces_answers,
        count(*) filter (
            where
            (direction = 'ease' and score > (scale + 1) / 2.0)
            or (direction = 'effort' and score < (scale + 1) / 2.0)
        ) as easy
    from staging.surveys
    where
        kind = 'ces'
        and return_id is not null
        and problem is null
        and score is not null
        and direction in ('ease', 'effort')
    group by return_id
),

requests as (
    select
        cast(date_trunc('month', cast(returns.requested_at as date)) as date)
            as requested_month,
        coalesce(cases.tickets, 0) as tickets,
        coalesce(cases.touches, 0) as touches,
        coalesce(answers.ces_answers, 0) as ces_answers,
        coalesce(answers.easy, 0) as easy,
        returns.requested_at,
        least(
            goods_refunds.refunded_at,
            returns.refunded_at,
            replacements.delivered_at,
            returns.closed_at
        ) as settled_at
    from staging.returns
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    left join staging.orders as replacements
        on returns.exchange_order_id = replacements.order_id
    left join cases
        on returns.return_id = cases.return_id
    left join answers
        on returns.return_id = answers.return_id
    where
        returns.kind in ('return', 'exchange')
        and returns.problem is null
        and not (returns.is_withdrawn and goods_refunds.return_id is null)
),

measured as (
    select
        *,
        (
            cast(coalesce(settled_at, $as_of_at) as bigint)
            - cast(requested_at as bigint)
        ) / 86400000000.0 as days
    from requests
),

months as (
    select
        requested_month,
        count(*) as returns,
        count(*) filter (where tickets > 0) as contacted_returns,
        sum(tickets) as tickets,
        sum(1 + touches) as touches,
        km_quantile(days, settled_at is not null, 0.5) as settled_median,
        km_quantile(days, settled_at is not null, 0.9) as settled_p90,
        count(*) filter (where settled_at is null) as open_returns,
        sum(easy) as easy,
        sum(ces_answers) as ces_answers
    from measured
    group by requested_month
),

with_intervals as (
    select
        *,
        proportion_ci(contacted_returns, returns) as contacted_interval,
        proportion_ci(easy, ces_answers) as easy_interval
    from months
)

select
    requested_month,
    returns,
    contacted_returns,
    cast(contacted_returns as double) / returns as contacted_share,
    contacted_interval['lower'] as contacted_lower,
    contacted_interval['upper'] as contacted_upper,
    cast(tickets as double) / returns as tickets_per_return,
    cast(touches as double) / returns as touches_per_return,
    settled_median['time'] as settled_median_days,
    settled_p90['time'] as settled_p90_days,
    open_returns,
    cast(easy as double) / nullif(ces_answers, 0) as easy_share,
    easy_interval['lower'] as easy_lower,
    easy_interval['upper'] as easy_upper,
    ces_answers,
    requested_month + interval '1 month' <= $as_of as is_complete
from with_intervals
