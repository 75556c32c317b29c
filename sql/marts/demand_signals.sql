-- What do people ask for, look for and look at, month by month?
--
-- grain: month, source, signal, theme
--
-- month            first day of the month, local
-- source           ticket, or the source of an interaction: web, chat, call,
--                  social, review
-- signal           question or request for tickets; for interactions the step:
--                  search, browse, wishlist, request, out_of_stock
-- theme            what a ticket is about; the category of the article of an
--                  interaction, else its aspect; unknown without either
-- signals          how often
-- customers        known customers who did
-- prospects        signals without an order, of people not known to have bought
--                  before
-- share            of all signals of the month, source and signal
-- previous_signals  how often in the month before; NULL in the first month of
--                  the source, before which nothing is known
-- signals_change   signals - previous_signals
-- is_complete      the month ended before the report day
--
-- Wishes and interest, not complaints. Themes are codes of the source: words
-- are not read here. Not every source tells everything, so compare months of
-- one source and signal.

with

first_orders as (
    select
        customer_id,
        min(ordered_at) as first_ordered_at
    from intermediate.purchases
    where customer_id is not null
    group by customer_id
),

signals as (
    select
        cast('ticket' as varchar) as source,
        tickets.kind as signal,
        coalesce(tickets.issue_type, 'unknown') as theme,
        tickets.customer_id,
        tickets.order_id is null as is_without_order,
        tickets.created_at as signalled_at
    from staging.tickets
    where tickets.kind in ('question', 'request')
    union all
    select
        interactions.source,
        interactions.step as signal,
        coalesce(products.category, interactions.aspect, 'unknown') as theme,
        interactions.customer_id,
        interactions.order_id is null as is_without_order,
        interactions.occurred_at as signalled_at
    from staging.interactions
    left join staging.products
        on interactions.sku = products.sku
    where
        interactions.step in (
            'search', 'browse', 'wishlist', 'request', 'out_of_stock'
        )
),

months as (
    select
        cast(
            date_trunc('month', cast(signals.signalled_at as date)) as date
        ) as month,
        signals.source,
        signals.signal,
        signals.theme,
        count(*) as signals,
        count(distinct signals.customer_id) as customers,
        count(*) filter (
            where
                signals.is_without_order
                and coalesce(
                    first_orders.first_ordered_at > signals.signalled_at, true
                )
        ) as prospects
    from signals
    left join first_orders
        on signals.customer_id = first_orders.customer_id
    group by
        cast(date_trunc('month', cast(signals.signalled_at as date)) as date),
        signals.source,
        signals.signal,
        signals.theme
),

compared as (
    select
        *,
        lag(month) over (
            partition by source, signal, theme
            order by month
        ) as last_month,
        lag(signals) over (
            partition by source, signal, theme
            order by month
        ) as last_signals,
        min(month) over (partition by source) as first_month
    from months
),

with_previous as (
    select
        *,
        case
            when month = first_month then null
            when last_month + interval '1 month' = month then last_signals
            else 0
        end as previous_signals
    from compared
)

select
    month,
    source,
    signal,
    theme,
    signals,
    customers,
    prospects,
    cast(signals as double)
    / sum(signals) over (partition by month, source, signal) as share,
    previous_signals,
    signals - previous_signals as signals_change,
    month + interval '1 month' <= $as_of as is_complete
from with_previous
