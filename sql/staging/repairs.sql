-- Repairs, as they stood on the report day.
--
-- grain: repair_id
--
-- repair_id      repair
-- order_id       order the article came from
-- return_id      request the repair belongs to, NULL without one
-- sku            article
-- problem        why the repair cannot be counted: negative_cost or
--                closed_before_opened; NULL if it can
-- labour_hours   hours worked, NULL until closed
-- labour_rate    cost of one hour
-- parts_cost     cost of parts, NULL until closed
-- shipping_cost  cost of both ways, NULL until closed
-- repair_cost    labour_hours * labour_rate + parts_cost + shipping_cost,
--                of those that are known; NULL until closed or when none is
-- is_warranty    under warranty
-- is_open        not closed
-- failed_at      when the article failed; when the repair was opened where the
--                source does not say
-- opened_at      when the repair was opened
-- closed_at      when it was closed
--
-- Repairs opened on or after the report day are not there. What a repair cost
-- is known when it is closed; one closed since then is open.

with

-- What had happened before the report day; what came later is not there yet.
replayed as (
    select
        repair_id,
        order_id,
        return_id,
        sku,
        is_warranty,
        labour_rate,
        coalesce(closed_at < $as_of_at, false) as is_closed,
        case when closed_at < $as_of_at then labour_hours end as labour_hours,
        case when closed_at < $as_of_at then parts_cost end as parts_cost,
        case when closed_at < $as_of_at then shipping_cost end
            as shipping_cost,
        coalesce(failed_at, opened_at) as failed_at,
        opened_at,
        case when closed_at < $as_of_at then closed_at end as closed_at
    from raw.repairs
    where
        opened_at < $as_of_at
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    repair_id,
    order_id,
    return_id,
    sku,

    -- text
    case
        when
            labour_hours < 0
            or labour_rate < 0
            or parts_cost < 0
            or shipping_cost < 0
            then 'negative_cost'
        when closed_at < opened_at then 'closed_before_opened'
    end as problem,

    -- numbers
    labour_hours,
    labour_rate,
    parts_cost,
    shipping_cost,
    case
        when
            labour_hours * labour_rate is not null
            or parts_cost is not null
            or shipping_cost is not null
            then cast(
                coalesce(cast(labour_hours as decimal(18, 4)) * labour_rate, 0)
                + coalesce(parts_cost, 0)
                + coalesce(shipping_cost, 0) as decimal(18, 2)
            )
    end as repair_cost,

    -- booleans
    coalesce(is_warranty, false) as is_warranty,
    not is_closed as is_open,

    -- times
    failed_at,
    opened_at,
    closed_at

from replayed
