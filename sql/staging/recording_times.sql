-- How many rows of each table reached the lake how many days after they
-- happened?
--
-- grain: table_name, happened_date, delay_days
--
-- table_name     canonical table
-- happened_date  local day of the event: order, request, refund, shipment,
--                opening of a ticket or repair, interaction
-- delay_days     whole days from the event to its recording; 0 when recorded
--                before; NULL when the source does not say
-- rows           rows
--
-- Rows that staging has: before the report day, and known on $known_as_of.

with

events as (
    select
        'orders' as table_name,
        ordered_at as happened_at,
        recorded_at
    from raw.orders
    union all
    select
        'returns' as table_name,
        requested_at as happened_at,
        recorded_at
    from raw.returns
    union all
    select
        'refunds' as table_name,
        refunded_at as happened_at,
        recorded_at
    from raw.refunds
    union all
    select
        'shipments' as table_name,
        shipped_at as happened_at,
        recorded_at
    from raw.shipments
    union all
    select
        'tickets' as table_name,
        created_at as happened_at,
        recorded_at
    from raw.tickets
    union all
    select
        'repairs' as table_name,
        opened_at as happened_at,
        recorded_at
    from raw.repairs
    union all
    select
        'interactions' as table_name,
        occurred_at as happened_at,
        recorded_at
    from raw.interactions
),

delays as (
    select
        table_name,
        cast(happened_at as date) as happened_date,
        greatest(
            (cast(recorded_at as bigint) - cast(happened_at as bigint))
            / 86400000000,
            0
        ) as delay_days
    from events
    where
        happened_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    table_name,
    happened_date,
    delay_days,
    count(*) as rows
from delays
group by table_name, happened_date, delay_days
