-- Articles that can be sold.
--
-- grain: sku
--
-- sku          article
-- name         name on the page
-- category     first level of the assortment, lower case
-- subcategory  second level of the assortment, lower case
-- unit_cost    cost of one unit
--
-- Articles have no history: a report of an earlier day sees them as they are
-- now.

select
    -- ids
    sku,

    -- text
    trim(name) as name,
    lower(trim(category)) as category,
    lower(trim(subcategory)) as subcategory,

    -- numbers
    unit_cost

from raw.products
