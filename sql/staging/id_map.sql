-- Which customer an account of another system belongs to.
--
-- grain: source, source_customer_id
--
-- source              system the account lives in, lower case
-- source_customer_id  its id there
-- customer_id         customer it belongs to
--
-- The map has no history: a report of an earlier day sees it as it is now.

select
    -- ids
    lower(trim(source)) as source,
    trim(source_customer_id) as source_customer_id,
    customer_id

from raw.id_map
