-- Repairs of articles, as they stood on the report day.
--
-- grain: repair_id
--
-- repair_id      repair
-- order_id       order the article was bought with
-- return_id      request the repair belongs to
-- sku            article
-- problem        why the repair cannot be counted: closed_before_opened; NULL
--                if it can
-- labour_hours   hours worked; NULL until it is closed
-- labour_rate    cost of one hour
-- parts_cost     cost of parts; NULL until it is closed
-- shipping_cost  cost of both ways; NULL until it is closed
-- is_warranty    under warranty
-- is_open        not closed
-- failed_at      when the article failed
-- opened_at      when the repair was opened
-- closed_at      when it was closed
--
-- Repairs opened on or after the report day are not there; one closed since
-- then is open, and what it cost is not known yet.

select
    -- ids
    repair_id,
    order_id,
    return_id,
    sku,

    -- text
    case
        when closed_at < opened_at and closed_at < $as_of_at
            then 'closed_before_opened'
    end as problem,

    -- numbers
    case when closed_at < $as_of_at then labour_hours end as labour_hours,
    labour_rate,
    case when closed_at < $as_of_at then parts_cost end as parts_cost,
    case when closed_at < $as_of_at then shipping_cost end as shipping_cost,

    -- booleans
    is_warranty,
    not coalesce(closed_at < $as_of_at, false) as is_open,

    -- times
    case when failed_at < $as_of_at then failed_at end as failed_at,
    opened_at,
    case when closed_at < $as_of_at then closed_at end as closed_at

from raw.repairs
where
    opened_at < $as_of_at
    and coalesce(recorded_at < $known_as_of_at, true)
