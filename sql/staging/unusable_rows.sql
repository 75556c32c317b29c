-- Which rows of the lake can no view use?
--
-- grain: table_name, rule
--
-- table_name    canonical table
-- rule          copy, no_key, no_time, no_value or unknown_order
-- kind          corrected, missing or orphan
-- rows_checked  rows the mapping takes, copies included
-- failed        of those, break the rule
-- first_key     first key of these, where it has one
-- last_key      last key of these
--
-- The lake as it is now, of whatever day: a row without its time is of none.
-- copy counts rows that dedupe dropped, no_key those with an empty key, no_time
-- those without the instant they are placed in time by, no_value those without
-- another value the canonical table requires, and unknown_order lines of orders
-- that are not in the lake.

with

shops_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.shops) as copy,
        count(*) filter (where shop_id is null) as no_key
    from raw.shops_with_copies
),

products_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.products) as copy,
        count(*) filter (where sku is null) as no_key
    from raw.products_with_copies
),

customers_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.customers) as copy,
        count(*) filter (where customer_id is null) as no_key
    from raw.customers_with_copies
),

orders_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.orders) as copy,
        count(*) filter (where order_id is null) as no_key,
        count(*) filter (where ordered_at is null) as no_time,
        cast(
            min(order_id) filter (where ordered_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(order_id) filter (where ordered_at is null) as varchar
        ) as no_time_last_key
    from raw.orders_with_copies
),

order_items_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.order_items) as copy,
        count(*) filter (where order_id is null or line_no is null) as no_key,
        count(*) filter (where quantity is null) as no_value,
        cast(
            min(concat(order_id, '/', line_no))
            filter (where quantity is null) as varchar
        ) as no_value_first_key,
        cast(
            max(concat(order_id, '/', line_no))
            filter (where quantity is null) as varchar
        ) as no_value_last_key
    from raw.order_items_with_copies
),

shipments_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.shipments) as copy,
        count(*) filter (where shipment_id is null) as no_key,
        count(*) filter (where order_id is null) as no_value,
        cast(
            min(shipment_id) filter (where order_id is null) as varchar
        ) as no_value_first_key,
        cast(
            max(shipment_id) filter (where order_id is null) as varchar
        ) as no_value_last_key
    from raw.shipments_with_copies
),

returns_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.returns) as copy,
        count(*) filter (where return_id is null) as no_key,
        count(*) filter (where requested_at is null) as no_time,
        cast(
            min(return_id) filter (where requested_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(return_id) filter (where requested_at is null) as varchar
        ) as no_time_last_key
    from raw.returns_with_copies
),

refunds_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.refunds) as copy,
        count(*) filter (where refund_id is null) as no_key,
        count(*) filter (where refunded_at is null) as no_time,
        cast(
            min(refund_id) filter (where refunded_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(refund_id) filter (where refunded_at is null) as varchar
        ) as no_time_last_key,
        count(*) filter (where amount is null) as no_value,
        cast(
            min(refund_id) filter (where amount is null) as varchar
        ) as no_value_first_key,
        cast(
            max(refund_id) filter (where amount is null) as varchar
        ) as no_value_last_key
    from raw.refunds_with_copies
),

repairs_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.repairs) as copy,
        count(*) filter (where repair_id is null) as no_key,
        count(*) filter (where opened_at is null) as no_time,
        cast(
            min(repair_id) filter (where opened_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(repair_id) filter (where opened_at is null) as varchar
        ) as no_time_last_key
    from raw.repairs_with_copies
),

tickets_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.tickets) as copy,
        count(*) filter (where ticket_id is null) as no_key,
        count(*) filter (where created_at is null) as no_time,
        cast(
            min(ticket_id) filter (where created_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(ticket_id) filter (where created_at is null) as varchar
        ) as no_time_last_key
    from raw.tickets_with_copies
),

ticket_events_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.ticket_events) as copy,
        count(*) filter (where ticket_id is null or event_no is null) as no_key,
        count(*) filter (where occurred_at is null) as no_time,
        cast(
            min(concat(ticket_id, '/', event_no))
            filter (where occurred_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(concat(ticket_id, '/', event_no))
            filter (where occurred_at is null) as varchar
        ) as no_time_last_key,
        count(*) filter (where event is null) as no_value,
        cast(
            min(concat(ticket_id, '/', event_no))
            filter (where event is null) as varchar
        ) as no_value_first_key,
        cast(
            max(concat(ticket_id, '/', event_no))
            filter (where event is null) as varchar
        ) as no_value_last_key
    from raw.ticket_events_with_copies
),

surveys_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.surveys) as copy,
        count(*) filter (where response_id is null or kind is null) as no_key
    from raw.surveys_with_copies
),

survey_drivers_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.survey_drivers) as copy,
        count(*) filter (where response_id is null or driver is null) as no_key
    from raw.survey_drivers_with_copies
),

interactions_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.interactions) as copy,
        count(*) filter (where interaction_id is null) as no_key,
        count(*) filter (where occurred_at is null) as no_time,
        cast(
            min(interaction_id) filter (where occurred_at is null) as varchar
        ) as no_time_first_key,
        cast(
            max(interaction_id) filter (where occurred_at is null) as varchar
        ) as no_time_last_key,
        count(*) filter (where source is null) as no_value,
        cast(
            min(interaction_id) filter (where source is null) as varchar
        ) as no_value_first_key,
        cast(
            max(interaction_id) filter (where source is null) as varchar
        ) as no_value_last_key
    from raw.interactions_with_copies
),

campaigns_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.campaigns) as copy,
        count(*) filter (where campaign_id is null) as no_key
    from raw.campaigns_with_copies
),

assignments_counted as (
    select
        count(*) as rows_checked,
        count(*) - (select count(*) from raw.assignments) as copy,
        count(*) filter (where campaign_id is null or customer_id is null)
            as no_key,
        count(*) filter (where arm is null) as no_value,
        cast(
            min(concat(campaign_id, '/', customer_id))
            filter (where arm is null) as varchar
        ) as no_value_first_key,
        cast(
            max(concat(campaign_id, '/', customer_id))
            filter (where arm is null) as varchar
        ) as no_value_last_key
    from raw.assignments_with_copies
),

-- Lines of no order at all, whatever the day.
lines_without_order as (
    select
        count(*) as without_order,
        cast(min(concat(order_items.order_id, '/', line_no)) as varchar)
            as without_order_first_key,
        cast(max(concat(order_items.order_id, '/', line_no)) as varchar)
            as without_order_last_key
    from raw.order_items
    left join (select distinct order_id as known_order_id from raw.orders)
        as orders
        on order_items.order_id = orders.known_order_id
    where orders.known_order_id is null
),

results as (
    select
        'shops' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from shops_counted
    union all
    select
        'products' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from products_counted
    union all
    select
        'customers' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from customers_counted
    union all
    select
        'orders' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            )
        ]) as result
    from orders_counted
    union all
    select
        'order_items' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', without_order,
                'first_key', without_order_first_key,
                'last_key', without_order_last_key
            )
        ]) as result
    from order_items_counted
    cross join lines_without_order
    union all
    select
        'shipments' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            )
        ]) as result
    from shipments_counted
    union all
    select
        'returns' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            )
        ]) as result
    from returns_counted
    union all
    select
        'refunds' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            )
        ]) as result
    from refunds_counted
    union all
    select
        'repairs' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            )
        ]) as result
    from repairs_counted
    union all
    select
        'tickets' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            )
        ]) as result
    from tickets_counted
    union all
    select
        'ticket_events' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            )
        ]) as result
    from ticket_events_counted
    union all
    select
        'surveys' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from surveys_counted
    union all
    select
        'survey_drivers' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from survey_drivers_counted
    union all
    select
        'interactions' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_time',
                'kind', 'missing',
                'failed', no_time,
                'first_key', no_time_first_key,
                'last_key', no_time_last_key
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            )
        ]) as result
    from interactions_counted
    union all
    select
        'campaigns' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            )
        ]) as result
    from campaigns_counted
    union all
    select
        'assignments' as table_name,
        rows_checked,
        unnest([
            named_struct(
                'rule', 'copy',
                'kind', 'corrected',
                'failed', copy,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_key',
                'kind', 'missing',
                'failed', no_key,
                'first_key', cast(null as varchar),
                'last_key', cast(null as varchar)
            ),
            named_struct(
                'rule', 'no_value',
                'kind', 'missing',
                'failed', no_value,
                'first_key', no_value_first_key,
                'last_key', no_value_last_key
            )
        ]) as result
    from assignments_counted
)

select
    table_name,
    result['rule'] as rule,
    result['kind'] as kind,
    rows_checked,
    result['failed'] as failed,
    result['first_key'] as first_key,
    result['last_key'] as last_key
from results
where rows_checked > 0
